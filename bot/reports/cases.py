"""Functions for holders, the people in a role that handles reports, to read and handle their cases.

Each function that receives a `person_id` uses only the cases that this person may know of. It refuses someone
else's case, a case that implicates them and a case that does not exist with the same error.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from bot.conversation.messages import thousands
from bot.people.roles import reporting_roles
from bot.reports import access, escalation, routing
from bot.reports.filing import CLOSING_LENGTH, MESSAGE_LENGTH, Report, open_report
from bot.reports.ground import Ground
from bot.reports.records import ReportError, Session, Status, new_id
from bot.reports.routing import load_routing, save_routing
from bot.times import iso

Author: TypeAlias = Literal["holder", "reporter"]
# Statuses that holders may set. « Waiting » comes from a question, and ends with its answer.
SETTABLE: Final[tuple[Status, ...]] = ("taken", "acting")
_RESTORABLE: Final[frozenset[str]] = frozenset({"read", "waiting", *SETTABLE})

NOT_YOURS: Final = "Ce signalement n'est pas, ou n'est plus, entre vos mains."
CLOSED: Final = "Ce signalement est clos."
DIFFERENT: Final = (
    "Ces deux signalements ne mettent pas en cause les mêmes personnes\u00a0: joints, ils seraient lus par "
    "qui ne le doit pas. Traitez-les côte à côte. Rien n'est changé."
)
WITHDRAWN: Final = "Ce signalement a été retiré. Rien n'est envoyé."


def outcomes(ground: Ground) -> dict[str, str]:
    """Return the possible outcomes of a case by identifier, in the French words shown to people."""
    return {"handled": "Traité", "no_action": "Sans suite", "off_topic": f"Hors du sujet {ground.of}"}


@dataclass(frozen=True, slots=True)
class DialogueMessage:
    """A message between a holder and the author of a report. `day` is in ISO 8601."""

    author: Author
    text: str
    day: str


@dataclass(frozen=True, slots=True)
class Filing:
    """One report of a case. `image` says whether it has an image, which only the PDF shows.

    `day`: the day on which holders could first see the report.
    """

    id: str
    report: Report
    dialogue: tuple[DialogueMessage, ...]
    image: bool
    day: date


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list. `reports`: how many visible reports it has. `news`: whether it has unseen content.

    `since`: the day the case was opened. `hold`: whether it is kept past its retention period. `role`: the
    identifier of the role that handles it.
    """

    id: str
    status: Status
    urgent: bool
    since: date
    reports: int
    news: bool
    hold: bool
    role: str


@dataclass(frozen=True, slots=True)
class ReportCase:
    """A case as its holders see it. `outcome` is None and `explanation` is "" until the case is closed."""

    line: CaseLine
    filings: tuple[Filing, ...]
    outcome: str | None
    explanation: str


# --- Reading ----------------------------------------------------------------------------------


def list_cases(session: Session, person_id: str, *, closed: bool = False) -> list[CaseLine]:
    """Return someone's open (or closed) cases: unseen content first, then urgent cases, then the oldest."""
    rows = session.execute(
        f"SELECT id FROM report_cases WHERE status {'=' if closed else '<>'} 'closed' ORDER BY id"  # noqa: S608 — constants
    ).fetchall()
    lines = [_line(session, case_id) for (case_id,) in rows if access.may_know(session, case_id, person_id)]
    return sorted(lines, key=lambda line: (not line.news, not line.urgent, line.since, line.id))


def same_post(session: Session, case_id: str, person_id: str) -> list[CaseLine]:
    """Return the other cases about a case's post, open or closed, that someone may know of."""
    rows = session.execute(
        """SELECT other.id FROM report_cases AS this JOIN report_cases AS other USING (address)
           WHERE this.id = ? AND other.id <> this.id ORDER BY other.id""",
        (case_id,),
    ).fetchall()
    return [_line(session, other) for (other,) in rows if access.may_know(session, other, person_id)]


