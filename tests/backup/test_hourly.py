"""The hour's copy: a single one, of a size that tells nothing, whole or else the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot, build
from bot.app.tasks import Tasks
from bot.backup import copies, restore
from bot.reports import escalation
from bot.schedule.clock import Schedule
from bot.schedule.names import HOURLY_COPY
from bot.settings import Settings
from bot.storage import files
from bot.storage.database import Storage, StorageError, reader
from bot.times import iso
from tests.cli.test_main import vigie
from tests.kits.fake_clock import FakeClock
from tests.kits.office import CALENDAR
from tests.wire.bot_process import MODELS


@dataclass
class Home:
    """A whole bot on a file, whose clock the test moves."""

    folder: Path
    bot: Bot
    clock: FakeClock

    @property
    def copy(self) -> Path:
        return self.folder / "sauvegardes" / copies.HOURLY

    @property
    def places(self) -> tuple[Path, Path, Path]:
        return self.folder / "vigie.db", self.folder / "sauvegardes", self.folder / "cles"

    async def pass_an_hour(self) -> None:
        """Move to the start of the next hour, and wait until all that is due then is done."""
        schedule = Schedule(self.bot.storage, Tasks(self.bot, {}).work(), CALENDAR, self.clock)
        await schedule.tick()
        self.clock.move(hours=1)
        await schedule.tick()
        while errands := [*schedule._errands.values()]:
            await errands[0]
        await schedule.close()

    def write(self, statement: str, *values: object) -> None:
        def work() -> None:
            with self.bot.storage.transaction() as db:
                db.conn.execute(statement, values)

        self.bot.storage.executor.submit(work).result()

    def restore(self) -> restore.Restored:
        self.bot.storage.close()
        database, _, keys = self.places
        return restore.restore(self.copy, database, keys, escalation.NOTICES, self.clock())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    clock, storage = FakeClock(), Storage(tmp_path / "vigie.db")
    settings = {"vigie_db": str(tmp_path / "vigie.db"), "discord_token": "x", "vigie_modeles": str(MODELS)}
    bot = build(Settings.model_validate(settings), storage, clock)
    storage.executor.submit(starting.settle, bot).result()
    yield Home(tmp_path, bot, clock)
    storage.close()


def people(database: Path) -> set[str]:
    with closing(reader(database).conn) as conn:
        return {row[0] for row in conn.execute("SELECT id FROM people")}


async def test_each_hour_makes_one_copy_that_replaces_the_last_whatever_happened_since(home: Home) -> None:
    seen = []
    for write in (False, False, True):
        if write:
            home.write("INSERT INTO people VALUES (?)", "someone" * 20_000)
        await home.pass_an_hour()
        names = [path.name for path in home.copy.parent.iterdir() if "heure" in path.name]
        content, made = copies.read_copy(home.copy, home.folder / "cles")
        assert (names, made) == ([copies.HOURLY], home.clock())
        seen.append((len(content), home.copy.stat().st_size, home.copy.read_bytes()))
    (same, size, first), (again, _, second), (larger, last, _) = seen
    assert (same, first == second) == (again, False), "made again though nothing changed"
    assert larger > same
    assert size == last
    assert 0 <= size - copies.STEP < 1_000, "padded to a step; the rest is the seal"


async def test_a_copy_beyond_a_step_takes_two(home: Home) -> None:
    for number in range(9):
        home.write("INSERT INTO state VALUES (?, ?)", f"large-{number}", "x" * 2 * 1024**2)
    await home.pass_an_hour()
    assert 0 <= home.copy.stat().st_size - 2 * copies.STEP < 1_000


async def test_what_was_destroyed_since_the_hour_s_copy_is_destroyed_again(home: Home) -> None:
    for person in ("stays", "goes"):
        home.write("INSERT INTO people VALUES (?)", person)
    await home.pass_an_hour()
    made = home.clock()
    home.clock.move(minutes=40)

    def destroy() -> None:
        with home.bot.storage.transaction() as db:
            home.bot.office.remember("people", ["goes"])
            db.conn.execute("DELETE FROM people WHERE id = 'goes'")

    home.bot.storage.executor.submit(destroy).result()
    home.write("INSERT INTO people VALUES (?)", "came-after")
    done = home.restore()
    assert (done.night, done.hour, done.destroyed) == (None, made, 1)
    assert people(home.places[0]) & {"stays", "goes", "came-after"} == {"stays"}


async def test_the_command_line_says_the_hour_of_what_it_restored(home: Home) -> None:
    await home.pass_an_hour()
    home.bot.storage.close()
    settings = {"DISCORD_TOKEN": "x", "VIGIE_DB": str(home.places[0])}
    printed = vigie("restaurer", str(home.copy), **settings).stdout
    assert "C'est la copie de l'heure, du 24\u00a0novembre\u00a02026 à 11\u00a0h\u00a000." in printed
    as_json = json.loads(vigie("restaurer", str(home.copy), "--json", **settings).stdout)
    assert (as_json["night"], as_json["hour"]) == (None, iso(home.clock()))


# --- What goes wrong ----------------------------------------------------------------------------


def damage(database: Path) -> None:
    """Break an index, as a bad disk would: the file still opens."""
    with closing(Database(database).conn) as conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'outbox'")
        conn.commit()


async def test_a_damaged_database_does_not_replace_the_last_copy(home: Home) -> None:
    await home.pass_an_hour()
    before = home.copy.read_bytes()
    home.bot.storage.close()
    damage(home.places[0])
    with pytest.raises(StorageError, match=r"pas saine|abîmée"):
        copies.save_hourly(*home.places, home.clock())
    assert home.copy.read_bytes() == before


async def test_a_copy_that_does_not_read_back_does_not_replace_the_last_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.pass_an_hour()
    before = home.copy.read_bytes()
    monkeypatch.setattr(copies, "_decrypt", lambda *_: iter([b"something else"]))
    with pytest.raises(StorageError, match="ne se relit pas"):
        copies.save_hourly(*home.places, home.clock())
    assert home.copy.read_bytes() == before


async def test_a_failed_hourly_copy_is_tried_again_and_stops_nothing_else(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "settle", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    await home.pass_an_hour()
    monkeypatch.undo()
    (due,) = home.bot.storage._db.conn.execute(
        "SELECT due_at FROM due_tasks WHERE task = ?", [HOURLY_COPY]
    ).fetchone()
    assert due == iso(home.clock() + timedelta(minutes=5))
    assert not home.copy.exists()


def cut(content: bytes) -> bytes:
    return content[: -(1024**2)]


def altered(content: bytes) -> bytes:
    return content[:5_000] + bytes([content[5_000] ^ 1]) + content[5_001:]


@pytest.mark.parametrize("change", [cut, altered])
async def test_a_copy_that_is_cut_or_altered_is_refused_though_nothing_is_beside_it(
    home: Home, change: object
) -> None:
    await home.pass_an_hour()
    home.copy.write_bytes(change(home.copy.read_bytes()))  # type: ignore[operator]
    with pytest.raises(StorageError, match="altérée"):
        home.restore()


async def test_a_night_s_copy_does_not_pass_for_the_hour_s_nor_the_reverse(home: Home) -> None:
    await home.pass_an_hour()
    hourly = home.copy.read_bytes()
    night = copies.save_sealed(*home.places, CALENDAR.day(home.clock())).path
    home.copy.write_bytes(night.read_bytes())
    other = "est la copie de la nuit du 24\u00a0novembre\u00a02026, sous le nom d'une autre"
    with pytest.raises(StorageError, match=other):
        copies.read_copy(home.copy, home.folder / "cles")
    night.write_bytes(hourly)
    night.with_name(f"{night.name}.sha256").unlink()
    with pytest.raises(StorageError, match="est la copie de l'heure"):
        copies.read_copy(night, home.folder / "cles")


def test_the_sandbox_is_never_copied() -> None:
    with closing(Storage()) as storage:
        work = Tasks(build(Settings(), storage), {}).work()
    assert HOURLY_COPY not in work.hourly
