"""The menu, the help, the search form, the shared clause."""

from __future__ import annotations

import re

import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form, TextField
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor
from bot.settings import Settings
from tests.kits.office import built


async def said(dispatcher: Dispatcher, line: str) -> str:
    reply = await dispatcher.handle(dispatcher.from_text(line))
    assert isinstance(reply, Message)
    return "\n".join(reply.own_words())


async def test_the_menu_says_which_version_is_quoted(dispatcher: Dispatcher) -> None:
    assert "la PA20, révisée le 13\u00a0décembre\u00a02015." in await said(dispatcher, "/vigie")


async def test_the_help_names_what_one_may_do_by_group_and_nothing_else(dispatcher: Dispatcher) -> None:
    help_ = await said(dispatcher, "/vigie aide")
    for command in dispatcher.commands:
        shown = bool(command.group) and command.refusal is None and command.name != "aide"  # read already
        assert (command.summary in help_) == shown, command.name
    positions = [help_.find(group) for group in ("La politique", "Vous", "Les signalements")]
    assert -1 not in positions
    assert positions == sorted(positions)
    assert "L'administration" not in help_


async def test_the_help_of_one_command_shows_how_to_write_it(dispatcher: Dispatcher) -> None:
    help_ = await said(dispatcher, "/vigie aide politique")
    assert "/politique [numéro, mot ou question]" in help_
    assert "Exemples" in help_


async def test_the_menu_offers_five_things_and_the_rest_a_press_away(dispatcher: Dispatcher) -> None:
    menu = await dispatcher.handle(dispatcher.from_text("/vigie"))
    assert isinstance(menu, Message)
    assert [button.label for button in menu.buttons()] == [
        "Poser une question", "Où j'en suis", "Quiz", "Signaler", "Plus…",
    ]  # fmt: skip
    more = await dispatcher.handle(dispatcher.from_text("/vigie plus"))
    assert isinstance(more, Message)
    assert {"Aide", "Mes renseignements", "Lier mes comptes"} <= {button.label for button in more.buttons()}


@pytest.mark.parametrize(
    ("written", "typed", "title"),
    [
        ("ou j'en suis?", "/accueil", "Votre accueil"),
        ("Où j’en suis", "/accueil", "Votre accueil"),
        ("Reprendre le quiz!", "/quiz", "Le quiz sur la PA20"),
    ],
)
async def test_what_a_button_says_does_as_it_does_when_one_writes_it(
    written: str, typed: str, title: str
) -> None:
    with built(Settings()) as bot:
        officer = Actor("local", "", "officier")
        replies = [
            await bot.dispatcher.handle(bot.dispatcher.from_text(line, actor=officer))
            for line in (typed, typed, written)  # the first one comes with the notice
        ]
    assert isinstance(replies[2], Message)
    assert title in replies[2].own_words()
    assert replies[2] == replies[1]


async def test_whatever_the_menu_offers_may_be_written_as_its_buttons_say_it() -> None:
    with built(Settings()) as bot:
        for line in ("/vigie", "/vigie plus"):
            shown = await bot.dispatcher.handle(bot.dispatcher.from_text(line))
            assert isinstance(shown, Message)
            buttons = [button for button in shown.buttons() if isinstance(button, Button)]
            written = {button.command: bot.dispatcher.from_text(button.label) for button in buttons}
            assert {name: (request.command, request.text) for name, request in written.items()} == {
                name: (name, "") for name in written
            }


async def test_the_menu_and_the_help_of_the_administration_hold_its_commands() -> None:
    with built(Settings()) as bot:
        shown = {who: await _menu_of(bot.dispatcher, who) for who in ("administration", "officier")}
    for line in ("roles", "membres", "pause"):
        assert f"/vigie {line}" in shown["administration"]
        assert f"/vigie {line}" not in shown["officier"]


async def test_what_is_completed_is_what_the_help_names_for_the_same_person() -> None:
    with built(Settings()) as bot:
        for persona in ("administration", "communications", "officier"):
            actor = Actor("local", "", persona)
            help_ = await bot.dispatcher.handle(bot.dispatcher.from_text("/vigie aide", actor=actor))
            assert isinstance(help_, Message)
            named = set(re.findall(r"^/vigie (\S+)", "\n".join(help_.own_words()), re.MULTILINE))
            offered = await bot.dispatcher.suggest("vigie", "", actor)
            assert {suggestion.text for suggestion in offered} == {*named, "aide"}, persona
            assert max(len(suggestion.label) for suggestion in offered) <= 100


async def _menu_of(dispatcher: Dispatcher, persona: str) -> str:
    """Return the commands of the menu's buttons, and the help."""
    actor = Actor("local", "", persona)
    menu = await dispatcher.handle(dispatcher.from_text("/vigie", actor=actor))
    help_ = await dispatcher.handle(dispatcher.from_text("/vigie aide", actor=actor))
    assert isinstance(menu, Message)
    assert isinstance(help_, Message)
    pressed = [b.command for b in menu.buttons() if isinstance(b, Button)]
    return "\n".join([*(f"/vigie {one}" for one in pressed), *help_.own_words()])


async def test_the_search_form_asks_one_thing(dispatcher: Dispatcher) -> None:
    form = await dispatcher.handle(dispatcher.from_text("/vigie chercher"))
    assert isinstance(form, Form)
    assert [type(field) for field in form.fields] == [TextField]


async def test_searching_words_right_away_skips_the_form(dispatcher: Dispatcher) -> None:
    reply = await dispatcher.handle(dispatcher.from_text("/vigie chercher logo"))
    assert isinstance(reply, Message)
    assert reply.quotes()[0].clause == "5.13"


async def test_sharing_what_does_not_exist_explains_itself(dispatcher: Dispatcher) -> None:
    for text, why in {
        "": "Dites quelle clause partager",
        "logo": "Dites quelle clause partager",
        "5.19": "La clause 5.19 n'existe pas dans la PA20. Cherchiez-vous 5.9 ou 5.18?",
        "article 5": "C'est trop long",
    }.items():
        assert why in await said(dispatcher, f"/vigie partager {text}")
