"""The outbox's pump: sends to many people at once, and to each address one message at a time.

It goes as fast as the platforms allow: their adapters keep to the limits they know, and a platform that
answers « wait » holds itself, or one address, for as long as it says.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bot.logs import loggable, where
from bot.outbox.sending import Candidate, Hold, Sender
from bot.storage.database import StorageError

logger = logging.getLogger(__name__)

# Messages under way on one platform. At Discord's 50 requests a second, two for a first message, 200 ms
# each, ten use the full rate. After a crash, at most that many messages must be looked for.
SLOTS: Final = 24
AHEAD: Final = 120  # rows chosen in one go
PAGES: Final = 20  # how many times, to find rows that need not wait behind those that must
POLL_SECONDS: Final = 2.0  # between two looks at the outbox when nobody wakes the pump
SILENCE: Final = 60.0  # seconds without a look at the outbox, after which something is wrong


@dataclass
class Pump:
    """The outbox at work, between `run` and `close`.

    `failed`: called each time the outbox cannot be looked at. `idle`: called when nothing is left to send
    now.
    """

    sender: Sender
    failed: Callable[[], None] = lambda: None
    idle: Callable[[], None] = lambda: None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)  # a row came in, or a message is done
    _news: bool = False
    _closing: bool = False
    _ready: list[Candidate] = field(default_factory=list)
    _under_way: dict[asyncio.Task[Hold | None], Candidate] = field(default_factory=dict)
    # Until when each platform or lane asked to wait, by the event loop's clock.
    _held: dict[str, float] = field(default_factory=dict)
    _looked: float = field(default_factory=time.monotonic)

    def wake(self) -> None:
        """Look at the outbox now; to be called on the event loop's thread."""
        self._news = True
        self._changed.set()

    @property
    def alive(self) -> bool:
        """Whether the outbox was looked at recently."""
        return time.monotonic() - self._looked < SILENCE

    async def run(self) -> None:
        """Send what is due, until `close`, whatever goes wrong meanwhile."""
        while not self._closing:
            try:
                await self._look_and_send()
                self._looked = time.monotonic()
            except Exception as error:  # noqa: BLE001 — nothing may end the sending for good
                logger.error("outbox: %s", where(error))  # noqa: TRY400 — in one line, without a content
                self.failed()
                await asyncio.sleep(POLL_SECONDS)

    async def close(self, patience: float = 5.0) -> None:
        """Start nothing more, give sends under way `patience` seconds to finish, and cut off the rest.

        A row that is cut off stays « sending », and is looked for at the next start.
        """
        self._closing = True
        self._changed.set()
        late = set(self._under_way)
        if late:
            _, late = await asyncio.wait(late, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self.sender.close()

    async def _look_and_send(self) -> None:
        """Look at the outbox once, and send until a new look is needed."""
        loop = asyncio.get_running_loop()
        until = loop.time() + POLL_SECONDS
        self._news = False
        self._changed.clear()
        await self._look()
        while not self._closing:
            self._start_ready()
            if not self._under_way and not self._changed.is_set():  # a row just done may be due again
                self.idle()
            ends = [end for end in self._held.values() if end > loop.time()]
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min([until, *ends])):
                    await self._changed.wait()
            if self._news or loop.time() >= until:
                return
            if self._changed.is_set():  # a message is done
                self._changed.clear()
                closed = self._closed()
                if all(candidate.waits(closed) for candidate in self._ready):
                    return

    async def _look(self) -> None:
        """Choose more rows. Those that wait for their platform stay ready, so that later ones are seen."""
        now = asyncio.get_running_loop().time()
        self._held = {name: until for name, until in self._held.items() if until > now}
        closed = self._closed()
        self._ready = [candidate for candidate in self._ready if candidate.waits(closed)]
        try:
            for _ in range(PAGES):
                taken = {candidate.recipient for candidate in (*self._under_way.values(), *self._ready)}
                candidates = await self.sender.choose(taken, AHEAD)
                self._ready += candidates
                closed = self._closed()
                if not candidates or not all(candidate.waits(closed) for candidate in candidates):
                    break
        except (StorageError, sqlite3.Error) as error:  # the next look tries again
            logger.error("outbox: %s", loggable(error))  # noqa: TRY400 — the line says it all
            self.failed()
        self._ready.sort(key=lambda candidate: not candidate.urgent)

    def _closed(self) -> set[str]:
        """Return the platforms and lanes that take nothing more for now."""
        now = asyncio.get_running_loop().time()
        busy = Counter(candidate.platform for candidate in self._under_way.values())
        full = {platform for platform, count in busy.items() if count >= SLOTS}
        return full | {name for name, until in self._held.items() if until > now}

    def _start_ready(self) -> None:
        """Start what can be sent now and keep what waits; rows whose turn comes later are chosen again."""
        recipients = {candidate.recipient for candidate in self._under_way.values()}
        lanes = {candidate.lane for candidate in self._under_way.values()}
        closed, waiting = self._closed(), []
        for candidate in self._ready:
            if candidate.recipient in recipients or candidate.lane in lanes:
                continue
            if candidate.waits(closed):
                waiting.append(candidate)
                continue
            task = asyncio.create_task(self.sender.send(candidate))
            task.add_done_callback(self._ended)
            self._under_way[task] = candidate
            recipients.add(candidate.recipient)
            lanes.add(candidate.lane)
            closed = self._closed()
        self._ready = waiting

    def _ended(self, task: asyncio.Task[Hold | None]) -> None:
        """Note the wait that the platform asked for. After an error the row stays « sending »."""
        del self._under_way[task]
        self._changed.set()
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            logger.error("outbox: %s", loggable(error))
        elif hold := task.result():
            until = asyncio.get_running_loop().time() + hold.seconds
            self._held[hold.name] = max(until, self._held.get(hold.name, 0.0))