def open_case(session: Session, case_id: str, person_id: str) -> ReportCase:
    """Return a case for a holder to read, and mark it as read, which stops the escalation.

    Raises `ReportError` for anyone who may not know of it, `StorageError` or `SealError` if the keys are
    lost.
    """
    _check_holder(session, case_id, person_id)
    _mark_read(session, case_id)
    case = read_case(session, case_id)
    _mark_seen(session, case_id)
    return case


def read_case(session: Session, case_id: str) -> ReportCase:
    """Return a case as its holders see it, without an access check and without marking it as read.

    Raises `SealError`, `StorageError`.
    """
    outcome = load_routing(session, case_id).outcome
    filings = session.execute(
        """SELECT id, sealed, image IS NOT NULL, appears_at FROM report_filings
           WHERE case_id = ? AND appears_at <= ? ORDER BY id""",
        (case_id, iso(session.now)),
    ).fetchall()
    return ReportCase(
        _line(session, case_id),
        tuple(
            Filing(
                filing_id,
                open_report(session.ring, sealed),
                dialogue(session, filing_id),
                bool(image),
                session.records.calendar.day(datetime.fromisoformat(appears_at)),
            )
            for filing_id, sealed, image, appears_at in filings
        ),
        outcome.get("outcome"),
        outcome.get("words", ""),
    )


def dialogue(session: Session, filing_id: str, *, whole: bool = False) -> tuple[DialogueMessage, ...]:
    """Return the messages about a report in order: all if `whole`, else only those visible to holders."""
    rows = session.execute(
        "SELECT author, sealed FROM report_messages WHERE filing_id = ? AND (? OR appears_at <= ?)",
        (filing_id, whole, iso(session.now)),
    ).fetchall()
    messages = [(author, json.loads(session.ring.open(sealed))) for author, sealed in rows]
    messages.sort(key=lambda message: int(message[1]["n"]))
    return tuple(DialogueMessage(author, content["text"], content["day"]) for author, content in messages)


def has_news(session: Session, case_id: str) -> bool:
    """Return whether a case has visible content that no holder has seen."""
    row = session.execute(
        """SELECT 1 FROM report_filings WHERE case_id = :case AND appears_at <= :now AND NOT seen
           UNION ALL
           SELECT 1 FROM report_messages AS m JOIN report_filings AS f ON f.id = m.filing_id
           WHERE f.case_id = :case AND m.author = 'reporter' AND m.appears_at <= :now AND NOT m.seen
           LIMIT 1""",
        {"case": case_id, "now": iso(session.now)},
    ).fetchone()
    return row is not None


def _line(session: Session, case_id: str) -> CaseLine:
    (reports,) = session.execute(
        "SELECT count(*) FROM report_filings WHERE case_id = ? AND appears_at <= ?",
        (case_id, iso(session.now)),
    ).fetchone()
    case = session.case(case_id)
    news = has_news(session, case_id)
    since = date.fromisoformat(case.opened_on)
    status = "taken" if case.status == "waiting" and _is_answered(session, case_id) else case.status
    return CaseLine(case_id, status, bool(case.urgent), since, reports, news, bool(case.hold), case.role)


def _is_answered(session: Session, case_id: str) -> bool:
    """Return whether each question of a case has an answer that holders can see.

    This is computed each time a holder looks: the arrival of an answer does not change the stored status.
    """
    rows = session.execute(
        "SELECT id FROM report_filings WHERE case_id = ? AND status = 'waiting'", (case_id,)
    ).fetchall()
    return all(is_answered(dialogue(session, filing_id)) for (filing_id,) in rows)


def is_answered(messages: Sequence[DialogueMessage]) -> bool:
    """Return whether the last of the messages about a report comes from the report's author."""
    return bool(messages) and messages[-1].author == "reporter"


def _check_holder(session: Session, case_id: str, person_id: str) -> None:
    if not access.may_know(session, case_id, person_id):
        raise ReportError(NOT_YOURS)


