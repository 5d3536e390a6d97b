"""The three health pages for monitoring, served on the local address only.

`/healthz`: whether the process and the database answer, and the outbox is being read. `/readyz`: whether
every platform is connected and nothing has been due for more than `LATE` seconds. Both also tell why the
bot failed to learn a question bank, if it did, and which keys are lost, but this does not change their
status. `/metrics`: figures for
Prometheus. No page names anyone.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from sqlite_utils import Database

from bot.storage import state
from bot.storage.database import Storage, StorageError
from bot.times import Clock, iso, utc

HOST = "127.0.0.1"
PATIENCE = 3.0  # seconds allowed for the database or a platform to answer
LATE = 300.0  # seconds after which a due task, or a due message that is not paused, is a problem
_PROBE = "probe"  # a key of `state`, written and removed in one transaction, so never visible
_STATES = ("queued", "sending", "sent", "held", "dead", "cancelled")
_PLATFORM = ("platform",)
# Slack and Discord give up after 3 s, so the buckets are finest below that.
_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)

Ready: TypeAlias = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class PendingWork:
    """The work pending in the database.

    `outbox`: the number of messages by state. `message_age`, `task_age`: how long ago, in seconds, the oldest
    due message and task fell due, 0 if none is due. `paused`: whether all sending is paused. `lost`: a French
    line for each file of the key folder that is lost.
    """

    outbox: Mapping[str, int]
    message_age: float
    task_age: float
    paused: bool
    lost: Sequence[str] = ()


def read_pending(db: Database, now: datetime) -> PendingWork:
    """Return the work pending in the database at the time `now`."""
    counts = dict(db.conn.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
    message_due, task_due = db.conn.execute(
        """SELECT (SELECT min(due_at) FROM outbox WHERE due_at <= :now AND state = 'queued'),
             (SELECT min(due_at) FROM due_tasks WHERE due_at <= :now)""",
        {"now": iso(now)},
    ).fetchone()
    ages = [(now - utc(due)).total_seconds() if due else 0.0 for due in (message_due, task_due)]
    return PendingWork(counts, ages[0], ages[1], state.flag(db, state.PAUSED) is not None)


class Metrics:
    """The bot's own figures, for Prometheus."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        counter, gauge = partial(Counter, registry=own), partial(Gauge, registry=own)
        ack = "From an event to its acknowledgement"
        self.ack = Histogram("vigie_ack_seconds", ack, _PLATFORM, registry=own, buckets=_ACK_BUCKETS)
        self.sent = counter("vigie_sent", "Messages sent on the bot's own initiative", _PLATFORM)
        self.rate_limited = counter("vigie_rate_limited", "Answers 429 of a platform", _PLATFORM)
        self.reconnects = counter("vigie_reconnects", "Connections made again", _PLATFORM)
        self.outbox_failures = counter(
            "vigie_outbox_failures", "Times that the outbox could not be looked at"
        )
        self.task_failures = counter("vigie_task_failures", "Due tasks put off", ("task",))
        self._ready = gauge("vigie_platform_ready", "1 when connected", _PLATFORM)
        self._outbox = gauge("vigie_outbox_messages", "Messages, by state", ("state",))
        self._dead = gauge("vigie_dead_letters", "Messages not delivered to anyone")
        self._age = gauge("vigie_outbox_oldest_seconds", "Age of the oldest message due")
        self._tasks_age = gauge("vigie_tasks_oldest_seconds", "Age of the oldest task due")
        self._lost = gauge("vigie_keys_lost", "Files of the key folder that are lost")
        self._untaught = gauge("vigie_trainings_failed", "Banks of questions that could not be learnt")
        self.limited = gauge(
            "vigie_reports_limited", "1 if reports were refused on the day before the last morning", ("door",)
        )
        self._paused = gauge("vigie_paused", "1 while all sending is paused")

    def observe(self, work: PendingWork, platforms: Mapping[str, bool], untaught: int) -> None:
        """Set the gauges. `platforms`: whether each is connected. `untaught`: number of failed trainings."""
        for name in _STATES:
            self._outbox.labels(name).set(work.outbox.get(name, 0))
        self._dead.set(work.outbox.get("dead", 0))
        self._age.set(work.message_age)
        self._tasks_age.set(work.task_age)
        self._untaught.set(untaught)
        self._lost.set(len(work.lost))
        self._paused.set(work.paused)
        for name, ready in platforms.items():
            self._ready.labels(name).set(ready)


