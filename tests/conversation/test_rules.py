"""The rules of the dispatcher, each on a catalogue of a few commands made for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, current_thread

import pytest

from bot.conversation import dispatcher as rules
from bot.conversation.deferred import Deferred
from bot.conversation.dispatcher import (
    GONE_BUTTON,
    GONE_FORM,
    NOT_YOURS,
    ONE_AT_A_TIME,
    Dispatcher,
    Welcome,
)
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Divider, Message, Note, Quote, Text
from bot.conversation.requests import Actor, Answer, Command, Place, Received, Request, Suggestion, UserError
from bot.logs import ExplainedError
from tests.kits.effort import PATIENCE

ALEX, LEA, STRANGER = Actor("slack", "T1", "U1"), Actor("slack", "T1", "U2"), Actor("slack", "T2", "U3")
NOTICE = Note("L'avis")
MENU = Message(Text("menu"), Buttons(Button("Aide", "aide"), Button("Lire", "lire")))
FILE = Received("a.md", b"texte")


def says(text: str) -> Callable[[Request], Message]:
    return lambda _: Message(Text(text))


def echo(request: Request) -> Message:
    who = request.actor.user if request.actor else "personne"
    return Message(Text(f"{request.command}|{request.text}|{who}"))


FIRST, MENU_COMMAND = Command("lire", "Lire", echo, slash=True), Command("vigie", "Menu", lambda _: MENU)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, "storage") as executor:
        yield executor


Make = Callable[..., Dispatcher]


@pytest.fixture
def make(executor: ThreadPoolExecutor) -> Make:
    def made(*commands: Command, welcome: Welcome | None = None) -> Dispatcher:
        return Dispatcher([FIRST, *commands, MENU_COMMAND], executor, welcome=welcome or Welcome())

    return made


def words(reply: Reply) -> str:
    assert isinstance(reply, Message)
    return " ".join(reply.own_words())


# --- Reading a line ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "command", "text", "free"),
    [
        ("/", "vigie", "", False),
        ("/vigie", "vigie", "", False),
        ("!", "lire", "!", True),
        ("Lire 5", "lire", "5", False),
        ("lire", "lire", "", False),
        ("mes données", "mesdonnees", "", False),
        ("me s données", "mesdonnees", "", False),
        ("m es do nnées", "lire", "m es do nnées", True),  # four words are no name
        ("mes données effacer", "lire", "mes données effacer", True),
        ("/vigie mes données effacer", "mesdonnees", "effacer", False),
        ("/mesdonnee", "mesdonnees", "", False),
        ("roles", "lire", "roles", True),  # restricted
        ("/roles voir", "roles", "voir", False),
        ("/vigie mesdonees", "aide", "mesdonnees", False),
        ("/mesdonees", "lire", "mesdonees", False),
        ("/vigie rolles", "lire", "rolles", False),  # a restricted name is not suggested
        ("/vigie logo", "lire", "logo", False),
    ],
)
def test_what_a_line_stands_for(make: Make, line: str, command: str, text: str, *, free: bool) -> None:
    dispatcher = make(
        Command("mesdonnees", "", echo), Command("roles", "", echo, refusal=lambda _: "Non."),
        Command("aide", "", echo),
    )  # fmt: skip
    request = dispatcher.from_text(line, actor=ALEX, place="channel")
    assert request == Request(command, text, ALEX, "channel", free=free)


def test_a_button_and_a_form_keep_their_command_and_what_confirms_is_pressed(make: Make) -> None:
    dispatcher = make()
    pressed = dispatcher.from_command("Disparue  voir ✓", actor=ALEX, pressed=True)
    assert pressed == Request("disparue", "voir", ALEX, pressed=True, confirmed=True)
    form = dispatcher.from_command("disparue voir ✓", fields={"a": "b"})
    assert form == Request("disparue", "voir", None, "direct", {"a": "b"})
    assert dispatcher.from_command("lire 5 ✓") == Request("lire", "5")
    assert dispatcher.from_command("vigie lire 5", pressed=True).confirmed is False


# --- Suggestions ------------------------------------------------------------------------------


async def test_suggestions_are_bounded_and_leave_out_what_one_may_not_use(make: Make) -> None:
    typed: list[str] = []

    def suggest(text: str) -> list[Suggestion]:
        typed.append(text)
        if text == "non":
            raise UserError("non")
        return [Suggestion(str(at), f"{text} {at}") for at in range(30)]

    dispatcher = make(
        *(Command(f"c{at:02}", f"Commande {at}", echo, group="g") for at in range(26)),
        Command("chose", "Une chose", echo, suggest=suggest),
        Command("cachée", "", echo),
        Command("combien", "", echo, slash=True, group="g"),
        Command("compte", "", echo, refusal=lambda r: "" if r.actor == LEA else "Non.", group="g"),
        Command("détail", "Un détail.", echo, group="g"),
        Command("plus tôt", "", echo, group="a"),
    )
    assert [s.text for s in await dispatcher.suggest("chose", " ab ")] == [f"ab  {at}" for at in range(25)]
    assert await dispatcher.suggest("chose", "non") == []
    await dispatcher.suggest("chose", "x" * 150)
    assert typed[-1] == "x" * 100
    assert [s.text for s in await dispatcher.suggest("vigie", "c")] == [f"c{at:02}" for at in range(25)]
    assert await dispatcher.suggest("vigie", "Detail") == [Suggestion("détail · Un détail", "détail")]
    assert (await dispatcher.suggest("vigie", "Chose a"))[1] == Suggestion("1", "Chose a 1")
    assert await dispatcher.suggest("vigie", "inconnue a") == await dispatcher.suggest("inconnue", "a") == []
    assert await dispatcher.suggest("lire", "a") == []
    assert await dispatcher.suggest("vigie", "com", ALEX) == []
    assert [s.text for s in await dispatcher.suggest("vigie", "com", LEA)] == ["compte"]


# --- Who is served, and anonymous commands ----------------------------------------------------


def reporting(counts: Callable[[Request], bool] = lambda _: True) -> Command:
    return Command("signaler", "", echo, anonymous=True, fleeting=True, alone=True, counts=counts)


@pytest.mark.parametrize(
    ("actor", "written", "text", "limited", "refusal"),
    [
        (ALEX, False, "", False, None),
        (ALEX, False, "", True, "trop"),
        (ALEX, False, "libre", True, None),  # it does not count
        (ALEX, True, "", True, "Cela ne se fait pas par écrit ici"),
        (STRANGER, False, "", True, "Je suis au service d'une seule association"),
        (STRANGER, True, "", False, "Je suis au service d'une seule association"),
        (None, False, "", True, None),
    ],
)
def test_what_an_adapter_may_keep_of_an_anonymous_request(
    make: Make, actor: Actor | None, text: str, refusal: str | None, *, written: bool, limited: bool
) -> None:
    welcome = Welcome(
        {"slack": "T1"},
        limit=lambda _actor, _text: Message(Text("trop")) if limited else None,
        alias=lambda who: who.user.encode(),
    )
    dispatcher = make(reporting(lambda request: request.text != "libre"), welcome=welcome)
    admission = dispatcher.admit(Request("signaler", text, actor), written=written)
    alias = actor.user.encode() if actor else b""
    assert admission.request == Request("signaler", text, None, alias=alias)
    assert admission.under("Alex Tremblay") == admission, "no name joins an anonymous request"
    assert (admission.command.name, admission.logged) == ("signaler", "vigie")
    assert (admission.refusal is None) is (refusal is None)
    if refusal and admission.refusal:
        assert words(admission.refusal).startswith(refusal)
        buttons = [(b.label, getattr(b, "command", "")) for b in admission.refusal.buttons()]
        assert buttons == ([("Continuer", "signaler")] if "par écrit" in refusal else [])


def test_a_request_counts_as_pressed_unless_said_to_be_written(make: Make) -> None:
    assert make(reporting()).admit(Request("signaler", "", ALEX)).refusal is None


def test_any_other_request_is_kept_whole(make: Make) -> None:
    dispatcher = make(welcome=Welcome({"slack": "T1"}, limit=lambda _actor, _text: Message(Text("trop"))))
    request = Request("lire", "5", STRANGER)
    admission = dispatcher.admit(request, written=True)
    assert (admission.request, admission.command, admission.logged) == (request, FIRST, "lire")
    assert admission.under("Alex\u202e").request.name == "Alex"
    assert admission.refusal is None
    assert dispatcher.admit(Request("disparue", "5", ALEX)).command is FIRST


async def test_nobody_else_is_served_and_what_is_gone_says_so(make: Make) -> None:
    dispatcher = make(welcome=Welcome({"slack": "T1"}))
    assert [dispatcher.serves(actor) for actor in (ALEX, STRANGER)] == [True, False]
    for request, refused in (
        (Request("lire", "", STRANGER), NOT_YOURS),
        (Request("disparue", "", STRANGER), NOT_YOURS),
        (Request("disparue", "", ALEX), GONE_BUTTON),
        (Request("disparue", "", ALEX, fields={"a": "b"}), GONE_FORM),
    ):
        assert await dispatcher.handle(request) == refused
        assert await dispatcher.handle(replace(request, place="open")) == Message(
            *refused.elements, public=True
        )
    assert words(await dispatcher.handle(Request("lire", "5", ALEX))) == "lire|5|U1"
    dispatcher.serve("slack", "T2")
    assert dispatcher.serves(ALEX), "what a setting names stays"
    dispatcher.serve("discord", "9")
    assert not dispatcher.serves(Actor("discord", "8", "1"))


async def test_an_anonymous_command_never_knows_who_asks(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(_: Request) -> Answer:
        raise ExplainedError("le disque est plein")

    dispatcher = make(
        reporting(),
        Command("casse", "", breaks),
        replace(reporting(), name="casser", run=breaks),
    )
    assert words(await dispatcher.handle(Request("signaler", "", ALEX))) == "signaler||personne"
    open_ = await dispatcher.handle(Request("signaler", "", ALEX, "open"))
    assert isinstance(open_, Message)
    assert open_.public
    assert words(open_).startswith("Je n'ai pas de clause à citer ici. Écrivez-moi en message privé")
    caplog.set_level(logging.ERROR)
    shown = words(await dispatcher.handle(Request("casse", "", ALEX)))
    [record] = caplog.records
    assert record.getMessage().startswith(f"{shown.split()[-1]}: in /casse, ")
    assert record.getMessage().endswith(": le disque est plein")
    caplog.clear()
    assert words(await dispatcher.handle(Request("casser", "", ALEX))) == (
        "Pardon, je n'ai pas pu répondre\u00a0: quelque chose s'est brisé de mon côté. Réessayez dans un "
        "moment."
    )
    assert ": in /vigie, " in caplog.text


# --- What is instant, and what is public ------------------------------------------------------


async def test_what_is_instant_does_not_wait_for_the_storage(make: Make) -> None:
    def instant(request: Request) -> Message | None:
        if request.text == "non":
            raise UserError("non")
        return Message(Text(current_thread().name)) if request.text else None

    dispatcher = make(Command("vite", "", lambda _: Message(Text(current_thread().name)), instant=instant))
    assert words(await dispatcher.handle(Request("vite", "ici"))) == current_thread().name
    assert words(await dispatcher.handle(Request("vite"))).startswith("storage")
    assert words(await dispatcher.handle(Request("vite", "non"))) == "non"


async def test_where_everyone_reads_only_quotations_and_buttons_are_left(make: Make) -> None:
    quote, buttons = Quote("pa20", "5.10", "2015-12-13"), Buttons(Button("Lire", "lire"))
    full = Message(Text("mots"), quote, Divider(), buttons)
    form = Form("lire", "Titre", (TextField("mots", "Mots"),), "Chercher")
    dispatcher = make(Command("cite", "", lambda _: full), Command("forme", "", lambda _: form))
    assert await dispatcher.handle(Request("cite", "", ALEX, "open")) == Message(quote, buttons, public=True)
    assert "message privé" in words(await dispatcher.handle(Request("forme", "", ALEX, "open")))
    assert await dispatcher.handle(Request("forme", "", ALEX)) == form


# --- Newcomers --------------------------------------------------------------------------------


class Desk:
    """A dispatcher whose notice is due until it is recorded. `answer`: what the command « dire » says."""

    def __init__(self, make: Make) -> None:
        self.noticed: list[Actor] = []
        self.answer = Message(Text("réponse"))
        self.broken = False
        self.dispatcher = make(
            Command("dire", "", lambda _: self.answer),
            Command("discret", "", says("rien de gardé"), unnoted=True),
            Command("seul", "", says("étape"), alone=True),
            Command("forme", "", lambda _: Form("lire", "T", (TextField("m", "M"),), "Oui")),
            reporting(),
            welcome=Welcome(notice=self._notice, noticed=self.noticed.extend),
        )

    def _notice(self, request: Request) -> tuple[Note, ...]:
        if self.broken:
            raise OSError
        return () if request.actor in self.noticed else (NOTICE,)

    async def ask(self, line: str, actor: Actor = ALEX, place: Place = "direct") -> str:
        command, _, text = line.partition(" ")
        reply = await self.dispatcher.handle(Request(command, text, actor, place))
        await asyncio.get_running_loop().run_in_executor(self.dispatcher.executor, int)
        return words(reply)


@pytest.fixture
def newcomers(make: Make) -> Desk:
    return Desk(make)


@pytest.mark.parametrize(
    ("line", "place", "first", "second", "noticed"),
    [
        ("dire", "direct", "réponse menu Aide Lire L'avis", "réponse", True),
        ("dire", "channel", "réponse L'avis", "réponse", True),
        ("dire", "home", "réponse L'avis", "réponse", True),
        ("seul", "direct", "étape L'avis", "étape", True),
        ("vigie", "direct", "menu Aide Lire L'avis", "menu Aide Lire", True),
        ("discret", "direct", "rien de gardé", "rien de gardé", False),
    ],
)
async def test_the_first_answer_has_the_notice_below_it(
    newcomers: Desk, line: str, place: Place, first: str, second: str, *, noticed: bool
) -> None:
    labels = {"menu Aide Lire": "menu"}  # a message's own words leave its buttons out
    for shown, hidden in labels.items():
        first, second = first.replace(shown, hidden), second.replace(shown, hidden)
    assert await newcomers.ask(line, place=place) == first
    assert newcomers.noticed == ([ALEX] if noticed else [])
    assert await newcomers.ask(line, place=place) == second
    assert await newcomers.ask(line, LEA, place) == first


async def test_an_answer_that_leads_to_an_anonymous_command_greets_without_a_trace(newcomers: Desk) -> None:
    newcomers.answer = Message(Text("réponse"), Buttons(Button("Signaler", "signaler ici")))
    assert await newcomers.ask("dire") == "réponse menu L'avis"
    assert newcomers.noticed == []
    assert await newcomers.ask("dire") == "réponse", "not twice in a row"
    assert await newcomers.ask("discret") == "rien de gardé"
    newcomers.answer = Message(Text("réponse"), Buttons(Button("Lire", "lire")))
    assert await newcomers.ask("dire") == "réponse menu L'avis", "as to a newcomer, after what is not noted"
    assert newcomers.noticed == [ALEX]


async def test_a_greeting_that_does_not_fit_or_fails_waits_for_the_next_answer(
    newcomers: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    newcomers.answer = Message(Text("a" * 3_798))
    assert await newcomers.ask("dire", place="channel") == "a" * 3_798
    newcomers.answer, newcomers.broken = Message(Text("réponse")), True
    assert await newcomers.ask("dire") == "réponse"
    assert "will be shown again" in caplog.text
    newcomers.broken = False
    newcomers.answer = Message(Text("réponse"), public=True)
    assert await newcomers.ask("dire") == "réponse", "others would read it"
    assert newcomers.noticed == []
    newcomers.answer = Message(Text("réponse"), lasting=True)
    greeted = await newcomers.dispatcher.handle(Request("dire", "", ALEX, "channel"))
    assert greeted == Message(Text("réponse"), NOTICE, lasting=True)


async def test_those_who_were_met_are_forgotten_together_beyond_a_number(
    newcomers: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MET", 1)
    newcomers.answer = Message(Text("réponse"), Buttons(Button("Signaler", "signaler")))
    crowd = [Actor("slack", "T1", str(at)) for at in range(3)]
    for actor in crowd[:2]:
        assert "L'avis" in await newcomers.ask("dire", actor)
    assert "L'avis" not in await newcomers.ask("dire", crowd[0])
    assert "L'avis" in await newcomers.ask("dire", crowd[2])
    assert "L'avis" in await newcomers.ask("dire", crowd[0]), "forgotten, so greeted again"
    assert "slack" not in repr(newcomers.dispatcher), "nobody is named in the log"
    twin = Dispatcher(newcomers.dispatcher.commands, newcomers.dispatcher.executor)
    assert twin != Dispatcher(twin.commands, twin.executor), "each is its own"


# --- Free text that answers or names a command ------------------------------------------------


async def test_free_text_answers_the_command_that_awaits_it_in_private(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    awaited: list[Request] = []

    def awaits(request: Request) -> bool:
        awaited.append(request)
        if request.text == "c":
            raise OSError
        return request.text != "b"

    dispatcher = make(
        Command("autre", "", echo, replies="z".__eq__),
        Command("quiz", "", echo, replies=lambda text: text in {"a", "b", "c"}, awaits=awaits),
    )
    cases: tuple[tuple[str, Place, str], ...] = (
        ("a", "direct", "quiz|a|U1"),
        ("b", "direct", "lire|b|U1"),
        ("c", "direct", "lire|c|U1"),
        ("aa", "direct", "lire|aa|U1"),
        ("z", "direct", "lire|z|U1"),
        ("a", "channel", "lire|a|U1"),
    )
    for line, place, expected in cases:
        request = dispatcher.from_text(line, actor=ALEX, place=place)
        assert words(await dispatcher.handle(request)) == expected
    assert [request.text for request in awaited] == ["a", "b", "c"]
    assert "awaited answer to /quiz unknown" in caplog.text


async def test_a_restricted_command_is_named_alone_by_those_who_may_use_it(make: Make) -> None:
    dispatcher = make(
        Command("pause", "", echo, refusal=lambda request: "" if request.actor == ALEX else "Réservée.")
    )

    async def said(line: str, actor: Actor) -> str:
        return words(await dispatcher.handle(dispatcher.from_text(line, actor=actor)))

    assert await said("Pause!", ALEX) == "pause||U1"
    assert await said("pause café", ALEX) == "lire|pause café|U1"
    assert await said("pause", LEA) == "lire|pause|U2"
    assert await said("/pause", LEA) == "Réservée."
    assert await said("/pause ici", ALEX) == "pause|ici|U1"


# --- Files ------------------------------------------------------------------------------------


async def test_a_file_is_taken_only_from_those_who_may_have_it_read(make: Make) -> None:
    threads: list[str] = []

    def reads(file: Received) -> Callable[[Request], Message]:
        threads.append(current_thread().name)
        if file.content == b"":
            raise UserError("vide")
        return lambda _: Message(Text(f"{file.name} {current_thread().name[:7]}"))

    def refusal(request: Request) -> str:
        return "" if request.actor == ALEX else "Réservée."

    reader = Command("réviser", "", echo, refusal=refusal, reads=reads)
    dispatcher = make(reader, welcome=Welcome({"slack": "T1"}))
    assert [await dispatcher.takes_file(actor) for actor in (ALEX, LEA, STRANGER)] == [True, False, False]
    assert words(await dispatcher.handle_file(FILE, ALEX)) == "a.md storage"
    assert words(await dispatcher.handle_file(FILE, LEA)) == "Réservée."
    assert words(await dispatcher.handle_file(Received("b.md", b""), ALEX)) == "vide"
    assert len(threads) == 2
    assert not any(name.startswith("storage") for name in threads)
    assert words(await dispatcher.handle(Request("réviser", "5", ALEX))) == "réviser|5|U1"
    assert await make(Command("réviser", "", echo, reads=reads)).takes_file(LEA)
    without = make()
    assert not await without.takes_file(ALEX)
    assert words(await without.handle_file(FILE, ALEX)) == "Je ne lis pas de fichier ici."


# --- Slow work --------------------------------------------------------------------------------


async def test_five_slow_requests_of_a_person_are_under_way_at_most_at_any_time(make: Make) -> None:
    gates = {name: Event() for name in "abcdefg"}

    def slow(request: Request) -> Deferred[Message]:
        def think() -> Message:
            assert gates[request.text].wait(PATIENCE)
            if request.text == "f":
                raise UserError("refusé")
            return Message(Text(request.text))

        return Deferred(think)

    dispatcher = make(Command("songe", "", slow))

    def ask(text: str) -> asyncio.Task[Reply]:
        return asyncio.ensure_future(dispatcher.handle(Request("songe", text, ALEX)))

    asked = {text: ask(text) for text in "ab"}
    gates["a"].set()
    assert words(await asked["a"]) == "a"
    asked |= {text: ask(text) for text in "cdef"}
    assert await ask("g") == ONE_AT_A_TIME
    for gate in gates.values():
        gate.set()
    assert [words(await asked[text]) for text in "bcdef"] == ["b", "c", "d", "e", "refusé"]