def _check_open(session: Session, case_id: str, person_id: str) -> None:
    _check_holder(session, case_id, person_id)
    if session.case(case_id).status == "closed":
        raise ReportError(CLOSED)


def _mark_read(session: Session, case_id: str) -> None:
    """Mark a case as read, record the hours since its first alert, and erase the time of that alert."""
    case = session.case(case_id)
    if case.status != "received":
        return
    delivered_at = session.ring.open_time(case.delivered_at) if case.delivered_at else session.now
    hours = (session.now - delivered_at) // timedelta(hours=1)
    session.execute(
        """UPDATE report_cases SET status = 'read', delivered_at = NULL,
             read_after = coalesce(read_after, ?) WHERE id = ?""",
        (max(hours, 0), case_id),
    )
    escalation.silence(session, case_id, news=False)


def _mark_seen(session: Session, case_id: str) -> None:
    """Mark visible content as seen, and give the status of the case to reports still « received »."""
    status = session.case(case_id).status
    # The author of one report must not learn that another was asked a question.
    visible = "taken" if status == "waiting" else status
    values = {"case": case_id, "now": iso(session.now), "status": visible}
    session.execute(
        """UPDATE report_messages SET seen = 1 WHERE author = 'reporter' AND appears_at <= :now
             AND filing_id IN (SELECT id FROM report_filings WHERE case_id = :case)""",
        values,
    )
    session.execute(
        """UPDATE report_filings SET seen = 1,
             status = CASE status WHEN 'received' THEN :status ELSE status END
           WHERE case_id = :case AND appears_at <= :now""",
        values,
    )


# --- Handling ---------------------------------------------------------------------------------


def set_status(session: Session, case_id: str, person_id: str, status: str) -> None:
    """Set the status of an open case. Raises `ReportError`, including for a status not in `SETTABLE`."""
    _check_open(session, case_id, person_id)
    if status not in SETTABLE:
        raise ReportError("Choisissez un état de la liste. Rien n'est changé.")
    _mark_read(session, case_id)
    _set_status(session, case_id, status)


def restore(session: Session, case_id: str, person_id: str, status: str) -> None:
    """Set a case back to an earlier status, reopening it if it is closed.

    The people who reported then see this status, and no longer see the outcome. Raises `ReportError`,
    including for a status that is not in `_RESTORABLE`.
    """
    _check_holder(session, case_id, person_id)
    if status not in _RESTORABLE:
        raise ReportError("Choisissez un état de la liste. Rien n'est changé.")
    if session.case(case_id).status == "closed":
        session.execute("UPDATE report_cases SET closed_on = NULL WHERE id = ?", (case_id,))
        save_routing(session, case_id, replace(load_routing(session, case_id), outcome={}))
    if status != "waiting":
        _set_status(session, case_id, status)
        return
    _set_status(session, case_id, "taken")
    for filing in read_case(session, case_id).filings:
        # The author of one report must not learn that another was asked a question.
        if filing.dialogue and not is_answered(filing.dialogue):
            session.execute("UPDATE report_filings SET status = 'waiting' WHERE id = ?", (filing.id,))
    session.execute("UPDATE report_cases SET status = 'waiting' WHERE id = ?", (case_id,))


def ask_question(session: Session, case_id: str, person_id: str, filing_id: str, text: str) -> None:
    """Ask the author of one report a question. Raises `ReportError`.

    Only that author can read it, with their code. Others who reported the same post must not learn of it.
    """
    _check_open(session, case_id, person_id)
    question = checked(text)
    changed = session.execute(
        "UPDATE report_filings SET status = 'waiting' WHERE id = ? AND case_id = ? AND appears_at <= ?",
        (filing_id, case_id, iso(session.now)),
    )
    if not changed.rowcount:
        raise ReportError(WITHDRAWN)
    add_message(session, filing_id, "holder", question, session.at_once)
    _mark_read(session, case_id)
    session.execute("UPDATE report_cases SET status = 'waiting' WHERE id = ?", (case_id,))


