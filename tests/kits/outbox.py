"""An outbox on a real file, and platforms that do what a test tells them to."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from bot.conversation.deferred import Deferred
from bot.conversation.messages import Message, Text
from bot.outbox import rows
from bot.outbox.notices import DEAD_LETTER, Notice, NoticeBuilder, NoticeContext, Notices, RowArguments
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes, write_address
from bot.outbox.rows import Delivery
from bot.outbox.sending import Sender
from bot.people import persons, roles
from bot.people.persons import Account
from bot.platforms.contract import (
    AwayError,
    Destination,
    FaultyError,
    LackingError,
    LaterError,
    RefusedError,
    UndeliverableError,
    UnknownError,
    may_leave,
)
from bot.platforms.slack.delivery import EARLIER
from bot.storage.database import Storage
from bot.times import Calendar
from tests.kits.effort import PATIENCE
from tests.kits.fake_clock import FakeClock

ADMINISTRATORS = Destination("slack", "T1", "C9", "channel")
RELAY = "777"

# What a platform does with a message: the last four lose their answer, having acted or not.
Outcome: TypeAlias = Literal[
    "ok",
    "closed",
    "busy",
    "away",
    "faulty",
    "limited",
    "limited-all",
    "acted-unknown",
    "unknown",
    "acted-dead",
    "dead",
]


_FAILURES: Mapping[str, Callable[[], Exception]] = {
    "closed": lambda: UndeliverableError("closed (50007)"),
    "busy": lambda: LaterError("421"),
    "faulty": lambda: FaultyError("invalid_blocks"),
    "away": lambda: AwayError("not connected"),
    "limited": lambda: LaterError("429", 30.0),
}


def said(message: Message) -> str:
    """Return what a message says, on one line."""
    return " ".join(message.own_words())


@dataclass
class Post:
    """A platform. `received`: what arrived, by address. `script`: what becomes of the next messages.

    `closed`: the addresses that refuse whatever comes. `refused`: the code with which it refuses us, until it
    is "". `lacking`: the permission without which it refuses what contains « avec », until it is "".
    `forgetful`: it cannot tell what it received. `died`: a message came that the process does not survive.
    """

    name: str
    script: deque[Outcome] = field(default_factory=deque)
    closed: set[str] = field(default_factory=set)
    refused: str = ""
    lacking: str = ""
    tried: int = 0
    received: dict[str, list[str]] = field(default_factory=dict)
    marks: dict[str, datetime | None] = field(default_factory=dict)  # when, by its own clock
    clock: Callable[[], datetime] | None = None
    looked: int = 0
    forgetful: bool = False
    wait: float = 0.01  # seconds that « limited-all » asks for
    concurrent: Counter[str] = field(default_factory=Counter)
    together: asyncio.Barrier | None = None  # messages are taken so many at once
    died: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Take a message, or do otherwise."""
        where = write_address(to)
        self.concurrent[where] += 1
        assert self.concurrent[where] == 1, "two messages at once at one address"
        try:
            if self.together is not None:
                await self.together.wait()
            may_leave()
            self.tried += 1
            if self.refused:
                raise RefusedError(self.refused)
            if self.lacking and "avec" in said(message):
                raise LackingError(self.lacking)
            await self._do(where, said(message), delivery_id)
        finally:
            self.concurrent[where] -= 1

    async def _do(self, where: str, text: str, delivery_id: str) -> None:
        usual: Outcome = "closed" if where in self.closed else "ok"
        outcome = self.script.popleft() if self.script else usual
        if outcome in {"ok", "acted-unknown", "acted-dead"}:
            self.received.setdefault(where, []).append(text)
            self.marks[delivery_id] = self.clock() if self.clock else None
        match outcome:
            case "closed" | "busy" | "faulty" | "away" | "limited":
                failure = _FAILURES[outcome]()
                raise failure
            case "limited-all":
                raise LaterError("429", self.wait, everywhere=True)
            case "unknown" | "acted-unknown":
                raise UnknownError("ServerDisconnectedError")
            case "dead" | "acted-dead":
                self.died.set()
                await asyncio.Event().wait()
            case "ok":
                pass

    async def was_delivered(self, to: Destination, delivery_id: str, since: datetime) -> bool:
        """Look for a message."""
        del to
        self.looked += 1
        if self.refused:
            raise RefusedError(self.refused)
        at = self.marks.get(delivery_id, since)
        return delivery_id in self.marks and not self.forgetful and (at is None or at >= since - EARLIER)

    def all(self) -> list[str]:
        """Return all that was received."""
        return [text for texts in self.received.values() for text in texts]


class AlwaysWorking(Calendar):
    """Days on which people never stop working."""

    def next_working(self, moment: datetime) -> datetime:
        """Return the same moment."""
        return moment


