"""Copies and their return: whole, checked, sealed at night; nothing sent twice, nothing destroyed undone."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import pytest
from sqlite_utils import Database

from bot.backup import copies as backup
from bot.backup import destroyed, restore
from bot.conversation.requests import Actor
from bot.outbox import rows
from bot.people import appointments, persons, roles
from bot.storage import files, state
from bot.storage.database import LockedError, Storage, StorageError, reader
from bot.times import iso, utc
from tests.kits.effort import PATIENCE
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.versions import of_development, with_a_later_migration

NOW = utc("2026-11-24T15:00:00Z")
TODAY = NOW.date()
REPORTS = frozenset({"signalement"})
Result = TypeVar("Result")


@dataclass
class Home:
    """A place with a database, its keys and its copies."""

    folder: Path
    storage: Storage

    @property
    def database(self) -> Path:
        return self.folder / "vigie.db"

    @property
    def keys(self) -> Path:
        return self.folder / "cles"

    @property
    def copies(self) -> Path:
        return self.folder / "copies"

    @property
    def copy(self) -> Path:
        return self.folder / "copie.db"

    def within(self, something: Callable[[Database], Result]) -> Result:
        def work() -> Result:
            with self.storage.transaction() as db:
                return something(db)

        return self.storage.executor.submit(work).result()

    def add(self, *names: str) -> None:
        self.within(lambda db: [db.conn.execute("INSERT INTO people VALUES (?)", (name,)) for name in names])

    def queue(self, key: str, notice: str = "rappel", state: str = "queued") -> None:
        self.within(
            lambda db: db.conn.execute(
                """INSERT INTO outbox (id, key, recipient, notice, state, due_at)
                   VALUES (?1, ?1, 'role:x', ?2, ?3, ?4)""",
                (key, notice, state, iso(NOW)),
            )
        )

    def outbox(self) -> dict[str, tuple[str, str]]:
        def read(db: Database) -> dict[str, tuple[str, str]]:
            rows = db.conn.execute("SELECT key, state, arguments FROM outbox").fetchall()
            return {row[0]: (row[1], row[2]) for row in rows}

        return self.within(read)

    def restore(self, source: Path | None = None) -> restore.Restored:
        """Stop, bring the copy back, start again."""
        self.storage.close()
        try:
            return restore.restore(source or self.copy, self.database, self.keys, REPORTS, NOW, in_clear=True)
        finally:
            self.storage = Storage(self.database)

    def people(self) -> set[str]:
        return people(self.database)


def people(path: Path) -> set[str]:
    with closing(reader(path).conn) as conn:
        return {row[0] for row in conn.execute("SELECT id FROM people")}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path, Storage(tmp_path / "vigie.db"))
    yield home
    home.storage.close()


# --- Copies -------------------------------------------------------------------------------------


def test_a_copy_made_while_the_bot_writes_is_whole(home: Home) -> None:
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            # Both or neither: a copy that held one of a pair would not be consistent.
            home.add(f"{number}-a", f"{number}-b")
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            done = backup.save(home.database, home.folder / f"copie{number}.db")
            found = people(done.path)
            assert {name[:-2] for name in found if name.endswith("a")} == {
                name[:-2] for name in found if name.endswith("b")
            }
    finally:
        stop.set()
        writer.join()


def test_a_copy_has_its_fingerprint_beside_it_in_the_form_that_sha256sum_reads(home: Home) -> None:
    home.add("one")
    done = backup.save(home.database, home.copy)
    assert done.sha256 == hashlib.sha256(home.copy.read_bytes()).hexdigest()
    checked = subprocess.run(
        ["/usr/bin/env", "sha256sum", "-c", "copie.db.sha256"],
        cwd=home.folder, capture_output=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0
    assert home.copy.stat().st_mode & 0o077 == 0
    assert [file.name for file in home.folder.glob(".*")] == []


def test_a_copy_holds_no_byte_of_what_was_deleted(home: Home) -> None:
    home.add("a-deleter" * 20)
    home.within(lambda db: db.conn.execute("DELETE FROM people"))
    backup.save(home.database, home.copy)
    assert b"a-deleter" not in home.copy.read_bytes()


def test_a_copy_never_takes_the_place_of_a_file(home: Home) -> None:
    home.copy.write_text("précieux")
    with pytest.raises(StorageError, match="existe déjà"):
        backup.save(home.database, home.copy)
    assert home.copy.read_text() == "précieux"


@pytest.mark.parametrize(
    ("database", "destination", "said"),
    [
        ("rien.db", "copie.db", "il n'y a pas de base"),
        ("vigie.db", "nulle/part.db", "n'existe pas. Créez-le"),
    ],
)
def test_a_copy_that_cannot_be_made_says_why(home: Home, database: str, destination: str, said: str) -> None:
    with pytest.raises(StorageError, match=said):
        backup.save(home.folder / database, home.folder / destination)


# --- The night's copies -------------------------------------------------------------------------


def test_the_night_s_copy_is_sealed_and_opens_with_the_key(home: Home) -> None:
    home.add("quelqu'un-de-précis" * 5)
    done = backup.save_sealed(home.database, home.copies, home.keys, TODAY)
    assert b"quelqu" not in done.path.read_bytes()
    assert b"SQLite" not in done.path.read_bytes()
    assert done.path.stat().st_mode & 0o077 == 0
    assert (home.keys / backup.KEY_FILE).stat().st_mode & 0o077 == 0
    home.within(lambda db: db.conn.execute("DELETE FROM people"))
    home.restore(done.path)
    assert home.people() == {"quelqu'un-de-précis" * 5}


def test_the_same_night_s_copy_made_again_takes_the_place_of_the_first(home: Home) -> None:
    backup.save_sealed(home.database, home.copies, home.keys, TODAY)
    home.add("later")
    second = backup.save_sealed(home.database, home.copies, home.keys, TODAY)
    assert len(list(home.copies.iterdir())) == 2
    home.restore(second.path)
    assert home.people() == {"later"}


def test_another_key_or_none_opens_nothing(home: Home) -> None:
    done = backup.save_sealed(home.database, home.copies, home.keys, TODAY)
    (home.keys / backup.KEY_FILE).rename(home.folder / "ailleurs")
    with pytest.raises(StorageError, match="il manque la clé"):
        home.restore(done.path)
    backup.copy_key(home.keys, create=True)
    with pytest.raises(StorageError, match="n'ouvre pas"):
        home.restore(done.path)
    (home.keys / backup.KEY_FILE).write_text("abîmée")
    with pytest.raises(StorageError, match=r"est abîmée|ne se lit pas"):
        home.restore(done.path)


def test_copies_expire_and_others_files_stay(home: Home) -> None:
    for days in (0, 29, 30, 31, 200):
        backup.save_sealed(home.database, home.copies, home.keys, TODAY - timedelta(days=days))
    (home.copies / "vigie-notes.txt").touch()
    assert backup.nights(home.copies)[-1] == TODAY
    backup.expire(home.copies, TODAY, 30, home.keys)
    left = {file.name for file in home.copies.iterdir()}
    remaining = {"2026-11-24", "2026-10-26", "2026-10-25"}
    assert left == {f"vigie-{day}.chiffre{end}" for day in remaining for end in ("", ".sha256")} | {
        "vigie-notes.txt"
    }


# --- Their return -------------------------------------------------------------------------------


def test_a_copy_that_is_brought_back_replaces_the_database_whose_file_is_kept(home: Home) -> None:
    home.add("in the copy")
    backup.save(home.database, home.copy)
    home.add("after it")
    done = home.restore()
    assert home.people() == {"in the copy"}
    assert done.replaced is not None
    assert done.replaced.name == "vigie.db.avant-20261124T150000Z"
    assert people(done.replaced) == {"in the copy", "after it"}
    assert home.within(lambda db: state.flag(db, state.RESTORED)) == state.Flag(NOW, "copie.db")


def test_who_could_read_reports_since_the_copy_is_not_forgotten(home: Home) -> None:
    def name(db: Database, user: str) -> None:
        roles.seed(db)
        person = persons.known(db, Actor("slack", "T1", user))
        roles.appoint(db, COMMUNICATIONS_ROLE, person, NOW.date(), replacing=False)
        appointments.follow(db, NOW.date())

    def named(db: Database) -> list[str]:
        return [row.account for row in appointments.rows_after(db, "0")]

    home.within(lambda db: name(db, "U1"))
    backup.save(home.database, home.copy)
    home.within(lambda db: name(db, "U2"))
    with with_a_later_migration():  # brought back right after an update, before the bot was started
        home.restore()
        assert home.within(named) == ["slack:T1/U1", "slack:T1/U2"]
        home.restore()
        assert home.within(named) == ["slack:T1/U1", "slack:T1/U2"]


def test_what_another_program_kept_from_being_written_out_does_not_come_back(home: Home) -> None:
    home.add("in the copy")
    backup.save(home.database, home.copy)
    with closing(sqlite3.connect(home.database)) as other:
        other.execute("BEGIN")
        other.execute("SELECT id FROM people").fetchall()
        home.add("after it")
        done = home.restore()
        assert home.people() == {"in the copy"}
    assert done.replaced is not None
    assert people(done.replaced) == {"in the copy", "after it"}


def test_a_database_that_is_lost_or_damaged_can_be_replaced(home: Home) -> None:
    home.add("kept")
    backup.save(home.database, home.copy)
    home.storage.close()
    home.database.unlink()
    assert restore.restore(home.copy, home.database, home.keys, REPORTS, NOW, in_clear=True).replaced is None
    assert home.people() == {"kept"}
    home.database.write_bytes(b"ruine" * 1_000)
    home.database.with_name("vigie.db-wal").write_bytes(b"ruine")
    done = restore.restore(home.copy, home.database, home.keys, REPORTS, NOW, in_clear=True)
    assert done.replaced is not None
    assert done.replaced.read_bytes() == b"ruine" * 1_000
    assert home.people() == {"kept"}


def test_while_a_bot_runs_nothing_is_brought_back(home: Home) -> None:
    backup.save(home.database, home.copy)
    home.add("after")
    with pytest.raises(LockedError):
        restore.restore(home.copy, home.database, home.keys, REPORTS, NOW, in_clear=True)
    assert home.people() == {"after"}


def altered(home: Home) -> None:
    whole = bytearray(home.copy.read_bytes())
    whole[5_000] ^= 1
    home.copy.write_bytes(whole)


def without_fingerprint(home: Home) -> None:
    (home.folder / "copie.db.sha256").unlink()


def replaced(home: Home, content: bytes) -> None:
    """Put something else there, with a fingerprint that is right."""
    home.copy.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    (home.folder / "copie.db.sha256").write_text(f"{sha256}  copie.db\n")


def damaged(home: Home) -> None:
    whole = bytearray(home.copy.read_bytes())
    whole[4096 * 3 : 4096 * 12] = b"\xa5" * (4096 * 9)
    replaced(home, bytes(whole))


def not_a_database(home: Home) -> None:
    replaced(home, b"une liste d'epicerie" * 500)


def empty(home: Home) -> None:
    replaced(home, b"")


def of_another_program(home: Home) -> None:
    Database(home.folder / "autre.db").table("theirs").insert({"x": 1})
    replaced(home, (home.folder / "autre.db").read_bytes())


def of_a_newer_version(home: Home) -> None:
    db = Database(home.copy)
    db.table("_sqlite_migrations").insert({"migration_set": "vigie", "name": "m999", "applied_at": "x"})
    db.close()
    replaced(home, home.copy.read_bytes())


def of_a_development_version(home: Home) -> None:
    of_development(home.copy)
    replaced(home, home.copy.read_bytes())


def absent(home: Home) -> None:
    home.copy.unlink()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (altered, "ne correspond pas à son empreinte"),
        (without_fingerprint, "il faut la copie et son empreinte"),
        (absent, "il faut la copie et son empreinte"),
        (damaged, "est abîmée"),
        (not_a_database, "n'est pas une base de Vigie"),
        (empty, "est une base vide"),
        (of_another_program, "autre programme"),
        (of_a_newer_version, "plus récente"),
        (of_a_development_version, "version de développement"),
    ],
)
def test_a_copy_that_is_not_sound_replaces_nothing(
    home: Home, fault: Callable[[Home], None], said: str
) -> None:
    home.add("in both")
    backup.save(home.database, home.copy)
    home.add("today")
    fault(home)
    with pytest.raises(StorageError, match=said):
        home.restore()
    assert home.people() == {"in both", "today"}
    names = {file.name for file in home.folder.iterdir()}
    assert not any("avant" in name or "partiel" in name for name in names)


def test_a_copy_of_an_older_version_is_brought_up_to_date(home: Home) -> None:
    home.add("old")
    backup.save(home.database, home.copy)
    with with_a_later_migration():
        home.restore()
        assert home.people() == {"old"}
        assert "later" in Database(home.database).table_names()


def test_what_was_unsent_is_held_but_reports_which_are_sent_marked(home: Home) -> None:
    home.queue("rappel")
    home.queue("en-cours", state="sending")
    home.queue("envoyé", state="sent")
    home.queue("mort", state="dead")
    home.queue("signalement", "signalement")
    home.queue("signalement-en-cours", "signalement", state="sending")
    home.queue("signalement-envoyé", "signalement", state="sent")
    backup.save(home.database, home.copy)
    done = home.restore()
    assert (done.held, done.repeated) == (2, 2)
    assert home.outbox() == {
        "rappel": ("held", "{}"),
        "en-cours": ("held", "{}"),
        "envoyé": ("sent", "{}"),
        "mort": ("dead", "{}"),
        "signalement": ("queued", '{"repeated":true}'),
        "signalement-en-cours": ("queued", '{"repeated":true}'),
        "signalement-envoyé": ("sent", "{}"),
    }
    assert home.within(lambda db: rows.count_by_notice(db, "held")) == {"rappel": 2}


@pytest.mark.parametrize(("send", "after"), [(True, "queued"), (False, "cancelled")])
def test_what_is_held_waits_for_a_decision(home: Home, send: bool, after: str) -> None:
    home.queue("rappel")
    backup.save(home.database, home.copy)
    home.restore()
    assert home.within(lambda db: restore.settle_held(db, NOW + timedelta(days=1), send=send)) == 1
    assert home.outbox()["rappel"][0] == after
    assert home.within(lambda db: state.flag(db, state.RESTORED)) is None


def test_what_was_destroyed_since_is_destroyed_again_with_what_hangs_on_it(home: Home) -> None:
    home.add("gone", "stays")
    account = {"platform": "slack", "team": "T", "user": "U-marqueur", "person_id": "gone"}
    home.within(lambda db: db.table("accounts").insert(account))
    backup.save(home.database, home.copy)
    destroyed.record(home.keys, "people", ["gone"])
    destroyed.record(home.keys, "of_a_later_version", ["x"])
    home.within(lambda db: db.conn.execute("DELETE FROM people WHERE id = 'gone'"))
    assert home.restore().destroyed == 1
    assert home.people() == {"stays"}
    home.storage.close()
    for file in home.folder.glob("vigie.db*"):
        if "avant" not in file.name:
            assert b"U-marqueur" not in file.read_bytes(), file


def test_the_list_of_what_was_destroyed_survives_a_crash_in_the_middle_of_a_line(tmp_path: Path) -> None:
    destroyed.record(tmp_path, "people", ["a", "b"])
    destroyed.record(tmp_path, "people", [])
    with (tmp_path / destroyed.FILE).open("a") as file:
        file.write("2026-11 0123")
    known = {destroyed.row_hash("people", row_id) for row_id in "ab"}
    assert destroyed.recorded(tmp_path) == known
    destroyed.record(tmp_path, "people", ["d"])
    assert destroyed.recorded(tmp_path) == known | {destroyed.row_hash("people", "d")}
    assert (tmp_path / destroyed.FILE).stat().st_mode & 0o077 == 0


def test_the_files_that_restorations_kept_expire(home: Home) -> None:
    backup.save(home.database, home.copy)
    former = home.restore().replaced
    assert former is not None
    restore.expire_kept(home.database, date(2026, 12, 24), 30)
    assert former.exists()
    restore.expire_kept(home.database, date(2026, 12, 25), 30)
    assert not former.exists()
    assert home.people() == set()


@pytest.mark.parametrize("step", [0, 1])
def test_a_restoration_that_the_disk_stops_leaves_the_database_as_it_was(
    home: Home, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add("in both")
    backup.save(home.database, home.copy)
    home.add("today")
    steps = 0

    def settle(path: Path, destination: Path) -> None:
        nonlocal steps
        steps += 1
        if steps > step:
            raise OSError(errno.ENOSPC, "full")
        path.replace(destination)

    monkeypatch.setattr(files, "settle", settle)
    with pytest.raises(StorageError, match="Vérifiez la place libre"):
        home.restore()
    assert home.people() == {"in both", "today"}
    assert list(home.folder.glob(".*")) == []


def test_a_copy_that_the_disk_stops_leaves_nothing_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle(_path: Path, _destination: Path) -> None:
        raise OSError(errno.ENOSPC, "full")

    backup.copy_key(home.keys, create=True)
    monkeypatch.setattr(files, "settle", settle)
    with pytest.raises(StorageError, match="Vérifiez la place libre"):
        backup.save(home.database, home.copy)
    with pytest.raises(StorageError, match="Vérifiez la place libre"):
        backup.save_sealed(home.database, home.copies, home.keys, TODAY)
    assert not home.copy.exists()
    assert list(home.copies.iterdir()) == []


@pytest.mark.parametrize("calls", range(1, 40, 3))
def test_a_restoration_that_is_killed_leaves_the_old_database_or_the_new_one_whole(
    home: Home, calls: int
) -> None:
    """Kill it at each of its calls to the system that rename, copy or write through, in turn."""
    home.add("avant")
    backup.save(home.database, home.copy)
    home.add("après")
    home.storage.close()
    process = multiprocessing.get_context("fork").Process(target=_restore_and_die, args=(home, calls))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode in {0, -signal.SIGKILL}
    home.storage = Storage(home.database)
    assert home.people() in ({"avant"}, {"avant", "après"})
    assert process.exitcode != 0 or home.people() == {"avant"}
    assert home.restore()
    assert home.people() == {"avant"}


def _restore_and_die(home: Home, calls: int) -> None:
    left = calls

    def count(event: str, _: tuple[object, ...]) -> None:
        nonlocal left
        if event in {"os.rename", "os.remove", "open", "sqlite3.connect", "shutil.copyfile"}:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    restore.restore(home.copy, home.database, home.keys, REPORTS, NOW, in_clear=True)
    os._exit(0)
