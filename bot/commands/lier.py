"""`lier`: link a person's Slack and Discord accounts with a one-time code.

The person who types the code is asked whether the account that requested it is theirs too. If the owner of
either account holds a role, the account that requested the code is asked the same question. Both accounts get
a private message once they are linked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from bot.configuration.profile import Profile
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Span, Text, code, person
from bot.conversation.requests import CONFIRMED, Request, UserError
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder
from bot.outbox.rows import Delivery
from bot.people import persons, roles
from bot.people.office import Office, actor_of, in_private
from bot.people.persons import Account

_AGREE: Final = "accord"
_HERE: Final = "ici"
UNKNOWN_CODE = (
    "Ce code n'est pas bon, ou ne l'est plus\u00a0: il sert une seule fois, pendant dix minutes. "
    "Demandez-en un autre dans l'autre compte\u00a0: «\u00a0Lier mes comptes\u00a0», dans le menu."
)
SAME_ACCOUNT = "Ce code vient de ce compte-ci. Tapez-le dans l'autre\u00a0: celui de Discord ou de Slack."


@dataclass(frozen=True, slots=True)
class LinkNotice:
    """The arguments of a notice to one of two linked accounts: the other account."""

    other: Account


LINK: Final = Notice("liaison", "la liaison de deux comptes", LinkNotice)
ASKED: Final = Notice("liaison-question", "une question sur la liaison de deux comptes", LinkNotice)


def link(office: Office, request: Request) -> Message:
    """Issue a code or, if a code is typed, ask whether both accounts are the sender's, then link them.

    Only the button under that question counts as a yes. « ici » makes this account the one that gets messages
    first. Raises `UserError` for an invalid code, or one issued to this same account.
    """
    actor = persons.account(actor_of(request))
    now = office.clock()
    typed = request.text.removeprefix("oui ")
    with office.storage.transaction() as db:
        if typed == _HERE:
            persons.prefer(db, actor, chosen=True)
            return preferred(in_private(request))
        if not typed or typed.startswith(_AGREE):
            return _request_or_agree(office, db, request)
        outcome, issuer = persons.look_up_code(db, actor, typed, now)
        if outcome == "own":
            raise UserError(SAME_ACCOUNT)
        if outcome == "already" and request.confirmed:  # the same press, delivered twice
            return LINKED
        if outcome != "linked":
            raise UserError(UNKNOWN_CODE)
        if not (request.confirmed and persons.was_asked(db, actor, typed)):
            persons.ask_about_code(db, actor, typed)
            return confirmation(persons.accounts_of(db, issuer), typed)
        requester = persons.agree_to_code(db, typed, now)
        day = office.today()
        if any(roles.concerns(db, someone, day) for someone in (issuer, persons.person_of(db, actor))):
            _write(db, ASKED, requester, actor, now)
            return waiting(office.profile)
        return _link(office, db, requester, actor)


def _request_or_agree(office: Office, db: Database, request: Request) -> Message:
    """Issue a code. If another account already typed this account's code, ask to link them, or link them."""
    actor = persons.account(actor_of(request))
    now = office.clock()
    other = persons.awaited(db, actor, now)
    if other is not None:
        agreed = request.confirmed and request.text == f"{_AGREE} {other}"
        return _link(office, db, actor, other) if agreed else second_question(other)
    if request.text:
        raise UserError(UNKNOWN_CODE)
    return issued(office.profile, persons.issue_code(db, actor, now))


def _link(office: Office, db: Database, issuer: Account, other: Account) -> Message:
    """Link two accounts, and queue a notice to each of them."""
    now = office.clock()
    persons.link(db, issuer, other)
    _write(db, LINK, issuer, other, now)
    _write(db, LINK, other, issuer, now)
    office.registry_changed(db, "")
    return LINKED


def _write(db: Database, notice: Notice[LinkNotice], to: Account, other: Account, now: datetime) -> None:
    """Queue a notice to one account, `to`, about the other."""
    key = f"{notice.name}:{to}:{other}:{persons.new_id()}"
    recipient = f"person:{to.platform}/{to.team}/{to.user}"
    rows.enqueue(db, Delivery(key, recipient, notice, LinkNotice(other), urgent=True), now)


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the builders of the notices about linked accounts."""
    return (
        LINK.built_by(lambda _, notice: linked(notice.other)),
        ASKED.built_by(lambda _, notice: second_question(notice.other)),
    )


def issued(profile: Profile, secret: str) -> Message:
    """Show a new code. No other message ever shows it."""
    return Message(
        Heading("Lier vos comptes"),
        Text("Dans votre autre compte, celui de Discord ou de Slack, écrivez-moi\u00a0: "),
        Text(code(profile.typed(f"lier {secret}"))),
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
            Button("Oui, c'est le mien", f"lier {typed[:80]} {CONFIRMED}", "primary"), Button("Non", "vigie")
        ),
    )


def second_question(other: Account) -> Message:
    """Ask the account that requested a code whether the account that typed it is theirs too."""
    return Message(
        Heading("Lier vos comptes"),
        Text(
            "Votre code a été tapé ici\u00a0: ",
            person(other.platform, other.user),
            ". Est-ce bien votre compte?",
        ),
        Note(
            "L'un de ces comptes tient un rôle\u00a0: il me faut votre accord ici aussi, dans les "
            f"{persons.CODE_MINUTES} minutes. Si ce compte n'est pas le vôtre, ne confirmez pas."
        ),
        Buttons(
            Button("Oui, c'est le mien", f"lier {_AGREE} {other} {CONFIRMED}", "primary"),
            Button("Non", "vigie"),
        ),
    )


def linked(other: Account) -> Message:
    """Tell an account which other account it was linked with."""
    return Message(
        Heading("Vos comptes sont liés"),
        Text(
            "Ce compte et celui-ci ne font plus qu'une personne pour moi\u00a0: ",
            person(other.platform, other.user),
            ".",
        ),
        Note("Si l'autre n'est pas le vôtre, dites-le tout de suite à l'administration."),
        Buttons(Button("M'écrire ici d'abord", f"lier {_HERE}")),
    )


def preferred(where: str) -> Message:
    """Confirm that this account will get messages first. `where`: see `in_private`."""
    return Message(Text(f"C'est noté\u00a0: je vous écrirai d'abord {where}."))


def waiting(profile: Profile) -> Message:
    """Confirm this account's yes, and say that the other account is asked too, because of a role."""
    return Message(
        Text(
            "C'est noté. Comme l'un de ces comptes tient un rôle, je viens de poser la même question dans "
            "l'autre. Si rien n'y arrive, tapez-y "
        ),
        Text(code(profile.typed("lier"))),
    )


LINKED = Message(
    Text("C'est fait\u00a0: vos comptes sont liés. Ce que vous avez fait avec l'un vaut aussi pour l'autre.")
)