@dataclass
class Health:
    """The server of the three pages. `ready`: connection checks, by platform name.

    `sending`: returns whether the outbox is being read. `untaught`: returns, by policy, why the bot failed to
    learn its question bank. `lost`: returns `PendingWork.lost`. With `port` 0, `start` chooses a free port
    and stores it in `port`.
    """

    storage: Storage
    metrics: Metrics
    ready: Mapping[str, Ready]
    clock: Clock
    port: int
    sending: Callable[[], bool] = lambda: True
    untaught: Callable[[], Mapping[str, str]] = dict
    lost: Callable[[Database], Sequence[str]] = lambda _: ()
    _runner: web.AppRunner = field(init=False)

    async def start(self) -> None:
        """Start serving the pages. Raises `OSError` when the port is taken."""
        app = web.Application()
        pages = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metricsz}
        app.add_routes([web.get(path, page) for path, page in pages.items()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop serving the pages. It may be called twice."""
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        work = await self._pending(writing=True)
        checks = {"database": work is not None, "sending": self.sending()}
        sound = all(checks.values())
        body = {name: "ok" if passed else "error" for name, passed in {"status": sound, **checks}.items()}
        body["questions"] = " ".join(self.untaught().values()) or "ok"
        if work is not None:
            body["keys"] = " ".join(work.lost) or "ok"
        return web.json_response(body, status=200 if sound else 503)

    async def _readyz(self, _: web.Request) -> web.Response:
        work, platforms = await asyncio.gather(self._pending(writing=True), self._connected())
        late = work is None or (work.message_age > LATE and not work.paused) or work.task_age > LATE
        ready = not late and all(platforms.values())
        body: dict[str, object] = {"ready": ready, "platforms": platforms, "database": work is not None}
        body["questions"] = " ".join(self.untaught().values()) or "ok"
        if work is not None:
            ages = {"oldest_message_seconds": work.message_age, "oldest_task_seconds": work.task_age}
            body |= {**ages, "paused": work.paused, "keys": " ".join(work.lost) or "ok"}
        return web.json_response(body, status=200 if ready else 503)

    async def _metricsz(self, _: web.Request) -> web.Response:
        work, platforms = await asyncio.gather(self._pending(), self._connected())
        if work is None:
            return web.Response(status=503)
        self.metrics.observe(work, platforms, len(self.untaught()))
        return web.Response(
            body=generate_latest(self.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def _pending(self, *, writing: bool = False) -> PendingWork | None:
        """Return the pending work, or None when the database does not answer.

        `writing`: also return None when the database cannot be written, for example on a full disk.
        """

        def read() -> PendingWork:
            with self.storage.transaction() as db:
                if writing:
                    state.write_value(db, _PROBE, "")
                    state.lower(db, _PROBE)
                return replace(read_pending(db, self.clock()), lost=self.lost(db))

        try:
            async with asyncio.timeout(PATIENCE):
                return await self.storage.run(read)
        except (TimeoutError, StorageError, sqlite3.Error, RuntimeError):  # RuntimeError: storage closed
            return None

    async def _connected(self) -> dict[str, bool]:
        """Return whether each platform, by name, is connected: False if it does not answer in time."""

        async def ask(ready: Ready) -> bool:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await ready()
            except TimeoutError:
                return False

        answers = await asyncio.gather(*map(ask, self.ready.values()))
        return dict(zip(self.ready, answers, strict=True))
