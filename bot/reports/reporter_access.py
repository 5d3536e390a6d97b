"""What the author of a report can do with its code: follow it, add messages, withdraw it.

A code that is unknown, withdrawn or expired gets the same answer, after the same steps.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.reports import cases, codes, escalation
from bot.reports.cases import DialogueMessage
from bot.reports.filing import Report, open_report
from bot.reports.keys import SealError
from bot.reports.records import STATUSES, ReportError, Session, Status
from bot.reports.routing import load_routing
from bot.storage.destruction import destroy

MOST_ADDED: Final = 30  # messages added to one report; the bot cannot limit a person, whom it does not know
GONE: Final = (
    "Ce code n'ouvre aucun signalement. Vérifiez-le\u00a0: un code cesse aussi de servir avec le temps."
)

WITHDRAWN: Final = (
    "Votre signalement est retiré et détruit\u00a0: votre code n'ouvre plus rien. La personne qui l'avait "
    "déjà lu peut s'en souvenir."
)


class UnknownCodeError(ReportError):
    """No report has this code, or the report no longer exists."""

    def __init__(self) -> None:
        super().__init__(GONE)


@dataclass(frozen=True, slots=True)
class Followup:
    """A report as shown to anyone who has its code.

    `receipt`: the lookup hash of the code, used to open the report again. `status` and `outcome` are in
    French. `outcome`, and `explanation`, written by the holder, are "" until the case is closed.
    """

    receipt: str
    status: str
    closed: bool
    outcome: str
    explanation: str
    dialogue: tuple[DialogueMessage, ...]

    @property
    def awaits_answer(self) -> bool:
        """Whether the report is open and its last message is a holder's question."""
        return not self.closed and bool(self.dialogue) and self.dialogue[-1].author == "holder"


def receipt_of(session: Session, typed: str) -> str:
    """Return the lookup hash of a text, whether or not it is a code."""
    return codes.lookup_hash(typed, session.ring.code_key)


def follow(session: Session, receipt: str) -> Followup:
    """Return a report as shown to its author. Raises `UnknownCodeError`."""
    filing_id, case_id, status = _filing(session, receipt)
    outcome = load_routing(session, case_id).outcome if status == "closed" else {}
    dialogue = cases.dialogue(session, filing_id, whole=True)
    if status == "waiting" and cases.is_answered(dialogue):
        status = "taken"
    return Followup(
        receipt,
        STATUSES[status],
        status == "closed",
        cases.outcomes(session.ground).get(outcome.get("outcome", ""), ""),
        outcome.get("words", ""),
        dialogue,
    )


def add(session: Session, receipt: str, text: str) -> None:
    """Add a message to a report, unless it repeats the latest one. Holders see it after the usual delay.

    Raises `ReportError`, or `UnknownCodeError` if the report does not exist.
    """
    filing_id, case_id, status = _filing(session, receipt)
    if status == "closed":
        raise ReportError(cases.CLOSED)
    # Someone else may have reported the post urgently, which must not cancel this person's delay.
    appears_at = session.appears(urgent=_report(session, filing_id).urgent)
    (count,) = session.execute(
        "SELECT count(*) FROM report_messages WHERE filing_id = ? AND author = 'reporter'", (filing_id,)
    ).fetchone()
    if count >= MOST_ADDED:
        raise ReportError("Vous avez déjà beaucoup ajouté à ce signalement\u00a0: il n'en prend pas plus.")
    if cases.add_message(session, filing_id, "reporter", cases.checked(text), appears_at):
        escalation.plan_news(session, case_id, appears_at)


def withdraw(session: Session, receipt: str) -> None:
    """Destroy a report at once, and its case if it has no other report. Raises `UnknownCodeError`."""
    filing_id, case_id, _ = _filing(session, receipt)
    (others,) = session.execute(
        "SELECT count(*) FROM report_filings WHERE case_id = ? AND id <> ?", (case_id, filing_id)
    ).fetchone()
    destroy(session.db, "report_filings", "id = ?", (filing_id,), session.records.remember)
    session.execute("DELETE FROM report_files WHERE case_id = ?", (case_id,))
    if others:
        if session.case(case_id).urgent:
            rows = session.execute("SELECT id FROM report_filings WHERE case_id = ?", (case_id,)).fetchall()
            with suppress(SealError):
                if not any(_report(session, filing_id).urgent for (filing_id,) in rows):
                    escalation.set_urgency(session, case_id, urgent=False)
        escalation.forget(session, case_id)
    else:
        escalation.silence(session, case_id)
        destroy(session.db, "report_cases", "id = ?", (case_id,), session.records.remember)


def _report(session: Session, filing_id: str) -> Report:
    """Open a report. Raises `SealError`."""
    (sealed,) = session.execute("SELECT sealed FROM report_filings WHERE id = ?", (filing_id,)).fetchone()
    return open_report(session.ring, sealed)


def _filing(session: Session, receipt: str) -> tuple[str, str, Status]:
    """Return the identifiers of a report and its case, and its status. Raises `UnknownCodeError`."""
    limit = (session.today - timedelta(days=session.records.plan.kept_days)).isoformat()
    row = session.execute(
        """SELECT f.id, f.case_id, f.status
           FROM report_filings AS f JOIN report_cases AS c ON c.id = f.case_id
           WHERE f.receipt = ? AND (c.closed_on IS NULL OR c.closed_on > ? OR c.hold)""",
        (receipt, limit),
    ).fetchone()
    if row is None:
        raise UnknownCodeError
    filing_id, case_id, status = row
    return filing_id, case_id, status
