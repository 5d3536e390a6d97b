"""`/signalement`: report a post without saying who one is, and come back to it with a code.

It is anonymous: no request here holds who asks. What is being written lives in memory for ten minutes,
under a name that only the buttons of one person's private messages hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias, cast

from bot.commands.signalement import follow_messages as follow
from bot.commands.signalement import messages
from bot.commands.signalement.messages import ReportChoices
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, clean
from bot.conversation.requests import Request
from bot.reports import filing, followups, routing
from bot.reports.cases import checked
from bot.reports.drafts import DraftAnswer, ReportDraft
from bot.reports.filing import NAME_LENGTH, SAYS_LENGTH, WHERE_LENGTH
from bot.reports.records import SEVERITIES, ReportError, Session, Severity
from bot.reports.service import Reporting, explained, titles

COMMAND: Final = messages.COMMAND
_SEND: Final = "envoyer"
Action: TypeAlias = Callable[[Reporting, Request, str], Reply]


def report(desk: Reporting, request: Request) -> Reply:
    """Show what to know first, or do what a button or a form asks; an address alone begins a report of it.

    Raises `UserError`, saying why, for what cannot be done.
    """
    verb, _, rest = request.text.partition(" ")
    action = _ACTIONS.get(verb)
    try:
        return action(desk, request, rest.strip()) if action else _begin(desk, request.text)
    except ReportError as error:
        raise explained(error) from error


def counts(desk: Reporting, request: Request) -> bool:
    """Tell whether a request is one of those that are limited in number: the sending of a report.

    Pressed twice, it is one report, whose code is to be shown even when no more may come; and a draft that is
    no longer there makes none.
    """
    verb, _, token = request.text.partition(" ")
    return verb == _SEND and token.strip() in desk.drafts.reports


# --- A report ---------------------------------------------------------------------------------


def _begin(desk: Reporting, text: str) -> Message:
    """Begin a report, of the post whose address `text` holds if it holds one."""
    found = desk.read_address(text) if text else None
    if found is None:
        return _first(desk, ReportChoices())
    draft = ReportDraft(where=found.canonical, platform=found.platform, canonical=True)
    return _first(desk, ReportChoices(token=desk.drafts.reports.put(draft)))


def _first(desk: Reporting, choices: ReportChoices) -> Message:
    with desk.opened() as session:
        return messages.first(desk.clause(), choices, titles(session.db), _heir(session, choices))


def _heir(session: Session, choices: ReportChoices | ReportDraft) -> str | None:
    """Return the role that a report would go to today, None when it is nobody's."""
    db, today = session.db, session.today
    excluded = routing.naming(db, choices.named, today).persons(db)
    return routing.route(db, choices.recipient, excluded, today)


def _choose(desk: Reporting, _: Request, text: str) -> Message:
    return _first(desk, ReportChoices.read(text.partition(" ")[0]))


def _fill_in(desk: Reporting, _: Request, text: str) -> Reply:
    choices = ReportChoices.read(text)
    draft = desk.drafts.reports.get(choices.token)
    return messages.TOO_LATE if choices.token and draft is None else messages.form(choices, draft)


def _review(desk: Reporting, request: Request, text: str) -> Message:
    """Keep what was typed for ten minutes, and show it once more."""
    choices = ReportChoices.read(text)
    draft, missing = _read(desk, request.fields, choices)
    token = desk.drafts.reports.put(draft, choices.token)
    if missing:
        return messages.incomplete(replace(choices, token=token), missing)
    phrases = desk.point_out(*(() if draft.canonical else (draft.where,)), draft.says)
    with desk.opened() as session:
        return messages.review(draft, token, phrases, titles(session.db), _heir(session, draft))


