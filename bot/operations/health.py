"""The three health pages for monitoring, served on the loopback address only.

`/healthz`: whether the process and the database answer, and the outbox is being read. `/readyz`: whether
every platform is connected and nothing has been due for more than `LATE` seconds. Both pages also say why the
bot failed to learn a question bank, if it did, and which keys are lost, but this does not change their
status. `/metrics`: figures for Prometheus. No page names anyone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web
from sqlite_utils import Database

from bot.operations.pending import Machine, PendingWork, read_pending
from bot.storage import state
from bot.storage.database import Storage, StorageError
from bot.times import Clock

if TYPE_CHECKING:
    from bot.operations.metrics import Metrics

HOST = "127.0.0.1"
PATIENCE = 3.0  # seconds for the database or a platform to answer
LATE = 300.0  # seconds after which a due task, or a due message that is not paused, is a problem
_PROBE = "probe"  # a key of the table `state`, written and removed in one transaction, so that nobody sees it

Ready: TypeAlias = Callable[[], Awaitable[bool]]


@dataclass
class Health:
    """The server of the three pages. `ready`: checks of the connection, by platform name.

    `sending`: returns whether the outbox was read recently. `untaught`: returns why the bot failed to learn a
    question bank, by policy. `refused`: returns whether each platform refuses the token. `machine`: returns
    the state of the disk. `recurring`: the tasks whose next run is shown. `lost`: returns `PendingWork.lost`.
    With `port` 0, `start` chooses a free port and stores it in `port`.
    """

    storage: Storage
    metrics: Callable[[], Metrics]
    ready: Mapping[str, Ready]
    clock: Clock
    port: int
    sending: Callable[[], bool] = lambda: True
    untaught: Callable[[], Mapping[str, str]] = dict
    refused: Callable[[], Mapping[str, bool]] = dict
    machine: Callable[[], Machine] = Machine
    recurring: Collection[str] = ()
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

    async def is_well(self) -> bool:
        """Return whether both health pages would report that all is well."""
        work, platforms = await asyncio.gather(self._pending(writing=True), self._connected())
        return work is not None and self.sending() and not _is_late(work) and all(platforms.values())

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
        ready = work is not None and not _is_late(work) and all(platforms.values())
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
        machine = replace(await self._read_machine(), untaught=len(self.untaught()))
        metrics = self.metrics()
        metrics.observe(work, platforms, self.refused(), machine)
        return web.Response(body=metrics.page(), headers={"Content-Type": metrics.content_type})

    async def _pending(self, *, writing: bool = False) -> PendingWork | None:
        """Return the pending work, or None when the database does not answer.

        `writing`: also return None when the database cannot be written, for example on a full disk.
        """

        def read() -> PendingWork:
            with self.storage.transaction() as db:
                if writing:
                    state.write_value(db, _PROBE, "")
                    state.lower(db, _PROBE)
                return replace(read_pending(db, self.clock(), self.recurring), lost=self.lost(db))

        try:
            async with asyncio.timeout(PATIENCE):
                return await self.storage.run(read)
        except (TimeoutError, StorageError, sqlite3.Error, RuntimeError):  # RuntimeError: storage closed
            return None

    async def _read_machine(self) -> Machine:
        """Return the state of the disk, or an empty one when the disk does not answer in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(self.machine)
        except TimeoutError:
            return Machine()

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


def _is_late(work: PendingWork) -> bool:
    return (work.message_age >= LATE and not work.paused) or work.task_age >= LATE
