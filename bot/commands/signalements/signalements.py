"""`signalements`: the view and actions of holders, people who hold a role that receives reports.

Every reply is ephemeral.
Buttons carry a case's random identifier. The reply for someone else's case is the same as if it did not
exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bot.commands.signalements import messages
from bot.conversation.forms import Reply
from bot.conversation.messages import Button, Message, clean
from bot.conversation.requests import Request, UserError
from bot.people import appointments, persons, roles
from bot.people.office import Office, actor_of, asker, in_private, receives_reports
from bot.reports import access, cases, routing
from bot.reports.cases import ReportCase
from bot.reports.figures import export
from bot.reports.intake import Reporting
from bot.reports.records import ReportError, Session, new_id
from bot.schedule import clock
from bot.schedule.names import CASE
from bot.times import in_words

COMMAND: Final = messages.COMMAND
_RESERVED: Final = (
    "Seules les personnes qui reçoivent les signalements peuvent les lire. Pour en faire un, ou suivre le "
    "vôtre, écrivez «\u00a0signalement\u00a0»."
)
_FROM: Final = "Avec ce compte, vous pourrez lire les signalements à partir du {}."


def handle(reporting: Reporting, request: Request) -> Reply:
    """Show the sender's cases, or process one of their buttons or forms.

    Raises `UserError` for a refusal, including for a case that is not theirs.
    """
    verb, _, rest = request.text.partition(" ")
    try:
        with reporting.session() as opened:
            person = asker(opened.db, request)
            if person is None:
                raise UserError(_RESERVED)
            session = replace(opened, account=str(persons.account(actor_of(request))))
            action = _ACTIONS.get(verb, CaseRequest.list_open)
            return action(CaseRequest(session, person, request), rest.strip())
    except ReportError as error:
        raise UserError(str(error)) from error


def reserved(office: Office, request: Request) -> str:
    """Return a refusal in French, or "" if the sender holds a role that receives reports."""
    if request.actor is None:
        return _RESERVED
    if receives_reports(office, request):
        return ""
    account = str(persons.account(request.actor))
    today = office.today()
    with office.storage.transaction() as db:
        coming = [
            row.effective_on
            for role in roles.reporting_roles(db, today)
            for row in appointments.pending(db, role, today)
            if row.able and row.account == account
        ]
    return _FROM.format(in_words(min(coming))) if coming else _RESERVED


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """A holder's request.

    The methods that buttons call take the text after the button's verb, often a case's identifier.
    """

    session: Session
    person: str
    request: Request = field(repr=False)

    # --- Seeing

    def list_open(self, _: str) -> Message:
        """List the holder's open cases."""
        return messages.open_list(cases.list_cases(self.session, self.person))

    def list_closed(self, _: str) -> Message:
        """List the holder's closed cases."""
        lines = cases.list_cases(self.session, self.person, closed=True)
        return messages.closed_list(lines, self.session.records.plan.kept_days)

    def see(self, text: str) -> Message:
        """Show a case, open at the report whose number or identifier follows the case's identifier."""
        return self._card(text)

    def _card(self, text: str, undo: Button | None = None) -> Message:
        case_id, _, report = text.partition(" ")
        case = cases.open_case(self.session, case_id, self.person)
        return messages.case_message(
            case,
            _number(case, report),
            routing.titles(self.session.db),
            cases.outcomes(self.session.ground),
            same_post=cases.same_post(self.session, case_id, self.person),
            undo=undo,
        )

    def see_more(self, text: str) -> Message:
        """Show the less frequent actions on a case."""
        case_id, _, report = text.partition(" ")
        case = cases.open_case(self.session, case_id, self.person)
        return messages.more(case, _number(case, report), self.session.records.plan.kept_days)

    def see_dialogue(self, text: str) -> Message:
        """Show the messages about one report of a case."""
        case_id, _, report = text.partition(" ")
        case = cases.open_case(self.session, case_id, self.person)
        return messages.dialogue_message(case, _number(case, report))

    # --- Doing

    def take(self, case_id: str) -> Message:
        """Take charge of a case."""
        return self._change_status(case_id, "taken")

    def _change_status(self, case_id: str, status: str) -> Message:
        """Set the status of a case, and show the case with a button to undo the change."""
        before = cases.open_case(self.session, case_id, self.person).line.status
        cases.set_status(self.session, case_id, self.person, status)
        return self._card(case_id, messages.undo(case_id, before) if before != status else None)

    def restore(self, text: str) -> Message:
        """Undo a change of a case's status, or open a closed case again."""
        case_id, _, status = text.partition(" ")
        cases.restore(self.session, case_id, self.person, status)
        return self.see(case_id)

    def ask(self, text: str) -> Reply:
        """Open the form to ask a question about one report of a case or, once it is filled in, ask it.

        `text`: the case's identifier, then the first digits of the report's.
        """
        case_id, _, draft = text.partition(" ")
        if not self.request.fields:
            return messages.question_form(case_id, draft)
        filings = cases.open_case(self.session, case_id, self.person).filings
        filing_id = next((filing.id for filing in filings if draft and filing.id.startswith(draft)), draft)
        question = clean(self.request.fields.get("texte", ""))
        cases.ask_question(self.session, case_id, self.person, filing_id, question)
        return self.see(f"{case_id} {filing_id}")

    def set_status(self, case_id: str) -> Reply:
        """Open the form to set the status of a case or, once it is filled in, set it."""
        if not self.request.fields:
            return messages.status_form(case_id)
        return self._change_status(case_id, self.request.fields.get("etat", ""))

    def close(self, case_id: str) -> Reply:
        """Open the form to close a case or, once it is filled in, close it."""
        if not self.request.fields:
            return messages.closing_form(case_id, cases.outcomes(self.session.ground))
        outcome = self.request.fields.get("issue", "")
        explanation = clean(self.request.fields.get("texte", ""))
        cases.close_case(self.session, case_id, self.person, outcome, explanation)
        return self.see(case_id)

    def merge(self, case_id: str) -> Reply:
        """Open the form to merge a case into another about the same post or, once it is filled in, do so."""
        if not self.request.fields:
            others = cases.joinable(self.session, case_id, self.person)
            return messages.merge_form(case_id, others) if others else messages.NO_OTHER
        into = self.request.fields.get("autre", "")
        cases.merge_cases(self.session, case_id, into, self.person)
        return self.see(into)

    def reassign(self, case_id: str) -> Reply:
        """Open the form to entrust a case to another role or, once it is filled in, do so."""
        heirs = list(cases.heirs(self.session, case_id, self.person))
        titles = routing.titles(self.session.db)
        if not self.request.fields:
            return messages.heir_form(case_id, heirs, titles) if heirs else messages.NO_HEIR
        role = self.request.fields.get("role", "")
        cases.reassign(self.session, case_id, self.person, role)
        to_self = roles.has(self.session.db, self.person, role, self.session.today)
        return messages.reassigned(titles[role], to_self=to_self)

    def hold(self, text: str) -> Message:
        """Keep a case past its retention period, or stop doing so."""
        case_id, _, answer = text.partition(" ")
        cases.set_hold(self.session, case_id, self.person, hold=answer == messages.HOLD)
        return self.see_more(case_id)

    def export(self, case_id: str) -> Message:
        """Warn about sending a case as a file or, once confirmed, queue the file for delivery.

        Raises `ReportError` for a case that is not theirs.
        """
        if not access.may_know(self.session, case_id, self.person):
            raise ReportError(cases.NOT_YOURS)
        where = in_private(self.request)
        account = persons.account(actor_of(self.request))
        if not self.request.confirmed:
            return export.warning(case_id, where)
        key = f"{CASE}:{case_id}:{self.person}"
        arguments = {"person": self.person, "account": str(account), "case": case_id, "id": new_id()}
        clock.plan(self.session.db, key, CASE, self.session.now, arguments)
        return export.coming(where)


def _number(case: ReportCase, identifier: str) -> int:
    """Return a report's number in a case, from its identifier or its number, or 1 by default."""
    identifiers = [filing.id for filing in case.filings]
    if identifier in identifiers:
        return identifiers.index(identifier) + 1
    number = int(identifier) if identifier.isdecimal() else 1
    return number if 1 <= number <= len(case.filings) else 1


_ACTIONS: Final[Mapping[str, Callable[[CaseRequest, str], Reply]]] = {
    "clos": CaseRequest.list_closed,
    "voir": CaseRequest.see,
    "echanges": CaseRequest.see_dialogue,
    "plus": CaseRequest.see_more,
    "prendre": CaseRequest.take,
    "rendre": CaseRequest.restore,
    "demander": CaseRequest.ask,
    "etat": CaseRequest.set_status,
    "clore": CaseRequest.close,
    "joindre": CaseRequest.merge,
    "confier": CaseRequest.reassign,
    "garder": CaseRequest.hold,
    "exporter": CaseRequest.export,
}
