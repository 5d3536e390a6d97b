"""Notices, the messages that the bot sends unprompted: their names, arguments and builders.

An outbox row holds a notice's name and its arguments: identifiers and days, never text. The message is built
when it is sent, so that it is accurate at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final, Generic, TypeAlias, TypeVar

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.conversation.deferred import Deferred
from bot.conversation.messages import Button, Buttons, Divider, Heading, Message, Note, Text, bold, code
from bot.conversation.requests import PLATFORMS
from bot.storage import state

READ_COMMAND: Final = "lire"  # the command that shows a waiting message to its recipient
SETTLE: Final = "lettres"  # the command that resends or cancels dead letters

# A restoration adds this key to the arguments of a row whose message may already have been sent.
REPEATED: Final = "repeated"


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """The open transaction, the local day and the recipient for which a message is built.

    `recipient`: in the outbox's format, « person:<id> », « role:<id>/<person> »… `first_tried`: the day of
    the first attempt, for a message that may already have been sent. The message counts its dates from that
    day, so that a second copy is the same.
    """

    db: Database
    today: date
    recipient: str = ""
    first_tried: date | None = None


# A row's message, or None when there is nothing to send any more. A message that is slow to build is
# `Deferred`, to be built outside the transaction.
Built: TypeAlias = Message | Deferred[Message] | None
RowArguments: TypeAlias = Mapping[str, Any]  # decoded from a row's JSON

Arguments = TypeVar("Arguments")


@dataclass(frozen=True, slots=True)
class Notice(Generic[Arguments]):
    """A kind of message. `name`: its name in the outbox's rows.

    `title`: its French name, shown to the administration when such a message cannot be sent. `arguments`: the
    dataclass of its arguments, whose types pydantic can write as JSON and read back. `pressing`: whether it
    may not wait long for a platform that is away when another route is open.
    """

    name: str
    title: str
    arguments: type[Arguments]
    pressing: bool = False

    def to_row(self, arguments: Arguments) -> RowArguments:
        """Return `arguments` as JSON types: a day becomes « 2026-11-24 »."""
        row: RowArguments = _adapter(self).dump_python(arguments, mode="json")
        return row

    def built_by(
        self,
        build: Callable[[NoticeContext, Arguments], Built],
        delivered: Callable[[NoticeContext, Arguments], None] = lambda _context, _arguments: None,
    ) -> NoticeBuilder:
        """Return this notice paired with the function that builds its message.

        `delivered`: called once the message itself is delivered, or opened, with the same context, in the
        transaction that records it.
        """
        return NoticeBuilder(
            self.name,
            self.title,
            lambda context, row: build(context, _adapter(self).validate_python(row)),
            self.pressing,
            lambda context, row: delivered(context, _adapter(self).validate_python(row)),
        )


@lru_cache
def _adapter(notice: Notice[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(notice.arguments)


@dataclass(frozen=True, slots=True)
class NoticeBuilder:
    """A notice with the function that builds its message from a row's arguments."""

    name: str
    title: str
    build: Callable[[NoticeContext, RowArguments], Built]
    pressing: bool = False
    delivered: Callable[[NoticeContext, RowArguments], None] = lambda _context, _arguments: None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An undeliverable row: its identifier, its notice's name, and its problem (see `reason`)."""

    row: str
    notice: str
    problem: str


DEAD_LETTER: Final = Notice("lettre-morte", "un message non remis", DeadLetter)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A platform's refusal of Vigie, with the platform's error code.

    `scope`: the permission that is missing, or "" when the platform refuses everything.
    """

    platform: str
    code: str
    scope: str = ""


REFUSED: Final = Notice("plateforme-refusee", "une plateforme qui me refuse", Refusal, pressing=True)
ABSENT: Final = "absent"  # the problem of a pressing row that waited too long, with no other route


def is_stuck(problem: str | None) -> bool:
    """Return whether a row with this problem waits for an absent platform or for a permission."""
    return (problem or "").partition(" ")[0] in {ABSENT, "scope"}


def refusing(name: str) -> str:
    """Return the name of the flag that is raised while a platform refuses the bot.

    `name`: the platform, or « platform scope (permission) » when it refuses only for lack of a permission.
    """
    return f"refused:{name}"


class Notices:
    """All the notices of a bot, by name, including the outbox's own.

    `builders`: returns the other rooms' notices. It is called when the first notice is built.
    """

    def __init__(self, builders: Callable[[], Iterable[NoticeBuilder]] = tuple) -> None:
        self._list = builders

    @cached_property
    def _builders(self) -> Mapping[str, NoticeBuilder]:
        dead = DEAD_LETTER.built_by(lambda _, dead: dead_letter(self.title(dead.notice), dead))
        builtin = (dead, REFUSED.built_by(_refusal))
        return {builder.name: builder for builder in (*builtin, *self._list())}

    def build(self, context: NoticeContext, name: str, arguments: RowArguments) -> Built:
        """Return a row's message, or None when there is no longer a message to send.

        Raises `LookupError` for an unknown name, and `ValueError` for arguments that do not fit the notice.
        """
        built = self._builders[name].build(context, arguments)
        if built is None or not arguments.get(REPEATED):
            return built
        return Deferred(lambda: _repeated(built.make())) if isinstance(built, Deferred) else _repeated(built)

    def delivered(self, context: NoticeContext, name: str, arguments: RowArguments) -> None:
        """Call the `delivered` function of a row's notice (see `Notice.built_by`)."""
        if name in self._builders:
            self._builders[name].delivered(context, arguments)

    def title(self, name: str) -> str:
        """Return a notice's title, or the name itself when no notice has it."""
        return self._builders[name].title if name in self._builders else name

    def titles(self) -> dict[str, str]:
        """Return the title of each notice, by name."""
        return {name: builder.title for name, builder in self._builders.items()}

    def pressing(self, name: str) -> bool:
        """Return whether a notice may not wait long for a platform that is away."""
        return name in self._builders and self._builders[name].pressing


