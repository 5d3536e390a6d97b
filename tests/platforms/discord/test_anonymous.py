"""On Discord, a command that must not know who asks: no request holds them, and no answer stays anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kits.platforms.discord_world import ASKED, World, shown

pytest_plugins = ["tests.kits.platforms.discord_fixtures"]


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    """Whatever happens in a test, each request was made by nobody."""
    ASKED.clear()
    yield
    assert {request.actor for request in ASKED} <= {None}


async def test_a_slash_command_is_answered_for_the_person_alone(world: World) -> None:
    result = await world.alice.slash(world.channel, "taire")
    assert result.response is not None
    assert result.response.ephemeral
    assert len(ASKED) == 1


async def test_in_a_private_conversation_too_the_answer_goes_away(world: World) -> None:
    result = await world.user.slash("taire")
    assert result.response.ephemeral


async def test_pressed_on_a_message_that_stays_it_is_answered_by_one_that_does_not(world: World) -> None:
    menu = await world.user.slash("vigie")
    assert not menu.response.ephemeral
    pressed = await world.user.click(menu.response, label="Taire")
    assert pressed.response.id != menu.response.id
    assert pressed.response.ephemeral
    assert "Menu" in shown(menu.response)
    again = await world.user.click(pressed.response, label="Suite")
    assert again.response.id == pressed.response.id, "over one that goes away, the answer takes its place"


async def test_a_form_is_answered_by_a_message_that_goes_away(world: World) -> None:
    first = await world.user.slash("taire")
    opened = await world.user.click(first.response, label="Remplir")
    submitted = await world.user.submit_modal(opened, {"mots": "un secret"})
    assert "un secret" in shown(submitted.response)
    assert submitted.response.ephemeral


async def test_written_to_the_bot_it_is_not_run_and_goes_on_from_a_button(world: World) -> None:
    await world.user.send_dm("taire")
    await world.env.settle()
    assert ASKED == []
    message = world.user.dm_channel.last_message
    assert "rien n'en restera" in shown(message)
    assert "Continuer" in shown(message)


async def test_of_a_message_from_whose_menu_it_is_run_only_what_it_takes_is_kept(world: World) -> None:
    message = await world.alice.send(world.channel, "Alex: https://exemple.ca/1 quelle honte")
    await world.alice.context_menu(world.channel, "Taire", message)
    assert [request.text for request in ASKED] == ["adresse"]
