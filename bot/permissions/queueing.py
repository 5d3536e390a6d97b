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
from bot.outbox.rows import Delivery, enqueue


@dataclass(frozen=True, slots=True)
class RequestNotice:
    """The arguments of a notice about a request: its identifier."""

    request: str


@dataclass(frozen=True, slots=True)
class LineNotice(RequestNotice):
    """The arguments of the notice of a line of a request's thread. `number`: the line's."""

    number: int


@dataclass(frozen=True, slots=True)
class ExpiryNotice(RequestNotice):
    """The arguments of the notice that a permission ends. `until`: its last day."""

    until: date


ASKED: Final = Notice("demande-recue", "une demande d'autorisation à décider", RequestNotice)
CONSENT: Final = Notice("demande-consentement", "une demande de consentement", RequestNotice)
DECIDED: Final = Notice("demande-decidee", "la réponse à une demande", RequestNotice)
LINE: Final = Notice("demande-fil", "un mot au sujet d'une demande", LineNotice)
WITHDRAWN: Final = Notice("demande-retiree", "une autorisation retirée", RequestNotice)


def to_deciders(db: Database, request: str, role: str, people: Iterable[str], now: datetime) -> None:
    """Queue the notice that a request awaits a decision, once for each person who may decide.

    `role`: the role that they act for, "" for the person who is asked to consent.
    """
    for person in people:
        notice, to = (ASKED, f"role:{role}/{person}") if role else (CONSENT, f"person:{person}")
        key = f"{notice.name}:{request}:{person}"
        enqueue(db, Delivery(key, to, notice, RequestNotice(request)), now)


def decided(db: Database, request: str, asker: str, now: datetime) -> None:
    """Queue the answer for who asked, once for a request."""
    key, to = f"{DECIDED.name}:{request}", f"person:{asker}"
    enqueue(db, Delivery(key, to, DECIDED, RequestNotice(request)), now)


def said(db: Database, request: str, number: int, to: Iterable[str], now: datetime) -> None:
    """Queue a line of the thread for the others. `to`: recipients, in the outbox's format."""
    for recipient in to:
        key = f"{LINE.name}:{request}:{number}:{recipient.rpartition('/')[2]}"
        enqueue(db, Delivery(key, recipient, LINE, LineNotice(request, number)), now)


def withdrawn(db: Database, request: str, to: Iterable[str], now: datetime) -> None:
    """Queue the notice that a permission no longer holds. It does not wait for working hours."""
    for recipient in to:
        key = f"{WITHDRAWN.name}:{request}:{recipient}"
        enqueue(db, Delivery(key, recipient, WITHDRAWN, RequestNotice(request), urgent=True), now)
