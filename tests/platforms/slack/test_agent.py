"""The bot as Slack's agent, once its manifest says so: suggested questions, and exchanges in threads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import aiohttp
import pytest

from bot.conversation.dispatcher import Welcome
from bot.platforms.slack.manifest import AGENT_SCOPE
from tests.kits.platforms.fake_slack import FakeSlack, SignedHttp
from tests.kits.platforms.slack import Commands, Json, built, direct, event, mention, running
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import OWN, STRANGERS, SlackPerson

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]

QUESTIONS = [f"Question {number}?" for number in range(6)]


@pytest.fixture
async def http(slack: FakeSlack, commands: Commands) -> AsyncIterator[SignedHttp]:
    """What speaks as Slack does to an agent."""
    slack.scopes = f"{slack.scopes},{AGENT_SCOPE}"
    slack.rules.granted.add(AGENT_SCOPE)
    with ThreadPoolExecutor(1) as executor:
        adapter = built(slack, commands, executor, Welcome({"slack": OWN}), questions=lambda: QUESTIONS)
        async with running(adapter), aiohttp.ClientSession() as session:
            yield SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")


def opened(tab: str = "messages") -> Json:
    return event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": tab})


async def test_four_questions_at_most_are_suggested_when_the_conversation_opens(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.event(opened())
    suggested = await slack.said()
    assert (suggested.where, suggested.body["channel_id"]) == (
        "assistant.threads.setSuggestedPrompts",
        "D1",
    )
    assert [prompt["message"] for prompt in suggested.body["prompts"]] == QUESTIONS[:4]
    assert "thread_ts" not in suggested.body, "Slack would ignore the call without a word"
    assert slack.silent()


@pytest.mark.parametrize("by", STRANGERS.values(), ids=STRANGERS)
async def test_nothing_is_suggested_to_someone_from_elsewhere(
    slack: FakeSlack, http: SignedHttp, by: SlackPerson
) -> None:
    await http.event(by.event(opened()))
    await http.event(direct("5.10"))
    assert "Texte de 5.10." in shown((await slack.said()).body["blocks"])


async def test_what_slack_refuses_to_suggest_stops_nothing(slack: FakeSlack, http: SignedHttp) -> None:
    slack.fail("assistant.threads.setSuggestedPrompts", "channel_not_found")
    await http.event(opened())
    await http.event(direct("5.10"))
    assert "Texte de 5.10." in shown((await slack.said()).body["blocks"])


async def test_a_message_is_answered_in_the_thread_that_it_begins_and_a_reply_in_its_own(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.event(direct("5.10", ts="17.1"))
    assert (await slack.said()).body["thread_ts"] == "17.1"
    await http.event(direct("5.11", ts="18.1", thread_ts="17.1"))
    assert (await slack.said()).body["thread_ts"] == "17.1"


async def test_an_answer_that_slack_shows_before_it_fails_is_found_in_its_thread(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.act_then_fail("chat.postMessage")
    await http.event(direct("5.10", ts="17.1"))
    await slack.said()
    await http.event(direct("5.11", ts="18.1"))
    assert "Texte de 5.11." in shown((await slack.said()).body["blocks"])


async def test_a_mention_is_answered_where_it_is(slack: FakeSlack, http: SignedHttp) -> None:
    await http.event(mention("5.10", ts="17.1"))
    answer = await slack.said()
    assert answer.where == "chat.postEphemeral"
    assert "thread_ts" not in answer.body


async def test_where_one_looks_is_not_read_but_acknowledged(slack: FakeSlack, http: SignedHttp) -> None:
    looks = event({"type": "app_context_changed", "user": "U1", "channel": "D1", "context": {}})
    assert (await http.event(looks)).status == HTTPStatus.OK
    await http.event(direct("5.10"))
    assert "Texte de 5.10." in shown((await slack.said()).body["blocks"])
