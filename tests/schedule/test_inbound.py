"""What was already heard is remembered for a day, across restarts."""

from __future__ import annotations

from pathlib import Path

from bot.schedule import inbound
from bot.schedule.inbound import Heard
from bot.storage.database import Storage
from tests.kits.fake_clock import FakeClock


async def test_an_event_is_new_once_even_after_a_restart(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "vigie.db"
    storage = Storage(path)
    assert await Heard(storage, clock)("Ev1")
    assert not await Heard(storage, clock)("Ev1")
    storage.close()
    storage = Storage(path)
    try:
        assert not await Heard(storage, clock)("Ev1")
        assert await Heard(storage, clock)("Ev2")
    finally:
        storage.close()


async def test_events_are_remembered_for_a_day_and_forgotten_by_whole_days(tmp_path: Path) -> None:
    clock, storage = FakeClock("2026-11-24T15:00:00Z"), Storage(tmp_path / "vigie.db")
    try:
        assert await Heard(storage, clock)("Ev1")
        for moment in ("2026-11-25T15:00:00Z", "2026-11-25T23:59:59Z"):
            clock.set(moment)
            with storage.transaction() as db:
                inbound.forget(db, clock())
            assert not await Heard(storage, clock)("Ev1")
        clock.set("2026-11-26T00:00:00Z")
        with storage.transaction() as db:
            inbound.forget(db, clock())
        assert await Heard(storage, clock)("Ev1")
    finally:
        storage.close()
