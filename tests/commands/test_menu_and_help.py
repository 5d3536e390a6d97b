"""The menu, the help, the search form, the shared clause."""

from __future__ import annotations

from bot.dispatch import Dispatcher
from bot.messages import Form, Message, TextField


async def said(dispatcher: Dispatcher, line: str) -> str:
    reply = await dispatcher.handle(dispatcher.from_text(line))
    assert isinstance(reply, Message)
    return "\n".join(reply.own_words())


async def test_the_menu_says_which_version_is_quoted(dispatcher: Dispatcher) -> None:
    assert "Je cite la PA20, révisée le 13 décembre 2015." in await said(dispatcher, "/vigie")


async def test_the_help_names_every_command_of_the_catalogue(dispatcher: Dispatcher) -> None:
    help_ = await said(dispatcher, "/vigie aide")
    for command in dispatcher.commands:
        assert f"/{command.name}" in help_ or f"/vigie {command.name}" in help_
        assert command.summary in help_


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
