"""One message of the outbox, from the row that asks for it to the row that says what became of it.

    choose    which rows can be taken up, and by which way
    claim     write that a row leaves, and make its message
    attempt   look for it if it may have left before, else send it
    record    write what came of it

The database says at each step what may have left, whatever ends the process in between.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlite_utils import Database

from bot.conversation.deferred import Deferred, aside
from bot.conversation.messages import Message, TooLong
from bot.logs import where
from bot.outbox import rows as outbox
from bot.outbox.notices import Built, NoticeContext, Notices, unreached, waiting
from bot.outbox.routes import Routes, holders, parse, shape, text
from bot.outbox.rows import Row
from bot.platforms.contract import (
    AwayError,
    Deliverer,
    Destination,
    LaterError,
    StoppedError,
    UndeliverableError,
    UnknownError,
    leaving,
)
from bot.storage import state
from bot.storage.database import Storage, StorageError, reader
from bot.times import Clock

logger = logging.getLogger(__name__)

# A request that left just before the process died may still be on its way to the platform.
SETTLE = timedelta(seconds=5)
# A platform that cannot be reached for longer than that is passed over, if there is another way.
AWAY = timedelta(hours=3)
# Before it is tried again: as long as it has been away, between these.
SOON, LATE = timedelta(seconds=0.2), timedelta(seconds=10)
ASKED_AGAIN = timedelta(minutes=5)  # how often, meanwhile, one message still tries it
SET_BACK = timedelta(minutes=1)  # a clock that loses less is merely being adjusted
_PASSES = 4  # a role is shared out among persons, one of whom may lead to a dead letter, which is for a role


@dataclass(frozen=True, slots=True)
class Habits:
    """When things are done. `next_working`: the moment given, or when people next begin to work.

    `day`: the local day of a moment. `chance`: from 0 to 1, spreads what is tried again. `settle`: how
    long what may have left is left alone.
    """

    clock: Clock
    next_working: Callable[[datetime], datetime]
    day: Callable[[datetime], date]
    chance: Callable[[], float] = random.random
    settle: timedelta = SETTLE


@dataclass(frozen=True, slots=True)
class Hooks:
    """Told of what happens, to be counted.

    `sent`: a message, on the platform of that name. `failed`: the outbox could not be looked at.
    """

    sent: Callable[[str], None] = lambda _platform: None
    failed: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can be taken up. `lane`: the address it goes to, which takes one message at a time."""

    row_id: str
    recipient: str
    lane: str
    platform: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """What a platform asked for: nothing to `what`, an address or the whole platform, for some time."""

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What leaves. `former`: it may have left by a way that is not theirs any more; it is only looked for."""

    row: Row
    to: Destination
    message: Message
    former: bool = False


class _MovedError(Exception):
    """It did not leave by its former way, so it goes by one of today's."""


