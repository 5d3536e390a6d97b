"""One message of the outbox, from the row that asks for it to its recorded outcome.

    choose    which rows can be taken up, and by which route
    claim     record that a row is being sent, and make its message
    attempt   look for it if it may have left before, else send it
    record    write the outcome

At each step the database shows what may have been sent, even if the process dies in between.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlite_utils import Database

from bot.conversation.deferred import Deferred, aside
from bot.conversation.messages import Message, TooLong
from bot.logs import where
from bot.outbox import rows
from bot.outbox.notices import NoticeContext, Notices, unreached, waiting
from bot.outbox.routes import Routes, new_holders, parse_address, shape, write_address
from bot.outbox.rows import Row
from bot.platforms import contract
from bot.storage import state
from bot.storage.database import Storage, StorageError, reader
from bot.times import Calendar, Clock

logger = logging.getLogger(__name__)

# A request that left just before the process died may still be on its way to the platform.
SETTLE: Final = timedelta(seconds=5)
# A platform that cannot be reached for longer than that is passed over, if there is another route.
AWAY: Final = timedelta(hours=3)
# The wait before it is tried again: the time it has been away, within these bounds.
SOON, LATE = timedelta(seconds=0.2), timedelta(seconds=10)
TRIED_AGAIN: Final = timedelta(minutes=5)  # how often one message still tries it in the meantime
SET_BACK: Final = timedelta(minutes=1)  # a clock that loses less than this is only being adjusted
_PASSES = 4  # a role is shared out among persons; one of them may end in a dead letter, addressed to a role


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can be taken up. `lane`: the address it goes to, which takes one message at a time."""

    row_id: str
    recipient: str
    lane: str
    platform: str
    urgent: bool

    def waits(self, closed: Collection[str]) -> bool:
        """Return whether its platform or its lane is in `closed`."""
        return self.platform in closed or self.lane in closed


@dataclass(frozen=True, slots=True)
class Hold:
    """A platform's demand: send nothing to `name`, a lane or the whole platform, for some seconds."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row being sent. `former`: its route is no longer current, so only look for the message there."""

    row: Row
    to: contract.Destination
    message: Message
    former: bool


class _MovedError(Exception):
    """The old route failed; use a current one."""


