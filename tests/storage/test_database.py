"""The database: what it promises, and how it ends when the disk or another process is in the way."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from sqlite_utils import Database

from bot.storage.database import LockedError, Storage, StorageError, beside, reader
from tests.kits.effort import PATIENCE
from tests.kits.versions import of_development, with_a_later_migration

ROOT = Path(__file__).resolve().parents[2]
Result = TypeVar("Result")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


@pytest.fixture
def storage(path: Path) -> Iterator[Storage]:
    storage = Storage(path)
    yield storage
    storage.close()


def within(storage: Storage, something: Callable[[Database], Result]) -> Result:
    """Do something in a transaction, on the storage thread."""

    def work() -> Result:
        with storage.transaction() as db:
            return something(db)

    return storage.executor.submit(work).result()


def add(name: str) -> Callable[[Database], object]:
    return lambda db: db.conn.execute("INSERT INTO people (id) VALUES (?)", (name,))


def people(path: Path) -> set[str]:
    with closing(reader(path).conn) as conn:
        return {row[0] for row in conn.execute("SELECT id FROM people")}


def child(*words: str, without_privilege: bool = False) -> subprocess.CompletedProcess[str]:
    """Run `tests.kits.storage_child`; `without_privilege`: as someone whom a file's mode can stop."""
    demoted = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    before = demoted if without_privilege and os.geteuid() == 0 else []
    return subprocess.run(
        [*before, sys.executable, "-m", "tests.kits.storage_child", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


# --- What it promises ---------------------------------------------------------------------------


def test_a_transaction_is_kept_whole_or_not_at_all(storage: Storage, path: Path) -> None:
    def half(db: Database) -> None:
        add("one")(db)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        within(storage, half)
    within(storage, add("two"))
    assert people(path) == {"two"}


def test_a_transaction_inside_another_is_part_of_it(storage: Storage, path: Path) -> None:
    def both(db: Database) -> None:
        add("outer")(db)
        with storage.transaction() as same:
            add("inner")(same)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        within(storage, both)
    assert people(path) == set()


def test_what_follows_a_commit_is_done_once_and_never_after_a_rollback(storage: Storage) -> None:
    done: list[str] = []

    def note(name: str, *, fail: bool = False) -> Callable[[Database], None]:
        def inside(_: Database) -> None:
            with storage.transaction():
                storage.after_commit(lambda: done.append(name))
            assert not done
            if fail:
                raise ZeroDivisionError

        return inside

    with pytest.raises(ZeroDivisionError):
        within(storage, note("rolled back", fail=True))
    within(storage, note("committed"))
    within(storage, lambda _: None)
    assert done == ["committed"]


def test_a_reader_does_not_wait_for_the_writer_nor_see_what_is_not_committed(
    storage: Storage, path: Path
) -> None:
    within(storage, add("before"))

    def look(db: Database) -> set[str]:
        add("meanwhile")(db)
        return people(path)

    assert within(storage, look) == {"before"}
    assert people(path) == {"before", "meanwhile"}


def test_a_reader_cannot_write(storage: Storage, path: Path) -> None:
    within(storage, add("one"))
    with closing(reader(path).conn) as conn, pytest.raises(sqlite3.OperationalError, match="readonly"):
        conn.execute("DELETE FROM people")


def test_the_command_line_writes_beside_a_running_bot(storage: Storage, path: Path) -> None:
    within(storage, add("bot"))
    with beside(path) as db:
        add("command line")(db)
    assert within(storage, lambda db: len(db.execute("SELECT * FROM people").fetchall())) == 2


def test_two_writers_wait_for_one_another_and_lose_nothing(storage: Storage, path: Path) -> None:
    async def both() -> None:
        def commands() -> None:
            for number in range(50):
                with beside(path) as db:
                    db.execute("SELECT count(*) FROM people").fetchone()
                    add(f"c{number}")(db)

        def read_and_write(number: int) -> Callable[[], None]:
            def work() -> None:
                with storage.transaction() as db:
                    db.execute("SELECT count(*) FROM people").fetchone()
                    add(f"b{number}")(db)

            return work

        await asyncio.gather(
            asyncio.to_thread(commands), *(storage.run(read_and_write(number)) for number in range(50))
        )

    asyncio.run(both())
    assert len(people(path)) == 100


def test_the_file_is_its_owner_s_alone(storage: Storage, path: Path) -> None:
    within(storage, add("one"))
    modes = {
        file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir() if "lock" not in file.name
    }
    assert set(modes) == {"vigie.db", "vigie.db-wal", "vigie.db-shm"}
    assert set(modes.values()) == {0}


# Thrown away, its bytes are gone: a marker long enough to be found, and to take several pages.
MARKER = "ce-que-personne-ne-doit-retrouver-" * 300


@pytest.mark.parametrize("table", ["people", "state"])
def test_the_bytes_of_what_is_deleted_are_in_neither_file_after_a_purge(
    storage: Storage, path: Path, table: str
) -> None:
    statement = {
        "people": "INSERT INTO people (id) VALUES (?)",
        "state": "INSERT INTO state VALUES ('m', ?)",
    }[table]
    marker = MARKER if table == "state" else MARKER[:35]
    wal = path.with_name("vigie.db-wal")
    within(storage, lambda db: db.conn.execute(statement, (marker,)))
    assert marker[:34].encode() in path.read_bytes() + wal.read_bytes()  # the detector detects
    storage.executor.submit(storage.purge).result()
    assert marker[:34].encode() in path.read_bytes()
    within(storage, lambda db: db.table(table).delete_where())
    assert storage.executor.submit(storage.purge).result()
    assert wal.read_bytes() == b""
    assert marker[:34].encode() not in path.read_bytes()


def test_a_purge_says_when_a_reader_is_in_its_way(storage: Storage, path: Path) -> None:
    storage.executor.submit(lambda: storage._db.conn.execute("PRAGMA busy_timeout = 50")).result()
    with closing(reader(path).conn) as conn:
        within(storage, add("one"))
        conn.execute("BEGIN")
        conn.execute("SELECT * FROM people").fetchall()
        within(storage, add("two"))
        assert not storage.executor.submit(storage.purge).result()
        conn.execute("COMMIT")
        assert storage.executor.submit(storage.purge).result()


# --- Its tables ---------------------------------------------------------------------------------


def test_every_table_is_strict_and_every_reference_is_a_foreign_key(path: Path) -> None:
    Storage(path).close()
    with closing(reader(path).conn) as conn:
        tables = {
            name: strict
            for _, name, kind, _, _, strict in conn.execute("PRAGMA table_list")
            if kind == "table" and not name.startswith("sqlite_")
        }
        assert {name for name, strict in tables.items() if not strict} <= {"_sqlite_migrations"}
        for table in tables:
            referring = {row[3] for row in conn.execute(f"PRAGMA foreign_key_list({table})")}
            columns = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
            named = {column for column in columns if column.endswith("person_id") or column == "role_id"}
            assert named <= referring, table
        assert {
            row[2] for table in tables for row in conn.execute(f"PRAGMA foreign_key_list({table})")
        } <= set(tables)


def test_foreign_keys_are_enforced(storage: Storage) -> None:
    account = {"platform": "slack", "team": "T", "user": "U", "person_id": "no"}
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        within(storage, lambda db: db.table("accounts").insert(account))


def test_the_wrong_type_is_refused(storage: Storage) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        within(
            storage,
            lambda db: db.conn.execute("INSERT INTO destructions VALUES ('a', '2026-01-01', 'x', 'many')"),
        )


def test_times_and_days_are_named_for_what_they_are(path: Path) -> None:
    Storage(path).close()
    with closing(reader(path).conn) as conn:
        (script,) = conn.execute("SELECT group_concat(sql, char(10)) FROM sqlite_master").fetchone()
    for word in ("timestamp", "datetime(", "CURRENT_TIME", "AUTOINCREMENT"):
        assert word not in script


def test_a_later_migration_is_applied_to_a_database_made_before_it(path: Path) -> None:
    storage = Storage(path)
    within(storage, add("kept"))
    storage.close()
    with with_a_later_migration():
        with pytest.raises(StorageError, match="version plus ancienne"), beside(path):
            pass
        Storage(path).close()
        with closing(reader(path).conn) as conn:
            upgraded = set(conn.execute("SELECT type, name, sql FROM sqlite_master"))
        assert people(path) == {"kept"}
        path.unlink()
        Storage(path).close()
        with closing(reader(path).conn) as conn:
            assert set(conn.execute("SELECT type, name, sql FROM sqlite_master")) == upgraded
    with pytest.raises(StorageError, match="plus récente"):
        Storage(path)


def test_a_migration_that_fails_leaves_the_database_as_it_was(path: Path) -> None:
    Storage(path).close()
    before = path.read_bytes()
    with with_a_later_migration(broken=True), pytest.raises(ZeroDivisionError):
        Storage(path)
    assert path.read_bytes() == before
    Storage(path).close()


@pytest.mark.parametrize("opened", [Storage, reader, lambda path: beside(path).__enter__()])
def test_a_database_from_before_the_first_release_is_refused_and_left_as_it_is(
    path: Path, opened: Callable[[Path], object]
) -> None:
    of_development(path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"version de développement.* Rien n'est effacé\."):
        opened(path)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    Storage(path).close()
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("INSERT INTO _sqlite_migrations VALUES (99, 'vigie', 'm999_later', '2030-01-01')")
    with pytest.raises(StorageError, match="plus récente"):
        Storage(path)


def test_the_database_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StorageError, match="autre programme"):
        Storage(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


# --- When something is in the way ---------------------------------------------------------------


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line in which the process said why it ended."""
    *_, last = done.stdout.splitlines()
    assert last.startswith("refus "), done.stdout[-500:] + done.stderr
    assert done.stderr == ""
    assert done.returncode == 2
    return last.removeprefix("refus ")


def acknowledged(done: subprocess.CompletedProcess[str]) -> set[str]:
    lines = [line.split() for line in done.stdout.splitlines()]
    return {f"{words[0]}-{words[1]}" for words in lines if words[0] == "fait"}


def test_a_disk_that_takes_no_more_ends_in_one_line_and_no_loss(path: Path) -> None:
    done = child(str(path), "1000000")
    assert "rien n'a été enregistré" in refusal(done)
    facts = acknowledged(done)
    assert len(facts) > 10
    assert people(path) == facts  # all that was acknowledged, nothing that was not
    again = Storage(path)  # and with room again, it goes on
    within(again, add("later"))
    again.close()
    assert people(path) == facts | {"later"}


def test_a_full_database_says_so_and_works_again_once_there_is_room(storage: Storage, path: Path) -> None:
    def fill(db: Database) -> None:
        for number in range(1_000):
            db.conn.execute("INSERT INTO state VALUES (?, ?)", (str(number), "x" * 4_000))

    def limit(pages: int) -> None:
        storage.executor.submit(lambda: storage._db.conn.execute(f"PRAGMA max_page_count = {pages}")).result()

    within(storage, add("before"))
    limit(60)
    with pytest.raises(StorageError, match="le disque est plein"):
        within(storage, fill)
    limit(10_000)
    within(storage, add("after"))
    assert people(path) == {"before", "after"}


def test_a_full_file_system_ends_in_one_line_and_no_loss(tmp_path: Path) -> None:
    """On a small disk of its own, or under a quota on a machine that lets nobody mount one."""
    place, spare = tmp_path / "petit", tmp_path / "garde"
    place.mkdir()
    apart = ["/usr/bin/unshare", "-rm"]
    may_mount = not subprocess.run([*apart, "/bin/true"], check=False, capture_output=True).returncode
    small = f"mount -t tmpfs -o size=2m none {place}" if may_mount else "ulimit -f 4000"
    script = (
        f"{small}; {sys.executable} -m tests.kits.storage_child {place}/v.db; cp -r {place} {spare}; exit 2"
    )
    done = subprocess.run(
        [*(apart if may_mount else []), "/bin/sh", "-c", script],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ("le disque est plein" if may_mount else "rien n'a été enregistré") in refusal(done)
    assert people(spare / "v.db") == acknowledged(done) != set()


def test_a_read_only_file_ends_in_one_line(path: Path) -> None:
    storage = Storage(path)
    within(storage, add("before"))
    storage.close()
    path.chmod(0o400)
    assert "ne peut pas être modifiée" in refusal(child(str(path), without_privilege=True))
    assert people(path) == {"before"}


def test_a_read_only_folder_ends_in_one_line(path: Path) -> None:
    path.parent.chmod(0o500)
    refusal_text = refusal(child(str(path), without_privilege=True))
    path.parent.chmod(0o700)
    assert "ne peut pas être ouverte" in refusal_text


def test_a_folder_that_does_not_exist_ends_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Vérifiez que son dossier existe"):
        Storage(tmp_path / "nulle" / "part.db")


def test_a_damaged_file_ends_in_one_line_and_is_not_touched(path: Path) -> None:
    storage = Storage(path)
    within(storage, lambda db: [add(f"p{number}" * 20)(db) for number in range(2_000)])
    storage.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 5 : 4096 * 40] = os.urandom(4096 * 35)
    path.write_bytes(damaged)
    assert "est abîmée" in refusal(child(str(path)))
    assert path.read_bytes() == bytes(damaged)


@pytest.mark.parametrize("content", [b"ceci n'est pas une base" * 100, os.urandom(8_192)])
def test_a_file_that_is_no_database_ends_in_one_line_and_is_not_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "n'est pas une base de Vigie" in refusal(child(str(path)))
    assert path.read_bytes() == content


def test_a_second_vigie_on_the_same_file_refuses_in_one_line(storage: Storage, path: Path) -> None:
    assert "une autre Vigie se sert déjà de la base" in refusal(child(str(path)))
    with pytest.raises(LockedError):
        Storage(path)
    within(storage, add("still works"))
    storage.close()
    Storage(path).close()


def test_a_killed_process_leaves_what_it_acknowledged_and_its_place(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kits.storage_child", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(30)]
    process.kill()
    lines += process.stdout.readlines()
    process.wait()
    storage = Storage(path)  # the lock went with it
    storage.close()
    facts = {f"fait-{line.split()[1]}" for line in lines if line.startswith("fait") and line.endswith("\n")}
    assert facts <= people(path)
    assert len(people(path)) - len(facts) <= 1


def test_a_copy_of_a_database_in_use_with_its_wal_is_sound(
    storage: Storage, path: Path, tmp_path: Path
) -> None:
    within(storage, add("one"))
    other = tmp_path / "copie"
    other.mkdir()
    for file in path.parent.glob("vigie.db*"):
        shutil.copy(file, other)
    assert people(other / "vigie.db") == {"one"}


def test_closing_twice_is_harmless(path: Path) -> None:
    storage = Storage(path)
    storage.close()
    storage.close()


# --- Lanes -------------------------------------------------------------------------------------


async def test_urgent_work_passes_first_and_does_not_hold_up_the_rest_for_ever(storage: Storage) -> None:
    done, running, busy = list[str](), threading.Event(), threading.Event()

    def hold() -> None:
        running.set()
        busy.wait()

    storage.executor.submit(hold)
    assert running.wait(PATIENCE)
    for number in range(3):
        storage.executor.submit(done.append, f"ordinary {number}")
    for number in range(20):
        storage.urgent.submit(done.append, f"urgent {number}")
    busy.set()
    await storage.run(lambda: None)
    urgent = [work for work in done if work.startswith("urgent")]
    assert urgent == [f"urgent {number}" for number in range(20)], "each lane keeps its order"
    assert [done.index(f"ordinary {number}") for number in range(3)] == [8, 17, 22]


async def test_urgent_work_that_fails_or_is_given_up_stops_nothing(storage: Storage) -> None:
    busy = threading.Event()
    storage.executor.submit(busy.wait)
    given_up = asyncio.ensure_future(storage.run(lambda: 1, urgent=True))
    failing = asyncio.ensure_future(storage.run(lambda: 1 // 0, urgent=True))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    busy.set()
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await storage.run(lambda: 2) == 2
