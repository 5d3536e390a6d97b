"""`/signalement`: report a post without saying who one is, and come back to it with a code.

The command is anonymous: no request here says who asks. A draft lives in memory for ten minutes, under a
name that only the buttons of one person's private messages hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from bot.commands.signalement import follow_messages as follow
from bot.commands.signalement import messages
from bot.commands.signalement.messages import ReportChoices
from bot.conversation.forms import Reply
from bot.conversation.messages import Message
from bot.conversation.requests import Request, UserError
from bot.reports import routing
from bot.reports.cases import checked
from bot.reports.drafts import DraftAnswer
from bot.reports.filing import Report
from bot.reports.followups import UnknownCodeError
from bot.reports.intake import Reporting
from bot.reports.records import SEVERITIES, ReportError, Session

COMMAND: Final = messages.COMMAND
_SEND: Final = "envoyer"
Action: TypeAlias = Callable[[Reporting, Request, str], Reply]


def report(reporting: Reporting, request: Request) -> Reply:
    """Answer `/signalement`, one of its buttons or one of its forms; an address begins a report of it.

    Raises `UserError`, saying why, for what cannot be done.
    """
    verb, _, rest = request.text.partition(" ")
    action = _ACTIONS.get(verb)
    try:
        return action(reporting, request, rest.strip()) if action else _begin(reporting, request.text)
    except ReportError as error:
        raise UserError(str(error)) from error


def counts(reporting: Reporting, request: Request) -> bool:
    """Tell whether a request counts towards the limits: one that sends a draft.

    A draft that was just sent, or is gone, does not: the code of the first is shown again even when the
    limit is reached.
    """
    verb, _, token = request.text.partition(" ")
    return verb == _SEND and token.strip() in reporting.drafts.reports


# --- A report ---------------------------------------------------------------------------------


def _begin(reporting: Reporting, text: str) -> Message:
    address = reporting.first_address(text)
    if not address:
        return _first(reporting, ReportChoices())
    return _first(reporting, ReportChoices(token=reporting.drafts.reports.put(Report(address))))


def _first(reporting: Reporting, choices: ReportChoices) -> Message:
    with reporting.session() as session:
        titles, heir = routing.titles(session.db), _heir(session, choices.report())
    return messages.first(reporting.clause(), choices, titles, heir)


def _heir(session: Session, report: Report) -> str | None:
    """Return the role that a report would go to today, None when nobody can receive it."""
    excluded = routing.naming(session.db, report.implicated, session.today).persons(session.db)
    return routing.route(session.db, report.recipient, excluded, session.today)


def _choose(reporting: Reporting, _: Request, text: str) -> Message:
    return _first(reporting, ReportChoices.read(text.partition(" ")[0]))


def _fill_in(reporting: Reporting, _: Request, text: str) -> Reply:
    choices = ReportChoices.read(text)
    draft = reporting.drafts.reports.get(choices.token)
    if choices.token and draft is None:
        return messages.TOO_LATE
    return messages.form(choices, draft or Report())


def _review(reporting: Reporting, request: Request, text: str) -> Message:
    """Store what was typed for ten minutes, and show it once more."""
    choices, fields = ReportChoices.read(text), request.fields
    severity = fields.get("gravite", "")
    typed = replace(
        choices.report(),
        address=fields.get("adresse", ""),
        summary=fields.get("propos", ""),
        severity=severity if severity in SEVERITIES else Report().severity,
        name=fields.get("nom", ""),
    )
    review = reporting.review(typed)
    token = reporting.drafts.reports.put(review.report, choices.token)
    if review.problems:
        return messages.incomplete(replace(choices, token=token), next(iter(review.problems.values())))
    with reporting.session() as session:
        titles, heir = routing.titles(session.db), _heir(session, review.report)
    marks = [*review.marks["address"], *review.marks["summary"]]
    return messages.review(review.report, token, marks, titles, heir)


def _send(reporting: Reporting, _: Request, token: str) -> Message:
    """File the report; pressed again within a minute, show the same code."""
    drafts = reporting.drafts
    if (code := drafts.sent.get(token)) is not None:
        return messages.sent(code)
    draft = drafts.reports.get(token)
    if draft is None or not draft.summary:
        return messages.TOO_LATE
    code = reporting.file(draft)
    # Committed: only then is the draft forgotten.
    drafts.reports.drop(token)
    drafts.sent.put(code, token)
    return messages.sent(code)


def _give_up(reporting: Reporting, _: Request, token: str) -> Message:
    reporting.drafts.reports.drop(token)
    return messages.GIVEN_UP


# --- With the code ----------------------------------------------------------------------------


def _ask_code(_reporting: Reporting, _: Request, _text: str) -> Reply:
    return follow.code_form()


def _follow(reporting: Reporting, request: Request, token: str) -> Reply:
    """Show the report whose code was typed, or that of a page that is open."""
    receipts = reporting.drafts.receipts
    if token:
        receipt = receipts.get(token)
        if receipt is None:
            return follow.CLOSED_PAGE
    elif "code" in request.fields:
        receipt = reporting.receipt_of(request.fields["code"])
    else:
        return follow.code_form()
    try:
        followup = reporting.follow(receipt)
    except UnknownCodeError as error:
        return follow.unopened(str(error))
    return follow.followed(followup, receipts.put(receipt, token))


def _answer(reporting: Reporting, _: Request, token: str) -> Reply:
    return follow.answer_form(token) if reporting.drafts.receipts.get(token) else follow.CLOSED_PAGE


def _review_answer(reporting: Reporting, request: Request, token: str) -> Message:
    receipt = reporting.drafts.receipts.get(token)
    if receipt is None:
        return follow.CLOSED_PAGE
    text = checked(reporting.cleaned(request.fields.get("texte", "")))
    name = reporting.drafts.answers.put(DraftAnswer(receipt, text))
    return follow.answer_review(text, name, token, reporting.identifying().marks(text))


def _add(reporting: Reporting, _: Request, name: str) -> Message:
    answer = reporting.drafts.answers.get(name)
    if answer is None:
        return follow.CLOSED_PAGE
    reporting.add(answer.receipt, answer.text)
    reporting.drafts.answers.drop(name)
    return follow.added(reporting.drafts.receipts.put(answer.receipt))


def _ask_withdrawal(reporting: Reporting, _: Request, token: str) -> Message:
    return follow.withdrawal(token) if reporting.drafts.receipts.get(token) else follow.CLOSED_PAGE


def _withdraw(reporting: Reporting, _: Request, token: str) -> Message:
    receipt = reporting.drafts.receipts.drop(token)
    if receipt is None:
        return follow.CLOSED_PAGE
    reporting.withdraw(receipt)
    return follow.WITHDRAWN


_ACTIONS: Mapping[str, Action] = {
    "choix": _choose,
    "remplir": _fill_in,
    "revoir": _review,
    _SEND: _send,
    "abandonner": _give_up,
    "code": _ask_code,
    "suivi": _follow,
    "repondre": _answer,
    "relire": _review_answer,
    "ajouter": _add,
    "retirer": _ask_withdrawal,
    "detruire": _withdraw,
}
