"""The clock: what is due is done once, whatever happens to the process, to the loop and to the hour."""

from __future__ import annotations

import asyncio
import threading
import time as clocks
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.backup import restore
from bot.logs import ExplainedError
from bot.schedule.clock import BEAT_SECONDS, Daily, Schedule, Work, arm, cancel, plan
from bot.storage import state
from bot.storage.database import Storage
from bot.times import Calendar, iso, utc
from tests.kits.effort import PATIENCE
from tests.kits.fake_clock import FakeClock

CALENDAR = Calendar(ZoneInfo("America/Toronto"))
NIGHTLY = Daily("nightly", time(3, 15))
Result = TypeVar("Result")


class Done:
    """What was done, in order: the task's argument, and when."""

    def __init__(self) -> None:
        self.what: list[str] = []

    def task(self, _db: Database, arguments: Mapping[str, Any], _now: datetime) -> None:
        self.what.append(str(arguments.get("what") or arguments["day"]))

    async def errand(self, arguments: Mapping[str, Any], now: datetime) -> None:
        await asyncio.sleep(0)
        self.task(Database(memory=True), arguments, now)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def done() -> Done:
    return Done()


class Within(Protocol):
    """Do something in a transaction of the database, and return what it returns."""

    def __call__(self, something: Callable[[Database], Result]) -> Awaitable[Result]: ...


@asynccontextmanager
async def running(
    clock: FakeClock,
    work: Work,
    path: Path | None = None,
    *,
    woken: Callable[[], None] = lambda: None,
    failed: Callable[[str], None] = lambda _: None,
    beat: float = BEAT_SECONDS,
) -> AsyncIterator[tuple[Schedule, Within]]:
    """A schedule on a database, and a way to do something in a transaction of it."""
    storage = Storage(path)
    schedule = Schedule(storage, work, CALENDAR, clock, woken=woken, failed=failed, beat_seconds=beat)

    async def within(something: Callable[[Database], Result]) -> Result:
        def transact() -> Result:
            with storage.transaction() as db:
                return something(db)

        return await storage.run(transact)

    try:
        yield schedule, within
    finally:
        await schedule.close()
        storage.close()


def planned(db: Database) -> list[tuple[str, str]]:
    return [tuple(row) for row in db.conn.execute("SELECT key, due_at FROM due_tasks ORDER BY due_at, key")]