def close_case(session: Session, case_id: str, person_id: str, outcome: str, explanation: str) -> None:
    """Close a case, with an explanation for the people who reported. Raises `ReportError`.

    `outcome`: a key of `outcomes`. `explanation`: at most `CLOSING_LENGTH` characters.
    """
    _check_open(session, case_id, person_id)
    if outcome not in outcomes(session.ground):
        raise ReportError("Choisissez comment le signalement se termine. Rien n'est changé.")
    if len(explanation) > CLOSING_LENGTH:
        raise ReportError(f"Dites-le en {thousands(CLOSING_LENGTH)} caractères au plus. Rien n'est changé.")
    _mark_read(session, case_id)
    ending = {"outcome": outcome, "words": explanation.strip()}
    save_routing(session, case_id, replace(load_routing(session, case_id), outcome=ending))
    _split_pending(session, case_id)
    today = session.today.isoformat()
    session.execute("UPDATE report_cases SET closed_on = ? WHERE id = ?", (today, case_id))
    _set_status(session, case_id, "closed")
    _mark_seen(session, case_id)
    escalation.silence(session, case_id, news=False)


def _split_pending(session: Session, case_id: str) -> None:
    """Move to a new case the reports that holders may not see yet, so that they stay open."""
    (pending,) = session.execute(
        "SELECT min(appears_at) FROM report_filings WHERE case_id = ? AND appears_at > ?",
        (case_id, iso(session.now)),
    ).fetchone()
    if pending is None:
        return
    new_case = new_id()
    session.execute(
        """INSERT INTO report_cases (id, role, status, urgent, address, opened_on, sealed)
           SELECT ?, role, 'received', urgent, address, opened_on, sealed FROM report_cases WHERE id = ?""",
        (new_case, case_id),
    )
    save_routing(session, new_case, replace(load_routing(session, case_id), outcome={}))
    access.grant(session, new_case, access.granted(session, case_id))
    session.execute(
        "UPDATE report_filings SET case_id = ? WHERE case_id = ? AND appears_at > ?",
        (new_case, case_id, iso(session.now)),
    )
    escalation.move_news(session, case_id, new_case)
    escalation.plan(session, new_case, "first", pending)


def heirs(session: Session, case_id: str, person_id: str) -> dict[str, set[str]]:
    """Return the roles that a holder may hand an open case over to, and the accounts that may then read it.

    These accounts may read reports today or, in the case's own role, tomorrow: on their last day, the last
    holder of a role can thus hand a case over to their successor. The case's own role is offered when someone
    appointed to it after the case was opened lacks access. Raises `ReportError`.
    """
    _check_open(session, case_id, person_id)
    current = session.case(case_id).role
    granted = access.granted(session, case_id)
    implicated = load_routing(session, case_id).persons(session.db)
    able = {}
    for role in reporting_roles(session.db, session.today):
        accounts = routing.able_accounts(session.db, role, implicated, session.today)
        if role == current:
            accounts |= routing.able_accounts(session.db, role, implicated, session.today + timedelta(1))
        if accounts - (granted if role == current else set()):
            able[role] = accounts
    return able


def reassign(session: Session, case_id: str, person_id: str, role: str) -> None:
    """Hand a case over to another role and alert its holders. Raises `ReportError` if nobody can take it."""
    able = heirs(session, case_id, person_id)
    if role not in able:
        raise ReportError("Ce rôle ne peut pas recevoir ce signalement. Rien n'est changé.")
    access.grant(session, case_id, able[role])
    escalation.entrust(session, case_id, role, session.at_once)


def set_hold(session: Session, case_id: str, person_id: str, *, hold: bool) -> None:
    """Keep a case past its retention period, or stop keeping it. Raises `ReportError`."""
    _check_holder(session, case_id, person_id)
    session.execute("UPDATE report_cases SET hold = ? WHERE id = ?", (int(hold), case_id))


