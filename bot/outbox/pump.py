"""The outbox's pump, which sends to many people at once, but one message at a time to each address.

It sends as fast as the platforms allow, and their adapters respect the known limits. When a platform asks the
bot to wait, the pump sends nothing to that platform or address in the meantime. A lane is an address, as a
queue of messages sent one at a time.
"""

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

# The number of concurrent sends on one platform. Each has one request in progress at a time, and Discord
# allows 50 requests a second: 24 sends reach that rate as long as a request takes 480 ms or less. After a
# crash, at most this number of messages on a platform may or may not have been delivered.
SLOTS: Final = 24
AHEAD: Final = 120  # rows chosen per query
PAGES: Final = 20  # maximum queries at each look, to find sendable rows behind rows that must wait
POLL_SECONDS: Final = 2.0  # between two looks at the outbox when nothing wakes the pump
SILENCE: Final = 60.0  # seconds before a loop that does not turn is stuck, or an unread outbox is reported


@dataclass
class Pump:
    """The loop that sends the outbox's rows, from `run` to `close`.

    `failed`: called each time the outbox cannot be read. `idle`: called when there is nothing left to send
    now.
    """

    sender: Sender
    failed: Callable[[], None] = lambda: None
    idle: Callable[[], None] = lambda: None
    _activity: asyncio.Event = field(default_factory=asyncio.Event)  # `wake` was called, or a send ended
    _must_look: bool = False  # `wake` was called since the last look at the outbox
    _closing: bool = False
    _ready: list[Candidate] = field(default_factory=list)
    _under_way: dict[asyncio.Task[Hold | None], Candidate] = field(default_factory=dict)
    # By platform or lane: the event loop's time before which nothing is sent there, at the platform's
    # request.
    _held: dict[str, float] = field(default_factory=dict)
    _turned: float = field(default_factory=time.monotonic)
    _read: float = field(default_factory=time.monotonic)

    def wake(self) -> None:
        """Make the pump look at the outbox now. Call this on the event loop's thread."""
        self._must_look = True
        self._activity.set()

    @property
    def alive(self) -> bool:
        """Whether the loop turned recently, for the watchdog, which otherwise restarts the process.

        It also turns while the database cannot be read. A restart would not free a disk or a locked file: the
        new process could not start, and the drafts in memory would be lost.
        """
        return time.monotonic() - self._turned < SILENCE

    @property
    def reading(self) -> bool:
        """Whether the outbox was read recently, for the health pages."""
        return time.monotonic() - self._read < SILENCE

    async def run(self) -> None:
        """Send due rows until `close`, even after errors."""
        while not self._closing:
            try:
                await self._look_and_send()
                self._turned = time.monotonic()
            except Exception as error:  # noqa: BLE001 — no error may stop the pump for good
                self._log_failure(where(error))
                await asyncio.sleep(POLL_SECONDS)

    async def close(self, patience: float = 5.0) -> None:
        """Start no new sends, wait `patience` seconds for the sends in progress, then cancel them.

        The row of a cancelled send stays « sending »; the next start checks whether it was delivered.
        """
        self._closing = True
        self._activity.set()
        late = set(self._under_way)
        if late:
            _, late = await asyncio.wait(late, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self.sender.close()

    async def _look_and_send(self) -> None:
        """Choose rows from the outbox, then send them until more rows must be chosen."""
        loop = asyncio.get_running_loop()
        until = loop.time() + POLL_SECONDS
        self._must_look = False
        self._activity.clear()
        await self._look()
        while not self._closing:
            self._start_ready()
            # The row that just ended may be due again.
            if not self._under_way and not self._activity.is_set():
                self.idle()
            ends = [end for end in self._held.values() if end > loop.time()]
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min([until, *ends])):
                    await self._activity.wait()
            if self._must_look or loop.time() >= until:
                return
            if self._activity.is_set():  # a send ended
                self._activity.clear()
                blocked = self._blocked()
                if all(candidate.waits(blocked) for candidate in self._ready):
                    return

    async def _look(self) -> None:
        """Choose more rows, and keep in `_ready` those that wait for a platform or a lane."""
        now = asyncio.get_running_loop().time()
        self._held = {name: until for name, until in self._held.items() if until > now}
        blocked = self._blocked()
        self._ready = [candidate for candidate in self._ready if candidate.waits(blocked)]
        try:
            for _ in range(PAGES):
                taken = {candidate.recipient for candidate in (*self._under_way.values(), *self._ready)}
                candidates = await self.sender.choose(taken, AHEAD)
                self._ready += candidates
                blocked = self._blocked()
                if not candidates or not all(candidate.waits(blocked) for candidate in candidates):
                    break
            self._read = time.monotonic()
        except (StorageError, sqlite3.Error) as error:  # the next look tries again
            self._log_failure(loggable(error))
        self._ready.sort(key=lambda candidate: not candidate.urgent)

    def _log_failure(self, problem: str) -> None:
        logger.error("outbox: %s", problem)
        self.failed()

    def _blocked(self) -> set[str]:
        """Return the platforms and lanes to which nothing more may be sent now."""
        now = asyncio.get_running_loop().time()
        busy = Counter(candidate.platform for candidate in self._under_way.values())
        # A platform that is away gets one message at a time, which is enough to see whether it is back.
        slots = {platform: 1 if self.sender.absences.is_away(platform) else SLOTS for platform in busy}
        full = {platform for platform, count in busy.items() if count >= slots[platform]}
        return full | {name for name, until in self._held.items() if until > now}

    def _start_ready(self) -> None:
        """Start sending the rows that can be sent now. Keep in `_ready` those that wait for a platform.

        Rows behind another message to the same recipient or address leave `_ready`, and are chosen again
        later.
        """
        recipients = {candidate.recipient for candidate in self._under_way.values()}
        lanes = {candidate.lane for candidate in self._under_way.values()}
        blocked, waiting = self._blocked(), []
        for candidate in self._ready:
            if candidate.recipient in recipients or candidate.lane in lanes:
                continue
            if candidate.waits(blocked):
                waiting.append(candidate)
                continue
            task = asyncio.create_task(self.sender.send(candidate))
            task.add_done_callback(self._ended)
            self._under_way[task] = candidate
            recipients.add(candidate.recipient)
            lanes.add(candidate.lane)
            blocked = self._blocked()
        self._ready = waiting

    def _ended(self, task: asyncio.Task[Hold | None]) -> None:
        """Forget a finished send. Record the wait that the platform requested, if any.

        After an error the row stays « sending », and a later look at the outbox finds it again.
        """
        del self._under_way[task]
        self._activity.set()
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            logger.error("outbox: %s", loggable(error))
        elif hold := task.result():
            until = asyncio.get_running_loop().time() + hold.seconds
            self._held[hold.name] = max(until, self._held.get(hold.name, 0.0))
