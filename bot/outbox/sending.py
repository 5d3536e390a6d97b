"""The sending of one outbox row, from its choice to its recorded outcome.

    choose    select the rows that can be sent, and their routes
    claim     record that a row is being sent, and build its message
    attempt   look for the message if it may already have been sent, else send it
    record    write the outcome

At each step the database shows which messages may have been sent, even if the process dies in between.
"""

import hashlib
import json
import logging
import random
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlite_utils import Database

from bot.conversation.deferred import Deferred, aside
from bot.conversation.messages import Message, TooLong
from bot.logs import where
from bot.outbox import rows
from bot.outbox.absences import Absences
from bot.outbox.notices import (
    REFUSED,
    NoticeContext,
    Notices,
    is_stuck,
    unreached,
    waiting,
)
from bot.outbox.routes import (
    ADMINISTRATORS,
    Routes,
    new_holders,
    parse_address,
    shape,
    write_address,
)
from bot.outbox.rows import Delivery, Row
from bot.people.persons import new_id
from bot.platforms import contract
from bot.storage import state
from bot.storage.database import Storage, StorageError, reader
from bot.times import Calendar, Clock

logger = logging.getLogger(__name__)

# A request made just before the process died may take this long to reach the platform.
SETTLE: Final = timedelta(seconds=5)
LACKING: Final = timedelta(minutes=1)  # between two attempts, when a message needs a missing permission
# Problems with the recipient, rather than with the platform, the bot or the message. The administrators are
# told that a person cannot be reached only after one of these.
_PERSONAL: Final = frozenset({"", "closed", "forbidden", "gone", "unreachable"})
SET_BACK: Final = timedelta(minutes=1)  # smaller steps back are ordinary clock adjustments
# The maximum number of passes when rows are chosen. A pass may queue more rows: the copies of a role's row,
# or the announcement of a dead letter to a role.
_PASSES = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can be sent. `lane`: the address of its destination, which takes one message at a time."""

    row_id: str
    recipient: str
    lane: str
    platform: str
    urgent: bool

    def waits(self, blocked: Collection[str]) -> bool:
        """Return whether the row must wait because its platform or lane is in `blocked`."""
        return self.platform in blocked or self.lane in blocked


@dataclass(frozen=True, slots=True)
class Hold:
    """A platform's request to wait some seconds before sending to `name`, a lane or the whole platform."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row being sent to `to`.

    `at`: the time when the row was claimed. `context`: the context in which its message was built. `former`:
    whether `to` is no longer one of the recipient's routes. The message is then only looked for there.
    """

    row: Row
    to: contract.Destination
    message: Message
    former: bool
    at: datetime
    context: NoticeContext


class _MovedError(Exception):
    """The message was not found on its former route, so a current route must be used."""


@dataclass
class Sender:
    """Sends outbox rows, one per call, and records the outcome of each.

    `chance`: returns a random number from 0 to 1, to spread out retries. `settle`: how long to wait before
    retrying a row that may have been sent. `sent`: called with the platform of each message sent.
    """

    storage: Storage
    routes: Routes
    notices: Notices
    clock: Clock
    calendar: Calendar
    chance: Callable[[], float] = random.random
    settle: timedelta = SETTLE
    sent: Callable[[str], None] = lambda _platform: None
    absences: Absences = field(init=False)
    _reader: Database | None = None
    _last_seen: datetime | None = None  # the clock's time when rows were last chosen

    def __post_init__(self) -> None:
        self.absences = Absences(self.notices)

    def close(self) -> None:
        """Close the read-only database connection, if it is open."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # Choosing

    async def choose(self, busy: Collection[str], limit: int) -> list[Candidate]:
        """Return the rows that can be sent now, in order, except those for `busy` recipients.

        `limit`: the maximum number of rows. A row for a role is shared out among its holders, and a row that
        has no route left becomes a dead letter.
        """
        return await self.storage.run(lambda: self._choose(json.dumps(list(busy)), limit))

    def _choose(self, busy: str, limit: int) -> list[Candidate]:
        now = self.clock()
        with self.storage.transaction() as db:
            if self._last_seen is not None and now < self._last_seen - SET_BACK:
                rows.set_back(db, self._last_seen, now)
                logger.warning("outbox: the clock was set back; deliveries keep their times")
            if state.flag(db, state.PAUSED) is not None:
                return []
            candidates: list[Candidate | None] = []
            for _ in range(_PASSES):
                due = rows.due(db, now, now - self.settle, busy, limit)
                # Working hours are computed only when rows are due: loading the holidays takes 16 MB.
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
        except Exception as error:  # noqa: BLE001 — an invalid row must not stop the others
            logger.error("outbox: row %s is malformed: %s", row_id, where(error))  # noqa: TRY400 — one line
            self._bury(db, row_id, "broken", now)
            return None
        if row is None or to is None:
            return None
        return Candidate(row.id, row.recipient, write_address(to), to.platform, row.urgent)

    def _route(self, db: Database, row: Row, now: datetime) -> contract.Destination | None:
        """Return a row's route, or None after sharing the row out or making it a dead letter.

        A message that may have been sent keeps its route, even if the person's routes have changed, because
        it is looked for there. A pressing message leaves its route when the platform has been away for too
        long, and may then be received twice. Such a platform is skipped for every message, except for an
        occasional try. The administrators are told that someone cannot be reached only when the problem is
        with that person.
        """
        if row.doubtful and row.route:
            former = parse_address(row.route)
            if not (self.notices.pressing(row.notice) and self.absences.overdue(row, former.platform, now)):
                return former
        shared = new_holders(db, row.recipient, self.calendar.day(now))
        if shared is not None:
            rows.share_out(db, row, shared, now)
            return None
        personal = (row.problem or "").partition(" ")[0] in _PERSONAL
        routes = [
            to
            for to in self._current_routes(db, row, now)
            if write_address(to) not in row.tried and (personal or shape(row.recipient, to) != "unreached")
        ]
        if not routes:
            self._bury(db, row.id, row.problem or "unreachable", now)
            return None
        for to in routes:
            if not self.absences.overdue(row, to.platform, now) and shape(row.recipient, to) != "unreached":
                return to
        if (
            self.notices.pressing(row.notice)
            and not is_stuck(row.problem)  # a missing permission stays the row's problem
            and self.absences.overdue(row, routes[0].platform, now)
        ):
            rows.note_absent(db, row)
        return routes[0]

    def _current_routes(self, db: Database, row: Row, now: datetime) -> list[contract.Destination]:
        """Return a row's routes today. There is none if the row is for a role that its recipient has left."""
        today = self.calendar.day(now)
        return (
            []
            if new_holders(db, row.recipient, today)
            else self.routes.of(db, row.recipient, today, row.asked)
        )

    def _bury(self, db: Database, row_id: str, problem: str, now: datetime) -> None:
        notice = rows.bury(db, row_id, problem, now)
        logger.error("outbox: dead letter %s (%s): %s", row_id, notice, problem)

    # Sending

    async def send(self, candidate: Candidate) -> Hold | None:
        """Send one row if it is still due. Return the wait that the platform requested, if any.

        Raises `StorageError` when the outcome cannot be recorded. The next attempt then checks whether the
        message was delivered before sending it again.
        """
        try:
            claimed = await self.storage.run(partial(self._claim, candidate))
            if isinstance(claimed, Deferred):  # built outside any transaction
                message = await aside(claimed.make)
                claimed = await self.storage.run(partial(self._claim, candidate, message))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 — after any failure to build a message, its row is put off
            logger.error("outbox: message %s cannot be built: %s", candidate.row_id, where(error))  # noqa: TRY400 — one line
            await self.storage.run(lambda: self._put_off_broken(candidate.row_id))
            return None
        if not isinstance(claimed, _Claimed):
            return None
        failure, to = await self._attempt(claimed), claimed.to
        await self.storage.run(partial(self._record, claimed, failure))
        if failure is None:
            self.sent(to.platform)
        elif isinstance(failure, contract.AwayError):
            return Hold(to.platform, self.absences.pause(to.platform).total_seconds())
        elif isinstance(failure, contract.LaterError) and failure.seconds is not None:
            return Hold(to.platform if failure.everywhere else write_address(to), failure.seconds)
        return None

    def _claim(
        self, candidate: Candidate, ready: Message | None = None
    ) -> _Claimed | Deferred[Message] | None:
        """Claim a row, or return its `Deferred` message, which must be built first.

        Return None when the row must not be sent now. `ready`: the deferred message, once it is built.
        """
        now = self.clock()
        with self.storage.transaction() as db:
            row = rows.load_due_row(db, candidate.row_id, now)
            if row is None or state.flag(db, state.PAUSED) is not None:
                return None
            to = self._route(db, row, now)
            if to is None or write_address(to) != candidate.lane:
                return None
            tried = self.calendar.day(min(row.claimed_at or now, now)) if row.doubtful else None
            context = NoticeContext(db, self.calendar.day(now), row.recipient, tried)
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
            return _Claimed(row, to, message, former, now, context)

    def _put_off_broken(self, row_id: str) -> None:
        """Put off a row whose message cannot be built, since a fixed version of the bot may build it later.

        After `ATTEMPTS` attempts, it becomes a dead letter.
        """
        now = self.clock()
        with self.storage.transaction() as db:
            row = rows.load_due_row(db, row_id, now)
            if row is not None and row.attempts + 1 >= rows.ATTEMPTS:
                self._bury(db, row.id, "broken", now)
            elif row is not None:
                rows.claim(db, row, row.route or "", now)
                wait = rows.backoff(row.attempts + 1, self.chance())
                rows.put_back(db, row, now + wait, problem="broken", doubtful=row.doubtful, counted=True)

    async def _attempt(self, claimed: _Claimed) -> Exception | None:
        """Send a message unless it has already arrived. Return None once it is delivered, else the error."""
        row = claimed.row
        to = claimed.to
        message = claimed.message
        mark = delivery_id(row.id, to)
        try:
            platform = self.routes.platforms.get(to.platform)
            if platform is None:
                return contract.UndeliverableError("unreachable")
            if row.doubtful and row.claimed_at is not None:
                since = min(row.claimed_at, self.clock())
                if await platform.was_delivered(to, mark, since):
                    return None
            if claimed.former:
                return _MovedError()
            contract.leaving.set(self._may_leave)  # the context belongs to this task, which sends one message
            await platform.deliver(to, message, mark)
        except Exception as error:  # noqa: BLE001 — any adapter error is recorded with the row
            return error
        return None

    def _may_leave(self) -> None:
        """Raise `StoppedError` if any process paused all sending while a message waited for its turn.

        This runs on the event loop, with a read-only connection that never waits. Waiting for the storage
        thread would make messages that adapters space out leave together.
        """
        if self._reader is None and self.storage.path is not None:
            self._reader = reader(self.storage.path)
        if self._reader is not None and state.flag(self._reader, state.PAUSED) is not None:
            raise contract.StoppedError("paused")

    def _record(self, claimed: _Claimed, error: Exception | None) -> None:
        row = claimed.row
        to = claimed.to
        now = self.clock()
        with self.storage.transaction() as db:
            self._note_absence(db, claimed, error, now)
            match error:
                case None:
                    self._record_sent(db, claimed, now)
                case _MovedError():
                    rows.put_back(db, row, doubtful=False)
                case contract.LackingError():
                    first = row.urgent and self.notices.pressing(row.notice) and row.problem != str(error)
                    due = None if first else now + LACKING  # None: at once, by another route if there is one
                    rows.put_back(db, row, due, problem=str(error), doubtful=row.doubtful)
                case contract.StoppedError() | contract.LaterError(everywhere=True):
                    rows.put_back(db, row, doubtful=row.doubtful)
                case contract.LaterError(seconds=float() | int() as seconds):
                    rows.put_back(db, row, now + timedelta(seconds=seconds), doubtful=row.doubtful)
                case contract.UndeliverableError():
                    rows.give_up_route(db, row, write_address(to), str(error), doubtful=row.doubtful)
                case TooLong() | contract.FaultyError():
                    logger.error(
                        "outbox: %s (%s) does not suit %s: %s",
                        row.id,
                        row.notice,
                        to.platform,
                        where(error),
                    )
                    rows.give_up_route(db, row, write_address(to), "broken", doubtful=row.doubtful)
                case _ if row.attempts + 1 >= rows.ATTEMPTS:
                    doubtful = row.doubtful or not isinstance(error, contract.LaterError)
                    rows.give_up_route(db, row, write_address(to), "exhausted", doubtful=doubtful)
                case _:
                    if not isinstance(error, contract.LaterError | contract.UnknownError):
                        logger.error("outbox: sending on %s failed: %s", to.platform, where(error))
                    wait = rows.backoff(row.attempts + 1, self.chance())
                    doubtful = row.doubtful or not isinstance(error, contract.LaterError)
                    rows.put_back(db, row, now + wait, problem=str(error), doubtful=doubtful, counted=True)

    def _record_sent(self, db: Database, claimed: _Claimed, now: datetime) -> None:
        row, form = claimed.row, shape(claimed.row.recipient, claimed.to)
        today = self.calendar.day(now).isoformat()
        recipient = rows.mark_sent(db, row, today, None if form == "whole" else form)
        if form == "whole" and recipient:  # the recipient changes if accounts were linked meanwhile
            context = replace(claimed.context, db=db, recipient=recipient)
            self.notices.delivered(context, row.notice, row.arguments)

    def _note_absence(self, db: Database, claimed: _Claimed, error: Exception | None, now: datetime) -> None:
        """Record whether a platform accepts the bot, and announce a new refusal to the administrators.

        The announcement is dropped if the platform accepts the bot again before it is sent (see
        `notices._refusal`).
        """
        refusal = self.absences.note(db, claimed.row, claimed.to.platform, error, (claimed.at, now))
        if refusal and self.routes.of(db, ADMINISTRATORS, self.calendar.day(now)):
            key = f"{REFUSED.name}:{refusal.platform}:{refusal.scope}:{new_id()}"
            rows.enqueue(db, Delivery(key, ADMINISTRATORS, REFUSED, refusal, urgent=True), now)


def delivery_id(row_id: str, to: contract.Destination) -> str:
    """Return the idempotency key of a row's message at an address: 16 hexadecimal digits.

    The key also depends on the address, because Discord treats two messages with the same nonce as one, even
    in different channels. A Discord nonce has at most 25 characters.
    """
    digest = hashlib.blake2b(write_address(to).encode(), key=row_id.encode(), digest_size=8)
    return digest.hexdigest()
