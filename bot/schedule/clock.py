"""The clock: runs each due task of the database once, even if the process dies or the clock changes.

A row of `due_tasks` is a task and its due time. The task runs in the transaction that removes the row, so it
runs once or not at all. A task that fails keeps its row and is retried. A daily task's row also holds its
local date. The transaction replaces that row with the next date's, so that the task never runs twice for a
date, even when the hour changes or the clock is set back. After downtime, a daily task runs once for all the
missed days.

APScheduler only provides the beat and stores nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time as clocks
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from sqlite_utils import Database

from bot.logs import loggable
from bot.storage.database import Storage, StorageError
from bot.times import Calendar, Clock, iso, utc

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

logger = logging.getLogger(__name__)

Arguments: TypeAlias = Mapping[str, Any]
Task: TypeAlias = Callable[[Database, Arguments, datetime], None]
Errand: TypeAlias = Callable[[Arguments, datetime], Awaitable[None]]

BEAT_SECONDS: Final = 10.0
BEAT: Final = "beat"  # stands for `Work.on_beat` among the names of tasks that failed
_JOB: Final = "beat"  # the only job of APScheduler
RETRY: Final = timedelta(minutes=5)
# A daily task's row further ahead than this was created while the clock was wrong. With a shorter limit, the
# valid row for the next day would be rejected when the clock has gone back over midnight.
FARTHEST_DAYS: Final = 2


def plan(db: Database, key: str, task: str, due_at: datetime, arguments: Arguments | None = None) -> bool:
    """Plan `task` for `due_at`, in the caller's transaction, unless a task is already planned under `key`.

    Return whether it was planned.
    """
    done = db.conn.execute(
        "INSERT OR IGNORE INTO due_tasks (key, task, arguments, due_at) VALUES (?, ?, ?, ?)",
        (key, task, json.dumps(arguments or {}, ensure_ascii=False), iso(due_at)),
    )
    return done.rowcount == 1


def cancel(db: Database, key: str) -> bool:
    """Remove the task planned under `key`, in the caller's transaction. Return whether a task was removed."""
    return db.conn.execute("DELETE FROM due_tasks WHERE key = ?", (key,)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Daily:
    """A task that runs each day at a local `hour`.

    The hour must be after 3 a.m., since a change of the clocks may skip or repeat an earlier hour.
    """

    task: str
    hour: time

    def key(self, day: object) -> str:
        """Return the key of the task of one day. `day`: a date, or the same in ISO 8601."""
        return f"{self.task}:{day}"

    def plan(self, db: Database, day: date, calendar: Calendar) -> None:
        """Plan the task of one day, in the caller's transaction."""
        plan(db, self.key(day), self.task, calendar.at(day, self.hour), {"day": day.isoformat()})


@dataclass(frozen=True, slots=True)
class Work:
    """The functions that the clock can run, by the names used in `due_tasks`.

    `tasks` run exactly once, on the storage thread, in the transaction that removes their rows. `errands` are
    slow, for example a copy or a query to a platform. They run off that thread, and their rows are removed
    afterwards. An errand interrupted by a crash runs again, so it must be safe to repeat. `daily`: tasks that
    run each day, with the ISO date as the `day` argument. `on_beat`: runs first at each beat, in a
    transaction; it must be short and safe to repeat. `around`: returns the context in which a task runs,
    within its transaction, given the time when the task was due. `hourly`: errands that run at the start of
    each hour. `ended`: runs last at each beat, on the storage thread but outside a transaction.
    """

    tasks: Mapping[str, Task]
    errands: Mapping[str, Errand] = field(default_factory=dict)
    daily: Sequence[Daily] = ()
    on_beat: Callable[[Database, datetime], object] = lambda _db, _now: None
    around: Callable[[Database, datetime], AbstractContextManager[None]] = lambda _db, _due: nullcontext()
    hourly: Sequence[str] = ()
    ended: Callable[[], object] = lambda: None


def arm(db: Database, daily: Sequence[Daily], calendar: Calendar, now: datetime) -> None:
    """Plan the next run of each daily task that has no row, or whose row a wrong clock put too far ahead."""
    for task in daily:
        rows = db.conn.execute(
            "SELECT key, json_extract(arguments, '$.day') FROM due_tasks WHERE task = ?", (task.task,)
        )
        day = next((day for key, day in rows.fetchall() if key == task.key(day)), None)
        tomorrow = calendar.day(now) + timedelta(days=1)
        if day is None:
            task.plan(db, calendar.next_daily(now, task.hour), calendar)
        elif date.fromisoformat(day) >= tomorrow + timedelta(days=FARTHEST_DAYS):
            cancel(db, task.key(day))
            task.plan(db, tomorrow, calendar)


def arm_hourly(db: Database, errand: str, now: datetime) -> None:
    """Plan an errand for the start of the next hour, unless it is already planned for then or earlier."""
    due_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    db.conn.execute("DELETE FROM due_tasks WHERE key = ? AND due_at > ?", (errand, iso(due_at)))
    plan(db, errand, errand, due_at)


class _Due(NamedTuple):
    key: str
    task: str
    arguments: str
    due_at: str


@dataclass
class Schedule:
    """The loop that runs due tasks at each beat. `beat_seconds`: between two beats.

    `woken`: called after the tasks, to send the messages that they queued. `failed`: called with the name of
    each task that failed, or `BEAT` for `Work.on_beat`.
    """

    storage: Storage
    work: Work
    calendar: Calendar
    clock: Clock
    _: KW_ONLY
    woken: Callable[[], None] = lambda: None
    failed: Callable[[str], None] = lambda _task: None
    beat_seconds: float = BEAT_SECONDS
    _beating: asyncio.Lock = field(default_factory=asyncio.Lock)
    _errands: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _scheduler: AsyncIOScheduler | None = None
    _last: float = 0.0
    _watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the beat, and run the tasks that became due while the bot was stopped."""
        # APScheduler is imported here, so that the bot starts sooner. Its import searches all the installed
        # packages for plugins, which takes 40 ms. We need no plugin, so the search is made to find none.
        look = metadata.entry_points
        metadata.entry_points = lambda **_: metadata.EntryPoints()  # type: ignore[assignment]  # for its only call
        try:
            from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415 — a faster start
            from apscheduler.triggers.interval import IntervalTrigger  # noqa: PLC0415 — a faster start
        finally:
            metadata.entry_points = look
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        # Without a grace time, APScheduler would skip a beat delayed by a busy event loop.
        interval = IntervalTrigger(seconds=self.beat_seconds, timezone=UTC)
        self._scheduler.add_job(self.tick, interval, id=_JOB, misfire_grace_time=None)
        self._scheduler.start()
        self._watch = asyncio.create_task(self._keep_beating(self._scheduler))
        await self.tick()

    async def close(self) -> None:
        """Stop the clock, let due tasks finish, and cancel errands, which run again at the next start."""
        if self._scheduler and self._watch:
            self._watch.cancel()
            self._scheduler.pause()
            await asyncio.sleep(0)  # a beat that is about to begin takes its place in the lock's queue first
        async with self._beating:  # a task on the storage thread is short, and cannot be interrupted
            if self._scheduler:
                self._scheduler.shutdown(wait=False)  # during a beat, this would cancel it and log an error
                self._scheduler = None
            errands = list(self._errands.values())
            for errand in errands:
                errand.cancel()
            await asyncio.gather(*errands, return_exceptions=True)

    async def tick(self) -> None:
        """Call `on_beat`, run due tasks one at a time, start due errands, then call `ended` and `woken`."""
        async with self._beating:
            self._last = clocks.monotonic()
            try:
                await self.storage.run(self._begin)
                while (due := await self.storage.run(partial(self._next, [*self._errands]))) is not None:
                    await self._do(due)
                await self.storage.run(self.work.ended)
                self.woken()
            except StorageError as error:
                logger.error("schedule: %s", error)  # noqa: TRY400 — the line says it all; the next beat tries again

    async def _keep_beating(self, scheduler: AsyncIOScheduler) -> None:
        """Restart the beat after the clock is set back, since APScheduler would wait for the old time."""
        while True:
            await asyncio.sleep(self.beat_seconds)
            if not self._beating.locked() and clocks.monotonic() - self._last > 2 * self.beat_seconds:
                logger.warning("schedule: the clock was set back")
                scheduler.modify_job(_JOB, next_run_time=datetime.now(UTC))

    def _begin(self) -> None:
        now = self.clock()
        try:
            with self.storage.transaction() as db:
                self.work.on_beat(db, now)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 — due tasks still run when `on_beat` fails
            logger.error("schedule: a beat failed: %s", loggable(error))  # noqa: TRY400 — one line
            self.failed(BEAT)
        with self.storage.transaction() as db:
            arm(db, self.work.daily, self.calendar, now)
            for errand in self.work.hourly:
                arm_hourly(db, errand, now)

    def _next(self, under_way: Sequence[str]) -> _Due | None:
        """Return the task that has been due the longest, except the errands that are running."""
        with self.storage.transaction() as db:
            row = db.conn.execute(
                """SELECT key, task, arguments, due_at FROM due_tasks
                   WHERE due_at <= ? AND key NOT IN (SELECT value FROM json_each(?))
                   ORDER BY due_at, key LIMIT 1""",
                (iso(self.clock()), json.dumps(under_way)),
            ).fetchone()
        return None if row is None else _Due(*row)

    async def _do(self, due: _Due) -> None:
        if due.task in self.work.errands:
            self._errands[due.key] = asyncio.create_task(self._run_errand(due))
        elif due.task in self.work.tasks:
            try:
                await self.storage.run(partial(self._run_task, due))
            except StorageError:  # the database fails, so no other task could run or be postponed
                raise
            except Exception as error:  # noqa: BLE001 — a task that fails must not stop the others
                await self._put_off(due, loggable(error))
        else:
            await self._put_off(due, "no task has this name")

    def _run_task(self, due: _Due) -> None:
        with self.storage.transaction() as db:
            if not self._remove_and_plan_next(due):
                return  # cancelled in the meantime
            with self.work.around(db, utc(due.due_at)):
                self.work.tasks[due.task](db, json.loads(due.arguments), self.clock())

    async def _run_errand(self, due: _Due) -> None:
        try:
            await self.work.errands[due.task](json.loads(due.arguments), self.clock())
            await self.storage.run(partial(self._remove_and_plan_next, due))
        except Exception as error:  # noqa: BLE001 — an errand that fails must not stop the others
            await self._put_off(due, loggable(error))
        finally:
            del self._errands[due.key]

    def _remove_and_plan_next(self, due: _Due) -> bool:
        """Remove the row and, for a daily task, plan its next day. Return whether the row existed."""
        with self.storage.transaction() as db:
            if not cancel(db, due.key):
                return False
            day = json.loads(due.arguments).get("day")
            for daily in self.work.daily:
                if daily.task == due.task and day is not None:
                    after = date.fromisoformat(day) + timedelta(days=1)
                    coming = self.calendar.next_daily(self.clock(), daily.hour)
                    daily.plan(db, max(after, coming), self.calendar)
            return True

    async def _put_off(self, due: _Due, why: str) -> None:
        """Postpone a failed task by `RETRY`, so that the others can run. It is never dropped."""
        logger.error("schedule: %s is postponed: %s", due.task, why)
        self.failed(due.task)
        await self.storage.run(partial(self._postpone, due.key))

    def _postpone(self, key: str) -> None:
        with self.storage.transaction() as db:
            later = iso(self.clock() + RETRY)
            db.conn.execute("UPDATE due_tasks SET due_at = ? WHERE key = ?", (later, key))
