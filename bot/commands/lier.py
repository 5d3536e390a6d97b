"""`lier`: be one person on Slack and on Discord, with a one-time code."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Span, Text, code, person
from bot.conversation.requests import Request, UserError
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.people.persons import Account

_CONFIRM = "oui "
UNKNOWN_CODE = (
    "Ce code n'est pas bon, ou ne l'est plus\u00a0: il sert une seule fois, pendant dix minutes. "
    "Demandez-en un autre avec /vigie lier, dans l'autre compte."
)
SAME_ACCOUNT = "Ce code vient de ce compte-ci. Tapez-le dans l'autre\u00a0: celui de Discord ou de Slack."


def link(office: Office, request: Request) -> Message:
    """Give a code; or, given one, ask whether both accounts are the same person's; or link them."""
    if not request.text:
        return _issued(office, request)
    if request.text.startswith(_CONFIRM):
        return _redeemed(office, request, request.text.removeprefix(_CONFIRM))
    return _asked(office, request, request.text)


def _issued(office: Office, request: Request) -> Message:
    with office.storage.transaction() as db:
        return issued(persons.issue_code(db, actor_of(request), office.clock()))


def _asked(office: Office, request: Request, typed: str) -> Message:
    with office.storage.transaction() as db:
        outcome, accounts = persons.look_up_code(db, actor_of(request), typed, office.clock())
    if outcome == "unknown":
        raise UserError(UNKNOWN_CODE)
    if outcome == "own":
        raise UserError(SAME_ACCOUNT)
    return confirmation(accounts, typed)


def _redeemed(office: Office, request: Request, typed: str) -> Message:
    with office.storage.transaction() as db:
        outcome = persons.redeem(db, actor_of(request), typed, office.clock())
    if outcome == "unknown":
        raise UserError(UNKNOWN_CODE)
    if outcome == "own":
        raise UserError(SAME_ACCOUNT)
    return LINKED


def issued(secret: str) -> Message:
    """Return the message that shows a code, the only one that ever does."""
    return Message(
        Heading("Lier vos comptes"),
        Text("Dans votre autre compte, celui de Discord ou de Slack, écrivez-moi\u00a0: "),
        Text(code(f"/vigie lier {secret}")),
        Note(
            f"Ce code sert une seule fois, pendant {persons.CODE_MINUTES} minutes. Ne le donnez à "
            "personne\u00a0: qui s'en sert devient vous à mes yeux."
        ),
    )


def confirmation(accounts: Sequence[Account], typed: str) -> Message:
    """Return the question that guards against a code that someone else would have one type."""
    names: list[Span | str] = []
    for one in accounts:
        names += [", " if names else "", person(one.platform, one.user)]
    return Message(
        Text("Ce code vient d'ici\u00a0: ", *names, ". Est-ce bien votre compte?"),
        Note(
            "Si une autre personne vous a donné ce code, ne confirmez pas\u00a0: elle pourrait agir en "
            "votre nom."
        ),
        Buttons(
            Button("Oui, c'est le mien", f"lier {_CONFIRM}{typed}"[:96], "primary"), Button("Non", "vigie")
        ),
    )


LINKED = Message(
    Text("C'est fait\u00a0: vos comptes sont liés. Ce que vous avez fait avec l'un vaut aussi pour l'autre.")
)
