"""The settings, rows and transactions shared by all of `bot.reports`."""

from __future__ import annotations

import random
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from sqlite_utils import Database

from bot.reports.ground import Ground
from bot.reports.keys import KEY_FILE, Keyring, load_keyring
from bot.storage import keepsakes
from bot.storage.destruction import Remember, forgets_nothing
from bot.storage.keepsakes import Keepsake
from bot.times import Calendar, Clock, iso, system_clock

# delay before holders see a report
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(minutes=60)

Status: TypeAlias = Literal["received", "read", "taken", "waiting", "acting", "closed"]
# The choices shown to people, lightest first. The short name comes before the colon.
SEVERITIES: Final[Mapping[str, str]] = {
    "light": "Légère\u00a0: une critique, une moquerie",
    "serious": "Sérieuse\u00a0: une fausseté, une réputation atteinte",
    "grave": "Grave\u00a0: menace, harcèlement, discrimination",
}
STATUSES: Final[Mapping[Status, str]] = {
    "received": "Reçu",
    "read": "Lu",
    "taken": "Pris en charge",
    "waiting": "Des précisions sont attendues",
    "acting": "Des démarches sont en cours",
    "closed": "Clos",
}


class ReportError(Exception):
    """A request is refused. The message gives the reason, in French."""


@dataclass(frozen=True, slots=True)
class EscalationPlan:
    """The delays before each escalation level, and how many days closed cases are kept.

    A delay runs from the delivery of a case's first alert, while the case is unread. It is counted in working
    hours, or in clock hours when the case is urgent. The settings `vigie_signalement_…` give these delays,
    and `VIGIE_SIGNALEMENT_JOURS` gives `kept_days`.
    """

    reminder: timedelta
    other: timedelta
    alternate: timedelta
    kept_days: int


@dataclass(frozen=True, slots=True)
class Records:
    """The settings and functions needed to store reports.

    `ring`: returns the keys, and raises `StorageError` if they are lost. `chance`: returns a random number
    from 0 to 1, for delays. `remember`: called with the table and identifiers of rows about to be destroyed.
    `ground`: returns the current clause on negative posts.
    """

    ring: Callable[[Database], Keyring]
    calendar: Calendar
    plan: EscalationPlan
    chance: Callable[[], float] = random.SystemRandom().random
    remember: Remember = forgets_nothing
    clock: Clock = system_clock
    ground: Callable[[], Ground] = Ground

    def at(self, db: Database) -> Session:
        """Return a session at the current time, in the caller's transaction."""
        return Session(db, self, self.clock())


class CaseRow(NamedTuple):
    """A row of the case table (see `bot.storage.schema.reports`).

    `urgent` and `hold`: 0 or 1. `opened_on`: in ISO 8601. `delivered_at`: sealed by `Keyring.seal_time`.
    """

    id: str
    role: str
    status: Status
    urgent: int
    round: int
    opened_on: str
    delivered_at: str | None
    read_after: int | None
    hold: int
    sealed: bytes


@dataclass(frozen=True)
class Session:
    """The records in one transaction, at a fixed time.

    `account`: the only account allowed to read them, in the format of `Account.__str__`; "" for any of the
    person's accounts.
    """

    db: Database
    records: Records
    now: datetime
    account: str = ""

    @cached_property
    def ring(self) -> Keyring:
        """The keys. Raises `StorageError` if they are lost."""
        return self.records.ring(self.db)

    @property
    def ground(self) -> Ground:
        """The current clause on negative posts."""
        return self.records.ground()

    @property
    def today(self) -> date:
        """Today's date in the association's time zone."""
        return self.records.calendar.day(self.now)

    @property
    def at_once(self) -> str:
        """The time to store for an event now: the start of the local day, to hide the hour, in ISO 8601."""
        return self.day_of(self.now)

    def day_of(self, moment: datetime) -> str:
        """Return the start of a moment's local day, in ISO 8601."""
        calendar = self.records.calendar
        return iso(calendar.at(calendar.day(moment), time(0)))

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        """Run one SQL statement and return its cursor."""
        return self.db.conn.execute(sql, values)

    def case(self, case_id: str) -> CaseRow:
        """Return the row of a case, which must exist."""
        columns = ", ".join(CaseRow._fields)
        row = self.execute(f"SELECT {columns} FROM report_cases WHERE id = ?", (case_id,)).fetchone()  # noqa: S608 — constants
        return CaseRow(*row)

    def appears(self, *, urgent: bool) -> str:
        """Return the time, in ISO 8601, when holders may see content that arrives now.

        The delay is random, from 5 to 60 minutes. Urgent content is visible at once.
        """
        if urgent:
            return self.at_once
        return iso(self.now + SHORTEST + (LONGEST - SHORTEST) * self.records.chance())


def new_id() -> str:
    """Return an identifier that reveals nothing: 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def any_report(db: Database) -> bool:
    """Return whether any report is stored."""
    return db.conn.execute("SELECT 1 FROM report_cases LIMIT 1").fetchone() is not None


KEYS: Final = Keepsake(
    "report_keys",
    KEY_FILE,
    lambda folder: load_keyring(folder).fingerprint,
    lambda folder: load_keyring(folder, create=True),
    "il manque les clés des signalements, {file}\u00a0: sans elles, aucun signalement ne s'ouvre, et Vigie "
    "n'en reçoit plus. Remettez-les en place ou, si elles sont perdues pour de bon\u00a0: "
    "vigie cles refaire.",
    "les clés {file} ne sont pas celles des signalements de cette base. Remettez celles d'ici en place ou, "
    "si elles sont perdues pour de bon, rangez ce fichier ailleurs, puis\u00a0: vigie cles refaire.",
)


def own_keys(db: Database, folder: Path, *, copied: bool) -> Keyring:
    """Return the keys of the database's reports, from `folder`, making them if there have never been any.

    The database stores their fingerprint, so that another installation's keys are refused: a report sealed
    with those would be lost once the right keys are restored. `copied`: whether sealed copies of the database
    exist. Raises `StorageError` when the keys are lost, damaged or not the database's own.
    """
    keepsakes.ensure(db, KEYS, folder, needed=copied or any_report(db))
    return load_keyring(folder)
