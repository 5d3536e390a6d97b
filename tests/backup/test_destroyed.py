"""What was destroyed stays so: through a copy that is brought back, and only if it truly was."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.app.build import build
from bot.app.tasks import Tasks
from bot.backup import copies, destroyed, restore
from bot.outbox.rows import enqueue
from bot.people import membership, persons, roles
from bot.people.membership import BY_HAND
from bot.privacy import personal_data
from bot.settings import Settings
from bot.storage import files
from bot.storage.database import LockedError, Storage, StorageError, lock
from tests.kits.outbox import delivery
from tests.kits.people import ALEX, BLAISE, COUNCIL_ROLE, DAY, NOW, day

Result = TypeVar("Result")
REPORTS = frozenset({"signalement"})


class Home:
    """A database and its keys, on the disk."""

    def __init__(self, folder: Path) -> None:
        self.database, self.keys, self.copy = folder / "vigie.db", folder / "cles", folder / "copie.db"
        self.storage = Storage(self.database)
        self.within(roles.seed)

    def within(self, something: Callable[[Database], Result]) -> Result:
        def work() -> Result:
            with self.storage.transaction() as db:
                return something(db)

        return self.storage.executor.submit(work).result()

    def erase(self, person: str) -> None:
        remember = partial(destroyed.record, self.keys)
        self.within(lambda db: personal_data.erase(db, person, DAY, remember))
        self.within(lambda db: destroyed.settle(db, self.keys))

    def save(self) -> None:
        copies.save(self.database, self.copy)

    def restore(self) -> restore.Restored:
        self.storage.close()
        try:
            return restore.restore(self.copy, self.database, self.keys, REPORTS, NOW, in_clear=True)
        finally:
            self.storage = Storage(self.database)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.storage.close()


def _rolled_back(home: Home, person: str) -> None:
    def work(db: Database) -> None:
        personal_data.erase(db, person, DAY, partial(destroyed.record, home.keys))
        raise StorageError("le disque est plein")

    with pytest.raises(StorageError):
        home.within(work)


def test_an_erasure_that_failed_destroys_nothing_when_a_copy_is_brought_back(home: Home) -> None:
    alex = home.within(lambda db: persons.known(db, ALEX))
    _rolled_back(home, alex)
    home.within(lambda db: roles.appoint(db, COUNCIL_ROLE, alex, DAY))
    home.save()
    assert home.restore().destroyed == 0
    assert home.within(lambda db: roles.holders(db, COUNCIL_ROLE, DAY)) == [alex]


def test_at_the_start_what_is_remembered_and_still_there_is_struck_off(tmp_path: Path) -> None:
    home = Home(tmp_path)
    alex = home.within(lambda db: persons.known(db, ALEX))
    _rolled_back(home, alex)
    destroyed.record(home.keys, "people", ["0123456789abcdef"])
    left = home.database.with_name(".vigie.db.partiel")
    left.touch()
    settings = Settings.model_validate({"vigie_db": str(home.database), "discord_token": "x"})
    bot = build(settings, home.storage)
    home.storage.executor.submit(starting.settle, bot).result()
    assert not left.exists()
    home.storage.close()
    assert destroyed.recorded(home.keys) == {destroyed.row_hash("people", "0123456789abcdef")}


def test_past_memberships_that_were_erased_stay_so(home: Home) -> None:
    def member(db: Database) -> str:
        alex = persons.known(db, ALEX)
        membership.enter(db, alex, "officer", BY_HAND, day(-100))
        membership.leave(db, alex, "officer", BY_HAND, day(-50))
        membership.enter(db, alex, "employee", BY_HAND, day(-10))
        return alex

    alex = home.within(member)
    home.save()
    home.erase(alex)
    assert home.restore().destroyed == 1
    kinds = home.within(lambda db: db.conn.execute("SELECT kind FROM members").fetchall())
    assert kinds == [("employee",)]


def test_certificates_since_the_copy_come_back_and_destroying_again_has_its_own(home: Home) -> None:
    alex = home.within(lambda db: persons.known(db, ALEX))
    home.save()
    home.erase(alex)
    before = home.within(lambda db: personal_data.certificate(db, DAY))
    assert before == [(DAY.isoformat(), "demande", 1)]
    home.restore()
    after = home.within(lambda db: personal_data.certificate(db, DAY))
    assert after == [*before, (DAY.isoformat(), "restauration", 1)]


def test_a_line_that_the_disk_damaged_stops_no_restoration(home: Home) -> None:
    alex, blaise = home.within(lambda db: (persons.known(db, ALEX), persons.known(db, BLAISE)))
    home.save()
    home.erase(alex)
    with (home.keys / destroyed.FILE).open("ab") as file:
        file.write("people é\n".encode())
    home.restore()
    assert home.within(lambda db: db.conn.execute("SELECT id FROM people").fetchall()) == [(blaise,)]


def test_what_waits_for_a_role_outlives_its_former_holder_without_naming_them(home: Home) -> None:
    def erased(db: Database) -> list[tuple[str, str, str | None, str]]:
        alex, blaise = persons.known(db, ALEX), persons.known(db, BLAISE)
        for number, state in enumerate(("queued", "sending", "held", "sent", "dead", "cancelled")):
            enqueue(db, delivery(f"k{number}→{alex}", f"role:{COUNCIL_ROLE}/{alex}"), NOW)
            db.conn.execute(
                """UPDATE outbox SET state = ?, route = 'person:slack/T1/U1', claimed_at = ?,
                     tried = '["person:discord//111"]' WHERE key LIKE ?""",
                (state, "2026-11-24T15:00:00Z" if state == "sending" else None, f"k{number}→%"),
            )
        roles.appoint(db, COUNCIL_ROLE, blaise, DAY)
        personal_data.erase(db, alex, DAY, lambda _table, _ids: None)
        assert alex not in "\n".join(db.conn.iterdump())
        rows = db.conn.execute("SELECT recipient, state, route, tried FROM outbox ORDER BY rowid")
        return list(rows.fetchall())

    role = f"role:{COUNCIL_ROLE}"
    assert home.within(erased) == [
        (role, "queued", None, "[]"),
        (role, "queued", None, "[]"),
        (role, "held", None, "[]"),
    ]


def test_in_a_copy_too_what_was_for_an_erased_holder_is_the_role_s(home: Home) -> None:
    def queued(db: Database) -> str:
        alex = persons.known(db, ALEX)
        enqueue(db, delivery(f"k→{alex}", f"role:{COUNCIL_ROLE}/{alex}"), NOW)
        return alex

    alex = home.within(queued)
    home.save()
    home.erase(alex)
    home.restore()
    assert home.within(lambda db: alex in "\n".join(db.conn.iterdump())) is False
    rows = home.within(lambda db: db.conn.execute("SELECT recipient, state FROM outbox").fetchall())
    assert rows == [(f"role:{COUNCIL_ROLE}", "held")]


# --- What a kill or a fault leaves --------------------------------------------------------------


@pytest.mark.parametrize("name", [".vigie.db.partiel", ".vigie.db.partiel-wal", ".vigie.db.avant-x.partiel"])
def test_what_a_restoration_that_was_killed_left_is_gone_at_the_next_start(home: Home, name: str) -> None:
    left = home.database.with_name(name)
    left.write_bytes(b"U-marqueur")
    other = home.database.with_name(".copie.partiel")
    other.touch()
    files.sweep(home.database.parent, NOW.now(NOW.tzinfo) + timedelta(seconds=1), home.database.name)
    assert not left.exists()
    assert other.exists()  # somebody may be making it


async def test_when_the_copy_fails_the_old_ones_expire_all_the_same(home: Home) -> None:
    settings = Settings.model_validate({"vigie_db": str(home.database), "discord_token": "x"})
    bot = build(settings, home.storage)
    old = settings.copies() / "vigie-2020-01-01.chiffre"
    left = home.database.with_name(".copie.partiel")
    newest = old.with_name("vigie-2020-01-02.chiffre")
    for path in (old, newest, left, home.keys / copies.KEY_FILE):
        path.parent.mkdir(exist_ok=True)
        path.write_text("abîmée")
    hours_ago = time.time() - 7_200
    os.utime(left, (hours_ago, hours_ago))
    copy = Tasks(bot, {}).work().errands["copie"]
    with pytest.raises(StorageError):
        await copy({}, bot.office.clock())
    assert not old.exists()
    assert newest.exists(), "without it, nothing would be left"
    assert not left.exists()


def test_a_database_reached_by_a_link_is_the_same_database(home: Home, tmp_path: Path) -> None:
    (tmp_path / "lien").mkdir()
    link = tmp_path / "lien" / "vigie.db"
    link.symlink_to(home.database)
    with pytest.raises(LockedError):
        Storage(link)
    home.save()
    home.storage.close()
    with closing(lock(home.database)), pytest.raises(LockedError):
        restore.restore(home.copy, link, home.keys, REPORTS, NOW, in_clear=True)
    restore.restore(home.copy, link, home.keys, REPORTS, NOW, in_clear=True)
    assert link.is_symlink()
    home.storage = Storage(link)


def test_two_restorations_in_the_same_second_keep_both_files(home: Home) -> None:
    home.save()
    first, second = home.restore().replaced, home.restore().replaced
    assert first
    assert second
    assert first != second
    restore.expire_kept(home.database, day(400), 30)
    assert not first.exists()
    assert not second.exists()
