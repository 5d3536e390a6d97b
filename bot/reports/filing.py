"""Anonymous filing of reports of negative posts (clause 5.10).

A report is stored as a `filing`, which can only be found with its code. Filings about the same post that
implicate the same people and go to the same role form a `case`, which a holder handles. Anyone who may read
a case may thus read all of it, and a case reveals nothing of the other cases about its post. Nothing here
receives the author's identity, so nothing about them can be stored. `bot.reports.escalation` alerts the
holders.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from bot.people import roles
from bot.reports import access, codes, escalation, readers
from bot.reports import routing as report_routing
from bot.reports.keys import Keyring
from bot.reports.records import Session, new_id
from bot.reports.routing import Routing, load_routing, save_routing, sealed_routing

SUMMARY_LENGTH: Final = 600  # characters: short, since writing style can identify someone
PLACE_LENGTH: Final = 500  # for a place described in words, when a post has no address
NAME_LENGTH: Final = 80
MESSAGE_LENGTH: Final = 1_000  # for a message of the dialogue
CLOSING_LENGTH: Final = 500  # for the explanation of a closed case


@dataclass(frozen=True, slots=True)
class Report:
    """A report, as typed and then, after review, as filed.

    `address`: the post's canonical address if `canonical`, otherwise a description of where it is.
    `severity`: a key of `SEVERITIES`. `platform`: « facebook »…, or "" if unknown. `recipient`: one of the
    roles that receive reports today, "" for the default one. `implicated`: the recipients that the post is
    about. `name`: the name that the report's author chose to give, unverified, "" if none. `original`: the
    SHA-256 of the uploaded image in hexadecimal, "" without an image.
    """

    address: str = ""
    summary: str = ""
    severity: str = "serious"
    platform: str = ""
    canonical: bool = False
    recipient: str = ""
    implicated: tuple[str, ...] = ()
    urgent: bool = False
    name: str = ""
    original: str = ""


_JSON: Final = TypeAdapter(Report)


def open_report(ring: Keyring, sealed: bytes) -> Report:
    """Decrypt a sealed report. Raises `SealError`."""
    return _JSON.validate_json(ring.open(sealed))


def file_report(session: Session, report: Report, image: bytes | None = None, code: str = "") -> str:
    """File a report in the caller's transaction and return its code, which is not stored.

    The report joins an open case of the same post (see `_open_case_of`), or opens one. Only holders learn
    which of the two happened. `image` must already be cleaned. `code`: a code drawn beforehand, "" to draw
    one. If a report was already filed under that code, nothing is filed. Raises `StorageError` if the keys
    are lost.
    """
    code, appears_at = code or codes.new_code(), session.appears(urgent=report.urgent)
    receipt = codes.fingerprint(code, session.ring.code_key)
    if session.execute("SELECT 1 FROM report_filings WHERE receipt = ?", (receipt,)).fetchone():
        return code
    case_id = _case_of(session, report, appears_at)
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


def _case_of(session: Session, report: Report, appears_at: str) -> str:
    """Return the open case that a report belongs to, or a new one, and plan its alert."""
    # the hash of the post's address
    db = session.db
    today = session.today
    address = None
    readers.follow(db, today, session.now)
    routing = report_routing.routing_of(db, report.implicated, today)
    recipient = report.recipient or next(iter(roles.recipients(db, today)), "")
    role = report_routing.route(db, recipient, routing.persons(db), today) or recipient
    if report.canonical:
        address_bytes = report.address.encode("utf-8", "surrogatepass")
        address = hashlib.blake2b(address_bytes, key=session.ring.address_key, digest_size=32).hexdigest()
        case_id = _open_case_of(session, address, role, routing)
        if case_id is not None:
            if report.urgent and not session.case(case_id).urgent:
                escalation.set_urgency(session, case_id, urgent=True)
            escalation.plan_news(session, case_id, appears_at)
            return case_id
    case_id = new_id()
    sealed = sealed_routing(session, routing)
    session.execute(
        """INSERT INTO report_cases (id, role, status, urgent, address, opened_on, sealed)
           VALUES (?, ?, 'received', ?, ?, ?, ?)""",
        (case_id, role, int(report.urgent), address, today.isoformat(), sealed),
    )
    for reader in roles.reporting_roles(db, today):
        access.hand_over(session, case_id, reader)
    escalation.plan(session, case_id, "first", appears_at)
    return case_id


def _open_case_of(session: Session, address: str, role: str, routing: Routing) -> str | None:
    """Return the open case that a report of a post joins, with the accounts of `routing` added, or None.

    The case must be assigned to `role`, implicate the same people, and be readable by everyone who may read
    a report filed today: someone appointed since the case was opened may read the new report, but not the
    earlier ones.
    """
    rows = session.execute(
        "SELECT id FROM report_cases WHERE address = ? AND role = ? AND status <> 'closed' ORDER BY id",
        (address, role),
    )
    able = report_routing.able_accounts(session.db, role, routing.persons(session.db), session.today)
    for (case_id,) in rows.fetchall():
        open_routing = load_routing(session, case_id)
        same = open_routing.persons(session.db) == routing.persons(session.db)
        if same and able <= access.granted(session, case_id):
            save_routing(session, case_id, open_routing.joined(routing))
            return str(case_id)
    return None
