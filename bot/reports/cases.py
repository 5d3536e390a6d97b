"""What those who handle cases see and do. Each function asks first whether the case is for them.

Whoever it is not for, because it is someone else's, because it names them or because it does not exist,
is answered the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias, cast

from bot.reports import access, escalation, routing
from bot.reports.filing import MESSAGE_LENGTH, WORDS_LENGTH, ReportIntake, read_entry
from bot.reports.records import ReportError, Session, Status, new_id, packed, unpacked
from bot.reports.routing import Routing
from bot.times import iso, utc

Author: TypeAlias = Literal["holder", "reporter"]
Outcome: TypeAlias = Literal["handled", "no_action", "off_topic"]
# How a case ends, as the one who reported reads it.
OUTCOMES: Final[Mapping[Outcome, str]] = {
    "handled": "Traité",
    "no_action": "Sans suite",
    "off_topic": "Hors du sujet de la clause 5.10",
}
Change: TypeAlias = Callable[[Routing], Routing]
CHOSEN: Final[tuple[Status, ...]] = ("taken", "waiting", "acting")  # what a holder may say of an open case

NOT_YOURS: Final = "Ce signalement n'est pas, ou n'est plus, entre vos mains."
CLOSED: Final = "Ce signalement est clos."
WITHDRAWN: Final = "Ce signalement a été retiré. Rien n'est envoyé."


@dataclass(frozen=True, slots=True)
class DialogueMessage:
    """One message of the dialogue with one of those who reported."""

    author: Author
    text: str
    day: str


@dataclass(frozen=True, slots=True)
class Filing:
    """One report of a case. `image`: whether it has one, which the PDF shows."""

    id: str
    entry: ReportIntake
    said: tuple[DialogueMessage, ...]
    image: bool


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list. `news`: something of it was not seen yet."""

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
    """A case, opened. `outcome`: how it ended, None while it is open; `words`: what was written of it."""

    line: CaseLine
    filings: tuple[Filing, ...]
    outcome: Outcome | None
    words: str


# --- Seeing -----------------------------------------------------------------------------------


def listed(session: Session, person_id: str, *, closed: bool = False) -> list[CaseLine]:
    """Return the cases that are for someone, what was not seen first, then urgent ones, then the oldest."""
    rows = session.execute(
        f"SELECT id FROM report_cases WHERE status {'=' if closed else '<>'} 'closed' ORDER BY id"  # noqa: S608 — constants
    ).fetchall()
    mine = (str(one) for (one,) in rows if access.may_know(session, one, person_id))
    found = [_line(session, one) for one in mine]
    return sorted(found, key=lambda line: (not line.news, not line.urgent, line.since, line.id))


def opened(session: Session, case_id: str, person_id: str) -> ReportCase:
    """Return a case to whoever handles it, and note that it was read: nobody else is then told of it.

    Raises `ReportError` for anyone else, `StorageError` or `SealError` when the keys are lost.
    """
    _check(session, case_id, person_id)
    _note_read(session, case_id)
    case = shown(session, case_id)
    _note_seen(session, case_id)
    return case