def _read(desk: Reporting, fields: Mapping[str, str], choices: ReportChoices) -> tuple[ReportDraft, str]:
    """Return the draft that a form makes, and what it lacks, "" when it lacks nothing.

    Of a text that holds an address, only the canonical address is kept.
    """
    typed = clean(fields.get("adresse", "")).strip()
    found = desk.read_address(typed)
    severity = fields.get("gravite", "")
    draft = ReportDraft(
        choices.recipient,
        choices.named,
        choices.urgent,
        where=found.canonical if found else desk.clean_text(typed)[:WHERE_LENGTH],
        platform=found.platform if found else "",
        canonical=found is not None,
        says=desk.clean_text(clean(fields.get("propos", "")).strip())[:SAYS_LENGTH],
        severity=cast("Severity", severity) if severity in SEVERITIES else "serious",
        name=" ".join(clean(fields.get("nom", "")).split())[:NAME_LENGTH],
    )
    if not draft.where:
        return draft, "Donnez l'adresse de la publication, ou dites où elle se trouve."
    return draft, "" if draft.says else "Dites en quelques mots ce que la publication dit."


def _send(desk: Reporting, _: Request, token: str) -> Message:
    """Take the report in; pressed twice in a minute, it shows the same code."""
    if (words := desk.drafts.sent.get(token)) is not None:
        return messages.sent(words)
    draft = desk.drafts.reports.get(token)
    if draft is None or not draft.says:
        return messages.TOO_LATE
    with desk.opened() as session:
        words = filing.file(session, draft.entry())
    # Committed: only then is it acknowledged, and the draft forgotten.
    desk.drafts.reports.drop(token)
    desk.drafts.sent.put(words, token)
    desk.scatter()
    return messages.sent(words)


def _give_up(desk: Reporting, _: Request, token: str) -> Message:
    desk.drafts.reports.drop(token)
    return messages.GIVEN_UP


# --- With the code ----------------------------------------------------------------------------


def _ask_code(_desk: Reporting, _: Request, _text: str) -> Reply:
    return follow.code_form()


def _follow(desk: Reporting, request: Request, token: str) -> Reply:
    """Show the report whose code was typed, or the one of a page that is open."""
    if not token and "code" not in request.fields:
        return follow.code_form()
    receipt = desk.drafts.receipts.get(token)
    if token and receipt is None:
        return follow.CLOSED_PAGE
    try:
        with desk.opened() as session:
            sought = receipt or followups.receipt_of(session, request.fields["code"])
            found = followups.find(session, sought)
    except ReportError as error:
        if str(error) != followups.GONE:
            raise
        return follow.unopened(followups.GONE)
    return follow.followed(found, desk.drafts.receipts.put(sought, token))


def _answer(desk: Reporting, _: Request, token: str) -> Reply:
    return follow.answer_form(token) if desk.drafts.receipts.get(token) else follow.CLOSED_PAGE


def _review_answer(desk: Reporting, request: Request, token: str) -> Message:
    receipt = desk.drafts.receipts.get(token)
    if receipt is None:
        return follow.CLOSED_PAGE
    text = checked(desk.clean_text(clean(request.fields.get("texte", ""))))
    name = desk.drafts.answers.put(DraftAnswer(receipt, text))
    return follow.answer_review(text, name, token, desk.point_out(text))


def _add(desk: Reporting, _: Request, name: str) -> Message:
    answer = desk.drafts.answers.get(name)
    if answer is None:
        return follow.CLOSED_PAGE
    with desk.opened() as session:
        followups.add(session, answer.receipt, answer.text)
    desk.drafts.answers.drop(name)
    desk.scatter()
    return follow.added(desk.drafts.receipts.put(answer.receipt))


def _ask_withdrawal(desk: Reporting, _: Request, token: str) -> Message:
    return follow.withdrawal(token) if desk.drafts.receipts.get(token) else follow.CLOSED_PAGE


def _withdraw(desk: Reporting, _: Request, token: str) -> Message:
    receipt = desk.drafts.receipts.drop(token)
    if receipt is None:
        return follow.CLOSED_PAGE
    with desk.opened() as session:
        followups.withdraw(session, receipt)
    desk.scatter()
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