def _refusal(context: NoticeContext, refusal: Refusal) -> Message | None:
    """Return the message about a refusal, or None once the platform accepts Vigie again."""
    name = f"{refusal.platform} scope ({refusal.scope})" if refusal.scope else refusal.platform
    return refused(refusal) if state.flag(context.db, refusing(name)) else None


def _repeated(message: Message) -> Message:
    return Message(MAYBE_TWICE, Divider(), *message.elements, public=message.public)


def waiting(row_id: str) -> Message:
    """Return an invitation, which other people may see, with a button that shows the message privately."""
    return Message(
        Text(
            "J'ai un message pour vous, mais vos messages privés me sont fermés. "
            "Pressez le bouton\u00a0: vous serez seule ou seul à le voir."
        ),
        Buttons(Button("Lire mon message", f"{READ_COMMAND} {row_id}", "primary")),
        Note("Pour recevoir les suivants, permettez les messages privés dans les réglages de ce serveur."),
    )


def unreached(title: str, problem: str) -> Message:
    """Return the message that tells the administrators' channel that someone could not be reached.

    `title`: the title of the undelivered notice. `problem`: the adapter's error code. The message reveals
    neither the person nor the text meant for that person.
    """
    return Message(
        Heading("Un message n'a pas pu être remis"),
        Text("C'était\u00a0: ", bold(title), f". {reason(problem)}"),
        Note(
            "Je ne dis pas ici pour qui. Pour l'envoyer de nouveau, le chemin rétabli, écrivez-moi en privé "
            "«\u00a0lettres\u00a0»; pour voir qui tient quel rôle, «\u00a0rôles\u00a0»."
        ),
    )


def refused(refusal: Refusal) -> Message:
    """Return the message that tells the administration that a platform refuses Vigie."""
    name = PLATFORMS.get(refusal.platform, "le courriel")
    if refusal.scope:
        return Message(
            Heading("Il me manque une permission"),
            Text(
                f"Sur {name}, l'application n'a pas la permission ",
                code(refusal.scope),
                ". Ce qui en a besoin attend, et partira dès qu'elle l'aura. Le reste part comme d'habitude.",
            ),
            _CHECK,
        )
    return Message(
        Heading(f"{name[0].upper()}{name[1:]} me refuse"),
        Text(
            f"Mon accès y est refusé ({refusal.code}). Ce qui doit partir par là attend, et partira dès que "
            "l'accès sera rétabli\u00a0: rien n'est perdu. Ce qui presse prend un autre chemin, s'il en est."
        ),
        _CHECK,
    )


def dead_letter(title: str, dead: DeadLetter) -> Message:
    """Return the announcement of a dead letter to the administration, with buttons to resend or cancel it."""
    return Message(
        Heading("Un message non remis"),
        Text(
            "Il n'a pu être remis à personne, par aucun moyen\u00a0: ",
            bold(title),
            f". {reason(dead.problem)}",
        ),
        Buttons(
            Button("Envoyer de nouveau", f"{SETTLE} envoyer {dead.row}", "primary"),
            Button("Annuler l'envoi", f"{SETTLE} annuler {dead.row}"),
        ),
    )


def reason(problem: str) -> str:
    """Explain in French an adapter's error code, « closed (50007) », without the number (see the log)."""
    return _REASONS.get(problem.partition(" ")[0], "La plateforme l'a refusé.")


_CHECK = Note("Pour savoir quoi faire\u00a0: ", code("vigie diagnostic"), ".")
TRIAL = Message(
    Text(
        "Ceci est un essai\u00a0: je vérifie que je peux vous écrire, et que je retrouve mes messages. "
        "Il n'y a rien à faire, et je ne le referai pas."
    )
)
MAYBE_TWICE = Note(
    "La base a été restaurée\u00a0: ce message vous est peut-être déjà parvenu. Il est envoyé de nouveau "
    "pour ne rien perdre."
)
_REASONS = {
    "closed": "Ses messages privés sont fermés.",
    "gone": "Le canal ou le compte n'existe plus.",
    "scope": "Il me manque une permission\u00a0: vérifiez-la avec vigie diagnostic.",
    ABSENT: "La plateforme me refuse, ou ne répond pas.",
    "forbidden": "Je n'ai pas le droit d'écrire là.",
    "exhausted": "La plateforme n'a pas répondu après de nombreux essais.",
    "unreachable": "Aucun moyen de rejoindre cette personne n'est configuré.",
    "broken": "Le message n'a pas pu être composé\u00a0: voyez le journal.",
}
