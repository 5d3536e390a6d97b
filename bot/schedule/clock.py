"""The clock: what the database says is due is done once, whatever happened to the process or to the hour.

A row of `due_tasks` is what is to be done and from when. Its function runs in the transaction that
removes the row, so it is done once or not at all; one that failed stays, and is tried again. A daily
task's row also holds the local date it stands for; in that same transaction it makes way for the row
of the next date, so that no date comes twice, on the nights when the hour changes or when the clock is
set back, and a night when the process was down is caught up once.

APScheduler only beats the time: it holds no job but the beat, and stores nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time as clocks
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlite_utils import Database

from bot.logs import loggable
from bot.storage import state
from bot.storage.database import Storage, StorageError
from bot.times import Calendar, Clock, iso, utc

logger = logging.getLogger(__name__)

Arguments: TypeAlias = Mapping[str, Any]
Task: TypeAlias = Callable[[Database, Arguments, datetime], None]
Errand: TypeAlias = Callable[[Arguments, datetime], Awaitable[None]]

BEAT_SECONDS = 10.0
RETRY = timedelta(minutes=5)
# A daily row further away than this was made while the clock was wrong. Less would take for an error
# the row of the day after, seen by a clock that went back over midnight.
FARTHEST_DAYS = 2


def plan(db: Database, key: str, task: str, due_at: datetime, arguments: Arguments | None = None) -> bool:
    """Have `task` done once from `due_at`, in the caller's transaction.

    `key` says what it is: planned twice under the same key, it is done once. Returns whether it is new.
    """
    written = json.dumps(arguments or {}, ensure_ascii=False)
    done = db.conn.execute(
        "INSERT OR IGNORE INTO due_tasks (key, task, arguments, due_at) VALUES (?, ?, ?, ?)",
        (key, task, written, iso(due_at)),
    )
    return done.rowcount == 1


def cancel(db: Database, key: str) -> bool:
    """Forget what was planned under `key`, in the caller's transaction. Return whether it was still to do."""
    return db.conn.execute("DELETE FROM due_tasks WHERE key = ?", (key,)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Daily:
    """A task that comes back each day at a local `hour`, after 3 a.m. so that each day has it once."""

    task: str
    hour: time

    def key(self, day: date) -> str:
        """Return the key of the row for `day`."""
        return f"{self.task}:{day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Work:
    """What the clock knows how to do, each by the name that `due_tasks` gives it.

    `tasks` run on the storage thread in the transaction that strikes them off: done once. `errands`
    take their time off that thread (a copy, a question to a platform) and are struck off afterwards:
    one that a crash cut short is done again, so it must be harmless when repeated. `daily`: those that
    come back each day; their arguments hold `day`. `beat`: what is done at each beat, in a transaction,
    before anything else; it must be harmless when repeated, and short. `held`: called with the outbox's
    last row before each task that was already due when the database was restored: what it then queues
    may have been sent already, and is held.
    """

    tasks: Mapping[str, Task]
    errands: Mapping[str, Errand] = field(default_factory=dict)
    daily: Sequence[Daily] = ()
    beat: Callable[[Database, datetime], object] = lambda _db, _now: None
    held: Callable[[Database, int], None] = lambda _db, _row: None


def arm(db: Database, daily: Sequence[Daily], calendar: Calendar, now: datetime) -> None:
    """Plan the next time of each daily task that has none, or one that only a wrong clock explains."""
    for one in daily:
        row = db.conn.execute(
            """SELECT key, json_extract(arguments, '$.day') AS day FROM due_tasks
               WHERE task = ? AND key = task || ':' || day""",
            (one.task,),
        ).fetchone()
        tomorrow = calendar.day(now) + timedelta(days=1)
        if row is None:
            _plan_day(db, one, calendar.next_daily(now, one.hour), calendar)
        elif date.fromisoformat(row[1]) >= tomorrow + timedelta(days=FARTHEST_DAYS):
            cancel(db, row[0])
            _plan_day(db, one, tomorrow, calendar)


def _plan_day(db: Database, daily: Daily, day: date, calendar: Calendar) -> None:
    plan(db, daily.key(day), daily.task, calendar.at(day, daily.hour), {"day": day.isoformat()})


@dataclass(frozen=True, slots=True)
class _Due:
    key: str
    task: str
    arguments: str
    due_at: datetime


class Schedule:
    """The clock at work. `woken`: called at each beat once what was due is done, to send what it queued.

    `failed`: called with the name of each task that broke, to be counted.
    """

    def __init__(
        self,
        storage: Storage,
        work: Work,
        calendar: Calendar,
        clock: Clock,
        *,
        woken: Callable[[], None] = lambda: None,
        failed: Callable[[str], None] = lambda _task: None,
        beat: float = BEAT_SECONDS,
    ) -> None:
        self._storage = storage
        self._work = work
        self._daily = {one.task: one for one in work.daily}
        self._calendar = calendar
        self._clock = clock
        self._woken = woken
        self._failed = failed
        self._beat = beat
        self._beating = asyncio.Lock()
        self._errands: dict[str, tuple[_Due, asyncio.Task[None]]] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._last = 0.0
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Do what became due while nothing ran, then keep the time."""
        await self.tick()
        self._scheduler.add_job(
            self.tick,
            "interval",
            seconds=self._beat,
            id="beat",
            misfire_grace_time=None,  # a beat that comes late, the loop having been busy, is still a beat
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.start()
        self._watch = asyncio.create_task(self._keep_beating())

    async def close(self) -> None:
        """Stop the clock. What is under way ends or is rolled back, and is done at the next start."""
        if self._watch is not None:
            self._watch.cancel()
            self._scheduler.shutdown(wait=False)
        async with self._beating:  # a task on the storage thread cannot be cut, and is short
            under_way = [task for _, task in self._errands.values()]
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def tick(self) -> None:
        """Do everything that is due, one task at a time, then wake who sends."""
        async with self._beating:
            self._last = clocks.monotonic()
            try:
                await self._storage.run(self._armed)
                await self._gather_errands()
                while (due := await self._storage.run(self._next)) is not None:
                    await self._do(due)
            except StorageError as error:
                logger.error("schedule: %s", error)  # noqa: TRY400 — the line says it all; the next beat tries again
                return
        self._woken()

    async def _keep_beating(self) -> None:
        """Beat again when the clock was set back: APScheduler would wait until it is that late again."""
        while True:
            await asyncio.sleep(self._beat)
            if not self._beating.locked() and clocks.monotonic() - self._last > 2 * self._beat:
                logger.warning("schedule: the clock was set back")
                self._scheduler.modify_job("beat", next_run_time=datetime.now(UTC))

    def _armed(self) -> None:
        now = self._clock()
        try:
            with self._storage.transaction() as db:
                self._work.beat(db, now)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 — the tasks that are due do not depend on it
            logger.error("schedule: a beat broke: %s", loggable(error))  # noqa: TRY400 — in one line
            self._failed("beat")
        with self._storage.transaction() as db:
            arm(db, self._work.daily, self._calendar, now)

    def _next(self) -> _Due | None:
        """Return the task that has been due for the longest, those of errands under way left out."""
        under_way = json.dumps(list(self._errands))
        with self._storage.transaction() as db:
            row = db.conn.execute(
                """SELECT key, task, arguments, due_at FROM due_tasks
                   WHERE due_at <= ? AND key NOT IN (SELECT value FROM json_each(?))
                   ORDER BY due_at, key LIMIT 1""",
                (iso(self._clock()), under_way),
            ).fetchone()
        return None if row is None else _Due(row[0], row[1], row[2], utc(row[3]))

    async def _do(self, due: _Due) -> None:
        if due.task in self._work.errands:
            self._errands[due.key] = due, asyncio.create_task(self._run_errand(due))
        elif due.task in self._work.tasks:
            task = asyncio.ensure_future(self._storage.run(lambda: self._run(due)))
            await asyncio.wait({task})
            error = task.exception()
            if isinstance(error, StorageError):  # no task can be done, nor put off
                raise error
            if error is not None:
                await self._put_off(due, loggable(error))
        else:
            await self._put_off(due, "no task has this name")

    def _run(self, due: _Due) -> None:
        """Do the task and strike it off, in one transaction."""
        with self._storage.transaction() as db:
            if not self._strike_off(db, due):
                return  # cancelled meanwhile
            (before,) = db.conn.execute("SELECT coalesce(max(rowid), 0) FROM outbox").fetchone()
            self._work.tasks[due.task](db, json.loads(due.arguments), self._clock())
            restored = state.flag(db, state.RESTORED)
            if restored is not None and due.due_at <= restored.since:
                self._work.held(db, before)

    async def _run_errand(self, due: _Due) -> None:
        await self._work.errands[due.task](json.loads(due.arguments), self._clock())
        await self._storage.run(lambda: self._done(due))

    async def _gather_errands(self) -> None:
        """Forget the errands that have ended, and put off those that broke."""
        for key, (due, task) in list(self._errands.items()):
            if task.done():
                del self._errands[key]
                error = None if task.cancelled() else task.exception()
                if error is not None:
                    await self._put_off(due, loggable(error))

    def _done(self, due: _Due) -> None:
        with self._storage.transaction() as db:
            self._strike_off(db, due)

    def _strike_off(self, db: Database, due: _Due) -> bool:
        """Remove the row and, for a daily task, plan its next day. Return whether it was there."""
        if not cancel(db, due.key):
            return False
        daily = self._daily.get(due.task)
        day = json.loads(due.arguments).get("day")
        if daily is not None and day is not None:
            after = date.fromisoformat(day) + timedelta(days=1)
            coming = self._calendar.next_daily(self._clock(), daily.hour)
            _plan_day(db, daily, max(after, coming), self._calendar)
        return True

    async def _put_off(self, due: _Due, why: str) -> None:
        """Put off a task that broke, so that the others go on and it is tried again; never drop it."""
        logger.error("schedule: %s is put off: %s", due.task, why)
        self._failed(due.task)
        later = iso(self._clock() + RETRY)

        def put_off() -> None:
            with self._storage.transaction() as db:
                db.conn.execute("UPDATE due_tasks SET due_at = ? WHERE key = ?", (later, due.key))

        await self._storage.run(put_off)
