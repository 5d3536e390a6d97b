"""Reports on a database of their own, those who handle them, and a clock that the test moves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.outbox import rows as outbox
from bot.outbox.notices import NoticeContext, Notices
from bot.people import persons, roles
from bot.reports import escalation, filing
from bot.reports import notices as report_notices
from bot.reports.filing import ReportIntake
from bot.reports.keys import Keyring, new_keyring
from bot.reports.records import Records, Session
from bot.times import Calendar, iso
from tests.kits.fake_clock import FakeClock
from tests.kits.people import fresh

CALENDAR = Calendar(ZoneInfo("America/Toronto"))
POST = "https://www.facebook.com/spotted/posts/123"
VP, CONSEILLER, SUPPLEANCE = roles.VP_COMMUNICATIONS, roles.CONSEILLER, roles.SUPPLEANCE
SINCE = date(2026, 1, 1)


def entry(where: str = POST, **more: object) -> ReportIntake:
    """Return a report of a post."""
    content = {"says": "On y dit que l'association vole ses membres.", "severity": "serious"}
    return ReportIntake(where, **{**content, "platform": "facebook", **more})  # type: ignore[arg-type]


@dataclass
class Desk:
    """The records, who holds which role, and what was said to whom."""

    db: Database = field(default_factory=fresh)
    ring: Keyring = field(default_factory=new_keyring)
    clock: FakeClock = field(default_factory=lambda: FakeClock("2026-11-24T15:00:00Z"))  # 10 a.m., a Tuesday
    chance: float = 0.5
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    said: list[tuple[str, str, str]] = field(default_factory=list)  # person, notice, level
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def records(self) -> Records:
        def remember(table: str, ids: object) -> None:
            self.forgotten.extend((table, str(one)) for one in ids)  # type: ignore[attr-defined]

        return Records(lambda _: self.ring, CALENDAR, chance=lambda: self.chance, remember=remember)

    @property
    def session(self) -> Session:
        """The records at this moment."""
        return Session(self.db, self.records, self.clock())

    def holder(self, role: str, *, replacing: bool = True) -> str:
        """Return someone new, who holds a role from today on."""
        person = persons.known(self.db, Actor("slack", "T1", f"U{next(self._numbers)}"))
        roles.appoint(self.db, role, person, self.session.today, replacing=replacing)
        return person

    def file(self, where: str = POST, **more: object) -> str:
        """Report a post; return the code."""
        return filing.file(self.session, entry(where, **more))

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
        self.send()
        escalation.beat(self.session)
        return lost

    def send(self) -> None:
        """Send what is due, urgent or not, as the pump would."""
        notices = Notices(report_notices.notice_builders(self.records, self.clock))
        rows = self.db.conn.execute(
            """SELECT id FROM outbox WHERE notice GLOB 'signalement*' AND state = 'queued' AND due_at <= ?
               ORDER BY rowid""",
            (iso(self.clock()),),
        ).fetchall()
        for row in (outbox.read(self.db, one) for (one,) in rows):
            person, services = (
                row.recipient.partition("/")[2],
                NoticeContext(self.db, self.session.today, row.recipient),
            )
            if person in self.unreachable:
                outbox.bury(self.db, row.id, "closed", self.clock())
            elif notices.build(services, row.notice, row.arguments) is None:
                outbox.drop(self.db, row, "nothing to say any more")
            else:
                self.said.append((person, row.notice, row.arguments["level"]))
                outbox.sent(self.db, row, self.session.today.isoformat())

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
