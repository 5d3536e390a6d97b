"""Reports of negative posts (PA20, 5.10), and filing one without knowing who makes it.

A report becomes a `filing`, which only its code finds again; filings about one post make a `case`, which
a holder handles. Nothing here ever receives the person who reports, so nothing can be stored of them.
`bot.reports.escalation` tells holders.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from bot.people import roles
from bot.reports import codes, escalation
from bot.reports import routing as report_routing
from bot.reports.keys import Keyring
from bot.reports.records import Session, new_id

SUMMARY_LENGTH: Final = 600  # characters: short, since style betrays
PLACE_LENGTH: Final = 500  # of a place told in words, where a post has no address
NAME_LENGTH: Final = 80
MESSAGE_LENGTH: Final = 1_000  # of the dialogue
CLOSING_LENGTH: Final = 500  # of what a holder writes when closing a case


@dataclass(frozen=True, slots=True)
class Report:
    """What someone reports: as typed, then, once reviewed, as it is filed.

    `address`: of the post, canonical if `canonical`, else words that say where it is. `severity`: a key of
    `SEVERITIES`. `platform`: « facebook »…, "" when unknown. `recipient`: a role of `RECIPIENTS` (see
    `routing`); `implicated`: those of them that the post is about. `name`: of whoever reports, if they typed
    one; nobody verifies it. `original`: SHA-256 of the image as it was uploaded, "" without one.
    """

    address: str = ""
    summary: str = ""
    severity: str = "serious"
    platform: str = ""
    canonical: bool = False
    recipient: str = roles.VP_COMMUNICATIONS
    implicated: tuple[str, ...] = ()
    urgent: bool = False
    name: str = ""
    original: str = ""


_JSON: Final = TypeAdapter(Report)


def open_report(ring: Keyring, sealed: bytes) -> Report:
    """Open a sealed report. Raises `SealError`."""
    return _JSON.validate_json(ring.open(sealed))


def file_report(session: Session, report: Report, image: bytes | None = None, code: str = "") -> str:
    """File a report in the caller's transaction, and return its code, which is stored nowhere.

    A report about a post that has an open case joins it; only holders learn of that. `image`: already
    cleaned. `code`: drawn beforehand; once it has been used, nothing more is filed under it.
    Raises `StorageError` when the keys are lost.
    """
    code, appears_at = code or codes.new_code(), session.appears(urgent=report.urgent)
    receipt = codes.fingerprint(code, session.ring.receipts)
    if session.execute("SELECT 1 FROM report_filings WHERE receipt = ?", (receipt,)).fetchone():
        return code
    address = None  # of the post, hashed
    if report.canonical:
        written = report.address.encode("utf-8", "surrogatepass")
        address = hashlib.blake2b(written, key=session.ring.addresses, digest_size=32).hexdigest()
    open_case = session.execute(
        "SELECT id, urgent FROM report_cases WHERE address = ? AND status <> 'closed'", (address,)
    ).fetchone()
    if open_case is None:
        case_id = _open_case(session, report, address, appears_at)
    else:
        case_id, urgent = str(open_case[0]), bool(open_case[1])
        if report.urgent and not urgent:
            escalation.hasten(session, case_id)
        routing = report_routing.routing_of(session.db, report.implicated, session.today)
        escalation.implicate(session, case_id, routing, appears_at)
    session.execute(
        """INSERT INTO report_filings (id, case_id, receipt, status, appears_at, sealed, image)
           VALUES (?, ?, ?, 'received', ?, ?, ?)""",
        (
            new_id(),
            case_id,
            receipt,
            appears_at,
            session.ring.seal(_JSON.dump_json(report)),
            session.ring.seal(image) if image else None,
        ),
    )
    return code


def _open_case(session: Session, report: Report, address: str | None, appears_at: str) -> str:
    case_id, today, db = new_id(), session.today, session.db
    routing = report_routing.routing_of(db, report.implicated, today)
    role = report_routing.route(db, report.recipient, routing.persons(db), today) or report.recipient
    session.execute(
        """INSERT INTO report_cases (id, role, status, urgent, address, opened_on, sealed)
           VALUES (?, ?, 'received', ?, ?, ?, ?)""",
        (
            case_id,
            role,
            int(report.urgent),
            address,
            today.isoformat(),
            report_routing.sealed_routing(session, routing),
        ),
    )
    escalation.plan(session, case_id, "first", appears_at)
    return case_id
