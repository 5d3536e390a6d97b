"""What someone who reported sees and does, with their code and nothing else.

A code that is wrong, unknown, withdrawn or past its time gets the same answer, by the same path.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from bot.reports import access, cases, codes, escalation
from bot.reports.cases import OUTCOMES, DialogueMessage, Outcome
from bot.reports.records import STATUSES, ReportError, Session, Status, unpacked
from bot.reports.routing import Routing

MOST_ADDED: Final = 30  # messages of one who reported: nothing else limits them, since nobody is known
GONE: Final = (
    "Ce code n'ouvre aucun signalement. Vérifiez-le\u00a0: un code cesse aussi de servir avec le temps."
)


@dataclass(frozen=True, slots=True)
class Followup:
    """What someone who reported reads: how it is, how it ended if it did, and what was said.

    `receipt`: under what it is kept, to come back to it. `asked`: a question waits for an answer.
    """

    receipt: str
    status: str
    closed: bool
    outcome: str
    words: str
    said: tuple[DialogueMessage, ...]

    @property
    def asked(self) -> bool:
        """Whether the last word is a holder's."""
        return not self.closed and bool(self.said) and self.said[-1].author == "holder"


def receipt_of(session: Session, typed: str) -> str:
    """Return under what to look for the report whose code was typed, a code or not."""
    return codes.sought(typed, session.ring.receipts)


def find(session: Session, receipt: str) -> Followup:
    """Return what its reporter may know of a report. Raises `ReportError` when there is none, or no more."""
    row = _row(session, receipt)
    if row is None:
        raise ReportError(GONE)
    filing_id, case_id, status = row
    outcome = {}
    if status == "closed":
        (sealed,) = session.execute("SELECT sealed FROM report_cases WHERE id = ?", (case_id,)).fetchone()
        outcome = dict(Routing.read(unpacked(session.ring, sealed)).outcome)
    ended = OUTCOMES.get(cast("Outcome", outcome.get("outcome", "")), "")
    said = cases.dialogue(session, filing_id, whole=True)
    return Followup(receipt, STATUSES[status], status == "closed", ended, outcome.get("words", ""), said)


def add(session: Session, receipt: str, text: str) -> None:
    """Answer, or add something; a holder sees it after the same delay as a report. Raises `ReportError`."""
    row = _row(session, receipt)
    if row is None:
        raise ReportError(GONE)
    filing_id, case_id, status = row
    if status == "closed":
        raise ReportError(cases.CLOSED)
    (urgent,) = session.execute("SELECT urgent FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    moment = session.appears(urgent=bool(urgent))
    (said,) = session.execute(
        "SELECT count(*) FROM report_messages WHERE filing_id = ? AND author = 'reporter'", (filing_id,)
    ).fetchone()
    if said >= MOST_ADDED:
        raise ReportError("Vous avez déjà beaucoup ajouté à ce signalement\u00a0: il n'en prend pas plus.")
    cases.say(session, filing_id, "reporter", cases.checked(text), moment)
    if access.was_told(session, case_id):
        escalation.plan_news(session, case_id, moment)


def withdraw(session: Session, receipt: str) -> None:
    """Destroy a report at once, with its case when it is the only one of it. Raises `ReportError`."""
    row = _row(session, receipt)
    if row is None:
        raise ReportError(GONE)
    filing_id, case_id, _ = row
    (others,) = session.execute(
        "SELECT count(*) FROM report_filings WHERE case_id = ? AND id <> ?", (case_id, filing_id)
    ).fetchone()
    session.records.remember("report_filings", [filing_id])
    if not others:
        escalation.silence(session, case_id)
        session.records.remember("report_cases", [case_id])
        session.execute("DELETE FROM report_cases WHERE id = ?", (case_id,))
    session.execute("DELETE FROM report_filings WHERE id = ?", (filing_id,))


def _row(session: Session, receipt: str) -> tuple[str, str, Status] | None:
    """Return a report, its case and how it is, unless its time is past."""
    limit = (session.today - timedelta(days=session.records.plan.kept_days)).isoformat()
    row = session.execute(
        """SELECT f.id, f.case_id, f.status
           FROM report_filings AS f JOIN report_cases AS c ON c.id = f.case_id
           WHERE f.receipt = ? AND (c.closed_on IS NULL OR c.closed_on > ? OR c.hold)""",
        (receipt, limit),
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]), cast("Status", row[2]))
