"""`lier`: link a person's Slack and Discord accounts with a one-time code."""

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
    """Issue a code; or, for a received code, ask whether both accounts are the sender's, then link them.

    Raises `UserError` for an invalid code, or one issued to this same account.
    """
    actor, now = actor_of(request), office.clock()
    sure = request.text.startswith(_CONFIRM)
    typed = request.text.removeprefix(_CONFIRM)
    with office.storage.transaction() as db:
        if not request.text:
            return issued(persons.issue_code(db, actor, now))
        outcome, issuer = persons.look_up_code(db, actor, typed, now)
        if outcome == "own":
            raise UserError(SAME_ACCOUNT)
        if outcome == "linked" and not sure:
            return confirmation(persons.accounts_of(db, issuer), typed)
        if outcome == "unknown" or not sure:
            raise UserError(UNKNOWN_CODE)
        persons.redeem(db, actor, typed, now)
        return LINKED


def issued(secret: str) -> Message:
    """Show a code, which no other message ever shows."""
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
    """Ask for confirmation that both accounts are the sender's, in case someone else sent them the code."""
    names: list[Span | str] = []
    for account in accounts:
        names += [", " if names else "", person(account.platform, account.user)]
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
