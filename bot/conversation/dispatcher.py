"""From what a person does to what the bot answers.

An adapter turns an event of its platform into a `Request`; the `Dispatcher` finds the command in
the catalogue, runs it on the storage thread unless it is instant, and always comes back with something
to say.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import secrets
import unicodedata
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, ParamSpec, TypeVar, cast

from bot import logs
from bot.conversation.deferred import Deferred, aside
from bot.conversation.forms import Reply, opener
from bot.conversation.messages import (
    Button,
    Buttons,
    Divider,
    Element,
    Link,
    Message,
    Quote,
    Text,
    TooLong,
    clean,
    code,
)
from bot.conversation.requests import Actor, Answer, Command, Place, Received, Request, Suggestion, UserError

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

TEXT_LENGTH = 10_000  # what is read of a person's text; a policy's clause is under 2,000
MET = 10_000  # people remembered as having been introduced
SUGGESTIONS = 25  # Discord: choices offered as one types

_MARKS = "!?.,;:…"
# Words that, alone, are a way of asking what one can do here.
_GREETINGS = frozenset(
    "allo allô bonjour bonsoir coucou hello help hey hi menu merci ok salut svp".split()  # noqa: SIM905 — a list of words reads better as a line
)
# Shown where something anonymous was asked for in writing: it goes on from a button, which leaves no trace.
_NOT_WRITTEN: Final = Text(
    "Cela ne se fait pas par écrit ici, où ce que vous tapez reste. Pressez le bouton\u00a0: vous serez "
    "seule ou seul à voir la suite, et rien n'en restera dans cette conversation."
)
_SORRY: Final = Message(
    Text(
        "Désolé, je n'ai pas pu répondre\u00a0: quelque chose s'est brisé de mon côté. "
        "Réessayez dans un moment."
    )
)
_ASK_IN_PRIVATE = Text(
    "Je n'ai pas de clause à citer ici. Écrivez-moi en message privé, ou tapez ", code("/politique"), "."
)


def _readable(text: str) -> str:
    """Return what is read of a text: cleaned, composed (NFC), its first word parted by one space."""
    words = unicodedata.normalize("NFC", clean(text[:TEXT_LENGTH])).strip()
    return " ".join(words.split(maxsplit=1))


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whom the bot serves, and what it says to someone the first time.

    `refusal`: what to answer to someone who is not served, None to someone who is.
    `notice`: what the one who asks must have read, nothing when they have; `noticed` is told once it is
    in an answer. Both run on the storage thread.
    `limit`: counts a request of an anonymous command, and says why it is one too many, None when it is not.
    """

    refusal: Callable[[Actor | None], Message | None] = lambda _actor: None
    notice: Callable[[Request], Sequence[Element]] = lambda _request: ()
    noticed: Callable[[Request], None] = lambda _request: None
    limit: Callable[[Actor], Message | None] = lambda _actor: None


