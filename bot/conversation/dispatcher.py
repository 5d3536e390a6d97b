"""The dispatcher, which turns a request into its answer.

An adapter turns an event of its platform into a `Request`. The `Dispatcher` finds the command in the
catalogue, runs it on the storage thread unless it is instant, and always returns a reply.
"""

import asyncio
import contextvars
import difflib
import logging
import random
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from bot import logs
from bot.conversation.deferred import Deferred, aside
from bot.conversation.fading import Fading
from bot.conversation.forms import CORRECTING, FIELD_TEXT_LENGTH, Form, Reply, opener, refused_form
from bot.conversation.messages import (
    Button,
    Buttons,
    Choice,
    Divider,
    Element,
    Message,
    Quote,
    Text,
    TooLong,
    clean,
    code,
)
from bot.conversation.requests import (
    BELOW,
    CONFIRMED,
    MENU,
    Actor,
    Answer,
    Command,
    FieldsError,
    Place,
    Received,
    Request,
    Slow,
    Suggestion,
    UserError,
)

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

TEXT_LENGTH = 10_000  # maximum characters of a person's text; a policy's clause is under 2,000
# maximum characters read of a line: a command's name, and enough text to see that it exceeds `TEXT_LENGTH`
LINE_LENGTH = TEXT_LENGTH + 100
MET = 10_000  # people remembered as already greeted; beyond that, all are forgotten
TYPED = timedelta(minutes=10)  # how long the answers of a refused form can be corrected
TYPED_FORMS = 500  # people whose refused form is remembered, one each; beyond that, the oldest is dropped
WAITING = 5  # maximum number of slow requests, such as questions, running or waiting for one person
HELP = "aide"  # the command that answers a misspelt name
ARGUMENTS = 2  # words after a command's name typed without a slash; a longer line is a sentence
NAME_WORDS = 3  # maximum number of words in which people write a command's name
MISSPELT = 0.75  # minimum similarity (`difflib`) between a line and the command that it misspells
SUGGESTIONS = 25  # Discord: choices offered while typing
SUGGESTION_LENGTH = 100  # Discord: characters in a choice; longer input gets no completion