@dataclass
class Sender:
    """Sends rows of the outbox, one at a time, and records the outcome of each.

    `chance`, from 0 to 1, spreads out retries. `settle`: how long a row that may have left is left alone.
    `sent`: called with the platform of each message sent.
    """

    storage: Storage
    routes: Routes
    notices: Notices
    clock: Clock
    calendar: Calendar
    chance: Callable[[], float] = random.random
    settle: timedelta = SETTLE
    sent: Callable[[str], None] = lambda _platform: None
    _away: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # since when, and until when
    _reader: Database | None = None
    _last_seen: datetime | None = None  # when rows were last chosen, by the clock

    def close(self) -> None:
        """Close the reader of the database, if it is open."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # Choosing

    async def choose(self, busy: Collection[str], limit: int) -> list[Candidate]:
        """Return the rows that can be taken up now, in order, except those for `busy` recipients.

        A role's row is shared out among its holders, and a row without a route left is buried.
        """
        return await self.storage.run(lambda: self._choose(json.dumps(list(busy)), limit))

    def _choose(self, busy: str, limit: int) -> list[Candidate]:
        now = self.clock()
        with self.storage.transaction() as db:
            if self._last_seen is not None and now < self._last_seen - SET_BACK:
                rows.set_back(db, self._last_seen, now)
                logger.warning("outbox: the clock was set back; nothing is put off by that")
            if state.flag(db, state.PAUSED) is not None:
                return []
            candidates: list[Candidate | None] = []
            for _ in range(_PASSES):
                due = rows.due(db, now, now - self.settle, busy, limit)
                # Only then: knowing the holidays takes 16 MB, and most often nothing waits.
                if due and (working := self.calendar.next_working(now)) > now:
                    rows.put_off(db, now, working)
                    due = rows.due(db, now, now - self.settle, busy, limit)
                candidates = [self._candidate(db, row_id, now) for row_id in due]
                if None not in candidates:
                    break
        self._last_seen = now
        return [candidate for candidate in candidates if candidate is not None]

    def _candidate(self, db: Database, row_id: str, now: datetime) -> Candidate | None:
        try:
            row = rows.load_due_row(db, row_id, now)
            to = None if row is None else self._route(db, row, now)
        except (StorageError, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 — whatever a row holds, the others are sent
            logger.error("outbox: %s makes no sense: %s", row_id, where(error))  # noqa: TRY400 — in one line
            self._bury(db, row_id, "broken", now)
            return None
        if row is None or to is None:
            return None
        return Candidate(row.id, row.recipient, write_address(to), to.platform, row.urgent)

    def _route(self, db: Database, row: Row, now: datetime) -> contract.Destination | None:
        """Return the route of a row; None when it was shared out or buried instead.

        A message that may have been sent is looked for where it went, even if the person's routes have
        changed. A platform that has long been away is passed over, except for a try now and then. The
        administrators are not told about each person that an outage keeps waiting.
        """
        if row.doubtful and row.route:
            return parse_address(row.route)
        shared = new_holders(db, row.recipient, self.calendar.day(now))
        if shared is not None:
            rows.share_out(db, row, shared, now)
            return None
        routes = [to for to in self._current_routes(db, row, now) if write_address(to) not in row.tried]
        if not routes:
            self._bury(db, row.id, row.problem or "unreachable", now)
            return None
        for to in routes:
            since, last = self._away.get(to.platform, (now, now))
            away = now - since > AWAY and now - last < TRIED_AGAIN
            if not away and shape(row.recipient, to) != "unreached":
                return to
        return routes[0]

    def _current_routes(self, db: Database, row: Row, now: datetime) -> list[contract.Destination]:
        """Return today's routes of a row; none when its recipient no longer holds its role."""
        today = self.calendar.day(now)
        return [] if new_holders(db, row.recipient, today) else self.routes.of(db, row.recipient, today)

    def _bury(self, db: Database, row_id: str, problem: str, now: datetime) -> None:
        notice = rows.bury(db, row_id, problem, now)
        logger.error("outbox: dead letter %s (%s): %s", row_id, notice, problem)

    # Sending

    async def send(self, candidate: Candidate) -> Hold | None:
        """Send one row, if it is still to be sent. Return the wait that the platform asked for, if any.

        Raises `StorageError` when the outcome could not be written: the message will be looked for.
        """
        try:
            claimed = await self.storage.run(partial(self._claim, candidate))
            if isinstance(claimed, Deferred):  # made outside any transaction
                message = await aside(claimed.make)
                claimed = await self.storage.run(partial(self._claim, candidate, message))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 — a row whose message cannot be made is put off, like any other failure
            logger.error("outbox: %s cannot be made: %s", candidate.row_id, where(error))  # noqa: TRY400 — in one line
            await self.storage.run(lambda: self._put_off_broken(candidate.row_id))
            return None
        if not isinstance(claimed, _Claimed):
            return None
        failure, to = await self._attempt(claimed), claimed.to
        await self.storage.run(partial(self._record, claimed, failure))
        if failure is None:
            self.sent(to.platform)
        elif isinstance(failure, contract.AwayError):
            away = self._away.get(to.platform)  # None: another message has just been delivered
            span = SOON if away is None else away[1] - away[0]
            return Hold(to.platform, max(SOON, min(span, LATE)).total_seconds())
        elif isinstance(failure, contract.LaterError) and failure.seconds is not None:
            return Hold(to.platform if failure.everywhere else write_address(to), failure.seconds)
        return None

    def _claim(
        self, candidate: Candidate, ready: Message | None = None
    ) -> _Claimed | Deferred[Message] | None:
        """Claim a row, or return its `Deferred` message to make first. `ready`: that message, once made."""
        now = self.clock()
        with self.storage.transaction() as db:
            row = rows.load_due_row(db, candidate.row_id, now)
            if row is None or state.flag(db, state.PAUSED) is not None:
                return None
            to = self._route(db, row, now)
            if to is None or write_address(to) != candidate.lane:
                return None
            context = NoticeContext(db, self.calendar.day(now), row.recipient)
            message = self.notices.build(context, row.notice, row.arguments)
            match shape(row.recipient, to):
                case "waiting":
                    message = message and waiting(row.id)
                case "unreached":
                    message = message and unreached(self.notices.title(row.notice), row.problem or "")
            if isinstance(message, Deferred):
                if ready is None:
                    return message
                message = ready
            if message is None:
                rows.drop(db, row, "nothing to say any more")
                return None
            rows.claim(db, row, write_address(to), now)
            former = row.doubtful and to not in self._current_routes(db, row, now)
            return _Claimed(row, to, message, former)

    def _put_off_broken(self, row_id: str) -> None:
        """Put off a row whose message cannot be made; a newer version may be able to."""
        now = self.clock()
        with self.storage.transaction() as db:
            row = rows.load_due_row(db, row_id, now)
            if row is not None and row.attempts + 1 >= rows.ATTEMPTS:
                self._bury(db, row.id, "broken", now)
            elif row is not None:
                rows.claim(db, row, row.route or "", now)
                wait = rows.backoff(row.attempts + 1, self.chance())
                rows.put_back(db, row, now + wait, problem="broken", doubtful=row.doubtful)

    async def _attempt(self, claimed: _Claimed) -> Exception | None:
        """Send a message unless it already arrived; return why it was not sent, or may not have been."""
        row, to, message = claimed.row, claimed.to, claimed.message
        mark = delivery_id(row.id, to)
        try:
            platform = self.routes.platforms.get(to.platform)
            if platform is None:
                return contract.UndeliverableError("unreachable")
            if row.doubtful and row.claimed_at is not None:
                since = min(row.claimed_at, self.clock())
                if await platform.was_delivered(to, message, mark, since):
                    return None
            if claimed.former:
                return _MovedError()
            contract.leaving.set(self._may_leave)  # for this message's task alone
            await platform.deliver(to, message, mark)
        except Exception as error:  # noqa: BLE001 — whatever an adapter raises is recorded with the row
            return error
        return None

    def _may_leave(self) -> None:
        """Raise `StoppedError` if any process paused all sending while a message waited for its turn.

        Runs on the event loop: waiting for the storage thread here would let messages that were spaced out
        leave together. A read-only connection never waits.
        """
        if self._reader is None and self.storage.path is not None:
            self._reader = reader(self.storage.path)
        if self._reader is not None and state.flag(self._reader, state.PAUSED) is not None:
            raise contract.StoppedError("paused")

    def _record(self, claimed: _Claimed, error: Exception | None) -> None:
        row, to, now = claimed.row, claimed.to, self.clock()
        self._note_away(to.platform, error, now)
        with self.storage.transaction() as db:
            match error:
                case None:
                    form = shape(row.recipient, to)
                    today = self.calendar.day(now).isoformat()
                    rows.mark_sent(db, row, today, None if form == "whole" else form)
                case _MovedError():
                    rows.put_back(db, row, doubtful=False)
                case contract.StoppedError() | contract.LaterError(everywhere=True):
                    rows.put_back(db, row, doubtful=row.doubtful)
                case contract.LaterError(seconds=float() | int() as seconds):
                    rows.put_back(db, row, now + timedelta(seconds=seconds), doubtful=row.doubtful)
                case contract.UndeliverableError():
                    rows.give_up_route(db, row, write_address(to), str(error))
                case TooLong():
                    logger.error("outbox: %s (%s) is too long for %s", row.id, row.notice, to.platform)
                    rows.give_up_route(db, row, write_address(to), "broken")
                case _ if row.attempts + 1 >= rows.ATTEMPTS:
                    rows.give_up_route(db, row, write_address(to), "exhausted")
                case _:
                    if not isinstance(error, contract.LaterError | contract.UnknownError):
                        logger.error("outbox: %s broke: %s", to.platform, where(error))
                    wait = rows.backoff(row.attempts + 1, self.chance())
                    doubtful = row.doubtful or not isinstance(error, contract.LaterError)
                    rows.put_back(db, row, now + wait, problem=str(error), doubtful=doubtful)

    def _note_away(self, platform: str, error: Exception | None, now: datetime) -> None:
        """Record since when a platform has been unreachable, or that it answers again."""
        if not isinstance(error, contract.AwayError):
            self._away.pop(platform, None)
            return
        if platform not in self._away:
            logger.warning("outbox: %s cannot be reached; what is for it waits", platform)
        since, _ = self._away.get(platform, (now, now))
        self._away[platform] = since, now


def delivery_id(row_id: str, to: contract.Destination) -> str:
    """Return the mark of a message at an address: 16 hexadecimal digits, always the same for the same pair.

    Discord treats equal nonces as the same message wherever they are sent, so the address is part of it. A
    nonce has at most 25 characters.
    """
    digest = hashlib.blake2b(write_address(to).encode(), key=row_id.encode(), digest_size=8)
    return digest.hexdigest()
