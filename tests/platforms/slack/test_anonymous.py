"""On Slack, a command that must not know who asks: no request holds them, and no answer stays anywhere."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import pytest

from bot.platforms.slack.adapter import SlackAdapter
from tests.kits.platforms.fake_slack import FakeSlack, SignedHttp
from tests.kits.platforms.slack import (
    SECRET_WORDS,
    Commands,
    built,
    buttons,
    direct,
    mention,
    press,
    press_at_home,
    press_in_window,
    running,
    shortcut,
    slash,
    submission,
)
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_rules import ADDRESS_SECONDS, TRIGGER_SECONDS

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]

REMPLIR = {"action_id": "private-0", "value": "taire remplir"}
TAIRE = {"action_id": "private-0", "value": "taire"}


def nobody(commands: Commands) -> None:
    """Assert that each request was made by nobody."""
    assert commands.requests
    assert {request.actor for request in commands.requests} == {None}


async def test_a_slash_command_is_answered_by_a_message_that_goes_away(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(slash(slack, "/taire"))
    answer = await slack.said()
    assert answer.where == "hook/a"
    assert answer.body["response_type"] == "ephemeral"
    assert "U1" not in json.dumps(answer.body)
    nobody(commands)


async def test_in_a_private_conversation_too_the_answer_goes_away(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.interaction(press(slack, TAIRE, channel="D1"))
    answer = await slack.said()
    assert answer.where == "hook/b"
    assert answer.body["response_type"] == "ephemeral"
    assert answer.body["replace_original"] is False, "a message that stays would hold it"
    nobody(commands)


async def test_over_a_message_that_goes_away_the_answer_takes_its_place(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.interaction(press(slack, TAIRE, channel="D1", is_ephemeral=True))
    assert (await slack.said()).body["replace_original"] is True


@pytest.mark.parametrize("channel", ["C1", "D1"])
async def test_a_form_is_answered_by_a_message_that_goes_away(
    slack: FakeSlack, http: SignedHttp, commands: Commands, channel: str
) -> None:
    await http.interaction(press(slack, REMPLIR, channel=channel))
    opened = await slack.said()
    assert opened.where == "views.open"
    await http.interaction(submission(opened.body["view"], {"mots": "un secret"}))
    answer = await slack.said()
    assert answer.where == "hook/b"
    assert answer.body["response_type"] == "ephemeral"
    assert "un secret" in shown(answer.body["blocks"])
    nobody(commands)


async def test_when_the_address_to_answer_at_has_expired_nothing_is_left_in_the_conversation(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.fail_with("hook/a", 404)
    await http.command(slash(slack, "/taire"))
    answer = await slack.said()
    assert answer.where == "chat.postEphemeral"


async def test_a_form_filled_in_at_length_where_the_bot_is_not_is_answered_in_a_window(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.command(slash(slack, "/taire", "remplir"))
    opened = await slack.said()
    slack.rules.pass_time(ADDRESS_SECONDS + 1)
    slack.fail("chat.postEphemeral", "not_in_channel")
    await http.interaction(submission(opened.body["view"], {"mots": "un secret"}, slack.trigger()))
    answer = await slack.said()
    assert answer.where == "views.open"
    assert "un secret" in shown(answer.body["view"])


async def test_from_the_app_home_it_all_happens_in_windows(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.interaction(press_at_home(slack, TAIRE))
    first = await slack.said()
    assert first.where == "views.open"
    assert buttons(first.body["view"]["blocks"])
    await http.interaction(press_in_window(slack, REMPLIR))
    form = await slack.said()
    assert form.where == "views.push"
    await http.interaction(submission(form.body["view"], {"mots": "un secret"}))
    answer = await slack.said()
    assert (answer.where, answer.body["view_id"]) == ("views.update", "V2")
    assert "un secret" in shown(answer.body["view"])
    nobody(commands)


async def test_of_a_message_from_whose_menu_it_is_run_only_what_it_takes_is_kept(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.interaction(shortcut(slack, "taire", "Alex: <https://a.exemple/1|ici>"))
    await slack.said()
    [request] = commands.requests
    assert (request.text, request.actor) == ("adresse", None)


@pytest.mark.parametrize("button", [TAIRE, REMPLIR])
async def test_a_window_that_is_too_late_over_the_app_home_is_said_there_without_what_was_asked(
    slack: FakeSlack, http: SignedHttp, button: dict[str, str]
) -> None:
    slack.rules.late["views.open"] = TRIGGER_SECONDS + 1
    await http.interaction(press_at_home(slack, button))
    answer = await slack.said()
    assert answer.where == "views.publish"
    assert "n'a pas pu s'ouvrir à temps" in shown(answer.body["view"])
    assert "taire" not in json.dumps(answer.body).lower()


@pytest.mark.parametrize("written", [direct("taire"), direct("/taire tout"), mention("taire")])
async def test_written_in_a_conversation_it_is_not_run_and_goes_on_from_a_button(
    slack: FakeSlack, http: SignedHttp, commands: Commands, written: dict[str, Any]
) -> None:
    await http.event(written)
    answer = await slack.said()
    assert [button["value"] for button in buttons(answer.body["blocks"])] == ["taire"]
    assert commands.requests == []


async def test_that_it_was_written_is_recorded_nowhere(slack: FakeSlack, commands: Commands) -> None:
    heard: list[str] = []

    async def hear(event: str) -> bool:
        heard.append(event)
        return True

    with ThreadPoolExecutor(1) as executor:
        adapter: SlackAdapter = built(slack, commands, executor, heard=hear)
        async with running(adapter), aiohttp.ClientSession() as session:
            http = SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
            event = direct("taire")
            for _ in range(2):
                await http.event(event)
            await slack.said()
            await http.event(direct("bonjour"))
            await slack.said()
            assert slack.silent(), "told twice, it is answered once all the same"
    assert len(heard) == 1


async def test_an_error_is_told_of_without_who_what_or_which_command(
    slack: FakeSlack, http: SignedHttp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await http.interaction(press(slack, {"action_id": "private-0", "value": "taire briser"}))
    assert "Pardon" in shown((await slack.said()).body["blocks"])
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "RuntimeError" in ours
    for word in (SECRET_WORDS, "taire", "U1"):
        assert word not in ours