async def test_a_beat_under_way_is_finished_before_the_clock_stops(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    loop, under_way, finish = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    ended, woken = list[str](), list[str]()

    def end() -> None:
        ended.append("beat")
        if len(ended) > 1:  # the first beat is that of the start
            loop.call_soon_threadsafe(under_way.set)
            finish.wait()

    quick = running(clock, Work({}, ended=end), woken=lambda: woken.append("beat"), beat=0.01)
    async with quick as (schedule, _):
        await schedule.start()
        await under_way.wait()
        closing = asyncio.create_task(schedule.close())
        await asyncio.sleep(0.05)
        finish.set()
        await closing
        assert len(woken) == len(ended)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_what_is_due_is_done_in_order_and_once(clock: FakeClock, done: Done) -> None:
    async with running(clock, Work({"say": done.task})) as (schedule, within):

        def plans(db: Database) -> None:
            plan(db, "b", "say", clock(), {"what": "b"})
            plan(db, "a", "say", clock() - timedelta(hours=5), {"what": "a"})
            plan(db, "c", "say", clock() + timedelta(seconds=1), {"what": "c"})
            assert not plan(db, "a", "say", clock(), {"what": "again"})

        await within(plans)
        await schedule.tick()
        await schedule.tick()
        assert done.what == ["a", "b"]
        clock.move(seconds=1)
        await schedule.tick()
        assert done.what == ["a", "b", "c"]
        assert await within(lambda db: db["due_tasks"].count) == 0


async def test_what_is_cancelled_is_not_done(clock: FakeClock, done: Done) -> None:
    async with running(clock, Work({"say": done.task})) as (schedule, within):
        await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
        assert await within(lambda db: cancel(db, "a"))
        await schedule.tick()
        assert done.what == []


async def test_a_task_that_breaks_undoes_what_it_did_stands_aside_and_is_tried_again(
    clock: FakeClock, done: Done
) -> None:
    broken = [True]
    failures: list[str] = []

    def fragile(db: Database, arguments: Mapping[str, Any], now: datetime) -> None:
        state.write_value(db, "half", "done")
        if broken:
            raise ZeroDivisionError
        done.task(db, arguments, now)

    work = Work({"fragile": fragile, "say": done.task})
    async with running(clock, work, failed=failures.append) as (schedule, within):
        await within(lambda db: plan(db, "a", "fragile", clock(), {"what": "a"}))
        await within(lambda db: plan(db, "b", "say", clock(), {"what": "b"}))
        await within(lambda db: plan(db, "z", "of another version", clock()))
        await schedule.tick()
        assert done.what == ["b"]
        assert failures == ["fragile", "of another version"]
        assert await within(lambda db: state.read_value(db, "half")) is None
        broken.clear()
        clock.move(minutes=5)
        await schedule.tick()
        assert done.what == ["b", "a"]
        assert [key for key, _ in await within(planned)] == ["z"]


async def test_the_sender_is_woken_once_what_was_due_is_done(clock: FakeClock, done: Done) -> None:
    woken: list[int] = []
    work = Work({"say": done.task})
    async with running(clock, work, woken=lambda: woken.append(len(done.what))) as (schedule, within):
        await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
        await schedule.tick()
        assert woken == [1]


async def test_what_became_due_while_the_process_was_down_is_done_at_the_next_start(
    tmp_path: Path, clock: FakeClock, done: Done
) -> None:
    work = Work({"say": done.task, "nightly": done.task}, daily=[NIGHTLY])
    path = tmp_path / "vigie.db"
    async with running(clock, work, path) as (schedule, within):
        await schedule.tick()
        await within(lambda db: plan(db, "a", "say", clock() + timedelta(hours=1), {"what": "a"}))
    clock.move(days=5)
    async with running(clock, work, path, beat=0.05) as (schedule, within):
        await schedule.start()
        assert done.what == ["a", "2026-11-25"]  # the night that was missed, once, not five times
        assert await within(planned) == [("nightly:2026-11-30", "2026-11-30T08:15:00Z")]


async def test_a_night_is_done_once_when_the_clock_goes_back_an_hour(clock: FakeClock, done: Done) -> None:
    work = Work({"nightly": done.task, "say": done.task}, daily=[NIGHTLY])
    async with running(clock, work) as (schedule, within):
        clock.set("2026-11-24T08:00:00Z")
        await schedule.tick()
        clock.set("2026-11-24T08:15:00Z")
        await schedule.tick()
        assert done.what == ["2026-11-24"]
        await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
        clock.move(hours=-1)
        for _ in range(9):
            clock.move(minutes=15)
            await schedule.tick()
        assert done.what == ["2026-11-24", "a"]


async def test_a_night_is_done_once_when_the_clock_goes_back_over_midnight(done: Done) -> None:
    clock = FakeClock("2026-11-24T04:59:00Z")  # 23:59 on the 23rd
    work = Work({"early": done.task}, daily=[Daily("early", time(0, 10))])
    async with running(clock, work) as (schedule, _):
        await schedule.tick()
        clock.set("2026-11-24T05:10:00Z")
        await schedule.tick()
        clock.move(hours=-1)
        for _ in range(12):
            await schedule.tick()
            clock.move(minutes=15)
        assert done.what == ["2026-11-24"]


async def test_a_clock_that_was_years_ahead_does_not_stop_the_nights(clock: FakeClock, done: Done) -> None:
    async with running(clock, Work({"nightly": done.task}, daily=[NIGHTLY])) as (schedule, within):
        clock.set("2031-01-01T00:00:00Z")
        await schedule.tick()
        clock.set("2026-11-24T15:00:00Z")
        await schedule.tick()
        assert await within(planned) == [("nightly:2026-11-25", "2026-11-25T08:15:00Z")]


async def test_a_daily_task_that_breaks_keeps_its_day_until_it_works(clock: FakeClock, done: Done) -> None:
    broken = [True]

    def fragile(db: Database, arguments: Mapping[str, Any], now: datetime) -> None:
        if broken:
            raise ZeroDivisionError
        done.task(db, arguments, now)

    async with running(clock, Work({"nightly": fragile}, daily=[NIGHTLY])) as (schedule, within):
        await schedule.tick()
        clock.set("2026-11-25T08:15:00Z")
        await schedule.tick()
        broken.clear()
        clock.move(minutes=6)
        await schedule.tick()
        assert done.what == ["2026-11-25"]
        assert [key for key, _ in await within(planned)] == ["nightly:2026-11-26"]


@pytest.mark.parametrize("hour", [time(1, 30), time(2, 30), time(3, 15)])
@pytest.mark.parametrize(
    "night", [("2026-03-07T20:00:00Z", date(2026, 3, 8)), ("2026-10-31T20:00:00Z", date(2026, 11, 1))]
)
async def test_on_the_nights_when_the_hour_changes_each_date_is_done_once(
    hour: time, night: tuple[str, date], done: Done
) -> None:
    clock = FakeClock(night[0])
    async with running(clock, Work({"d": done.task}, daily=[Daily("d", hour)])) as (schedule, _):
        for _ in range(2 * 24 * 6):
            await schedule.tick()
            clock.move(minutes=10)
    assert done.what == [str(night[1]), str(night[1] + timedelta(days=1))]


@settings(max_examples=20, deadline=None)
@given(
    st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2028-01-01")),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.lists(st.sampled_from([-60, 5, 20, 55, 60, 240, 720, 1500, 2900]), min_size=5, max_size=60),
)
def test_however_time_goes_no_date_comes_twice_nor_out_of_order(
    start: datetime, hour: time, jumps: list[int]
) -> None:
    done, clock, daily = Done(), FakeClock(iso(start.replace(tzinfo=CALENDAR.zone))), Daily("d", hour)

    async def live() -> None:
        async with running(clock, Work({"d": done.task}, daily=[daily])) as (schedule, within):
            farthest = clock()
            for minutes in jumps:
                clock.move(minutes=minutes)
                farthest = max(farthest, clock())
                await schedule.tick()
                ((_, due),) = await within(planned)
                assert utc(due) > clock()  # nothing that is due is left
                assert utc(due) <= CALENDAR.at(CALENDAR.day(farthest) + timedelta(days=1), hour)

    asyncio.run(live())
    assert done.what == sorted(set(done.what))


async def test_every_date_of_two_years_is_done_when_the_process_runs(done: Done) -> None:
    clock = FakeClock("2026-01-01T05:00:00Z")
    async with running(clock, Work({"d": done.task}, daily=[Daily("d", time(2, 30))])) as (schedule, _):
        for _ in range(2 * 365 * 2):
            await schedule.tick()
            clock.move(hours=12)
    assert done.what[:1] == ["2026-01-01"]
    assert len(done.what) == len(set(done.what)) >= 2 * 365 - 1


async def test_an_errand_is_done_off_the_storage_thread_and_struck_off_once_done(
    clock: FakeClock, done: Done
) -> None:
    release = asyncio.Event()

    async def slow(arguments: Mapping[str, Any], now: datetime) -> None:
        await release.wait()
        await done.errand(arguments, now)

    work = Work({"say": done.task}, {"nightly": slow}, daily=[NIGHTLY])
    async with running(clock, work) as (schedule, within):
        await schedule.tick()
        clock.set("2026-11-25T08:15:00Z")
        await schedule.tick()
        await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
        await schedule.tick()
        assert done.what == ["a"]  # the others do not wait, and the errand is not begun twice
        release.set()
        while [key for key, _ in await within(planned)] != ["nightly:2026-11-26"]:
            await schedule.tick()
        assert done.what == ["a", "2026-11-25"]


async def test_an_errand_cut_short_by_the_end_of_the_process_is_done_at_the_next_start(
    tmp_path: Path, clock: FakeClock, done: Done
) -> None:
    async def endless(_arguments: Mapping[str, Any], _now: datetime) -> None:
        await asyncio.Event().wait()

    work = Work({}, {"copy": endless})
    async with running(clock, work, tmp_path / "v.db") as (schedule, within):
        await within(lambda db: plan(db, "a", "copy", clock(), {"what": "a"}))
        await schedule.tick()
    async with running(clock, replace(work, errands={"copy": done.errand}), tmp_path / "v.db") as (
        schedule,
        within,
    ):
        while await within(planned):
            await schedule.tick()
    assert done.what == ["a"]


async def test_an_errand_that_breaks_is_put_off(clock: FakeClock, done: Done) -> None:
    async def broken(_arguments: Mapping[str, Any], _now: datetime) -> None:
        raise ZeroDivisionError

    failures: list[str] = []
    async with running(clock, Work({}, {"copy": broken}), failed=failures.append) as (schedule, within):
        await within(lambda db: plan(db, "a", "copy", clock(), {"what": "a"}))
        while not failures:
            await schedule.tick()
        assert await within(planned) == [("a", "2026-11-24T15:05:00Z")]
        assert done.what == []


async def test_of_an_error_of_ours_the_log_has_the_line_that_says_what_to_do(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(_arguments: Mapping[str, Any], _now: datetime) -> None:
        raise ExplainedError("collez de nouveau le manifeste.")

    failures: list[str] = []
    async with running(clock, Work({}, {"read": refused}), failed=failures.append) as (schedule, within):
        await within(lambda db: plan(db, "a", "read", clock()))
        while not failures:
            await schedule.tick()
    assert "read is postponed: collez de nouveau le manifeste." in caplog.text


async def test_after_a_restoration_what_an_overdue_task_queues_is_held(clock: FakeClock) -> None:
    def queue(db: Database, arguments: Mapping[str, Any], now: datetime) -> None:
        what = arguments["what"]
        db.conn.execute(
            "INSERT INTO outbox (id, key, recipient, notice, due_at) VALUES (?, ?, 'role:x', 'n', ?)",
            (what, what, iso(now)),
        )

    def around(db: Database, due_at: datetime) -> AbstractContextManager[None]:
        return restore.overdue_held(db, (), due_at)

    async with running(clock, Work({"queue": queue}, around=around)) as (schedule, within):

        def prepare(db: Database) -> None:
            queue(db, {"what": "before"}, clock())
            plan(db, "old", "queue", clock(), {"what": "old"})
            plan(db, "new", "queue", clock() + timedelta(minutes=1), {"what": "new"})
            state.hoist(db, state.RESTORED, clock())

        await within(prepare)
        clock.move(minutes=1)
        await schedule.tick()
        states = await within(lambda db: dict(db.conn.execute("SELECT id, state FROM outbox").fetchall()))
        assert states == {"before": "queued", "old": "held", "new": "queued"}


async def next_beat(beats: asyncio.Event) -> None:
    beats.clear()
    async with asyncio.timeout(PATIENCE):
        await beats.wait()


async def test_a_busy_loop_delays_a_beat_and_loses_none(clock: FakeClock, done: Done) -> None:
    beats = asyncio.Event()
    work = Work({"say": done.task})
    async with running(clock, work, woken=beats.set, beat=0.05) as (schedule, within):
        await schedule.start()
        await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
        clocks.sleep(1.2)  # noqa: ASYNC251 — the loop is busy: this is what is tried
        await next_beat(beats)
        assert done.what == ["a"]


async def test_the_beat_goes_on_when_the_machine_s_clock_goes_back_an_hour(
    clock: FakeClock, done: Done
) -> None:
    beats = asyncio.Event()
    work = Work({"say": done.task})
    async with running(clock, work, woken=beats.set, beat=0.05) as (schedule, within):
        await schedule.start()
        with time_machine.travel(datetime.now(CALENDAR.zone) - timedelta(hours=1), tick=True):
            await next_beat(beats)
            await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
            await next_beat(beats)
            await next_beat(beats)
        assert done.what == ["a"]


async def test_a_beat_that_breaks_keeps_no_task_from_being_done(clock: FakeClock, done: Done) -> None:
    def breaks(_: Database, now: datetime) -> None:
        raise ValueError(now)

    async with running(clock, Work({"say": done.task}, on_beat=breaks)) as (schedule, within):
        await within(lambda db: plan(db, "a", "say", clock(), {"what": "a"}))
        await schedule.tick()
        assert done.what == ["a"]


def test_a_new_daily_task_waits_for_its_hour(clock: FakeClock) -> None:
    storage = Storage()

    def armed() -> list[tuple[str, str]]:
        with storage.transaction() as db:
            arm(db, [NIGHTLY], CALENDAR, clock())
            arm(db, [NIGHTLY], CALENDAR, clock())
            return planned(db)

    assert storage.executor.submit(armed).result() == [("nightly:2026-11-25", "2026-11-25T08:15:00Z")]
    storage.close()