_MARKS = "!?.,;:…"
_GLUED = re.compile(r"(?<=\w)[:;,…](?=\w)")  # a punctuation mark inside a word: « quiz:b »
# Words that ask for the menu when nothing else is typed.
_GREETINGS = frozenset(
    "allo allô bonjour bonsoir coucou hello hey hi menu salut".split()  # noqa: SIM905 — a list of words reads better as a line
)
NOT_YOURS: Final = Message(
    Text("Je suis au service d'une seule association et je ne peux pas répondre ici; merci de votre intérêt.")
)
# Precedes an answer sent elsewhere, because the bot may not write in the channel of the request.
UNPERMITTED: Final = Message(
    Text(
        "Il me manque une permission pour répondre là où vous m'avez écrit\u00a0: voici ma réponse ici. "
        "L'administration du serveur peut me permettre de voir ce canal et d'y écrire."
    )
)
# Shown instead of a window that the bot did not open in time for the platform.
TOO_LATE: Final = Message(Text("La fenêtre n'a pas pu s'ouvrir à temps. Réessayez dans un moment."))
# Answers an anonymous command that was typed. What follows its button leaves no trace in the conversation.
_NOT_WRITTEN: Final = Text(
    "Cela ne se fait pas par écrit ici, où ce que vous tapez reste. Pressez le bouton\u00a0: vous serez "
    "seule ou seul à voir la suite, et rien n'en restera dans cette conversation."
)
# Answers a button whose command no longer exists in this version of the bot.
GONE_BUTTON: Final = Message(
    Text("Ce bouton vient d'un ancien message et ne fait plus rien. Le menu montre ce qu'on peut faire ici."),
    Buttons(Button("Menu", MENU, "primary")),
)
# Answers a form whose command no longer exists in this version of the bot.
GONE_FORM: Final = Message(
    Text(
        "Ce formulaire vient d'un ancien message et ne fait plus rien\u00a0: vos réponses n'ont pas été "
        "gardées. Le menu montre ce qu'on peut faire ici."
    ),
    Buttons(Button("Menu", MENU, "primary")),
)
ONE_AT_A_TIME: Final = Message(
    Text(
        "Une question à la fois, s'il vous plaît : je réponds encore aux précédentes. Reposez-moi "
        "celle-ci ensuite."
    )
)
_SORRY: Final = Message(
    Text(
        "Pardon, je n'ai pas pu répondre\u00a0: quelque chose s'est brisé de mon côté. "
        "Réessayez dans un moment."
    )
)
_ASK_IN_PRIVATE: Final = Message(
    Text(
        "Je n'ai pas de clause à citer ici. Écrivez-moi en message privé, ou tapez ", code("/politique"), "."
    ),
    public=True,
)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The rules of service: the teams served, the notice for newcomers, the limit on anonymous requests.

    `teams`: the association's own workspace (« slack ») and server (« discord »). If no setting names the
    workspace, it is the one that the bot's token belongs to. On a platform missing from `teams`, like the
    sandbox, everyone is served.
    `notice`: returns the notice that the person must still read, or () if there is none. `noticed`: records
    that these people were shown the notice. Both run on the storage thread.
    `limit`: counts a request for an anonymous command, given its text, and returns a refusal if there are too
    many, else None. The same press counts once, however often it arrives.
    `alias`: returns the `Request.alias` that stands for the author of an anonymous request.
    """

    teams: Mapping[str, str] = field(default_factory=dict)
    notice: Callable[[Request], Sequence[Element]] = lambda _request: ()
    noticed: Callable[[Sequence[Actor]], None] = lambda _actors: None
    limit: Callable[[Actor, str], Message | None] = lambda _actor, _text: None
    alias: Callable[[Actor], bytes] = lambda _actor: b""

    def refusal(self, actor: Actor | None) -> Message | None:
        """Return the answer for someone who is not served, None for someone who is.

        A private conversation on Discord belongs to no server. The adapter asks Discord whether the person
        is in the association's server, and sets `actor.team` accordingly. A request without an actor is
        anonymous: `Dispatcher.admit` checked its actor before removing it.
        """
        team = self.teams.get(actor.platform) if actor else None
        return None if actor is None or team in {None, actor.team} else NOT_YOURS


@dataclass(frozen=True, slots=True)
class Admission:
    """The parts of a request that an adapter may keep. `request` has no actor if its command is anonymous.

    `refusal`: an answer that replaces the command's, if any. `logged`: the command's name for the log, or
    the menu's name if the command is anonymous.
    """

    request: Request
    command: Command
    logged: str
    refusal: Message | None = None

    def with_file(self, file: Received) -> "Admission":
        """Return the admission with the file that was attached to its form."""
        return replace(self, request=replace(self.request, file=file))

    def under(self, name: str) -> "Admission":
        """Return the admission with the person's name on the platform, unless the request is anonymous."""
        if self.request.actor is None:
            return self
        return replace(self, request=replace(self.request, name=clean(name)))


class _Turn(asyncio.Lock):
    """A lock that makes a person's requests run one at a time.

    `taken`: the number of requests that hold the lock or wait for it.
    """

    taken = 0


@dataclass(frozen=True, slots=True)
class _Refused:
    """A request that was refused or failed.

    `problems`: what is wrong, by the field's name, or by "" for a problem of no single field.

    `typed`: as in `FieldsError`. `label`: the label of the button that opens the form again.
    """

    message: Message
    problems: Mapping[str, str]
    typed: Mapping[str, str] | None = field(default=None, repr=False)
    label: str = "Corriger"


# The answers of each person's latest refused form, with the token that its button carries.
Typed: TypeAlias = Fading[Actor | bytes, tuple[str, Mapping[str, str]]]


