"""How the bot is, for whoever watches over it: three pages on the machine's own address.

`/healthz`: the process answers, the database too, and the outbox is being looked at. `/readyz`: every
platform is connected and nothing has been waiting for long. `/metrics`: figures for Prometheus. No page
names anyone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
PATIENCE = 3.0  # seconds that the database may take to answer
LATE = 300.0  # seconds that a message may wait, nothing being paused, before something is wrong
_PROBE = "probe"  # written and removed in one transaction: it is never seen
_STATES = ("queued", "sending", "sent", "held", "dead", "cancelled")
_PLATFORM = ("platform",)
# Slack and Discord give up after 3 s: the buckets are close where it matters.
_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)

Ready: TypeAlias = Callable[[], Awaitable[bool]]


class Metrics:
    """The figures that the bot keeps of itself; whoever does something counts it here."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        self.ack = Histogram(
            "vigie_ack_seconds",
            "From an event to its acknowledgement",
            _PLATFORM,
            registry=own,
            buckets=_ACK_BUCKETS,
        )
        self.sent = Counter(
            "vigie_sent", "Messages sent on the bot's own initiative", _PLATFORM, registry=own
        )
        self.rate_limited = Counter(
            "vigie_rate_limited", "Answers 429 of a platform", _PLATFORM, registry=own
        )
        self.reconnects = Counter("vigie_reconnects", "Connections made again", _PLATFORM, registry=own)
        self.outbox_failures = Counter(
            "vigie_outbox_failures", "Times that the outbox could not be looked at", registry=own
        )
        self.task_failures = Counter("vigie_task_failures", "Due tasks put off", ("task",), registry=own)
        self._ready = Gauge("vigie_platform_ready", "1 when connected", _PLATFORM, registry=own)
        self._outbox = Gauge("vigie_outbox_messages", "Messages, by state", ("state",), registry=own)
        self._dead = Gauge("vigie_dead_letters", "Messages that could be sent to nobody", registry=own)
        self._age = Gauge("vigie_outbox_oldest_seconds", "Age of the oldest message due", registry=own)
        self._tasks_age = Gauge("vigie_tasks_oldest_seconds", "Age of the oldest task due", registry=own)
        self._paused = Gauge("vigie_paused", "1 while all sending is paused", registry=own)

    def observe(self, found: Findings, platforms: Mapping[str, bool]) -> None:
        """Set the figures that are read rather than counted."""
        for name in _STATES:
            self._outbox.labels(name).set(found.outbox.get(name, 0))
        self._dead.set(found.outbox.get("dead", 0))
        self._age.set(found.message_age)
        self._tasks_age.set(found.task_age)
        self._paused.set(found.paused)
        for name, ready in platforms.items():
            self._ready.labels(name).set(ready)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the database says of the work at hand; ages are in seconds, 0 when nothing is due."""

    outbox: Mapping[str, int]
    message_age: float
    task_age: float
    paused: bool


def look(db: Database, now: datetime) -> Findings:
    """Read the findings, in one transaction."""
    counts = dict(db.conn.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
    oldest = "SELECT min(due_at) FROM {} WHERE due_at <= ?"
    ages = [
        0.0 if due is None else (now - utc(due)).total_seconds()
        for query in (oldest.format("outbox") + " AND state = 'queued'", oldest.format("due_tasks"))
        for (due,) in db.conn.execute(query, (iso(now),))
    ]
    return Findings(counts, ages[0], ages[1], state.flag(db, state.PAUSED) is not None)


class Health:
    """The three pages. `ready`: for each platform's name, how to ask whether it is connected.

    `sending`: whether the outbox is being looked at. `port` 0 takes any that is free; `port` then holds
    which.
    """

    def __init__(
        self,
        storage: Storage,
        metrics: Metrics,
        ready: Mapping[str, Ready],
        clock: Clock,
        port: int,
        *,
        sending: Callable[[], bool] = lambda: True,
    ) -> None:
        self.port = port
        self._storage = storage
        self._metrics = metrics
        self._platforms = ready
        self._clock = clock
        self._sending = sending
        pages = web.Application()
        pages.router.add_get("/healthz", self._healthz)
        pages.router.add_get("/readyz", self._readyz)
        pages.router.add_get("/metrics", self._metricsz)
        self._runner = web.AppRunner(pages, access_log=None, shutdown_timeout=1)

    async def start(self) -> None:
        """Open the pages. Raises `OSError` when the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Close the pages; may be called twice."""
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        well = {"database": await self._look(writing=True) is not None, "sending": self._sending()}
        sound = all(well.values())
        told = {name: "ok" if fine else "error" for name, fine in {"status": sound, **well}.items()}
        return web.json_response(told, status=200 if sound else 503)

    async def _readyz(self, _: web.Request) -> web.Response:
        found, platforms = await asyncio.gather(self._look(writing=True), self._ask())
        late = found is None or (found.message_age > LATE and not found.paused) or found.task_age > LATE
        ready = not late and all(platforms.values())
        told: dict[str, object] = {"ready": ready, "platforms": platforms, "database": found is not None}
        if found is not None:
            told |= {
                "oldest_message_seconds": found.message_age,
                "oldest_task_seconds": found.task_age,
                "paused": found.paused,
            }
        return web.json_response(told, status=200 if ready else 503)

    async def _metricsz(self, _: web.Request) -> web.Response:
        found, platforms = await asyncio.gather(self._look(), self._ask())
        if found is None:
            return web.Response(status=503)
        self._metrics.observe(found, platforms)
        return web.Response(
            body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def _look(self, *, writing: bool = False) -> Findings | None:
        """Return what the database says, None when it does not answer or, if asked, takes nothing in."""

        def read() -> Findings:
            with self._storage.transaction() as db:
                if writing:  # a full disk, or a file become read-only, shows only then
                    state.write(db, _PROBE, "")
                    state.lower(db, _PROBE)
                return look(db, self._clock())

        try:
            async with asyncio.timeout(PATIENCE):
                return await self._storage.run(read)
        except (TimeoutError, StorageError, sqlite3.Error, RuntimeError):  # RuntimeError: it is closed
            return None

    async def _ask(self) -> dict[str, bool]:
        """Return whether each platform is connected; one that does not say in time is not."""

        async def one(ready: Ready) -> bool:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await ready()
            except TimeoutError:
                return False

        answers = await asyncio.gather(*(one(ready) for ready in self._platforms.values()))
        return dict(zip(self._platforms, answers, strict=True))
