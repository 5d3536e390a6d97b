"""Which notices are queued about a request, to whom, and under which keys.

Their arguments are identifiers and days. A notice is built when it is sent, and only for who may still know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlite_utils import Database

from bot.outbox.notices import Notice
from bot.outbox.rows import ANNOUNCED_TO, Delivery, enqueue


@dataclass(frozen=True, slots=True)
class RequestNotice:
    """The arguments of a notice about a request: its identifier."""

    request: str


@dataclass(frozen=True, slots=True)
class LineNotice(RequestNotice):
    """The arguments of the notice of a line of a request's thread. `number`: the line's."""

    number: int


@dataclass(frozen=True, slots=True)
class ReminderNotice(RequestNotice):
    """The arguments of a reminder that a request awaits an answer. `number`: which reminder, from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class ExpiryNotice(RequestNotice):
    """The arguments of the notice that a permission ends. `until`: its last day."""

    until: date


ASKED: Final = Notice("demande-recue", "une demande d'autorisation à décider", RequestNotice)
CONSENT: Final = Notice("demande-consentement", "une demande de consentement", RequestNotice)
DECIDED: Final = Notice("demande-decidee", "la réponse à une demande", RequestNotice)
LINE: Final = Notice("demande-fil", "un mot au sujet d'une demande", LineNotice)
REMINDER: Final = Notice("demande-rappel", "un rappel d'une demande à décider", ReminderNotice)
EXPIRY: Final = Notice("demande-echeance", "la fin d'une autorisation", ExpiryNotice)
STRANDED: Final = Notice("demande-orpheline", "une demande dont personne ne peut décider", RequestNotice)
WITHDRAWN: Final = Notice("demande-retiree", "une autorisation retirée", RequestNotice)


def addresses(role: str, people: Iterable[str]) -> list[str]:
    """Return the outbox's recipients for persons who act for a role, or for themselves when it is ""."""
    return [f"role:{role}/{person}" if role else f"person:{person}" for person in people]


def to_deciders(db: Database, request: str, role: str, people: Iterable[str], now: datetime) -> None:
    """Queue the notice that a request awaits a decision, once for each person who may decide.

    `role`: the role that they act for, "" for the person who is asked to consent.
    """
    notice = ASKED if role else CONSENT
    for to in addresses(role, people):
        key = f"{notice.name}:{request}:{_whose(to)}"
        enqueue(db, Delivery(key, to, notice, RequestNotice(request)), now)


def decided(db: Database, request: str, asker: str, now: datetime) -> None:
    """Queue the answer for who asked, once for a request."""
    key, to = f"{DECIDED.name}:{request}", f"person:{asker}"
    enqueue(db, Delivery(key, to, DECIDED, RequestNotice(request)), now)


def said(db: Database, request: str, number: int, to: Iterable[str], now: datetime) -> None:
    """Queue a line of the thread for the others. `to`: recipients, in the outbox's format."""
    for recipient in to:
        key = f"{LINE.name}:{request}:{number}:{_whose(recipient)}"
        enqueue(db, Delivery(key, recipient, LINE, LineNotice(request, number)), now)


def withdrawn(db: Database, request: str, to: Iterable[str], now: datetime) -> None:
    """Queue the notice that a permission no longer holds. It does not wait for working hours."""
    for recipient in to:
        key = f"{WITHDRAWN.name}:{request}:{_whose(recipient)}"
        enqueue(db, Delivery(key, recipient, WITHDRAWN, RequestNotice(request), urgent=True), now)


def remind(db: Database, request: str, number: int, to: Iterable[str], now: datetime) -> None:
    """Queue a reminder for each person who may decide, once, unless a later one is queued already."""
    for recipient in to:
        prefix = f"{REMINDER.name}:{request}:{_whose(recipient)}:"
        keys = (f"{prefix}{number}", f"{prefix}:")  # ":" follows the digits
        later = db.conn.execute("SELECT 1 FROM outbox WHERE key >= ? AND key < ?", keys)
        if later.fetchone() is None:
            delivery = Delivery(f"{prefix}{number}", recipient, REMINDER, ReminderNotice(request, number))
            enqueue(db, delivery, now)


def expiring(
    db: Database, request: str, until: date, to: Iterable[str], now: datetime, *, over: bool
) -> None:
    """Queue the notice that a permission ends soon or, when it is `over`, that it ended."""
    for recipient in to:
        key = f"{EXPIRY.name}:{request}:{until}:{'fin' if over else 'avant'}:{_whose(recipient)}"
        enqueue(db, Delivery(key, recipient, EXPIRY, ExpiryNotice(request, until)), now)


def stranded(db: Database, request: str, now: datetime) -> None:
    """Queue the notice to the administration that nobody can decide of a request, once."""
    delivery = Delivery(f"{STRANDED.name}:{request}", ANNOUNCED_TO, STRANDED, RequestNotice(request))
    enqueue(db, delivery, now)


def _whose(recipient: str) -> str:
    """Return the person behind a recipient: one who holds two roles is told once."""
    return recipient.partition(":")[2].rpartition("/")[2]