class Dispatcher:
    """The catalogue at work.

    `commands`: the catalogue; its first entry is the one that free text goes to.
    `menu`: the name of the command that shows what one can do.
    `executor`: the storage thread; commands that are not instant run there, one at a time.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        executor: Executor,
        menu: str = "vigie",
        *,
        welcome: Welcome | None = None,
    ) -> None:
        self.commands = tuple(commands)
        self._welcome = welcome or Welcome()
        self._by_name = {command.name: command for command in commands}
        self._executor = executor
        self._default = commands[0]
        self._menu = self._by_name[menu]
        self._taking = next((command for command in commands if command.reads), None)
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
        return Request(self._default.name, words, actor, place, free=True)

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

    def serves(self, actor: Actor) -> bool:
        """Tell whether `actor` is served."""
        return self._welcome.refusal(actor) is None

    def fleeting(self, request: Request) -> bool:
        """Tell whether the answer to a request is to stay in no conversation."""
        command = self.command(request.command)
        return command is not None and command.fleeting

    def logged(self, request: Request) -> str:
        """Return what the log calls a request: an anonymous one has the name of the menu."""
        command = self.command(request.command)
        return self.menu if command is not None and command.anonymous else request.command

    def admit(self, request: Request, *, written: bool = False) -> Request | Message:
        """Return a request as its command may know it, or what to answer in its place.

        An adapter calls this as soon as a request is made, and keeps nothing else of it: that of an
        anonymous command comes back without who asks. `written`: it is a message, which stays.
        """
        command, actor = self.command(request.command), request.actor
        if command is None or not command.anonymous:
            return request
        if actor is not None and (refused := self._welcome.refusal(actor)):
            return refused
        if written:
            return Message(_NOT_WRITTEN, Buttons(Button("Continuer", command.name, "primary")))
        if actor is not None and command.counts(request) and (refused := self._welcome.limit(actor)):
            return refused
        return replace(request, actor=None)

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
            if not command.slash and not command.refusal and command.name.startswith(name.lower())
        ]

    async def handle(self, request: Request) -> Reply:
        """Run the request and return the answer; a failure is an apology with a reference.

        Where all can read (`place` "open"), the answer holds only quotations and buttons.
        """
        with logs.request():
            refused = self._welcome.refusal(request.actor)
            if refused is not None:
                return Message(*refused.elements, public=request.place == "open")
            request = await self._redirected(request)
            command = self.command(request.command) or self._default
            if command.anonymous:  # which its adapter did
                request = replace(request, actor=None)
            if command.alone and request.place == "open":
                return Message(_ASK_IN_PRIVATE, public=True)
            answer = self._at_once(command, request)
            if answer is None:
                answer = await self._stored(self._run, command, request)
            reply = await self._made(answer, request) if isinstance(answer, Deferred) else answer
            if request.place == "open":
                return _bare(reply if isinstance(reply, Message) else opener(reply))
            if command.unnoted and request.actor:
                self._met.discard(request.actor)
            elif isinstance(reply, Message) and not reply.public and self._is_first(request):
                return await self._stored(self._introduced, request, reply)
            return reply

    async def takes_file(self, actor: Actor) -> bool:
        """Tell whether a file that `actor` drops in private is to be fetched; most are not looked at."""
        command = self._taking
        if command is None or not self.serves(actor):
            return False
        refusal, asked = command.refusal, Request(command.name, "", actor)
        return refusal is None or not await self._stored(refusal, asked)

    async def handle_file(self, file: Received, actor: Actor) -> Reply:
        """Read a file and return what its command answers to it."""
        command = self._taking
        if command is None or command.reads is None:
            return Message(Text("Je ne lis pas de fichier ici."))
        try:
            read = await aside(partial(command.reads, file))
        except UserError as refusal:
            return Message(Text(str(refusal)))
        except Exception as error:  # noqa: BLE001 — as in `_run`
            return apology(error, command.name)
        return await self.handle(Request(command.name, "", actor, "direct", read=read))

    async def _stored(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Do `work` on the storage thread, in the request's own context."""
        loop = asyncio.get_running_loop()
        run = contextvars.copy_context().run
        return await loop.run_in_executor(self._executor, lambda: run(work, *args, **kwargs))

    async def _redirected(self, request: Request) -> Request:
        """Give a free text in private to the command that awaits it as an answer, if one does."""
        if not request.free or request.place != "direct":
            return request
        for command in self.commands:
            if command.replies and command.replies.fullmatch(request.text):
                answer = replace(request, command=command.name)
                if await self._stored(self._awaits, command, answer):
                    return answer
        return request

    def _awaits(self, command: Command, request: Request) -> bool:
        try:
            return command.awaits(request)
        except Exception as error:  # noqa: BLE001 — the text is then answered as any other
            logger.error("whether /%s awaits an answer: %s", command.name, logs.where(error))  # noqa: TRY400 — in one line
            return False

    async def _made(self, answer: Deferred[Message], request: Request) -> Message:
        try:
            return await aside(answer.make)
        except Exception as error:  # noqa: BLE001 — as for `_run`
            name = self.logged(request)
            return apology(error, name, anonymous=name != request.command)

    def _at_once(self, command: Command, request: Request) -> Answer | None:
        """Return the answer to a request that takes no storage thread, None to one that does."""
        if callable(command.instant):
            return self._answered(command, request, command.instant)
        return self._run(command, request) if command.instant else None

    def _run(self, command: Command, request: Request) -> Answer:
        return self._answered(command, request, command.run)

    def _answered(
        self, command: Command, request: Request, answer: Callable[[Request], Result]
    ) -> Result | Message:
        try:
            if command.refusal and (why := command.refusal(request)):
                return Message(Text(why))
            return answer(request)
        except UserError as refusal:
            return Message(Text(str(refusal)))
        except Exception as error:  # noqa: BLE001 — the one place where nobody may be left without a reply
            return apology(error, self.logged(request), anonymous=command.anonymous)

    def _is_first(self, request: Request) -> bool:
        """Tell whether this is a person's first exchange since the bot started."""
        return request.actor is not None and request.actor not in self._met

    def _introduced(self, request: Request, reply: Message) -> Message:
        """Add to a person's first answer what they must have read and, in private, the menu.

        What a message cannot hold waits for the next one. A page of one's own that is merely opened
        shows the notice, and nothing is noted of who opened it.
        """
        actor = cast("Actor", request.actor)
        command = self.command(request.command) or self._default
        if request.place == "direct" and command.name != self.menu and not command.alone:
            menu = self._run(self._menu, Request(self.menu, "", actor, request.place))
            reply = _followed_by(reply, menu) if isinstance(menu, Message) else reply
        merely_opened = request.place == "home" and request.command == self.menu
        try:
            if notice := self._welcome.notice(request):
                reply = Message(*reply.elements, Divider(), *notice)
                if not merely_opened:
                    self._welcome.noticed(request)
        except TooLong:
            return reply
        except Exception as error:  # noqa: BLE001 — a database in trouble must not keep back an answer
            logger.error("the notice will be given again: %s", logs.told(error))  # noqa: TRY400 — it is in it
            return reply
        if request.place == "home":  # where the menu is never added
            return reply
        if len(self._met) > MET:  # forgetting costs one more menu
            self._met.clear()
        self._met.add(actor)
        return reply


