"""From what a person does to what the bot answers.

An adapter turns an event of its platform into a `Request`; the `Dispatcher` finds the command in
the catalogue, runs it on the storage thread, and always comes back with something to say.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from bot.messages import (
    SHORTCUT_LENGTH,
    Buttons,
    Divider,
    Element,
    Message,
    Quote,
    Reply,
    Text,
    TooLong,
    clean,
    code,
    opener,
)

logger = logging.getLogger(__name__)

TEXT_LENGTH = 10_000  # what is read of a person's text; a policy's clause is under 2,000
MET = 10_000  # people remembered as having seen the menu
SUGGESTIONS = 25  # Discord: choices offered as one types

# Where a request was made: a private conversation with the bot, a channel where an answer can be
# shown to one person only, a place where everything is seen by all (a mention on Discord), or a page
# that is one person's own (Slack's App Home).
Place: TypeAlias = Literal["direct", "channel", "open", "home"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as one platform knows them: `team` is the workspace or server, "" in a Discord DM."""

    platform: str
    team: str
    user: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks: a command's name, the text after it, and what a form brought."""

    command: str
    text: str = ""
    actor: Actor | None = None
    place: Place = "direct"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion offered as one types: what is shown, and the text that it stands for."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the catalogue; what adapters must know before they run it is here.

    `slash`: a slash command of its own; others are written `/vigie name`.
    `usage`: what may follow the name, "" when nothing. `examples`: texts worth trying.
    `opens_form`: the answer is a form, which must be the very first answer to a button or command.
    `instant`: answered from memory in well under a millisecond, so run at once, without the storage thread.
    `shortcut`: the label of the entry in a message's own menu; the message's text becomes the
    request's text.
    """

    name: str
    summary: str
    run: Callable[[Request], Reply]
    usage: str = ""
    examples: tuple[str, ...] = ()
    slash: bool = False
    opens_form: bool = False
    instant: bool = False
    suggest: Callable[[str], Sequence[Suggestion]] | None = None
    shortcut: str = ""

    def __post_init__(self) -> None:
        if len(self.shortcut) > SHORTCUT_LENGTH:
            raise ValueError(f"shortcut of {self.name}: over {SHORTCUT_LENGTH} characters")


_MARKS = "!?.,;:…"
# Words that, alone, are a way of asking what one can do here.
_GREETINGS = frozenset(
    "allo allô bonjour bonsoir coucou hello help hey hi menu merci ok salut svp".split()  # noqa: SIM905 — a list of words reads better as a line
)
_ASK_IN_PRIVATE = Text(
    "Je n'ai pas de clause à citer ici. Écrivez-moi en message privé, ou tapez ", code("/politique"), "."
)


def _readable(text: str) -> str:
    """Return what is read of a text: cleaned, composed (NFC), its first word parted by one space."""
    words = unicodedata.normalize("NFC", clean(text[:TEXT_LENGTH])).strip()
    return " ".join(words.split(maxsplit=1))


class UserError(Exception):
    """A refusal with its explanation, in words meant for the person."""


class Dispatcher:
    """The catalogue at work.

    `commands`: the catalogue; its first entry is the one that free text goes to.
    `menu`: the name of the command that shows what one can do.
    `executor`: the storage thread; commands run there one at a time, off the event loop.
    """

    def __init__(self, commands: Sequence[Command], executor: Executor, menu: str = "vigie") -> None:
        self.commands = tuple(commands)
        self._by_name = {command.name: command for command in commands}
        self._executor = executor
        self._default = commands[0]
        self._menu = self._by_name[menu]
        self._met: set[Actor] = set()

    def command(self, name: str) -> Command | None:
        """Return the catalogue's entry of that name, if there is one."""
        return self._by_name.get(name)

    def from_text(self, text: str, *, actor: Actor | None = None, place: Place = "direct") -> Request:
        """Read a line that a person typed.

        « /politique 5.10 », « politique 5.10 », « /vigie politique 5.10 » and « 5.10 » are the same
        request. Nothing written, or a greeting, is the menu. Anything else goes to the first command:
        without its slash, a word is a command only when it stands alone or has a slash of its own.
        """
        words = _readable(text)
        bare = [word.strip(_MARKS) for word in words.lower().split() if word.strip(_MARKS)]
        if words.startswith("/"):
            return self.from_command(words, actor=actor, place=place)
        if not words or (bare and set(bare) <= _GREETINGS | {self.menu}):
            return Request(self.menu, "", actor, place)
        if len(bare) == 1 and self.command(bare[0]):
            return Request(bare[0], "", actor, place)
        command = self.command(words.partition(" ")[0].lower())
        if command and command.slash:
            return self.from_command(words, actor=actor, place=place)
        return Request(self._default.name, words, actor, place)

    def from_command(self, line: str, *, actor: Actor | None = None, place: Place = "direct") -> Request:
        """Read the line that a button, a form or a slash command stands for: a name, then its text."""
        name, _, rest = _readable(line).removeprefix("/").partition(" ")
        if name.lower() == self.menu and rest:
            name, _, rest = rest.partition(" ")
        if not name:
            return Request(self.menu, "", actor, place)
        if self.command(name.lower()):
            return Request(name.lower(), rest.strip(), actor, place)
        return Request(self._default.name, f"{name} {rest}".strip(), actor, place)

    @property
    def menu(self) -> str:
        """The name of the menu, under which the commands without a slash of their own are written."""
        return self._menu.name

    def suggest(self, name: str, text: str) -> list[Suggestion]:
        """Return at most 25 completions of `text`; none when the command offers none.

        After the menu's name, they are the commands written under it, then what the one that is
        written suggests.
        """
        typed = clean(text[:TEXT_LENGTH]).lstrip()
        if name == self.menu:
            return self._under_menu(typed)[:SUGGESTIONS]
        command = self.command(name)
        if command is None or command.suggest is None:
            return []
        try:
            return list(command.suggest(typed))[:SUGGESTIONS]
        except UserError:
            return []

    def _under_menu(self, typed: str) -> list[Suggestion]:
        name, space, rest = typed.partition(" ")
        if space:
            return [replace(one, text=f"{name} {one.text}") for one in self.suggest(name.lower(), rest)]
        return [
            Suggestion(f"{command.name}\u00a0: {command.summary}", command.name)
            for command in self.commands
            if not command.slash and command.name.startswith(name.lower())
        ]

    async def handle(self, request: Request) -> Reply:
        """Run the request and return the answer; a failure is an apology with a reference.

        Where all can read (`place` "open"), the answer holds only quotations and buttons.
        """
        command = self.command(request.command) or self._default
        if command.instant:
            reply = self._run(command, request)
        else:
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(self._executor, self._run, command, request)
        if request.place == "open":
            return _bare(reply if isinstance(reply, Message) else opener(reply))
        return self._introduced(request, reply)

    def _run(self, command: Command, request: Request) -> Reply:
        try:
            return command.run(request)
        except UserError as refusal:
            return Message(Text(str(refusal)))
        except Exception as error:  # noqa: BLE001 — the one place where nobody may be left without a reply
            return apology(error, request.command)

    def _introduced(self, request: Request, reply: Reply) -> Reply:
        """Add the menu under the first answer in a person's private conversation with the bot."""
        if request.place != "direct" or request.actor is None or request.actor in self._met:
            return reply
        if len(self._met) > MET:  # forgetting costs one more menu
            self._met.clear()
        self._met.add(request.actor)
        if request.command == self.menu or not isinstance(reply, Message):
            return reply
        menu = self._run(self._menu, Request(self.menu, "", request.actor, request.place))
        return _followed_by(reply, menu) if isinstance(menu, Message) else reply


