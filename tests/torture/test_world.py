"""The platforms of the torture: what a bot says to them, finds again in their histories, and says twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
import pytest
from discord.http import Route

from bot.conversation.messages import Message, Quotation, Quote, Text
from bot.platforms.contract import Deliverer, Destination
from bot.platforms.discord.delivery import DiscordDelivery
from bot.platforms.slack.delivery import SlackDelivery, without_retries
from bot.platforms.slack.link import web_api
from bot.reports.examples import digest_examples
from tests.torture.reports import REACH, told_twice
from tests.torture.world import CALM, TOKEN, World

[WITH_A_PICTURE] = digest_examples("PA20, 5.10").values()
TO = {"discord": Destination("discord", "", "1000"), "slack": Destination("slack", "T00000001", "U1000")}
CONVERSATION = {"discord": "discord 1000001000", "slack": "slack D1000"}
ID = "0f3c9a5be2d14c70"


def no_quote(quote: Quote) -> Quotation:
    raise LookupError(quote.clause)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World(replace(CALM), words_of=lambda _: "dit").serving() as it:
        yield it


@pytest.fixture(params=["discord", "slack"])
async def said_by(request: pytest.FixtureRequest, world: World) -> AsyncIterator[tuple[str, Deliverer]]:
    """Each platform, and what speaks to it."""
    if request.param == "slack":
        async with web_api("xoxb-essai", f"{world.origin}/slack") as slack:
            yield "slack", SlackDelivery(without_retries(slack), no_quote)
    else:
        Route.BASE = f"{world.origin}/api/v10"
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(TOKEN)
            yield "discord", DiscordDelivery(client, no_quote)


async def test_a_message_with_a_picture_arrives_once(world: World, said_by: tuple[str, Deliverer]) -> None:
    platform, delivery = said_by
    assert WITH_A_PICTURE.files()
    await delivery.deliver(TO[platform], WITH_A_PICTURE, ID)
    assert world.words(platform).total() == 1
    assert await delivery.was_delivered(TO[platform], ID, datetime.now(UTC) - timedelta(minutes=1))


async def test_a_message_is_found_as_far_back_as_the_bot_looks_and_no_further(
    world: World, said_by: tuple[str, Deliverer]
) -> None:
    platform, delivery = said_by
    message, before = Message(Text("Un signalement vous attend.")), datetime.now(UTC) - timedelta(minutes=1)
    await delivery.deliver(TO[platform], message, ID)
    for number in range(1, REACH[platform]):
        say_another(world, platform, number)
    assert await delivery.was_delivered(TO[platform], ID, before)
    say_another(world, platform, REACH[platform])
    assert not await delivery.was_delivered(TO[platform], ID, before)


def say_another(world: World, platform: str, number: int) -> None:
    """Have the bot have said something else since."""
    messages = world.channels[CONVERSATION[platform]]
    if platform == "slack":
        messages.append({**messages[0], "ts": f"{float(messages[0]['ts']) + number:.6f}", "metadata": None})
    else:
        messages.append({**messages[0], "id": str(int(messages[0]["id"]) + number), "components": []})


@pytest.mark.parametrize(
    ("platform", "between", "late", "kind"),
    [
        ("discord", 0, False, "discord"),
        ("discord", REACH["discord"] - 1, True, "discord"),
        ("discord", REACH["discord"], False, "far"),
        ("slack", REACH["slack"] - 1, False, "slack"),
        ("slack", 0, True, "unseen"),
        ("slack", REACH["slack"], False, "far"),
    ],
)
def test_what_is_told_twice_is_excused_only_if_it_could_not_be_found(
    platform: str, between: int, late: bool, kind: str
) -> None:
    world = World(CALM)
    others = [f"un autre {number}" for number in range(between)]
    world.channels[f"{platform} 1"] = [{"words": words} for words in ("a first", *others, "a first")]
    if late:
        world.late[platform].add("a first")
    assert told_twice(world) == {kind: 1}