def _followed_by(reply: Message, menu: Message) -> Message:
    """Return both messages as one, or the reply alone when one message cannot hold both.

    A button of the menu that the reply already has, or another for the same command, is left out.
    """
    labels = {button.label for button in reply.buttons()}
    commands = {button.command for button in reply.buttons() if isinstance(button, Button)}
    elements: list[Element] = []
    for element in menu.elements:
        if not isinstance(element, Buttons):
            elements.append(element)
        elif new := [one for one in element.items if one.label not in labels and not _does(one, commands)]:
            elements.append(Buttons(*new))
    try:
        return Message(*reply.elements, Divider(), *elements, public=reply.public)
    except TooLong:
        return reply


def _does(button: Button | Link, commands: Collection[str]) -> bool:
    return isinstance(button, Button) and button.command in commands


def _bare(message: Message) -> Message:
    """Return what may be said before everyone: quotations and buttons, else where to ask instead."""
    kept = [element for element in message.elements if isinstance(element, Quote | Buttons)]
    if not message.quotes():
        return Message(_ASK_IN_PRIVATE, public=True)
    return Message(*kept, public=True)


def apology(error: Exception, command: str, *, anonymous: bool = False) -> Message:
    """Log `error` under a reference number and return the message that gives it.

    The log holds where it broke, never what the person wrote: an exception's text may quote it. No
    number is given for what is `anonymous`: whoever brought it to the administration would say who they are.
    """
    reference = secrets.token_hex(3)
    told = f": {error}" if isinstance(error, logs.ExplainedError) else ""
    logger.error("%s: in /%s, %s%s", reference, command, logs.where(error), told)
    if anonymous:
        return _SORRY
    return Message(
        Text(
            "Désolé, je n'ai pas pu répondre\u00a0: quelque chose s'est brisé de mon côté. "
            "Réessayez dans un moment. Si cela se répète, donnez cette référence à "
            "l'administration\u00a0: ",
            code(reference),
        )
    )
