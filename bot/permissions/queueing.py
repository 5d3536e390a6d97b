"""The queueing of notices about a request: which notice, for whom, under which key.

A notice's arguments are identifiers and days. Its message is built when it is sent, and only for people who
may still see the request.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlite_utils import Database

from bot.outbox.notices import Arguments, Notice
from bot.outbox.rows import ANNOUNCED_TO, Delivery, enqueue


@dataclass(frozen=True, slots=True)
class RequestNotice:
    """The arguments of a notice about a request: its identifier."""

    request: str


@dataclass(frozen=True, slots=True)
class NumberedNotice(RequestNotice):
    """The arguments of the notice of a line in a request's thread, or of a reminder to decide.

    `number`: the number of the line or of the reminder, from 1.
    """

    number: int


@dataclass(frozen=True, slots=True)
class ExpiryNotice(RequestNotice):
    """The arguments of the notice that a permission ends. `over`: whether its last day, `until`, has come."""

    until: date
    over: bool


ASKED: Final = Notice("demande-recue", "une demande d'autorisation à décider", RequestNotice)
CONSENT: Final = Notice("demande-consentement", "une demande de consentement", RequestNotice)
DECIDED: Final = Notice("demande-decidee", "la réponse à une demande", RequestNotice)
LINE: Final = Notice("demande-fil", "un mot au sujet d'une demande", NumberedNotice)
REMINDER: Final = Notice("demande-rappel", "un rappel d'une demande à décider", NumberedNotice)
EXPIRY: Final = Notice("demande-echeance", "la fin d'une autorisation", ExpiryNotice)
STRANDED: Final = Notice("demande-orpheline", "une demande dont personne ne peut décider", RequestNotice)
WITHDRAWN: Final = Notice("demande-retiree", "une autorisation retirée", RequestNotice)


def addresses(role: str, people: Iterable[str]) -> list[str]:
    """Return the outbox recipients for persons who act for a role or, if `role` is "", for themselves."""
    return [f"role:{role}/{person}" if role else f"person:{person}" for person in people]


def to_deciders(db: Database, request: str, role: str, people: Iterable[str], now: datetime) -> None:
    """Queue the notice that a request awaits a decision, once for each person who may decide.

    `role`: the role that they act for, "" for the person who is asked to consent.
    """
    notice = ASKED if role else CONSENT
    for to in addresses(role, people):
        _once(db, Delivery(f"{notice.name}:{request}", to, notice, RequestNotice(request)), now)


def told_on(db: Database, request: str, person: str) -> date | None:
    """Return the day when a person was notified that a request awaits their decision, None if not yet.

    A notice that could not be delivered counts too: the reminders are then further attempts.
    """
    (day,) = db.conn.execute(
        """SELECT min(coalesce(sent_day, substr(due_at, 1, 10))) FROM outbox
           WHERE notice IN (?, ?) AND recipient LIKE ? AND json_extract(arguments, '$.request') = ?
             AND state NOT IN ('queued', 'sending', 'held')""",
        (ASKED.name, CONSENT.name, f"%{person}", request),
    ).fetchone()
    return date.fromisoformat(day) if day else None


def decided(db: Database, request: str, asker: str, now: datetime) -> None:
    """Queue, once, the notice to the asker that their request was answered, or that nobody can answer it."""
    key, to = f"{DECIDED.name}:{request}", f"person:{asker}"
    enqueue(db, Delivery(key, to, DECIDED, RequestNotice(request)), now)


def line(db: Database, request: str, number: int, to: Iterable[str], now: datetime) -> None:
    """Queue the notice of a line of the thread. `to`: outbox recipients."""
    for recipient in to:
        _once(
            db,
            Delivery(f"{LINE.name}:{request}:{number}", recipient, LINE, NumberedNotice(request, number)),
            now,
        )


def last_line(db: Database, request: str) -> int:
    """Return the highest number of a request's queued thread lines, erased ones included, 0 if none."""
    row = db.conn.execute(
        """SELECT max(json_extract(arguments, '$.number')) FROM outbox
           WHERE notice = ? AND json_extract(arguments, '$.request') = ?""",
        (LINE.name, request),
    ).fetchone()
    return row[0] or 0


def withdrawn(db: Database, request: str, to: Iterable[str], now: datetime) -> None:
    """Queue the notice that a permission no longer holds. This notice does not wait for working hours."""
    for recipient in to:
        key, notice = f"{WITHDRAWN.name}:{request}", RequestNotice(request)
        _once(db, Delivery(key, recipient, WITHDRAWN, notice, urgent=True), now)


def remind(db: Database, request: str, number: int, to: str, now: datetime) -> None:
    """Queue a reminder for a person who may decide, unless this one or a later one was already queued."""
    later = db.conn.execute(
        """SELECT 1 FROM outbox WHERE notice = ? AND recipient LIKE ?
             AND json_extract(arguments, '$.request') = ? AND json_extract(arguments, '$.number') >= ?""",
        (REMINDER.name, f"%{person_of(to)}", request, number),
    )
    if later.fetchone() is None:
        key = f"{REMINDER.name}:{request}:{number}"
        notice = NumberedNotice(request, number)
        _once(db, Delivery(key, to, REMINDER, notice), now)


def expiring(
    db: Database, request: str, until: date, to: Iterable[str], now: datetime, *, over: bool
) -> None:
    """Queue the notice that a permission ends soon or, if `over`, that it ends today or has ended."""
    for recipient in to:
        key = f"{EXPIRY.name}:{request}:{until}:{'fin' if over else 'avant'}"
        _once(db, Delivery(key, recipient, EXPIRY, ExpiryNotice(request, until, over)), now)


def stranded(db: Database, request: str, now: datetime) -> None:
    """Queue, once, the notice to the administration that nobody can decide on a request."""
    delivery = Delivery(f"{STRANDED.name}:{request}", ANNOUNCED_TO, STRANDED, RequestNotice(request))
    enqueue(db, delivery, now)


def _once(db: Database, delivery: Delivery[Arguments], now: datetime) -> None:
    """Queue a notice for one person, unless it was queued for them under another role or account.

    In the row's key, the person's id follows an arrow, so that `bot.outbox.rows` can replace it when the row
    is shared out among holders, and remove it when the person is erased.
    """
    notice, person = delivery.notice, person_of(delivery.recipient)
    arguments = json.dumps(notice.to_row(delivery.arguments), ensure_ascii=False)
    same = db.conn.execute(
        "SELECT 1 FROM outbox WHERE notice = ? AND arguments = ? AND recipient LIKE ?",
        (notice.name, arguments, f"%{person}"),
    )
    if same.fetchone() is None:
        enqueue(db, replace(delivery, key=f"{delivery.key}→{person}"), now)


def person_of(recipient: str) -> str:
    """Return the person that an outbox recipient names, acting for themselves or for a role."""
    return recipient.partition(":")[2].rpartition("/")[2]