async def until_idle(pump: Pump, idle: asyncio.Event) -> None:
    """Run a pump until nothing is left to send now, or it is closed; `idle` is what it sets."""
    idle.clear()
    tasks = asyncio.create_task(pump.run()), asyncio.create_task(idle.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Workshop:
    """Where « long » messages are made, once `gate` is open, unless it `breaks`. `begun`: one is waiting."""

    begun: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    breaks: bool = False

    def make(self, message: Message) -> Message:
        """Make one."""
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        if self.breaks:
            raise LookupError
        return message


@dataclass(frozen=True, slots=True)
class Numbered:
    """The arguments of a test's notice."""

    n: str


def delivery(
    key: str,
    recipient: str,
    name: str = "avis",
    n: str = "",
    *,
    urgent: bool = False,
    due_at: datetime | None = None,
) -> Delivery[Numbered]:
    """Return a delivery: an « avis », or another of the notices of `Office.notices`."""
    return Delivery(key, recipient, Notice(name, name, Numbered), Numbered(n), urgent, due_at)


class Office:
    """An outbox, its platforms and its pump, which can die and start again."""

    def __init__(self, path: Path, *, relays: tuple[str, ...] = (), administrators: bool = False) -> None:
        self.clock = FakeClock("2026-11-24T15:00:00Z")
        self.storage = Storage(path)
        self.slack, self.discord, self.mail = Post("slack"), Post("discord"), Post("courriel")
        self.posts = {"slack": self.slack, "discord": self.discord, "courriel": self.mail}
        self.routes = Routes(self.posts, relays, (ADMINISTRATORS,) if administrators else ())
        self.workshop = Workshop()
        self.calendar: Calendar = AlwaysWorking(ZoneInfo("UTC"))
        self.news, self.idle = asyncio.Event(), asyncio.Event()
        self.failures = 0
        self.pump = self.new_pump()
        with self.storage.transaction() as db:
            roles.seed(db)

    def new_pump(self) -> Pump:
        """Return a pump that knows nothing of what others did."""
        sender = Sender(
            self.storage,
            self.routes,
            self.notices(),
            self.clock,
            self.calendar,
            chance=lambda: 1.0,
            settle=timedelta(0),
            sent=lambda _: self.news.set(),
        )
        return Pump(sender, failed=self._failed, idle=self.idle.set)

    def notices(self) -> Notices:
        """Return notices that say their arguments; « rien » is silent, « brisé » breaks, « long » waits."""

        def told(name: str, _: NoticeContext, arguments: RowArguments) -> Message:
            return Message(Text(f"{name} {arguments}"))

        def broken(_: NoticeContext, __: RowArguments) -> Message:
            raise LookupError

        def slow(_: NoticeContext, arguments: RowArguments) -> Deferred[Message]:
            return Deferred(partial(self.workshop.make, Message(Text(f"long {arguments}"))))

        return Notices(
            lambda: [
                *(NoticeBuilder(name, name, partial(told, name)) for name in ("avis", DEAD_LETTER.name)),
                NoticeBuilder("presse", "presse", partial(told, "presse"), pressing=True),
                NoticeBuilder("rien", "rien", lambda _, __: None),
                NoticeBuilder("brisé", "brisé", broken),
                NoticeBuilder("long", "long", slow),
            ]
        )

    def _failed(self) -> None:
        self.failures += 1
        self.news.set()

    def person(self, *accounts: Account) -> str:
        """Return someone who has these accounts."""
        with self.storage.transaction() as db:
            person = persons.known(db, accounts[0])
            for other in accounts[1:]:
                db.conn.execute(
                    "INSERT INTO accounts (platform, team, user, person_id) VALUES (?, ?, ?, ?)",
                    (other.platform, other.team, other.user, person),
                )
        return person

    def appoint(
        self, role: str, person: str, day: date = date(2026, 1, 1), *, replacing: bool = True
    ) -> None:
        """Have someone hold a role."""
        with self.storage.transaction() as db:
            roles.appoint(db, role, person, day, replacing=replacing)

    def enqueue(
        self,
        key: str,
        recipient: str,
        notice: str = "avis",
        *,
        urgent: bool = True,
        due_at: datetime | None = None,
    ) -> bool:
        """Have something said."""
        with self.storage.transaction() as db:
            row = delivery(key, recipient, notice, key, urgent=urgent, due_at=due_at)
            return rows.enqueue(db, row, self.clock())

    def row(self, key: str) -> dict[str, object]:
        """Return a row of the outbox."""
        with self.storage.transaction() as db:
            return next(iter(db["outbox"].rows_where("key = ?", [key])))

    def states(self) -> Counter[str]:
        """Return how many rows are in each state."""
        with self.storage.transaction() as db:
            return Counter(row["state"] for row in db["outbox"].rows)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Have the pump run for the time of the context."""
        task = asyncio.create_task(self.pump.run())
        yield
        await self.pump.close()
        await task

    async def until_sent(self, count: int) -> None:
        """Wait until so many messages are sent, and nothing else is left."""
        async with asyncio.timeout(PATIENCE):
            while await self.storage.run(self.states) != {"sent": count}:
                self.news.clear()
                await self.news.wait()

    async def until_failed(self, count: int) -> None:
        """Wait until the outbox could not be read so many times."""
        async with asyncio.timeout(PATIENCE):
            while self.failures < count:
                self.news.clear()
                await self.news.wait()

    async def die(self) -> None:
        """End the pump as a crash does, with what it has under way, and start another."""
        await self.pump.close(patience=0)
        self.pump = self.new_pump()

    async def send(self) -> None:
        """Run the pump until nothing is left to send now; what must wait for a platform is left."""
        await until_idle(self.pump, self.idle)

    async def send_until_death(self, post: Post) -> None:
        """Send until a message comes that the process does not survive; then start again."""
        sending = asyncio.create_task(self.send())
        async with asyncio.timeout(PATIENCE):
            await post.died.wait()
        post.died.clear()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await self.die()


ALICE_ON_SLACK = Account("slack", "T1", "U1")
ALICE_ON_DISCORD = Account("discord", "", "11")
BOB_ON_SLACK = Account("slack", "T1", "U2")
NIGHT, MORNING = datetime(2026, 11, 25, 3, tzinfo=UTC), datetime(2026, 11, 25, 14, tzinfo=UTC)


@contextmanager
def office(path: Path, *, relays: tuple[str, ...] = (), administrators: bool = False) -> Iterator[Office]:
    """Open an office for the time of a test."""
    it = Office(path, relays=relays, administrators=administrators)
    try:
        yield it
    finally:
        it.storage.close()
