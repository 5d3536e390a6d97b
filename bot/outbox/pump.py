"""The outbox's pump: sends to many at once, to each address one message at a time.

It goes as fast as the platforms let it: their adapters pace what they know the limits of, and what a
platform answers to « wait » holds that platform, or that address, for as long as it says.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.logs import where
from bot.outbox.notices import Notices
from bot.outbox.routes import Routes
from bot.outbox.sending import Candidate, Habits, Hold, Hooks, Sender
from bot.platforms.contract import Deliverer
from bot.storage.database import Storage, StorageError

logger = logging.getLogger(__name__)

# Messages under way on one platform. At Discord's 50 requests a second, two for a first message, 200 ms
# each, it takes ten to fill the line; and as many at most are to be looked for after a crash.
SLOTS = 24
AHEAD = 120  # rows that are looked at in one go
PAGES = 20  # how many times, to find what need not wait behind what must
POLL_SECONDS = 2.0  # for what nobody woke us for
SILENCE = 60.0  # seconds without a look at the outbox, after which something is wrong


@dataclass(slots=True)
class _UnderWay:
    """What is being sent now."""

    tasks: set[asyncio.Task[Hold | None]] = field(default_factory=set)
    recipients: set[str] = field(default_factory=set)
    lanes: set[str] = field(default_factory=set)
    platforms: Counter[str] = field(default_factory=Counter)


class Pump:
    """The outbox at work, between `run` and `close`.

    `platforms`: by the name that an `Address` gives them, those that can say something unprompted.
    `notices`: make the messages.
    """

    def __init__(
        self,
        storage: Storage,
        platforms: Mapping[str, Deliverer],
        routes: Routes,
        habits: Habits,
        notices: Notices,
        *,
        hooks: Hooks | None = None,
        slots: int = SLOTS,
    ) -> None:
        self._hooks = hooks or Hooks()
        self._sender = Sender(storage, platforms, routes, habits, notices=notices, hooks=self._hooks)
        self._slots = slots
        self._news = asyncio.Event()
        self._closing = False
        self._under_way = _UnderWay()
        self._ready: list[Candidate] = []
        self._looked = time.monotonic()
        self._held: dict[str, float] = {}  # platforms and lanes that asked to wait, until when (loop's time)

    def wake(self) -> None:
        """Look at the outbox now; to be called on the event loop's thread."""
        self._news.set()

    @property
    def alive(self) -> bool:
        """Whether the outbox is being looked at."""
        return time.monotonic() - self._looked < SILENCE

    async def run(self) -> None:
        """Send what is to be sent, until `close`, whatever goes wrong meanwhile."""
        while not self._closing:
            try:
                await self.beat()
                self._looked = time.monotonic()
            except Exception as error:  # noqa: BLE001 — nothing may end the sending for good
                logger.error("outbox: %s", where(error))  # noqa: TRY400 — in one line, without a content
                self._hooks.failed()
                await asyncio.sleep(POLL_SECONDS)

    async def beat(self) -> None:
        """Send what is to be sent now, until there is nothing more to start, or something has come in."""
        loop = asyncio.get_running_loop()
        until = loop.time() + POLL_SECONDS
        self._news.clear()
        await self._look()
        while not self._closing:
            self._start_some()
            if self._news.is_set() or loop.time() >= until:
                return
            if await self._something(until) and all(self._waits(one) for one in self._ready):
                return

    async def drain(self) -> None:
        """Send what is due now, and return once that has ended; what must wait for a platform is left."""
        while not self._closing:
            await self._look()
            self._start_some()
            if not self._under_way.tasks:
                return
            await asyncio.wait(set(self._under_way.tasks))

    async def close(self, patience: float = 5.0) -> None:
        """Take nothing up any more and let what is under way end; what does not is found again later."""
        self._closing = True
        self._news.set()
        late = self._under_way.tasks
        if late:
            _, late = await asyncio.wait(late, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._sender.close()

    async def _look(self) -> None:
        """Add to what is ready. Those who wait for their platform stay, so that one looks past them."""
        now = asyncio.get_running_loop().time()
        self._held = {what: until for what, until in self._held.items() if until > now}
        self._ready = [one for one in self._ready if self._waits(one)]
        try:
            for _ in range(PAGES):
                skipped = {*self._under_way.recipients, *(one.recipient for one in self._ready)}
                found = await self._sender.choose(skipped, AHEAD)
                self._ready += found
                if not found or not all(self._waits(one) for one in found):
                    break
        except (StorageError, sqlite3.Error) as error:  # the next look tries again
            logger.error("outbox: %s", _shown(error))  # noqa: TRY400 — the line says it all
            self._hooks.failed()
        self._ready.sort(key=lambda one: not one.urgent)

    def _waits(self, one: Candidate) -> bool:
        """Return whether a candidate waits: its platform has no slot left, or it or its address said to."""
        return self._full(one.platform) or self._asked(one.lane)

    def _full(self, platform: str) -> bool:
        return self._under_way.platforms[platform] >= self._slots or self._asked(platform)

    def _asked(self, what: str) -> bool:
        return self._held.get(what, 0.0) > asyncio.get_running_loop().time()

    def _start_some(self) -> None:
        """Start what can leave now."""
        busy, kept, full = self._under_way, list[Candidate](), set[str]()
        for one in self._ready:  # there may be thousands, for a platform that is full
            if one.platform in full:
                kept.append(one)
            elif one.recipient in busy.recipients or one.lane in busy.lanes:
                pass  # its turn comes at the next look
            elif self._waits(one):
                kept.append(one)
                full |= {one.platform} if self._full(one.platform) else set()
            else:
                self._start(one)
        self._ready = kept

    def _start(self, one: Candidate) -> None:
        busy = self._under_way
        task = asyncio.create_task(self._sender.send(one))
        busy.tasks.add(task)
        busy.recipients.add(one.recipient)
        busy.lanes.add(one.lane)
        busy.platforms[one.platform] += 1

        def ended(done: asyncio.Task[Hold | None]) -> None:
            busy.tasks.discard(done)
            busy.recipients.discard(one.recipient)
            busy.lanes.discard(one.lane)
            busy.platforms[one.platform] -= 1
            if not done.cancelled():
                self._ended(done)

        task.add_done_callback(ended)

    def _ended(self, task: asyncio.Task[Hold | None]) -> None:
        """Keep what the platform asked for. After an error the row stays « sending », and is looked for."""
        error = task.exception()
        if error is not None:
            logger.error("outbox: %s", _shown(error))
        elif hold := task.result():
            until = asyncio.get_running_loop().time() + hold.seconds
            self._held[hold.what] = max(until, self._held.get(hold.what, 0.0))

    async def _something(self, until: float) -> bool:
        """Wait for news, for a wait to end, for `until`, or for a message to end; return whether one did."""
        now = asyncio.get_running_loop().time()
        ends = [end for end in self._held.values() if end > now]
        news = asyncio.create_task(self._news.wait())
        tasks = set(self._under_way.tasks)
        try:
            done, _ = await asyncio.wait(
                {news, *tasks}, timeout=max(0.0, min([until, *ends]) - now), return_when="FIRST_COMPLETED"
            )
        finally:
            news.cancel()
        return bool(done & tasks)


def _shown(error: BaseException) -> str:
    return str(error) if isinstance(error, StorageError) else where(error)