def typed_forms(clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Typed:
    """Return an empty table for the answers of refused forms. `clock`: returns the current time."""
    return Fading(clock, TYPED, TYPED_FORMS)


_Turns: TypeAlias = WeakValueDictionary[Actor | bytes, _Turn]  # locks by actor or alias, while in use


@dataclass(eq=False, repr=False)
class Dispatcher:
    """Runs the commands of a catalogue and returns their replies.

    `commands`: the catalogue. Free text goes to the first command.
    `executor`: the storage thread, on which commands run one at a time unless they are instant. `urgent`: the
    same thread, on which `Command.urgent` commands run before those that wait in `executor`.
    `menu`: the name of the command that shows the available actions. Buttons carry `MENU` for it, whatever
    its name. Commands that are not slash commands are typed after its name.
    `shown`: receives the quotations of each person's latest instant answer, for a follow-up question.
    `typed`: the answers of each person's latest refused form, in memory for minutes, by actor or alias.
    """

    commands: Sequence[Command]
    executor: Executor
    menu: str = MENU
    _: KW_ONLY
    urgent: Executor | None = None
    welcome: Welcome = field(default_factory=Welcome)
    shown: MutableMapping[Actor, Sequence[Quote]] = field(default_factory=dict)
    typed: Typed = field(default_factory=typed_forms)
    _met: set[Actor] = field(default_factory=set)
    _noticed: list[Actor] = field(default_factory=list)
    _turns: _Turns = field(default_factory=WeakValueDictionary)
    _slow_turns: _Turns = field(default_factory=WeakValueDictionary)

    def __post_init__(self) -> None:
        self._by_name = {command.name: command for command in self.commands}
        self._by_key = {_key(command.name): command.name for command in self.commands}
        self._by_label = {_key(label): command.name for command in self.commands for label in command.labels}
        self._reader = next((command for command in self.commands if command.reads), None)

    def command(self, name: str) -> Command | None:
        """Return the command with that name, if there is one."""
        return self._by_name.get(name)

    def from_text(
        self,
        text: str,
        *,
        actor: Actor | None = None,
        place: Place = "direct",
        pressed: bool = False,
        fields: Mapping[str, str] | None = None,
    ) -> Request:
        """Parse a line that a person typed, or the line of a button (`pressed`) or of a form (`fields`).

        « /politique 5.10 », « politique 5.10 », « /vigie politique 5.10 » and « 5.10 » are the same
        request. An empty line or a greeting asks for the menu.

        A line without a slash is a command when it is only the command's name (« mes données ») or the label
        of one of its buttons (« Où j'en suis »). It is also one when its first word names a slash command and
        at most `ARGUMENTS` words follow, without a question mark: « quiz, c'est quand? » is a question. After
        the name of the menu, of the first command or of an anonymous command, any text may follow.

        Any other line goes to the first command as free text. So does the name of a restricted command, until
        `handle` checks who wrote it.
        """
        words = _readable(text)
        bare = [word.strip(_MARKS) for word in words.lower().split() if word.strip(_MARKS)]
        if words.startswith("/") or pressed:
            return self.from_command(words, actor=actor, place=place, pressed=pressed, fields=fields)
        if not words or (bare and set(bare) <= _GREETINGS | {self.menu}):
            return Request(self.menu, "", actor, place)
        named, rest = self._named(self._by_label.get(_key(words), words))
        if named and not rest and not named.refusal:
            return Request(named.name, "", actor, place)
        # A text for an anonymous command (« signalement : … ») must never be read as someone's question.
        if named and named.anonymous and named.slash:
            return self.from_command(f"{named.name} {rest}", actor=actor, place=place)
        command = self.command(words.partition(" ")[0].lower())
        if command and command.slash:
            reads_text = command.name in {self.commands[0].name, self.menu}
            if reads_text or (len(bare) <= ARGUMENTS + 1 and "?" not in words):
                return self.from_command(words, actor=actor, place=place)
        return Request(self.commands[0].name, words, actor, place, free=True)

    def from_command(
        self,
        line: str,
        *,
        actor: Actor | None = None,
        place: Place = "direct",
        pressed: bool = False,
        fields: Mapping[str, str] | None = None,
    ) -> Request:
        """Parse the line of a button (`pressed`), a form (`fields`) or a slash command: a name, then text.

        A button or a form keeps the name of a command that no longer exists, so that the answer can say so.
        """
        name, _, rest = _readable(line).removeprefix("/").partition(" ")
        name = self.menu if name.lower() == MENU else name
        under = name.lower() == self.menu and bool(rest)
        if under:
            name, _, rest = rest.partition(" ")
        if not name:
            return Request(self.menu, "", actor, place)
        if not (name.lower() in self._by_name or pressed or fields):
            named, after = self._named(f"{name} {rest}")
            if named:
                name, rest = named.name, after
            elif under and (near := self.near(f"{name} {rest}")):
                return Request(HELP, near, actor, place)
        if name.lower() in self._by_name or pressed or fields:
            text, typed = rest.strip(), ""
            if pressed:
                text, _, typed = text.partition(CORRECTING)
                text = text.rstrip()
            argument = text.removesuffix(CONFIRMED).rstrip()
            confirmed = pressed and argument != text
            return Request(
                name.lower(),
                argument,
                actor,
                place,
                fields or {},
                pressed=pressed,
                confirmed=confirmed,
                typed=typed,
            )
        return Request(self.commands[0].name, f"{name} {rest}".strip(), actor, place)

    def _named(self, words: str) -> tuple[Command | None, str]:
        """Return the command that a line begins with, and the rest of the line.

        Accents, capitals, spaces, punctuation and plurals make no difference: « Mes données », « rôles »,
        « révision », « quiz:b ».
        """
        first, space, rest = words.partition(" ")
        words = f"{_GLUED.sub(' ', first, count=1)}{space}{rest}"
        for count in range(1, NAME_WORDS + 1):
            parts = words.split(maxsplit=count)
            key = _key("".join(parts[:count]))
            near = (key, f"{key}s", key.removesuffix("s"), key.removesuffix("x"))
            name = next((self._by_key[k] for k in near if k in self._by_key), "")
            if name:
                return self._by_name[name], "".join(parts[count:])
        return None, words

    def near(self, words: str) -> str:
        """Return the name of the unrestricted command that `words` misspells, or "" if there is none."""
        names = [key for key, name in self._by_key.items() if not self._by_name[name].refusal]
        near = difflib.get_close_matches(_key(words[:SUGGESTION_LENGTH]), names, 1, MISSPELT)
        return self._by_key[near[0]] if near else ""

    def serve(self, platform: str, team: str) -> None:
        """Serve only `team` on a platform, unless a setting already names a team for it."""
        self.welcome = replace(self.welcome, teams={platform: team, **self.welcome.teams})

    def serves(self, actor: Actor) -> bool:
        """Return whether the bot serves `actor` (see `Welcome.teams`)."""
        return self.welcome.refusal(actor) is None

    def admit(self, request: Request, *, written: bool = False) -> Admission:
        """Return the parts of a request that an adapter may keep. The adapter discards the request at once.

        A request for an anonymous command is counted, then stripped of its actor. `written`: the request is
        a message, which stays in the conversation.
        """
        command = self._by_name.get(request.command, self.commands[0])
        actor = request.actor
        if not command.anonymous:
            return Admission(request, command, request.command)
        refusal = self.welcome.refusal(actor)
        if refusal is None and written:
            refusal = Message(_NOT_WRITTEN, Buttons(Button("Continuer", command.name, "primary")))
        elif refusal is None and actor is not None and command.counts(request):
            refusal = self.welcome.limit(actor, request.text)
        alias = self.welcome.alias(actor) if actor else b""
        return Admission(replace(request, actor=None, alias=alias), command, self.menu, refusal)

    async def usable(self, actor: Actor | None) -> list[Command]:
        """Return the commands that the help names and that `actor` may use, by group, in the help's order."""
        groups = list(dict.fromkeys(command.group for command in self.commands))
        named = [command for command in self.commands if command.group]
        request = Request(self.menu, "", actor)

        def refused() -> set[str]:
            return {command.name for command in named if command.refusal and command.refusal(request)}

        out_of_reach = await self._stored(request, refused)
        allowed = (command for command in named if command.name not in out_of_reach)
        return sorted(allowed, key=lambda command: (groups.index(command.group), not command.slash))

    async def suggest(self, name: str, text: str, actor: Actor | None = None) -> list[Suggestion]:
        """Return at most 25 completions of `text`, none if the command offers none.

        After the menu's name, the completions are the commands that `actor` may type there. Once a command is
        typed, they are its own completions.
        """
        typed = clean(text[:SUGGESTION_LENGTH]).lstrip()
        if name == self.menu:
            under, space, rest = typed.partition(" ")
            if space:
                completions = await self.suggest(under.lower(), rest, actor)
                return [replace(completion, text=f"{under} {completion.text}") for completion in completions]
            return [
                Suggestion(f"{command.name} · {command.summary.removesuffix('.')}", command.name)
                for command in await self.usable(actor)
                if not command.slash and _key(command.name).startswith(_key(under))
            ][:SUGGESTIONS]
        command = self.command(name)
        if command is None or command.suggest is None:
            return []
        try:
            return list(command.suggest(typed))[:SUGGESTIONS]
        except UserError:
            return []

    async def handle(self, request: Request) -> Reply:
        """Run a request and return the answer or, after a failure, an apology with a reference.

        Where everyone can read (`place` "open"), the answer contains only quotations and buttons.
        """
        refusal = self.welcome.refusal(request.actor)
        if refusal is None and request.command not in self._by_name:
            refusal = GONE_FORM if request.fields else GONE_BUTTON
        if refusal is not None:
            return Message(*refusal.elements, public=request.place == "open")
        token = logs.request_id.set(f"{random.getrandbits(48):012x}")  # random, so that it reveals nothing
        try:
            if request.free:
                request = await self._redirected(request)
            command = self._by_name[request.command]
            # Adapters remove the actor of an anonymous request too; this makes sure.
            request = replace(request, actor=None) if command.anonymous else request
            if command.alone and request.place == "open":
                return _ASK_IN_PRIVATE
            answer = self._attempt(command, partial(command.instant, request)) if command.instant else None
            if isinstance(answer, Message) and request.actor:
                self.shown[request.actor] = [e for e in answer.elements if isinstance(e, Quote)]
            result = await self._answer(command, request) if answer is None else answer
            reply = (
                result
                if isinstance(result, Message) and not request.fields
                else await self._with_typed(command, request, result)
            )
            if request.place == "open":
                return _bare(opener(reply))
            if command.unnoted and request.actor:
                self._met.discard(request.actor)
                return reply
            newcomer = request.actor is not None and request.actor not in self._met
            if newcomer and isinstance(reply, Message) and not (reply.public or reply.problems):
                return await self._stored(request, partial(self._introduced, request, reply))
            return reply
        finally:
            logs.request_id.reset(token)

    async def takes_file(self, actor: Actor) -> bool:
        """Return whether a file that `actor` sent in private should be fetched, for a command to read it."""
        command = self._reader
        if command is None or not self.serves(actor):
            return False
        request = Request(command.name, "", actor)
        return command.refusal is None or not await self._stored(request, partial(command.refusal, request))

    def takes_attachment(self, admission: Admission) -> bool:
        """Return whether to fetch a form's attached file: the form's command takes one from this person."""
        return (
            admission.command.takes_file
            and admission.refusal is None
            and self.welcome.refusal(admission.request.actor) is None
        )

    async def handle_file(self, file: Received, actor: Actor) -> Reply:
        """Return the answer to a file sent in private. A refused person's file is not read."""
        if self._reader is None:
            return Message(Text("Je ne lis pas de fichier ici."))
        return await self.handle(Request(self._reader.name, "", actor, file=file))

    def forget_typed(self, request: Request) -> None:
        """Forget the answers of a refused form, for example when its window is still open and shows them."""
        self.typed.drop(request.actor or request.alias)

    async def _with_typed(self, command: Command, request: Request, result: Reply | _Refused) -> Reply:
        """Return the reply to show. Remember the answers of a refused form until a form is accepted.

        A form that is opened again is filled in with these answers, or says that they are forgotten.
        """
        if isinstance(result, _Refused):
            if not request.fields:
                return result.message
            return await self._stored(request, partial(self._correctable, command, request, result))
        if request.fields:
            self.forget_typed(request)
        if isinstance(result, Form) and request.typed:
            token, typed = self.typed.get(request.actor or request.alias) or ("", {})
            return result.filled(typed) if token == request.typed else result.emptied()
        return result

    def _correctable(self, command: Command, request: Request, refused: _Refused) -> Message:
        """Return the refusal of a form, with a button that opens the form again. Runs on the storage thread.

        There is no button if the form no longer opens, for example because the person lost a role.
        """
        blank = replace(request, fields={})

        def opened() -> Answer:
            _refuse(command, blank)
            reply = command.instant(blank) if command.instant else None
            return command.run(blank) if reply is None else reply

        form = self._attempt(command, opened)
        if not isinstance(form, Form):
            return refused.message
        why = refused.message if "" in refused.problems else None
        # an anonymous command's answers are remembered only once the command has cleaned them
        if command.anonymous and refused.typed is None:
            return refused_form(form, refused.problems, "", why=why)
        token = secrets.token_urlsafe(12)
        answers = refused.typed or request.fields
        names = (field.name for field in form.fields)
        typed = {name: clean(answers[name][:FIELD_TEXT_LENGTH]) for name in names if name in answers}
        self.typed.put(request.actor or request.alias, (token, typed))
        return refused_form(form, refused.problems, token, label=refused.label, why=why)

    async def _answer(self, command: Command, request: Request) -> Reply | _Refused:
        """Run a command on the storage thread, but read its file and do its slow work on other threads."""
        run = command.run
        if command.reads and request.file:
            refuse = partial(self._attempt, command, partial(_refuse, command, request))
            refusal = await self._stored(request, refuse)
            if refusal is not None:
                return refusal
            read = await aside(partial(self._attempt, command, partial(command.reads, request.file)))
            if isinstance(read, _Refused):
                return read
            run = read

        def answer() -> Answer:
            _refuse(command, request)
            return run(request)

        reply = await self._stored(request, partial(self._attempt, command, answer))
        return await self._finish(command, request, reply) if isinstance(reply, Deferred) else reply

    async def _finish(self, command: Command, request: Request, slow: Slow) -> Message | _Refused:
        """Do the slow work of a request on another thread, one request at a time for each person, in order.

        Refuse it when `WAITING` requests of the same person are already running or waiting.
        """
        turn = self._slow_turns.setdefault(request.actor or request.alias, _Turn())
        if turn.taken == WAITING:
            return _Refused(ONE_AT_A_TIME, {"": " ".join(ONE_AT_A_TIME.own_words())}, label="Réessayer")
        turn.taken += 1
        try:
            async with turn:
                answer = await aside(partial(self._attempt, command, slow.make))
                if isinstance(answer, Message | _Refused):
                    return answer
                return await self._stored(request, partial(self._attempt, command, answer))
        finally:
            turn.taken -= 1

    def _attempt(self, command: Command, work: Callable[[], Result]) -> Result | _Refused:
        """Return the result of `work` or, if it raises, the refusal (`UserError`) or the apology to show."""
        try:
            return work()
        except FieldsError as refusal:
            return _Refused(Message(Text(str(refusal))), refusal.problems, refusal.typed)
        except UserError as refusal:
            return _Refused(Message(Text(str(refusal))), {"": str(refusal)})
        except Exception as error:  # noqa: BLE001 — everyone must get a reply
            name = self.menu if command.anonymous else command.name
            sorry = apology(error, name, anonymous=command.anonymous)
            return _Refused(sorry, {"": " ".join(sorry.own_words())}, label="Réessayer")

    async def _stored(self, request: Request, work: Callable[[], Result]) -> Result:
        """Do `work` on the storage thread, in the request's own context.

        Each person has at most one request there at a time, so that nobody waits for two requests of someone
        else. Urgent commands pass before the others.
        """
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        urgent = self.urgent is not None and self._by_name[request.command].urgent
        async with self._turns.setdefault(request.actor or request.alias, _Turn()):
            return await loop.run_in_executor(self.urgent if urgent else self.executor, run, work)

    async def _redirected(self, request: Request) -> Request:
        """Redirect free text to the command that it answers or names, or return the request unchanged.

        Only text sent privately can answer a command's question. Only people who may use a restricted command
        can name it: from anyone else, « pause » or « membres » is an ordinary word.
        """
        named, rest = self._named(request.text)
        if named and named.refusal and not rest:
            run = replace(request, command=named.name, text="", free=False)
            refused = await self._stored(request, partial(self._attempt, named, partial(_refuse, named, run)))
            return request if refused else run
        if request.place != "direct":
            return request
        for command in self.commands:
            if command.replies(request.text):
                answer = replace(request, command=command.name)
                try:
                    if await self._stored(request, partial(command.awaits, answer)):
                        return answer
                except Exception as error:  # noqa: BLE001 — the text is then answered like any other
                    logger.error("awaited answer to /%s unknown: %s", command.name, logs.where(error))  # noqa: TRY400 — one line is enough
        return request

    def _introduced(self, request: Request, reply: Message) -> Message:
        """Add a greeting below a newcomer's first answer: the menu, in private, and the notice's button.

        Runs on the storage thread. A greeting that does not fit waits for the next answer. If the answer
        offers an anonymous command, as the menu does, the greeting is not recorded, because the record would
        tell who may have used that command on that day.
        """
        lines = [button.command for button in reply.buttons() if isinstance(button, Button)]
        offered = {line.partition(" ")[0] for line in lines}
        leads_to_anonymity = any(command.anonymous and command.name in offered for command in self.commands)
        command, menu = self._by_name[request.command], self._by_name[self.menu]
        try:
            notice = self.welcome.notice(request)
            if notice:
                if request.place == "direct" and command is not menu and not command.alone:
                    opening = Request(self.menu, BELOW, request.actor, request.place)
                    below = self._attempt(menu, partial(menu.run, opening))
                    reply = _followed_by(reply, below) if isinstance(below, Message) else reply
                reply = Message(*reply.elements, *notice, lasting=reply.lasting)
                if request.actor and not leads_to_anonymity:
                    self._note(request.actor)
        except TooLong:
            return reply
        except Exception as error:  # noqa: BLE001 — a database failure must not block an answer
            logger.error("the notice was not recorded: it will be shown again: %s", logs.loggable(error))  # noqa: TRY400 — the line includes the error
            return reply
        if request.place != "home" and request.actor:  # the App Home never gets the menu added
            if len(self._met) > MET:  # a forgotten person is looked up in the database again
                self._met.clear()
            self._met.add(request.actor)
        return reply

    def _note(self, actor: Actor) -> None:
        """Schedule a record, on the storage thread, that `actor` has seen the notice.

        The answer does not wait for the disk. When many people get the notice at once, one write records them
        all.
        """
        self._noticed.append(actor)
        if len(self._noticed) == 1:
            self.executor.submit(self._record_noticed)

    def _record_noticed(self) -> None:
        actors, self._noticed = self._noticed, []
        try:
            self.welcome.noticed(actors)
        except Exception as error:  # noqa: BLE001 — a database failure must not block an answer
            logger.error("the notice was not recorded: it will be shown again: %s", logs.loggable(error))  # noqa: TRY400 — the line includes the error
            self._met.difference_update(actors)


def _key(name: str) -> str:
    """Return a name without capitals, accents, spaces or punctuation, to compare it."""
    letters = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in letters if letter.isalnum())