def shown(session: Session, case_id: str) -> ReportCase:
    """Return a case as it is to be read, without asking who reads; nothing is noted. See `opened`.

    Raises `ReportError` when there is no such case.
    """
    row = session.execute("SELECT sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    if row is None:
        raise ReportError(NOT_YOURS)
    outcome = Routing.read(unpacked(session.ring, row[0])).outcome
    filings = session.execute(
        """SELECT id, sealed, image IS NOT NULL FROM report_filings
           WHERE case_id = ? AND appears_at <= ? ORDER BY id""",
        (case_id, iso(session.now)),
    ).fetchall()
    return ReportCase(
        _line(session, case_id),
        tuple(
            Filing(str(one), read_entry(session.ring, sealed), dialogue(session, one), bool(image))
            for one, sealed, image in filings
        ),
        cast("Outcome | None", outcome.get("outcome")),
        outcome.get("words", ""),
    )


def dialogue(session: Session, filing_id: str, *, whole: bool = False) -> tuple[DialogueMessage, ...]:
    """Return what was said about one report, in order: what a holder may see of it by now, or all of it."""
    rows = session.execute(
        "SELECT author, sealed FROM report_messages WHERE filing_id = ? AND (? OR appears_at <= ?)",
        (filing_id, whole, iso(session.now)),
    ).fetchall()
    read = ((author, unpacked(session.ring, sealed)) for author, sealed in rows)
    found = sorted(read, key=lambda one: int(one[1]["n"]))
    return tuple(DialogueMessage(author, kept["text"], kept["day"]) for author, kept in found)


def _check(session: Session, case_id: str, person_id: str) -> None:
    if not access.may_know(session, case_id, person_id):
        raise ReportError(NOT_YOURS)


def _line(session: Session, case_id: str) -> CaseLine:
    status, urgent, opened_on, hold, role = session.execute(
        "SELECT status, urgent, opened_on, hold, role FROM report_cases WHERE id = ?", (case_id,)
    ).fetchone()
    (reports, unseen) = session.execute(
        """SELECT count(*), coalesce(sum(NOT seen), 0) FROM report_filings
           WHERE case_id = ? AND appears_at <= ?""",
        (case_id, iso(session.now)),
    ).fetchone()
    news = bool(unseen) or has_news(session, case_id)
    since = date.fromisoformat(opened_on)
    return CaseLine(case_id, status, bool(urgent), since, int(reports), news, bool(hold), role)


def status_of(session: Session, case_id: str) -> Status | None:
    """Return how a case is, None when there is no such case."""
    row = session.execute("SELECT status FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    return None if row is None else cast("Status", row[0])


def has_news(session: Session, case_id: str) -> bool:
    """Tell whether a case holds something that no holder has seen yet, and that may be seen."""
    row = session.execute(
        """SELECT 1 FROM report_filings WHERE case_id = :case AND appears_at <= :now AND NOT seen
           UNION ALL
           SELECT 1 FROM report_messages AS m JOIN report_filings AS f ON f.id = m.filing_id
           WHERE f.case_id = :case AND m.author = 'reporter' AND m.appears_at <= :now AND NOT m.seen
           LIMIT 1""",
        {"case": case_id, "now": iso(session.now)},
    ).fetchone()
    return row is not None


def _note_read(session: Session, case_id: str) -> None:
    """Note that a case was read, after how many hours; the moment when it was delivered is forgotten."""
    status, delivered = session.execute(
        "SELECT status, delivered_at FROM report_cases WHERE id = ?", (case_id,)
    ).fetchone()
    if status != "received":
        return
    hours = (session.now - utc(delivered)) // timedelta(hours=1) if delivered else 0
    session.execute(
        """UPDATE report_cases SET status = 'read', delivered_at = NULL,
             read_after = coalesce(read_after, ?) WHERE id = ?""",
        (max(hours, 0), case_id),
    )
    escalation.stop(session, case_id)


def _note_seen(session: Session, case_id: str) -> None:
    """Note what was seen; whoever reported is told what has become of the case, if they were not yet."""
    (status,) = session.execute("SELECT status FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    # What another was asked is not theirs to know of.
    told = "taken" if status == "waiting" else status
    seen = {"case": case_id, "now": iso(session.now), "status": told}
    session.execute(
        """UPDATE report_messages SET seen = 1 WHERE author = 'reporter' AND appears_at <= :now
             AND filing_id IN (SELECT id FROM report_filings WHERE case_id = :case)""",
        seen,
    )
    session.execute(
        """UPDATE report_filings SET seen = 1,
             status = CASE status WHEN 'received' THEN :status ELSE status END
           WHERE case_id = :case AND appears_at <= :now""",
        seen,
    )


# --- Doing ------------------------------------------------------------------------------------


def set_status(session: Session, case_id: str, person_id: str, status: Status) -> None:
    """Say how an open case is: taken charge of, for instance. Raises `ReportError`."""
    _check_open(session, case_id, person_id)
    if status not in CHOSEN:
        raise ReportError("Choisissez un état de la liste. Rien n'est changé.")
    _note_read(session, case_id)
    _tell(session, case_id, status)


def ask(session: Session, case_id: str, person_id: str, filing_id: str, text: str) -> None:
    """Ask something of whoever made one of a case's reports; they read it with their code.

    Nobody else who reported the post does: a question tells of the report that it is about.
    Raises `ReportError`.
    """
    _check_open(session, case_id, person_id)
    question = checked(text)
    changed = session.execute(
        "UPDATE report_filings SET status = 'waiting' WHERE id = ? AND case_id = ? AND appears_at <= ?",
        (filing_id, case_id, iso(session.now)),
    )
    if not changed.rowcount:
        raise ReportError(WITHDRAWN)
    say(session, filing_id, "holder", question, session.hour)
    _note_read(session, case_id)
    session.execute("UPDATE report_cases SET status = 'waiting' WHERE id = ?", (case_id,))


def close(session: Session, case_id: str, person_id: str, outcome: Outcome, words: str) -> None:
    """Close a case, with what those who reported will read of it. Raises `ReportError`."""
    _check_open(session, case_id, person_id)
    if outcome not in OUTCOMES:
        raise ReportError("Choisissez comment le signalement se termine. Rien n'est changé.")
    if len(words) > WORDS_LENGTH:
        raise ReportError(f"Dites-le en {WORDS_LENGTH} caractères au plus. Rien n'est changé.")
    _note_read(session, case_id)
    _reroute(session, case_id, lambda one: replace(one, outcome={"outcome": outcome, "words": words.strip()}))
    _set_apart(session, case_id)
    today = session.today.isoformat()
    session.execute("UPDATE report_cases SET closed_on = ? WHERE id = ?", (today, case_id))
    _tell(session, case_id, "closed")
    _note_seen(session, case_id)
    escalation.stop(session, case_id)


def _set_apart(session: Session, case_id: str) -> None:
    """Make a case of its own of the reports that nobody may have seen yet: they are not what is closed."""
    (pending,) = session.execute(
        "SELECT min(appears_at) FROM report_filings WHERE case_id = ? AND appears_at > ?",
        (case_id, iso(session.now)),
    ).fetchone()
    if pending is None:
        return
    anew = new_id()
    session.execute(
        """INSERT INTO report_cases (id, role, status, urgent, address, opened_on, sealed)
           SELECT ?, role, 'received', urgent, address, opened_on, sealed FROM report_cases WHERE id = ?""",
        (anew, case_id),
    )
    _reroute(session, anew, lambda one: replace(one, outcome={}))
    session.execute(
        "UPDATE report_filings SET case_id = ? WHERE case_id = ? AND appears_at > ?",
        (anew, case_id, iso(session.now)),
    )
    escalation.plan(session, anew, 1, "first", pending)


def reassign(session: Session, case_id: str, person_id: str, role: str) -> None:
    """Entrust a case to another role, which is told at once. Raises `ReportError` when nobody can take it."""
    _check_open(session, case_id, person_id)
    if role not in heirs(session, case_id):
        raise ReportError("Ce rôle ne peut pas recevoir ce signalement. Rien n'est changé.")
    escalation.entrust(session, case_id, role, session.hour)


def heirs_for(session: Session, case_id: str, person_id: str) -> list[str]:
    """Return the roles that someone may entrust an open case to. Raises `ReportError`."""
    _check_open(session, case_id, person_id)
    return heirs(session, case_id)


def heirs(session: Session, case_id: str) -> list[str]:
    """Return the roles that a case may be entrusted to."""
    row = session.execute("SELECT role, sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    if row is None:
        return []
    excluded = Routing.read(unpacked(session.ring, row[1])).persons(session.db)
    every = dict.fromkeys([*routing.RECIPIENTS, *routing.alternates(session.db)])
    return [
        one for one in every if one != row[0] and routing.eligible(session.db, one, excluded, session.today)
    ]


def hold(session: Session, case_id: str, person_id: str, *, keep: bool) -> None:
    """Keep a case past its time, or no more. Raises `ReportError`."""
    _check(session, case_id, person_id)
    session.execute("UPDATE report_cases SET hold = ? WHERE id = ?", (int(keep), case_id))


def merge(session: Session, case_id: str, into: str, person_id: str) -> None:
    """Make one case of two that are about the same post; whom either names is excluded from both.

    Raises `ReportError`. The one that is left without reports is not remembered as destroyed: in a copy of
    the database from before, it still holds them.
    """
    _check_open(session, case_id, person_id)
    _check_open(session, into, person_id)
    if case_id == into:
        raise ReportError("C'est le même signalement. Rien n'est changé.")
    row = session.execute("SELECT urgent, sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    gone = Routing.read(unpacked(session.ring, row[1]))
    _reroute(session, into, lambda one: one.joined(gone))
    if row[0]:
        escalation.hasten(session, into)
    escalation.silence(session, case_id)
    session.execute("UPDATE report_filings SET case_id = ? WHERE case_id = ?", (into, case_id))
    session.execute("DELETE FROM report_cases WHERE id = ?", (case_id,))


def _check_open(session: Session, case_id: str, person_id: str) -> None:
    _check(session, case_id, person_id)
    (status,) = session.execute("SELECT status FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    if status == "closed":
        raise ReportError(CLOSED)


def _tell(session: Session, case_id: str, status: Status) -> None:
    """Set how a case is, and how those are told whose report a holder may see by now."""
    session.execute("UPDATE report_cases SET status = ? WHERE id = ?", (status, case_id))
    session.execute(
        "UPDATE report_filings SET status = ? WHERE case_id = ? AND appears_at <= ?",
        (status, case_id, iso(session.now)),
    )


def _reroute(session: Session, case_id: str, change: Change) -> None:
    (sealed,) = session.execute("SELECT sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    changed = change(Routing.read(unpacked(session.ring, sealed)))
    kept = packed(session.ring, changed.content())
    session.execute("UPDATE report_cases SET sealed = ? WHERE id = ?", (kept, case_id))


def checked(text: str) -> str:
    """Return what is to be said in a dialogue. Raises `ReportError` when there is nothing, or too much."""
    words = text.strip()
    if not 1 <= len(words) <= MESSAGE_LENGTH:
        raise ReportError(f"Écrivez de 1 à {MESSAGE_LENGTH} caractères.")
    return words


def say(session: Session, filing_id: str, author: Author, text: str, moment: str) -> None:
    """Add to the dialogue about one report; `moment`: from when a holder sees it."""
    (number,) = session.execute(
        "SELECT count(*) FROM report_messages WHERE filing_id = ?", (filing_id,)
    ).fetchone()
    content = {"n": number, "text": text, "day": session.today.isoformat()}
    session.execute(
        """INSERT INTO report_messages (id, filing_id, author, seen, appears_at, sealed)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (new_id(), filing_id, author, int(author == "holder"), moment, packed(session.ring, content)),
    )