def _followed_by(reply: Message, menu: Message) -> Message:
    """Return both messages as one, or the reply alone when one message cannot hold both.

    A button of the menu that the reply already has is left out.
    """
    labels = {button.label for button in reply.buttons()}
    elements: list[Element] = []
    for element in menu.elements:
        if not isinstance(element, Buttons):
            elements.append(element)
        elif new := [button for button in element.items if button.label not in labels]:
            elements.append(Buttons(*new))
    try:
        return Message(*reply.elements, Divider(), *elements, public=reply.public)
    except TooLong:
        return reply


def _bare(message: Message) -> Message:
    """Return what may be said before everyone: quotations and buttons, else where to ask instead."""
    kept = [element for element in message.elements if isinstance(element, Quote | Buttons)]
    if not message.quotes():
        return Message(_ASK_IN_PRIVATE, public=True)
    return Message(*kept, public=True)


def apology(error: Exception, command: str) -> Message:
    """Log `error` under a reference number and return the message that gives it.

    The log holds where it broke, never what the person wrote: an exception's text may quote it.
    """
    reference = secrets.token_hex(3)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    logger.error("%s: %s in /%s at %s", reference, type(error).__name__, command, where)
    return Message(
        Text(
            "Désolé, je n'ai pas pu répondre\u00a0: quelque chose s'est brisé de mon côté. "
            "Réessayez dans un moment. Si cela se répète, donnez cette référence à "
            "l'administration\u00a0: ",
            code(reference),
        )
    )