def _readable(text: str) -> str:
    """Return the first `LINE_LENGTH` characters, cleaned, in NFC, with one space after the first word."""
    words = unicodedata.normalize("NFC", clean(text[:LINE_LENGTH])).strip()
    return " ".join(words.split(maxsplit=1))


def _refuse(command: Command, request: Request) -> None:
    """Raise `UserError` if the person may not run the command."""
    if command.refusal and (why := command.refusal(request)):
        raise UserError(why)


def _followed_by(reply: Message, menu: Message) -> Message:
    """Return the reply and the menu as one message, or the reply alone if they do not fit together.

    Menu buttons that share a label or a command with a button of the reply are omitted.
    """
    labels = {button.label for button in reply.buttons()}
    commands = {button.command for button in reply.buttons() if isinstance(button, Button)}
    elements: list[Element] = []
    for element in menu.elements:
        if isinstance(element, Choice):
            elements += [] if element.button.command in commands else [element]
        elif not isinstance(element, Buttons):
            elements.append(element)
        elif new := [
            button
            for button in element.items
            if button.label not in labels and getattr(button, "command", None) not in commands
        ]:
            elements.append(Buttons(*new))
    try:
        return Message(*reply.elements, Divider(), *elements, public=reply.public)
    except TooLong:
        return reply


def _bare(message: Message) -> Message:
    """Return a public message with only the quotations and buttons of `message`.

    If it has no quotation, return a line that tells where to ask instead.
    """
    if not message.quotes():
        return _ASK_IN_PRIVATE
    return Message(*(e for e in message.elements if isinstance(e, Quote | Buttons)), public=True)


def apology(error: Exception, command: str, *, anonymous: bool = False) -> Message:
    """Log `error` under a reference and return an apology that shows it.

    The log contains the location of the error, never the person's words, which an exception's text may
    quote. The apology for an anonymous command shows no reference, because bringing it to the administration
    would identify the person.
    """
    reference = secrets.token_hex(3)
    explanation = f": {error}" if isinstance(error, logs.ExplainedError) else ""
    logger.error("%s: in /%s, %s%s", reference, command, logs.where(error), explanation)
    if anonymous:
        return _SORRY
    return Message(
        Text(
            "Pardon, je n'ai pas pu répondre\u00a0: quelque chose s'est brisé de mon côté. "
            "Réessayez dans un moment. Si cela se répète, donnez cette référence à "
            "l'administration\u00a0: ",
            code(reference),
        )
    )
