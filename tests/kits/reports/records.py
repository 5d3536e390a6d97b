"""Reports on a database of their own, those who handle them, and a clock that the test moves."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.outbox.notices import Notices
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes, write_address
from bot.outbox.sending import Sender
from bot.people import appointments, persons, roles
from bot.platforms.contract import Destination
from bot.reports import access, escalation, filing, handovers
from bot.reports import notices as report_notices
from bot.reports.filing import Report
from bot.reports.keys import Keyring, new_keyring
from bot.reports.records import EscalationPlan, Records, Session
from bot.storage.database import Storage
from bot.times import Calendar
from tests.kits.fake_clock import FakeClock
from tests.kits.outbox import Post, until_idle
from tests.kits.people import ADVISER_ROLE, ALTERNATE_ROLE, COMMUNICATIONS_ROLE

CALENDAR = Calendar(ZoneInfo("America/Toronto"))
PLAN = EscalationPlan(timedelta(hours=4), timedelta(hours=24), timedelta(hours=72), kept_days=90)
POST = "https://www.facebook.com/spotted/posts/123"
VP, CONSEILLER, SUPPLEANCE = COMMUNICATIONS_ROLE, ADVISER_ROLE, ALTERNATE_ROLE
SINCE = date(2026, 1, 1)


def a_report(address: str = POST, **more: object) -> Report:
    """Return a report of a post."""
    content = {"summary": "On y dit que l'association vole ses membres.", "canonical": True}
    return Report(address, **{**content, "platform": "facebook", **more})  # type: ignore[arg-type]


@dataclass
class Desk:
    """The records, who holds which role, and what was said to whom."""

    storage: Storage = field(default_factory=Storage)
    ring: Keyring = field(default_factory=new_keyring)
    clock: FakeClock = field(default_factory=lambda: FakeClock("2026-11-24T15:00:00Z"))  # 10 a.m., a Tuesday
    chance: float = 0.5
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    post: Post = field(default_factory=lambda: Post("slack"))
    said: list[tuple[str, str, str]] = field(default_factory=list)  # person, notice, level
    posts: dict[str, Post] = field(default_factory=dict)  # the other platforms, by name
    _sender: Sender | None = None
    _sent: set[int] = field(default_factory=set)  # the rows of the outbox that are in `said`, or were
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        roles.seed(self.db)

    @property
    def db(self) -> Database:
        """The database, for the test's own thread, while nothing is sent."""
        return self.storage._db

    @property
    def records(self) -> Records:
        def remember(table: str, ids: object) -> None:
            self.forgotten.extend((table, str(one)) for one in ids)  # type: ignore[attr-defined]

        return Records(
            lambda _: self.ring,
            CALENDAR,
            PLAN,
            chance=lambda: self.chance,
            remember=remember,
            clock=self.clock,
        )

    @property
    def session(self) -> Session:
        """The records at this moment."""
        return Session(self.db, self.records, self.clock())

    def holder(self, role: str, *, replacing: bool = True, platform: str = "slack") -> str:
        """Return someone new, who holds a role from today on, and was named the day before."""
        person = persons.known(self.db, Actor(platform, "T1", f"U{next(self._numbers)}"))
        self.appoint(role, person, replacing=replacing)
        return person

    def appoint(self, role: str, person: str, *, replacing: bool = True) -> None:
        """Have someone hold a role from today on, named the day before."""
        roles.appoint(self.db, role, person, self.session.today, replacing=replacing)
        appointments.follow(self.db, self.session.today - timedelta(1))

    def hand_over(self, role: str) -> None:
        """Hand over to a role what nobody may read any more, as the administration does."""
        for case_id in handovers.stranded(self.session):
            access.hand_over(self.session, case_id, role)
            escalation.entrust(self.session, case_id, role, self.session.at_once)

    def cannot_reach(self, person: str) -> None:
        """Have someone's private messages be closed."""
        for account in persons.accounts_of(self.db, person):
            address = Destination(account.platform, account.team, account.user)
            self.post.closed.add(write_address(address))

    def file(self, address: str = POST, **more: object) -> str:
        """Report a post; return the code."""
        return filing.file_report(self.session, a_report(address, **more))

    def case(self) -> str:
        """Return the only case."""
        [(found,)] = self.db.conn.execute("SELECT id FROM report_cases").fetchall()
        return str(found)

    def wait(self, **span: float) -> None:
        """Let time go by, without the clock beating."""
        self.clock.move(**span)

    def beat(self) -> int:
        """Beat the clock, and send what the outbox holds; return how many cases nobody can be told of."""
        lost = escalation.beat(self.session)
        if self.send():
            escalation.beat(self.session)
        return len(lost)

    def send(self) -> bool:
        """Run the pump until nothing is left to send now; note to whom what was said.

        Returns whether there was anything to send.
        """
        queued = self.db.conn.execute("SELECT 1 FROM outbox WHERE state = 'queued' LIMIT 1")
        if queued.fetchone() is None:
            return False
        asyncio.run(self._send())
        rows = self.db.conn.execute(
            """SELECT rowid, recipient, notice, json_extract(arguments, '$.level') FROM outbox
               WHERE state = 'sent' AND rowid NOT IN (SELECT value FROM json_each(?)) ORDER BY rowid""",
            (json.dumps(sorted(self._sent)),),
        )
        for rowid, recipient, notice, level in rows.fetchall():
            self._sent.add(rowid)
            self.said.append((recipient.partition("/")[2], notice, level))
        assert sum(len(post.all()) for post in (self.post, *self.posts.values())) == len(self._sent)
        return True

    async def _send(self) -> None:
        idle = asyncio.Event()
        await until_idle(Pump(self.sender(), idle=idle.set), idle)

    def sender(self) -> Sender:
        """Return what sends the notices of reports, and no other, to where `post` is, and `posts`."""
        if self._sender is None:
            self._sender = Sender(
                self.storage,
                Routes({"slack": self.post, **self.posts}),
                Notices(lambda: report_notices.notice_builders(self.records)),
                self.clock,
                CALENDAR,
                settle=timedelta(0),
            )
        return self._sender

    def told(self) -> list[tuple[str, str]]:
        """Return who was told of what since this was last asked: the person, and the level."""
        found, self.said = [(person, level) for person, _, level in self.said], []
        return found

    def run(self, *, minutes: float, step: float = 1.0) -> list[tuple[timedelta, str, str]]:
        """Beat every `step` minutes for so long; return when each was told, from the beginning."""
        began, found = self.clock(), []
        while self.clock() - began < timedelta(minutes=minutes):
            self.wait(minutes=step)
            self.beat()
            found += [(self.clock() - began, person, level) for person, level in self.told()]
        return found
