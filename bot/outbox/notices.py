"""What the bot says unprompted: each notice by its name, made into a message when it is sent.

A row of the outbox holds the name and identifiers, so nobody's words lie there, and what is said is
true at the moment of saying it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from sqlite_utils import Database

from bot.conversation.deferred import Deferred
from bot.conversation.messages import Button, Buttons, Divider, Heading, Message, Note, Text, bold, code
from bot.outbox.rows import DEAD_LETTER, REPEATED

Arguments: TypeAlias = Mapping[str, Any]

# What is sent again after a restoration, marked so, rather than held: a report must never be lost.
REPORTS: Final = frozenset({"signalement", "signalement-suite"})
READ: Final = "lire"  # the command that shows a waiting message to whom it is for
SETTLE: Final = "lettres"  # the command that sends dead letters again, or gives them up


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """What a notice is made from, inside one transaction. `recipient`: as the outbox writes it."""

    db: Database
    today: date
    recipient: str = ""


# None: there is nothing to say any more. What takes a while is made once the transaction is over.
Built: TypeAlias = Message | Deferred[Message] | None
Builder: TypeAlias = Callable[[NoticeContext, Arguments], Built]


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of message. `title`: what the administration reads when it could not be sent."""

    title: str
    build: Builder


def build(services: NoticeContext, name: str, arguments: Arguments) -> Built:
    """Return the message of that name, None when there is nothing to say any more.

    Raises `LookupError` for a name that is in no table.
    """
    built = NOTICES[name].build(services, arguments)
    if built is None or not arguments.get(REPEATED):
        return built
    return Deferred(lambda: _repeated(built.make())) if isinstance(built, Deferred) else _repeated(built)


def _repeated(message: Message) -> Message:
    return Message(_MAYBE_TWICE, Divider(), *message.elements, public=message.public)


def title(name: str) -> str:
    """Return what the administration calls a notice."""
    return NOTICES[name].title if name in NOTICES else name


def waiting(row_id: str) -> Message:
    """Return what is said where others may read: that there is a message, and how to see it alone."""
    return Message(
        Text(
            "Vigie a un message pour vous, mais vos messages privés lui sont fermés. "
            "Pressez le bouton\u00a0: vous serez seule ou seul à le voir."
        ),
        Buttons(Button("Lire mon message", f"{READ} {row_id}", "primary")),
        Note("Pour recevoir les suivants, permettez les messages privés dans les réglages de ce serveur."),
    )


def unreached(name: str, problem: str) -> Message:
    """Return what the administrators' channel is told: never what was to be said, nor to whom in words."""
    return Message(
        Heading("Un message n'a pas pu être remis"),
        Text("Il s'agit de\u00a0: ", bold(title(name)), f". {reason(problem)}"),
        Note(
            "Rejoignez cette personne autrement. Pour savoir qui tient quel rôle\u00a0: ",
            code("/vigie roles"),
        ),
    )


def reason(problem: str) -> str:
    """Return in French why something could not be sent, from the code that the adapter gave."""
    word, _, detail = problem.partition(" ")
    return _REASONS.get(word, "La plateforme l'a refusé.") + (f" {detail}" if detail else "")


def _dead_letter(_: NoticeContext | None, arguments: Arguments) -> Message:
    return Message(
        Heading("Lettre morte"),
        Text(
            "Un message n'a pu être remis à personne, par aucun moyen\u00a0: ",
            bold(title(arguments["notice"])),
            f". {reason(arguments['problem'])}",
        ),
        Buttons(
            Button("Envoyer de nouveau", f"{SETTLE} envoyer {arguments['row']}", "primary"),
            Button("Y renoncer", f"{SETTLE} annuler {arguments['row']}"),
        ),
        Note("Son numéro dans la base\u00a0: ", code(arguments["row"])),
    )


_MAYBE_TWICE = Note(
    "La base a été restaurée\u00a0: ce message vous est peut-être déjà parvenu. Il est envoyé de nouveau "
    "pour ne rien perdre."
)
_REASONS = {
    "closed": "Ses messages privés sont fermés.",
    "gone": "Le canal ou le compte n'existe plus.",
    "token": "Le jeton de Vigie est refusé\u00a0: vérifiez-le avec vigie diagnostic.",
    "forbidden": "Vigie n'a pas le droit d'écrire là.",
    "exhausted": "La plateforme n'a pas répondu après de nombreux essais.",
    "unreachable": "Aucun moyen de rejoindre cette personne n'est configuré.",
    "broken": "Le message n'a pas pu être composé\u00a0: voyez le journal.",
}

NOTICES: dict[str, Notice] = {DEAD_LETTER: Notice("une lettre morte", _dead_letter)}


def examples() -> dict[str, Message]:
    """Return one of each message of this module, by name."""
    dead = {"row": "0f3c9a5be2d14c70", "notice": DEAD_LETTER, "problem": "closed (50007)"}
    return {
        "message en attente": waiting("0f3c9a5be2d14c70"),
        "message non remis": unreached(DEAD_LETTER, "closed (50007)"),
        "lettre morte": _dead_letter(None, dead),
        "message peut-être répété": Message(_MAYBE_TWICE, Divider(), Text("…")),
    }
