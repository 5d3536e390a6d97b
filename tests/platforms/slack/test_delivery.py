"""What the bot says on Slack unprompted: slack_sdk itself, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import aiohttp
import pytest

from bot.conversation.messages import Message, Quotation, Quote, Text
from bot.platforms.contract import (
    AwayError,
    DeliveryError,
    Destination,
    FaultyError,
    LackingError,
    LaterError,
    RefusedError,
    StoppedError,
    UndeliverableError,
    UnknownError,
    leaving,
)
from bot.platforms.slack.delivery import EVENT_TYPE, SlackDelivery, delivery_error, without_retries
from bot.platforms.slack.link import web_api
from bot.platforms.slack.meanings import MEANINGS
from tests.kits.platforms.fake_slack import BOT_TOKEN, FakeSlack
from tests.torture.world import CALM, World

ALICE = Destination("slack", "T1", "U1")
CHANNEL = Destination("slack", "T1", "C1", "channel")
HELLO = Message(Text("Un signalement vous attend."))
ID, OTHER_ID = "0f3c9a5be2d14c70", "1f3c9a5be2d14c70"


def no_quote(quote: Quote) -> Quotation:
    raise LookupError(quote.clause)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack().serving() as fake:
        yield fake


@pytest.fixture
async def delivery(slack: FakeSlack) -> AsyncIterator[SlackDelivery]:
    async with web_api(BOT_TOKEN, slack.api_url) as client:
        yield SlackDelivery(without_retries(client), no_quote)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World(replace(CALM)).serving() as it:
        yield it


@pytest.fixture
async def worldly(world: World) -> AsyncIterator[SlackDelivery]:
    """What speaks to a Slack that has a history."""
    async with web_api(BOT_TOKEN, f"{world.origin}/slack") as client:
        yield SlackDelivery(without_retries(client), no_quote)


async def test_a_person_receives_it_marked_so_that_it_can_be_found(
    slack: FakeSlack, delivery: SlackDelivery
) -> None:
    await delivery.deliver(ALICE, HELLO, ID)
    call = await slack.said()
    assert (call.where, call.body["channel"]) == ("chat.postMessage", "U1")
    assert call.body["metadata"] == {"event_type": EVENT_TYPE, "event_payload": {"id": ID}}
    assert not call.body["unfurl_links"]


async def test_what_was_said_is_found_in_the_conversation(world: World, worldly: SlackDelivery) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert not await worldly.was_delivered(ALICE, ID, before)
    await worldly.deliver(ALICE, HELLO, ID)
    assert await worldly.was_delivered(ALICE, ID, before)
    assert not await worldly.was_delivered(ALICE, OTHER_ID, before)
    assert world.words("slack").total() == 1


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("channel_not_found", "gone"),
        ("is_archived", "gone"),
        ("user_not_found", "gone"),
        ("messages_tab_disabled", "closed"),
        ("not_in_channel", "forbidden"),
    ],
)
async def test_what_slack_refuses_for_good_leads_elsewhere(
    slack: FakeSlack, delivery: SlackDelivery, code: str, problem: str
) -> None:
    slack.fail("chat.postMessage", code)
    with pytest.raises(UndeliverableError, match=f"{problem} .{code}"):
        await delivery.deliver(ALICE, HELLO, ID)
    assert slack.silent()


async def test_a_limit_says_how_long_to_wait_and_nothing_is_tried_before(
    slack: FakeSlack, delivery: SlackDelivery
) -> None:
    slack.fail_with("chat.postMessage", HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": "17"})
    with pytest.raises(LaterError) as refused:
        await delivery.deliver(ALICE, HELLO, ID)
    assert (refused.value.seconds, refused.value.everywhere) == (17, True)
    assert slack.silent()


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "service_unavailable"])
async def test_an_error_of_slacks_own_tells_nothing_of_what_was_done(
    slack: FakeSlack, delivery: SlackDelivery, code: str
) -> None:
    slack.fail("chat.postMessage", code)
    with pytest.raises(UnknownError):
        await delivery.deliver(ALICE, HELLO, ID)
    slack.fail_with("chat.postMessage", HTTPStatus.BAD_GATEWAY)
    with pytest.raises(UnknownError):
        await delivery.deliver(Destination("slack", "T1", "U2"), HELLO, ID)


async def test_a_broken_connection_is_not_tried_again_behind_the_outboxs_back(
    world: World, worldly: SlackDelivery
) -> None:
    world.weather.dropped_after = 1.0
    try:
        with pytest.raises(UnknownError):
            await worldly.deliver(ALICE, HELLO, ID)
    finally:
        world.weather.dropped_after = 0.0
    assert world.requests["slack"] == 1
    assert await worldly.was_delivered(ALICE, ID, datetime.now(UTC) - timedelta(seconds=1))


async def test_a_limit_that_a_reply_waits_for_is_counted_too(slack: FakeSlack) -> None:
    limited: list[int] = []
    async with web_api(BOT_TOKEN, slack.api_url, lambda: limited.append(1)) as client:
        slack.fail_with("chat.postMessage", HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": "0"})
        await client.chat_postMessage(channel="U1", text="Bonjour", blocks=[])
    assert limited == [1]


async def test_what_is_stopped_while_it_waits_for_its_turn_does_not_leave(
    slack: FakeSlack, delivery: SlackDelivery
) -> None:
    await delivery.deliver(ALICE, HELLO, ID)
    await slack.said()

    def stopped() -> None:
        raise StoppedError("paused")

    leaving.set(stopped)
    with pytest.raises(StoppedError):
        await delivery.deliver(ALICE, HELLO, OTHER_ID)
    assert slack.silent()


async def test_without_a_network_nothing_left() -> None:
    async with web_api(BOT_TOKEN, "http://127.0.0.1:9/api") as client:
        with pytest.raises(AwayError):
            await SlackDelivery(without_retries(client), no_quote).deliver(ALICE, HELLO, ID)


def test_a_connection_that_is_never_made_tells_that_nothing_left() -> None:
    assert isinstance(delivery_error(aiohttp.ConnectionTimeoutError()), AwayError)
    assert isinstance(delivery_error(TimeoutError()), UnknownError)


async def test_where_the_bot_may_not_read_nothing_tells(slack: FakeSlack, delivery: SlackDelivery) -> None:
    slack.fail("conversations.history", "missing_scope")
    assert not await delivery.was_delivered(CHANNEL, ID, datetime.now(UTC))


async def test_in_private_a_missing_permission_to_read_holds_what_may_have_been_sent(
    slack: FakeSlack, delivery: SlackDelivery
) -> None:
    slack.lacking["conversations.history"] = "im:history"
    with pytest.raises(LackingError, match="im:history"):
        await delivery.was_delivered(ALICE, ID, datetime.now(UTC))


@pytest.mark.parametrize("code", sorted(MEANINGS))
async def test_every_error_is_taken_for_what_it_is_about(
    slack: FakeSlack, delivery: SlackDelivery, code: str
) -> None:
    kinds: dict[str, type[DeliveryError]] = {
        **dict.fromkeys(("closed", "gone", "forbidden"), UndeliverableError),
        "refused": RefusedError,
        "lacking": LackingError,
        "wait": LaterError,
        "faulty": FaultyError,
        "unsure": UnknownError,
    }
    slack.fail("chat.postMessage", code)
    with pytest.raises(kinds[MEANINGS[code]]):
        await delivery.deliver(ALICE, HELLO, ID)


async def test_an_error_that_nobody_knows_is_about_nobody(slack: FakeSlack, delivery: SlackDelivery) -> None:
    slack.fail("chat.postMessage", "something_new")
    with pytest.raises(LaterError) as unknown:
        await delivery.deliver(ALICE, HELLO, ID)
    assert (unknown.value.seconds, unknown.value.everywhere) == (None, False)
    slack.fail_with("chat.postMessage", HTTPStatus.UNAUTHORIZED)
    with pytest.raises(RefusedError):
        await delivery.deliver(Destination("slack", "T1", "U2"), HELLO, ID)


async def test_a_slack_that_cannot_be_asked_is_asked_later(slack: FakeSlack, delivery: SlackDelivery) -> None:
    slack.fail_with("conversations.history", HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": "1"})
    with pytest.raises(LaterError):
        await delivery.was_delivered(CHANNEL, ID, datetime.now(UTC))
