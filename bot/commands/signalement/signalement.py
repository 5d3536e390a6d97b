"""`/signalement`: report a post anonymously, and follow the report with a code.

The command is anonymous: its requests do not identify the sender. A draft stays in memory for ten minutes,
under a token that only the buttons of the sender's private messages carry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bot.commands.signalement import follow_messages as follow
from bot.commands.signalement import messages
from bot.commands.signalement.messages import ReportAudience, read_choices
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message
from bot.conversation.requests import FieldsError, Request, UserError
from bot.people import appointments, roles
from bot.reports import codes, routing
from bot.reports.cases import checked
from bot.reports.drafts import DraftAnswer
from bot.reports.filing import Report
from bot.reports.intake import Reporting
from bot.reports.records import SEVERITIES, ReportError
from bot.reports.reporter_access import UnknownCodeError

_SEND: Final = "envoyer"
# The verbs that still work once reports are no longer offered, for people who made one.
_WITH_A_CODE: Final = frozenset(
    {"code", "suivi", "repondre", "relire", "ajouter", "retirer", "note", "abandonner"}
)
_FIELDS: Final = {"address": "adresse", "summary": "propos", "severity": "gravite", "name": "nom"}


def report(reporting: Reporting, request: Request) -> Reply:
    """Handle `/signalement`, its buttons and its forms. A text with an address begins a report about it.

    Raises `UserError` with the reason for a refusal.
    """
    verb, _, rest = request.text.partition(" ")
    if verb not in _ACTIONS:
        verb, rest = "", request.text
    if not reporting.offered and verb not in _WITH_A_CODE:
        name = reporting.library.default.name
        raise UserError(f"{name.The} ne {name.agree('prévoit', 'prévoient')} pas de signalements.")
    try:
        return _ACTIONS[verb](ReportRequest(reporting, request), rest.strip())
    except ReportError as error:
        raise UserError(str(error)) from error


def counts(reporting: Reporting, request: Request) -> bool:
    """Return whether a request counts towards the limits: only one that sends a stored draft does.

    Pressing the button again after the draft was sent does not count, so that its code is shown again even
    when the limit is reached. Sending an expired draft does not count either.
    """
    verb, _, token = request.text.partition(" ")
    return verb == _SEND and token.strip() in reporting.drafts.reports


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """An anonymous request to make or follow a report.

    The methods that buttons call take the text after the button's verb, often the token of a draft or page.
    """

    reporting: Reporting
    request: Request = field(repr=False)

    # --- A report

    def begin(self, text: str) -> Message:
        """Begin a report, with the address found in the text, if any."""
        address = self.reporting.first_address(text)
        token = self.reporting.drafts.reports.store(Report(address), self.request.alias) if address else ""
        return self._ask_choices(Report(), token)

    def _choices(self, text: str) -> tuple[Report, str]:
        with self.reporting.session() as session:
            recipients = roles.recipients(session.db, session.today)
        return read_choices(text, recipients)

    def choose(self, text: str) -> Message:
        """Record a choice made before the form, and show all the choices again."""
        return self._ask_choices(*self._choices(text.partition(" ")[0]))

    def change_recipient(self, choices: str) -> Message:
        """Ask who should receive the report."""
        report, token = self._choices(choices)
        return messages.recipient_question(report, token, self._audience(report))

    def _ask_choices(self, report: Report, token: str) -> Message:
        return messages.first(self.reporting.clause(), report, token, self._audience(report))

    def fill_in(self, choices: str) -> Reply:
        """Open the form, filled in from the draft if there is one."""
        _, token = self._choices(choices)
        draft = self.reporting.drafts.reports.get(token)
        return messages.TOO_LATE if token and draft is None else messages.form(choices, draft or Report())

    def review(self, choices: str) -> Reply:
        """Store the form's answers for ten minutes, and show them for review. Without answers, open the form.

        If the form is refused, its answers are cleaned, like a draft, before they are kept for correction.
        Raises `FieldsError`.
        """
        if not self.request.fields:  # the draft may have expired, but typed answers are still accepted
            draft = self.reporting.drafts.reports.get(self._choices(choices)[1])
            return messages.form(choices, draft or Report())
        (report, token), severity = self._choices(choices), self.request.fields.get("gravite", "")
        review = self.reporting.review(
            replace(
                report,
                address=self.request.fields.get("adresse", ""),
                summary=self.request.fields.get("propos", ""),
                severity=severity if severity in SEVERITIES else report.severity,
                name=self.request.fields.get("nom", ""),
            ),
            self._audience(report).recipients,
        )
        if review.problems:
            problems = {
                _FIELDS.get(name, "adresse"): f"{text} Rien n'est envoyé."
                for name, text in review.problems.items()
            }
            raise FieldsError(problems, {_FIELDS[name]: getattr(review.report, name) for name in _FIELDS})
        token = self.reporting.drafts.reports.store(review.report, self.request.alias, token)
        marks = [*review.marks["address"], *review.marks["summary"]]
        return messages.review(review.report, token, marks, self._audience(review.report))

    def _audience(self, report: Report) -> ReportAudience:
        """Return who would receive a report today."""
        with self.reporting.session() as session:
            db, today = session.db, session.today
            excluded = routing.routing_of(db, report.implicated, today).persons(db)
            recipients = roles.recipients(db, today)
            if not recipients:  # the profile that names them is not applied yet
                raise UserError("Personne ne reçoit encore de signalement ici. Parlez-en à l'administration.")
            heir = routing.route(db, report.recipient or recipients[0], excluded, today)
            readers = appointments.describe_readers(db, today)
            return ReportAudience(routing.titles(db), recipients, heir, readers, self.reporting.web_form)

    def send(self, token: str) -> Message:
        """File the draft, and show its code."""
        drafts = self.reporting.drafts
        if (reply := drafts.done.get(token)) is not None:
            return reply
        draft = drafts.reports.get(token)
        if draft is None or not draft.summary:
            return messages.TOO_LATE
        try:
            code = self.reporting.file(draft)
        except Exception:  # the transaction was rolled back, so the report does not count
            if drafts.counted.drop(token):  # give the count back once, even if two presses fail
                self.reporting.limiter.give_back(self.request.alias)
            raise
        # The draft is forgotten only after the commit.
        drafts.reports.drop(token)
        drafts.counted.drop(token)
        page = drafts.receipts.store(self.reporting.receipt_of(code), self.request.alias)
        return self._done(token, messages.sent(code, token, page))

    def note_code(self, token: str) -> Message:
        """Take the code off the screen: pressing the button that sent the report no longer shows it."""
        self.reporting.drafts.done.drop(token)
        return messages.NOTED

    def _done(self, token: str, reply: Message) -> Message:
        """Keep the reply to a button for a minute, so that pressing it again gets the same reply."""
        self.reporting.drafts.done.put(token, reply, self.request.alias)
        return reply

    def other_channels(self, _: str) -> Message:
        """List the other channels."""
        return messages.other_channels(self.reporting.channels)

    def give_up(self, token: str) -> Message:
        """Forget the draft."""
        self.reporting.drafts.reports.drop(token)
        return messages.GIVEN_UP

    # --- After the code was typed, on the report's page: `token` is the page's

    def follow(self, token: str) -> Reply:
        """Show the report that has the typed code, or the one on the page with this token.

        Raises `FieldsError` for an unknown code.
        """
        receipts = self.reporting.drafts.receipts
        if not token and "code" not in self.request.fields:
            return follow.code_form()
        typed = self.request.fields.get("code", "")
        # Check the words before any search: what is said of them must not depend on the codes that exist.
        if not token and (problem := codes.misreading(typed)):
            raise FieldsError({"code": problem}, {"code": typed})
        receipt = receipts.get(token) if token else self.reporting.receipt_of(typed)
        if receipt is None:
            return follow.CLOSED_PAGE
        try:
            followup = self.reporting.follow(receipt)
        except UnknownCodeError as error:
            raise FieldsError({"code": str(error)}, {"code": typed}) from error
        return follow.followed(followup, receipts.store(receipt, self.request.alias, token))

    def enter_code(self, _: str) -> Form:
        """Open the form for the code."""
        return follow.code_form()

    def answer(self, token: str) -> Reply:
        """Open the form to answer a question about the report."""
        return follow.answer_form(token) if self.reporting.drafts.receipts.get(token) else follow.CLOSED_PAGE

    def review_answer(self, token: str) -> Reply:
        """Store an answer for ten minutes, and show it for review. Without an answer, open the form."""
        if not self.request.fields:
            return self.answer(token)
        receipt = self.reporting.drafts.receipts.get(token)
        if receipt is None:
            return follow.CLOSED_PAGE
        text = checked(self.reporting.cleaned(self.request.fields.get("texte", "")))
        name = self.reporting.drafts.answers.store(DraftAnswer(receipt, text), self.request.alias)
        return follow.answer_review(text, name, token, self.reporting.identifying().marks(text))

    def add(self, name: str) -> Message:
        """Send the answer stored under `name`."""
        drafts = self.reporting.drafts
        if (reply := drafts.done.get(name)) is not None:
            return reply
        answer = drafts.answers.get(name)
        if answer is None:
            return follow.CLOSED_PAGE
        self.reporting.add(answer.receipt, answer.text)
        drafts.answers.drop(name)
        return self._done(name, follow.added(drafts.receipts.store(answer.receipt, self.request.alias)))

    def withdraw(self, token: str) -> Message:
        """Destroy the report, after confirmation."""
        receipts = self.reporting.drafts.receipts
        if not self.request.confirmed:
            return follow.withdrawal(token) if receipts.get(token) else follow.CLOSED_PAGE
        if (reply := self.reporting.drafts.done.get(token)) is not None:
            return reply
        receipt = receipts.drop(token)
        if receipt is None:
            return follow.CLOSED_PAGE
        self.reporting.withdraw(receipt)
        return self._done(token, follow.WITHDRAWN)


_ACTIONS: Final[Mapping[str, Callable[[ReportRequest, str], Reply]]] = {
    "": ReportRequest.begin,
    "choix": ReportRequest.choose,
    "destinataire": ReportRequest.change_recipient,
    "remplir": ReportRequest.fill_in,
    "revoir": ReportRequest.review,
    _SEND: ReportRequest.send,
    "note": ReportRequest.note_code,
    "abandonner": ReportRequest.give_up,
    "ailleurs": ReportRequest.other_channels,
    "code": ReportRequest.enter_code,
    "suivi": ReportRequest.follow,
    "repondre": ReportRequest.answer,
    "relire": ReportRequest.review_answer,
    "ajouter": ReportRequest.add,
    "retirer": ReportRequest.withdraw,
}
