"""Whatever is written reaches a command, and nobody is left without a reply."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.conversation.deferred import Deferred
from bot.conversation.dispatcher import LINE_LENGTH, Dispatcher, Welcome
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Element, Message, Note, Text
from bot.conversation.requests import Actor, Command, Place, Request, UserError
from bot.policy.library import Library
from tests.kits.effort import PATIENCE
from tests.kits.office import TextBot, offices

ALEX = Actor("essai", "T1", "U1")


@pytest.mark.parametrize(
    ("line", "command", "text"),
    [
        ("/politique 5.10", "politique", "5.10"),
        ("politique 5.10", "politique", "5.10"),
        ("/vigie politique 5.10", "politique", "5.10"),
        ("5.10", "politique", "5.10"),
        ("Que dit la politique sur le logo?", "politique", "Que dit la politique sur le logo?"),
        ("", "vigie", ""),
        ("  ", "vigie", ""),
        ("/vigie", "vigie", ""),
        ("vigie", "vigie", ""),
        ("Bonjour", "vigie", ""),
        ("Bonjour!", "vigie", ""),
        ("Salut Vigie", "vigie", ""),
        ("Merci!", "politique", "Merci!"),
        ("Aide!", "aide", ""),
        ("aide moi avec le logo", "politique", "aide moi avec le logo"),
        ("partager une photo, est-ce permis?", "politique", "partager une photo, est-ce permis?"),
        ("/politique\t5.10", "politique", "5.10"),
        ("me\u0301dias", "politique", "médias"),
        ("???", "politique", "???"),
        ("bonjour, je cherche le logo", "politique", "bonjour, je cherche le logo"),
        ("quiz sur le logo, note de passage", "politique", "quiz sur le logo, note de passage"),
        ("quiz, c'est quand?", "politique", "quiz, c'est quand?"),
        ("accueil des nouveaux, qui lit", "politique", "accueil des nouveaux, qui lit"),
        ("quiz b, c", "quiz", "b, c"),
        ("/quiz sur le logo, est-ce long?", "quiz", "sur le logo, est-ce long?"),
        ("/vigie aide", "aide", ""),
        ("/aide", "aide", ""),
        ("/vigie logo", "politique", "logo"),
        ("/vigie nouveautés", "nouveautes", ""),
        ("/vigie Nouveauté", "nouveautes", ""),
        ("mes données", "mesdonnees", ""),
        ("/vigie tableaux 2026-09", "tableau", "2026-09"),
        ("/vigie mes données effacer", "mesdonnees", "effacer"),
        ("/vigie rôle", "roles", ""),
        ("/vigie révisions", "revision", ""),
        ("/vigie nouvautes", "aide", "nouveautes"),
        ("rôles", "politique", "rôles"),
        ("pause", "politique", "pause"),
        ("/VIGIE Aide", "aide", ""),
        ("\u202epolitique\x00 5.10\u200f", "politique", "5.10"),
    ],
)
def test_a_line_is_read_as_the_command_it_stands_for(
    dispatcher: Dispatcher, line: str, command: str, text: str
) -> None:
    request = dispatcher.from_text(line, actor=ALEX)
    assert (request.command, request.text, request.actor) == (command, text, ALEX)


async def test_a_misspelt_command_is_suggested(dispatcher: Dispatcher) -> None:
    reply = await dispatcher.handle(dispatcher.from_text("/vigie nouvautes", actor=ALEX))
    assert isinstance(reply, Message)
    assert "/vigie nouveautes" in "\n".join(reply.own_words())
    assert "nouveautes" in {button.command for button in reply.buttons() if isinstance(button, Button)}


@pytest.mark.parametrize("place", ["direct", "channel"])
async def test_a_restricted_command_named_alone_is_a_word_for_those_who_may_not_use_it(place: Place) -> None:
    def refusal(request: Request) -> str:
        return "" if request.actor == ALEX else "Réservé."

    first = Command("politique", "", lambda request: Message(Text(f"question {request.text}")))
    restricted = Command("pause", "", lambda _: Message(Text("en pause")), refusal=refusal)
    with ThreadPoolExecutor(1) as executor:
        dispatcher = Dispatcher((first, restricted), executor, menu="politique")
        for actor, expected in ((ALEX, "en pause"), (Actor("essai", "T1", "U2"), "question pause")):
            reply = await dispatcher.handle(dispatcher.from_text("Pause", actor=actor, place=place))
            assert isinstance(reply, Message)
            assert next(iter(reply.own_words())).lower() == expected


@pytest.mark.parametrize("line", ["vigie oui", "/vigie oui ✓", "✓ vigie", "vigie oui ✓ ✓"])
def test_only_the_button_under_a_question_answers_yes_to_it(dispatcher: Dispatcher, line: str) -> None:
    for read in (dispatcher.from_text, dispatcher.from_command):
        assert not read(line).confirmed
        assert read(line, pressed=True).confirmed == line.endswith("✓")


def test_no_more_than_what_can_be_read_of_a_text_is_kept(dispatcher: Dispatcher) -> None:
    assert len(dispatcher.from_text("a" * 50_000).text) == LINE_LENGTH


async def test_the_first_private_answer_also_shows_the_menu_once_and_for_all(library: Library) -> None:
    greeted: set[Actor] = set()

    def notice(request: Request) -> Sequence[Element]:
        return () if request.actor in greeted else (Note("L'avis"),)

    with offices() as office:
        commands = TextBot(library, office).commands
        shown = []
        for _ in range(2):  # two lives of the bot, over the same memory of who was greeted
            welcome = Welcome(notice=notice, noticed=greeted.update)
            dispatcher = Dispatcher(commands, office.storage.executor, welcome=welcome)
            for _ in range(2):
                reply = await dispatcher.handle(dispatcher.from_text("article 5", actor=ALEX))
                assert isinstance(reply, Message)
                shown.append([button.label for button in reply.buttons()])
    assert ["Plus…" in labels for labels in shown] == [True, False, False, False]
    assert shown[0].count("Table des matières") == 1


async def test_the_menu_has_no_second_button_for_what_the_answer_offers_under_another_name() -> None:
    answer = Message(Text("a"), Buttons(Button("Chercher dans la PA20", "politique")))
    menu = Message(Text("menu"), Buttons(Button("Table des matières", "politique"), Button("Aide", "aide")))
    with ThreadPoolExecutor(1) as executor:
        commands = [Command("lire", "Lire", lambda _: answer), Command("vigie", "Menu", lambda _: menu)]
        dispatcher = Dispatcher(commands, executor, welcome=Welcome(notice=lambda _: (Note("L'avis"),)))
        reply = await dispatcher.handle(dispatcher.from_text("lire", actor=ALEX))
    assert isinstance(reply, Message)
    labels = [button.label for button in reply.buttons()]
    assert labels == ["Chercher dans la PA20", "Aide"]


async def test_the_menu_is_not_put_under_a_step_of_what_is_under_way(dispatcher: Dispatcher) -> None:
    for line in ("/quiz", "/accueil moi", "/accueil lire"):
        reply = await dispatcher.handle(dispatcher.from_text(line, actor=Actor("essai", "T1", line)))
        assert isinstance(reply, Message)
        assert "aide" not in {b.command for b in reply.buttons() if isinstance(b, Button)}


async def test_the_first_private_hello_shows_the_menu_once(dispatcher: Dispatcher) -> None:
    first = await dispatcher.handle(dispatcher.from_text("Bonjour", actor=ALEX))
    assert first == await dispatcher.handle(dispatcher.from_text("menu", actor=ALEX))


async def test_in_a_channel_the_menu_is_not_pushed(dispatcher: Dispatcher) -> None:
    reply = await dispatcher.handle(dispatcher.from_text("5.10", actor=ALEX, place="channel"))
    assert isinstance(reply, Message)
    assert "aide" not in {b.command for b in reply.buttons() if isinstance(b, Button)}


async def test_where_all_can_read_an_answer_holds_only_the_quotation_and_buttons(
    dispatcher: Dispatcher,
) -> None:
    reply = await dispatcher.handle(dispatcher.from_text("5.10", actor=ALEX, place="open"))
    assert isinstance(reply, Message)
    assert reply.public
    assert list(reply.own_words()) == []
    assert [quote.clause for quote in reply.quotes()] == ["5.10"]


@pytest.mark.parametrize("line", ["stationnement", "chercher", "bonjour", "5.19"])
async def test_where_all_can_read_what_quotes_nothing_invites_to_ask_in_private(
    dispatcher: Dispatcher, line: str
) -> None:
    reply = await dispatcher.handle(dispatcher.from_text(line, place="open"))
    assert isinstance(reply, Message)
    assert "message privé" in " ".join(reply.own_words())


@pytest.mark.parametrize("line", ["/quiz B", "/quiz nouveau -", "/accueil lire", "/accueil"])
async def test_where_all_can_read_nothing_is_shown_of_one_s_own_way_nor_done(
    dispatcher: Dispatcher, line: str
) -> None:
    private = dispatcher.from_text("/quiz", actor=ALEX, place="channel")
    before = await dispatcher.handle(private)
    reply = await dispatcher.handle(dispatcher.from_text(line, actor=ALEX, place="open"))
    assert isinstance(reply, Message)
    assert (list(reply.quotes()), list(reply.buttons())) == ([], [])
    assert "message privé" in " ".join(reply.own_words())
    after = await dispatcher.handle(private)
    assert isinstance(before, Message)
    assert isinstance(after, Message)
    assert before.elements[: len(after.elements)] == after.elements, "no quiz was begun"


async def test_a_command_that_breaks_is_an_apology_whose_reference_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_request: Request) -> Reply:
        raise RuntimeError("secret-du-signaleur")

    menu = Command("vigie", "Menu", lambda _: Message(Text("menu")))
    with ThreadPoolExecutor(1) as executor, caplog.at_level(logging.DEBUG):
        dispatcher = Dispatcher([Command("casse", "Casse", broken), menu], executor)
        reply = await dispatcher.handle(dispatcher.from_text("mots-du-signaleur"))
    assert isinstance(reply, Message)
    words = " ".join(reply.own_words())
    assert "Pardon" in words
    assert words.split()[-1] in caplog.text
    assert "signaleur" not in caplog.text + words


@pytest.mark.parametrize("breaks", [False, True])
async def test_what_takes_a_while_is_made_while_others_are_answered(*, breaks: bool) -> None:
    running, gate = threading.Event(), threading.Event()

    def made() -> Message:
        running.set()
        assert gate.wait(PATIENCE)
        if breaks:
            raise RuntimeError
        return Message(Text("voici"))

    menu = Command("vigie", "Menu", lambda _: Message(Text("menu")))
    with ThreadPoolExecutor(1) as executor:
        dispatcher = Dispatcher([Command("long", "Long", lambda _: Deferred(made)), menu], executor)
        waiting = asyncio.create_task(dispatcher.handle(Request("long")))
        assert await asyncio.to_thread(running.wait, PATIENCE)
        async with asyncio.timeout(PATIENCE):
            assert await dispatcher.handle(Request("vigie")) == Message(Text("menu"))
        gate.set()
        reply = await waiting
    assert isinstance(reply, Message)
    assert next(reply.own_words()).startswith("Pardon" if breaks else "voici")


async def test_a_refusal_is_said_in_its_own_words() -> None:
    def refuse(_request: Request) -> Reply:
        raise UserError("Demandez à l'administration.")

    menu = Command("vigie", "Menu", lambda _: Message(Text("menu")))
    with ThreadPoolExecutor(1) as executor:
        dispatcher = Dispatcher([Command("non", "Non", refuse), menu], executor)
        reply = await dispatcher.handle(dispatcher.from_text("non"))
    assert reply == Message(Text("Demandez à l'administration."))


async def test_a_menu_that_does_not_fit_is_left_out() -> None:
    long = Message(Text("a" * 3_700))
    menu = Command("vigie", "Menu", lambda _: Message(Text("b" * 200), Buttons(Button("x", "long"))))
    with ThreadPoolExecutor(1) as executor:
        dispatcher = Dispatcher([Command("long", "Long", lambda _: long), menu], executor)
        assert await dispatcher.handle(dispatcher.from_text("long", actor=ALEX)) == long


async def test_suggestions_never_exceed_what_discord_accepts(dispatcher: Dispatcher) -> None:
    for typed in ("", "5", "5.1", "lo", "association", "médias so"):
        suggestions = await dispatcher.suggest("politique", typed)
        assert 0 < len(suggestions) <= 25
        assert all(0 < len(s.label) <= 100 and 0 < len(s.text) <= 100 for s in suggestions)


@pytest.mark.parametrize("name", ["politique", "vigie"])
async def test_a_suggestion_reads_no_more_than_what_a_choice_holds(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        "bot.conversation.dispatcher.clean",
        lambda text: read.append(text) or text,  # type: ignore[func-returns-value]  # None, then the text
    )
    for typed in ("é" * 6_000, "politique " + "logo " * 1_200, " " * 6_000, "5." * 3_000):
        await dispatcher.suggest(name, typed)
    assert read
    assert max(map(len, read)) <= 100


def test_what_is_not_for_everyone_is_not_answered_without_asking_the_storage() -> None:
    with pytest.raises(ValueError, match="not for everyone"):
        Command("x", "x", (run := lambda _: Message(Text("x"))), instant=run, refusal=lambda _: "Non.")


def test_a_shortcut_label_fits_on_both_platforms() -> None:
    with pytest.raises(ValueError, match="24"):
        Command("x", "x", lambda _: Message(Text("x")), shortcut=lambda: "a" * 25)


async def test_a_form_comes_back_with_what_was_typed(dispatcher: Dispatcher) -> None:
    form = await dispatcher.handle(dispatcher.from_text("chercher"))
    assert isinstance(form, Form)
    assert isinstance(form.fields[0], TextField)
    sent = dispatcher.from_command(form.command, fields={form.fields[0].name: "logo"})
    reply = await dispatcher.handle(sent)
    assert isinstance(reply, Message)
    assert [quote.clause for quote in reply.quotes()] == ["5.13"]


@pytest.mark.parametrize("line", ["disparue voir 0f3ae2", "disparue 5.10", "vigie disparue"])
async def test_a_button_or_a_form_of_a_command_that_is_gone_says_so_and_asks_nothing_of_the_policy(
    dispatcher: Dispatcher, line: str
) -> None:
    reply = await dispatcher.handle(dispatcher.from_text(line, actor=ALEX, pressed=True))
    assert isinstance(reply, Message)
    assert "ne fait plus rien" in "".join(reply.own_words())
    assert not reply.quotes()
    written = dispatcher.from_text(f"/{line}", actor=ALEX, fields={"mots": "5.10"})
    form = await dispatcher.handle(written)
    assert isinstance(form, Message)
    assert "Ce formulaire" in "".join(form.own_words())
    assert not form.quotes()
