"""What everything about reports shares: where they are kept, under which keys, and for how long."""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.reports.keys import Keyring
from bot.storage.destruction import Remember, forgets_nothing
from bot.times import Calendar, iso

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(minutes=60)  # before a holder sees anything of it

Status: TypeAlias = Literal["received", "read", "taken", "waiting", "acting", "closed"]
# As people choose them; the first words are what a list shows.
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
    """It cannot be done; the text says why, in words meant for the person."""


@dataclass(frozen=True, slots=True)
class EscalationPlan:
    """How long a case may go unread before the next person is told, and be kept once it is closed.

    In hours that people work, or in hours of the clock for what is urgent.
    """

    reminder: timedelta = timedelta(hours=4)
    other: timedelta = timedelta(hours=24)
    alternate: timedelta = timedelta(hours=72)
    kept_days: int = 90


@dataclass(frozen=True, slots=True)
class Records:
    """What it takes to keep reports.

    `ring`: gives the keys; raises `StorageError` when they are lost. `chance`: from 0 to 1, draws delays.
    """

    ring: Callable[[Database], Keyring]
    calendar: Calendar
    plan: EscalationPlan = EscalationPlan()
    chance: Callable[[], float] = random.SystemRandom().random
    remember: Remember = forgets_nothing


@dataclass(frozen=True)
class Session:
    """The records, inside one transaction, at a moment."""

    db: Database
    records: Records
    now: datetime

    @cached_property
    def ring(self) -> Keyring:
        """The keys. Raises `StorageError` when they are lost."""
        return self.records.ring(self.db)

    @property
    def today(self) -> date:
        """The day, where the association is."""
        return self.records.calendar.day(self.now)

    @property
    def hour(self) -> str:
        """The beginning of the hour, as the database writes it."""
        return iso(self.now.replace(minute=0, second=0, microsecond=0))

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.db.conn.execute(sql, values)

    def appears(self, *, urgent: bool) -> str:
        """Return from when a holder may see what comes now: 5 to 60 minutes later, unless it is urgent.

        Then the hour that it is, which tells no more than it must.
        """
        if urgent:
            return self.hour
        return iso(self.now + SHORTEST + (LONGEST - SHORTEST) * self.records.chance())


def new_id() -> str:
    """Return an identifier that says nothing: 128 random bits."""
    return secrets.token_hex(16)


def packed(ring: Keyring, content: Mapping[str, Any]) -> bytes:
    """Seal what JSON can write."""
    return ring.seal(json.dumps(content, ensure_ascii=False).encode())


def unpacked(ring: Keyring, sealed: bytes) -> dict[str, Any]:
    """Open what `packed` sealed. Raises `SealError`."""
    found: dict[str, Any] = json.loads(ring.open(sealed))
    return found


def any_report(db: Database) -> bool:
    """Tell whether there is any report, which new keys could not open."""
    return db.conn.execute("SELECT 1 FROM report_cases LIMIT 1").fetchone() is not None
