"""Reports of negative posts (PA20, 5.10): what one holds, and taking one in without knowing from whom.

A report is a `filing`, found again with its code alone; filings of one post make a `case`, which is what
a holder handles. Nothing here is ever given a person who reports, so nothing can be kept of them. What
holders are told, and when, is in `bot.reports.escalation`.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Final

from bot.people import roles
from bot.reports import codes, escalation
from bot.reports import routing as report_routing
from bot.reports.keys import Keyring
from bot.reports.records import Session, Severity, new_id, packed, unpacked

SAYS_LENGTH: Final = 600  # characters: short, since style betrays
WHERE_LENGTH: Final = 500
NAME_LENGTH: Final = 80
MESSAGE_LENGTH: Final = 1_000  # of the dialogue
WORDS_LENGTH: Final = 500  # of what is said when a case is closed


@dataclass(frozen=True, slots=True)
class ReportIntake:
    """What someone reports, once it holds nothing that they did not mean to send.

    `where`: the canonical address of the post, or in words where it is. `platform`: « facebook »…, "" when
    unknown. `canonical`: whether `where` is an address. `recipient`: a role of
    `report_routing.RECIPIENTS`. `named`: the roles of those whom it names. `name`: typed, and verified by
    nobody. `original`: SHA-256 of the image as it was given, "" without one.
    """

    where: str
    says: str
    severity: Severity
    platform: str = ""
    canonical: bool = True
    recipient: str = roles.VP_COMMUNICATIONS
    named: tuple[str, ...] = ()
    urgent: bool = False
    name: str = ""
    original: str = ""


def read_entry(ring: Keyring, sealed: bytes) -> ReportIntake:
    """Open what was reported. Raises `SealError`."""
    kept = unpacked(ring, sealed)
    return ReportIntake(**{**kept, "named": tuple(kept["named"])})


def file(session: Session, entry: ReportIntake, image: bytes | None = None, code: str = "") -> str:
    """Take a report in, in the caller's transaction; return its code, which is nowhere else.

    `image`: already cleaned. `code`: one that was made beforehand, under which nothing more is taken in once
    something is. A post that an open case is about joins it, which is told to holders alone.
    Raises `StorageError` when the keys are lost.
    """
    code, moment = code or codes.new(), session.appears(urgent=entry.urgent)
    receipt = codes.fingerprint(code, session.ring.receipts)
    if session.execute("SELECT 1 FROM report_filings WHERE receipt = ?", (receipt,)).fetchone():
        return code
    address = _address(session.ring, entry)
    case_id = _about(session, address)
    if case_id is None:
        case_id = _open_case(session, entry, address, moment)
    else:
        _join_case(session, entry, case_id, moment)
    session.execute(
        """INSERT INTO report_filings (id, case_id, receipt, status, appears_at, sealed, image)
           VALUES (?, ?, ?, 'received', ?, ?, ?)""",
        (
            new_id(),
            case_id,
            receipt,
            moment,
            packed(session.ring, asdict(entry)),
            session.ring.seal(image) if image else None,
        ),
    )
    return code


def _address(ring: Keyring, entry: ReportIntake) -> str | None:
    """Return under what a post's case is found again, None for a post that has no address."""
    if not entry.canonical:
        return None
    written = entry.where.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(written, key=ring.addresses, digest_size=32).hexdigest()


def _about(session: Session, address: str | None) -> str | None:
    row = session.execute(
        "SELECT id FROM report_cases WHERE address = ? AND status <> 'closed'", (address,)
    ).fetchone()
    return None if row is None else str(row[0])


def _open_case(session: Session, entry: ReportIntake, address: str | None, moment: str) -> str:
    case_id, today, db = new_id(), session.today, session.db
    routing = report_routing.naming(db, entry.named, today)
    role = report_routing.route(db, entry.recipient, routing.persons(db), today) or entry.recipient
    sealed = packed(session.ring, routing.content())
    session.execute(
        """INSERT INTO report_cases (id, role, status, urgent, address, opened_on, sealed)
           VALUES (?, ?, 'received', ?, ?, ?, ?)""",
        (case_id, role, int(entry.urgent), address, today.isoformat(), sealed),
    )
    escalation.plan(session, case_id, 1, "first", moment)
    return case_id


def _join_case(session: Session, entry: ReportIntake, case_id: str, moment: str) -> None:
    """Add to an open case; whoever this report names handles it no more, once it may be seen."""
    (urgent,) = session.execute("SELECT urgent FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    if entry.urgent and not urgent:
        escalation.hasten(session, case_id)
    named = report_routing.naming(session.db, entry.named, session.today)
    escalation.name(session, case_id, named, moment)