def joinable(session: Session, case_id: str, person_id: str) -> list[CaseLine]:
    """Return a holder's open cases that a case may be merged into: they implicate the same people.

    Cases about the same post come first. Raises `ReportError`.
    """
    _check_open(session, case_id, person_id)
    implicated = load_routing(session, case_id).persons(session.db)
    post = {line.id for line in same_post(session, case_id, person_id)}
    lines = [
        line
        for line in list_cases(session, person_id)
        if line.id != case_id and load_routing(session, line.id).persons(session.db) == implicated
    ]
    return sorted(lines, key=lambda line: line.id not in post)


def merge_cases(session: Session, case_id: str, into: str, person_id: str) -> None:
    """Merge an open case into another (`into`) whose reports implicate the same people.

    Anyone who could read either case can read the merged one. The emptied case is not recorded as destroyed,
    because it still has its reports in older copies of the database. Raises `ReportError`.
    """
    _check_open(session, case_id, person_id)
    _check_open(session, into, person_id)
    if case_id == into:
        raise ReportError("C'est le même signalement. Rien n'est changé.")
    case = session.case(case_id)
    emptied = load_routing(session, case_id)
    filled = load_routing(session, into)
    if emptied.persons(session.db) != filled.persons(session.db):
        raise ReportError(DIFFERENT)
    save_routing(session, into, filled.joined(emptied))
    if case.urgent:
        escalation.set_urgency(session, into, urgent=True)
    access.grant(session, into, access.granted(session, case_id))
    for role in access.handling_roles(session, case_id) - access.handling_roles(session, into):
        escalation.share(session, into, role)
    session.execute(
        "UPDATE report_cases SET hold = max(hold, ?), opened_on = min(opened_on, ?) WHERE id = ?",
        (case.hold, case.opened_on, into),
    )
    escalation.silence(session, case_id)
    session.execute("UPDATE report_filings SET case_id = ? WHERE case_id = ?", (into, case_id))
    escalation.move_news(session, case_id, into)
    session.execute("DELETE FROM report_cases WHERE id = ?", (case_id,))


def _set_status(session: Session, case_id: str, status: str) -> None:
    """Set the status of a case and of its reports that holders can already see."""
    session.execute("UPDATE report_cases SET status = ? WHERE id = ?", (status, case_id))
    session.execute(
        "UPDATE report_filings SET status = ? WHERE case_id = ? AND appears_at <= ?",
        (status, case_id, iso(session.now)),
    )


def checked(text: str) -> str:
    """Return a dialogue message without the spaces around it.

    Raises `ReportError` if it is empty or longer than `MESSAGE_LENGTH`.
    """
    message = text.strip()
    if not 1 <= len(message) <= MESSAGE_LENGTH:
        raise ReportError(f"Écrivez de 1 à {thousands(MESSAGE_LENGTH)} caractères.")
    return message


def add_message(session: Session, filing_id: str, author: Author, text: str, appears_at: str) -> bool:
    """Add a message to the dialogue about a report. Holders see it from `appears_at` on (in ISO 8601).

    Return False and add nothing if `text` repeats the latest message that its author can see. When a holder
    repeats a question, it is refused even if an answer that holders cannot see yet follows the first one:
    accepting it would reveal the answer.
    """
    visible = dialogue(session, filing_id, whole=author == "reporter")
    if visible and (visible[-1].author, visible[-1].text) == (author, text):
        return False
    (number,) = session.execute(
        "SELECT count(*) FROM report_messages WHERE filing_id = ?", (filing_id,)
    ).fetchone()
    content = {"n": number, "text": text, "day": session.today.isoformat()}
    sealed = session.ring.seal(json.dumps(content, ensure_ascii=False).encode())
    session.execute(
        """INSERT INTO report_messages (id, filing_id, author, seen, appears_at, sealed)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (new_id(), filing_id, author, int(author == "holder"), appears_at, sealed),
    )
    return True