class Sender:
    """What the pump asks of the outbox. `platforms`: by name, those that can say something unprompted."""

    def __init__(
        self,
        storage: Storage,
        platforms: Mapping[str, Deliverer],
        routes: Routes,
        habits: Habits,
        *,
        notices: Notices,
        hooks: Hooks,
    ) -> None:
        self._storage = storage
        self._platforms = platforms
        self._routes = routes
        self._habits = habits
        self._notices = notices
        self._hooks = hooks
        self._away: dict[str, tuple[datetime, datetime]] = {}  # platforms not reached: since when, and last
        self._reader: Database | None = None
        self._seen: datetime | None = None  # the clock, when it was last read

    # Choosing

    async def choose(self, busy: Collection[str], limit: int) -> list[Candidate]:
        """Return what can be taken up now, in order, leaving out `busy` recipients.

        What is for a role is shared out among those who hold it, and what has no way left is buried.
        """
        return await self._storage.run(lambda: self._choose(json.dumps(list(busy)), limit))

    def _choose(self, busy: str, limit: int) -> list[Candidate]:
        now = self._habits.clock()
        with self._storage.transaction() as db:
            if self._seen is not None and now < self._seen - SET_BACK:
                count = outbox.set_back(db, self._seen, now)
                logger.warning("outbox: the clock was set back; %d messages are not put off by that", count)
            if state.flag(db, state.PAUSED) is not None:
                return []
            found: list[Candidate | None] = []
            for _ in range(_PASSES):
                rows = outbox.due(db, now, now - self._habits.settle, busy, limit)
                # Only then: knowing the holidays takes 16 MB, and most often nothing waits.
                if rows and (working := self._habits.next_working(now)) > now:
                    outbox.put_off(db, now, working)
                    rows = outbox.due(db, now, now - self._habits.settle, busy, limit)
                found = [self._candidate(db, row_id, now) for row_id in rows]
                if None not in found:
                    break
        self._seen = now
        return [one for one in found if one is not None]

    def _candidate(self, db: Database, row_id: str, now: datetime) -> Candidate | None:
        try:
            row = outbox.read_due(db, row_id, now)
            to = None if row is None else self._way(db, row, now)
        except (StorageError, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 — whatever a row holds, the others are sent
            logger.error("outbox: %s makes no sense: %s", row_id, where(error))  # noqa: TRY400 — as above, in one line
            self._bury(db, row_id, "broken", now)
            return None
        if row is None or to is None:
            return None
        return Candidate(row.id, row.recipient, text(to), to.platform, row.urgent)

    def _way(self, db: Database, row: Row, now: datetime) -> Destination | None:
        """Return by which way a row can go; None when it is settled otherwise.

        What may have left by a way is looked for there, wherever the person may be reached by now.
        """
        if row.doubtful and row.route:
            return parse(row.route)
        shared = holders(db, row.recipient, self._habits.day(now))
        if shared is not None:
            outbox.share_out(db, row, shared, now)
            return None
        ways = [one for one in self._ways(db, row, now) if text(one) not in row.tried]
        if not ways:
            self._bury(db, row.id, row.problem or "unreachable", now)
            return None
        return next((one for one in ways if not self._passed_over(row, one, now)), ways[0])

    def _ways(self, db: Database, row: Row, now: datetime) -> list[Destination]:
        """Return the ways of a row today; none when others than its recipient hold its role by now."""
        today = self._habits.day(now)
        return [] if holders(db, row.recipient, today) else self._routes.of(db, row.recipient, today)

    def _passed_over(self, row: Row, way: Destination, now: datetime) -> bool:
        """Return whether to try another way, the platform of this one being away for long.

        The administrators are not told of everyone whom an outage keeps waiting.
        """
        since, last = self._away.get(way.platform, (now, now))
        away = now - since > AWAY and now - last < ASKED_AGAIN
        return away or shape(row.recipient, way) == "unreached"

    def _bury(self, db: Database, row_id: str, problem: str, now: datetime) -> None:
        notice = outbox.bury(db, row_id, problem, now)
        logger.error("outbox: dead letter %s (%s): %s", row_id, notice, problem)

    # Sending

    async def send(self, candidate: Candidate) -> Hold | None:
        """Send one row, if it is still to be sent. Return what the platform asked for, if anything.

        Raises `StorageError` when what came of it could not be written: it will be looked for.
        """
        claiming = asyncio.create_task(self._claimed(candidate))
        try:
            await asyncio.wait({claiming})
        except asyncio.CancelledError:
            claiming.cancel()  # what is still being made did not leave
            raise
        error = claiming.exception()
        if isinstance(error, StorageError):
            raise error
        if error is not None:
            logger.error("outbox: %s cannot be made: %s", candidate.row_id, where(error))
            await self._storage.run(lambda: self._break(candidate.row_id))
            return None
        claimed = claiming.result()
        return None if claimed is None else await self._settle(claimed)

    async def _claimed(self, candidate: Candidate) -> _Claimed | None:
        """Claim a row; what takes a while to make is made before, while nothing is held."""
        found = await self._storage.run(lambda: self._claim(candidate))
        while isinstance(found, Deferred):
            made = await aside(found.make)
            found = await self._storage.run(partial(self._claim, candidate, made))
        return found

    def _claim(
        self, candidate: Candidate, made: Message | None = None
    ) -> _Claimed | Deferred[Message] | None:
        """Claim a row, unless its message is still to be made. `made`: the one that was, meanwhile."""
        now = self._habits.clock()
        with self._storage.transaction() as db:
            row = outbox.read_due(db, candidate.row_id, now)
            if row is None or state.flag(db, state.PAUSED) is not None:
                return None
            to = self._way(db, row, now)
            if to is None or text(to) != candidate.lane:
                return None
            message = self._message(db, row, to, now)
            if isinstance(message, Deferred):
                if made is None:
                    return message
                message = made
            if message is None:
                outbox.drop(db, row, "nothing to say any more")
                return None
            outbox.claim(db, row, text(to), now)
            return _Claimed(row, to, message, row.doubtful and to not in self._ways(db, row, now))

    def _message(self, db: Database, row: Row, to: Destination, now: datetime) -> Built:
        """Return what goes by this way: the message, or that there is one where others may read it."""
        context = NoticeContext(db, self._habits.day(now), row.recipient)
        message = self._notices.build(context, row.notice, row.arguments)
        match shape(row.recipient, to):
            case "waiting":
                return message and waiting(row.id)
            case "unreached":
                return message and unreached(self._notices.title(row.notice), row.problem or "")
            case "whole":
                return message

    def _break(self, row_id: str) -> None:
        """Put off a row whose message cannot be made; a new version may know how to."""
        now = self._habits.clock()
        with self._storage.transaction() as db:
            row = outbox.read_due(db, row_id, now)
            if row is not None and row.attempts + 1 >= outbox.ATTEMPTS:
                self._bury(db, row.id, "broken", now)
            elif row is not None:
                outbox.claim(db, row, row.route or "", now)
                wait = outbox.backoff(row.attempts + 1, self._habits.chance())
                outbox.postpone(db, row, now + wait, "broken", doubtful=row.doubtful)

    async def _settle(self, claimed: _Claimed) -> Hold | None:
        attempt = asyncio.create_task(self._attempt(claimed))
        try:
            await asyncio.wait({attempt})
        except asyncio.CancelledError:
            attempt.cancel()  # the row stays « sending »: it is looked for at the next start
            raise
        error = attempt.exception()
        await self._storage.run(lambda: self._record(claimed, error))
        platform = claimed.to.platform
        if error is None:
            self._hooks.sent(platform)
        if isinstance(error, AwayError):
            away = self._away.get(platform)  # None: another message just got there
            span = SOON if away is None else away[1] - away[0]
            return Hold(platform, max(SOON, min(span, LATE)).total_seconds())
        if isinstance(error, LaterError) and error.seconds is not None:
            return Hold(platform if error.everywhere else text(claimed.to), error.seconds)
        return None

    async def _attempt(self, claimed: _Claimed) -> None:
        platform = self._platforms.get(claimed.to.platform)
        if platform is None:
            raise UndeliverableError("unreachable")
        row, to, message = claimed.row, claimed.to, claimed.message
        if row.doubtful and row.claimed_at is not None:
            marked, since = delivery_id(row.id, to), min(row.claimed_at, self._habits.clock())
            if await platform.was_delivered(to, message, marked, since):
                return
        if claimed.former:
            raise _MovedError
        leaving.set(self._may_leave)  # for this task alone
        await platform.deliver(to, message, delivery_id(row.id, to))

    def _may_leave(self) -> None:
        """Raise `StoppedError` if all was stopped while a message waited for its turn, by whatever process.

        On the event loop: going to the storage thread here would have messages leave together that were
        spaced out. A reader waits for nobody.
        """
        if self._reader is None and self._storage.path is not None:
            self._reader = reader(self._storage.path)
        if self._reader is not None and state.flag(self._reader, state.PAUSED) is not None:
            raise StoppedError("paused")

    def close(self) -> None:
        """Close what is open."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _record(self, claimed: _Claimed, error: BaseException | None) -> None:
        row, now, way = claimed.row, self._habits.clock(), text(claimed.to)
        self._note(claimed.to.platform, error, now)
        with self._storage.transaction() as db:
            match error:
                case None:
                    how = shape(row.recipient, claimed.to)
                    outbox.sent(db, row, self._habits.day(now).isoformat(), None if how == "whole" else how)
                case _MovedError():
                    outbox.release(db, row, None, doubtful=False)
                case StoppedError() | LaterError(everywhere=True):
                    outbox.release(db, row, None, doubtful=row.doubtful)
                case LaterError(seconds=float() | int() as seconds):
                    outbox.release(db, row, now + timedelta(seconds=seconds), doubtful=row.doubtful)
                case UndeliverableError():
                    outbox.give_up_route(db, row, way, str(error))
                case TooLong():
                    logger.error(
                        "outbox: %s (%s) is too long for %s", row.id, row.notice, claimed.to.platform
                    )
                    outbox.give_up_route(db, row, way, "broken")
                case _ if row.attempts + 1 >= outbox.ATTEMPTS:
                    outbox.give_up_route(db, row, way, "exhausted")
                case _:
                    if not isinstance(error, LaterError | UnknownError):
                        logger.error("outbox: %s broke: %s", claimed.to.platform, where(error))
                    wait = outbox.backoff(row.attempts + 1, self._habits.chance())
                    doubtful = row.doubtful or not isinstance(error, LaterError)
                    outbox.postpone(db, row, now + wait, str(error), doubtful=doubtful)

    def _note(self, platform: str, error: BaseException | None, now: datetime) -> None:
        """Keep since when a platform cannot be reached."""
        if not isinstance(error, AwayError):
            self._away.pop(platform, None)
        else:
            since, _ = self._away.get(platform, (now, now))
            if platform not in self._away:
                logger.warning("outbox: %s cannot be reached; what is for it waits", platform)
            self._away[platform] = since, now


def delivery_id(row_id: str, to: Destination) -> str:
    """Return the mark of a message at an address: the same for the same, at most 25 characters.

    Discord takes a nonce for the same message wherever it is sent, so the address is part of it.
    """
    digest = hashlib.blake2b(text(to).encode(), key=row_id.encode(), digest_size=8)
    return digest.hexdigest()
