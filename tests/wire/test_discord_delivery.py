"""What the bot says on Discord unprompted, over the wire: discord.py itself, checked by Discord's schemas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest
from discord.http import Route
from simcord.backend.models import Message as Seen

from bot.conversation.messages import Button, Buttons, File, Message, Quoter, Text
from bot.outbox.sending import delivery_id
from bot.platforms.contract import (
    AwayError,
    Destination,
    FaultyError,
    LaterError,
    RefusedError,
    StoppedError,
    UndeliverableError,
    UnknownError,
    leaving,
)
from bot.platforms.discord.adapter import quiet_library
from bot.platforms.discord.delivery import DiscordDelivery, Paced, delivery_error, delivery_mark
from tests.wire.discord_people import Person, text_of
from tests.wire.discord_server import TOKEN, DiscordServer

HELLO = Message(Text("Un signalement vous attend."), Buttons(Button("Ouvrir", "signalements")))
ID, OTHER_ID = "0f3c9a5be2d14c70", "1f3c9a5be2d14c70"


@pytest.fixture
async def delivery(server: DiscordServer, quote: Quoter) -> AsyncIterator[DiscordDelivery]:
    Route.BASE = server.environment["DISCORD_API_URL"]
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(TOKEN)
        yield DiscordDelivery(client, quote)


def dm(person: Person) -> Destination:
    return Destination("discord", "", str(person.id))


def received(server: DiscordServer, channel: int) -> list[Seen]:
    return sorted(server.backend.messages[channel].values(), key=lambda message: message.id)


async def test_a_person_receives_it_in_private_and_a_repetition_is_not_a_second_message(
    server: DiscordServer, alice: Person, delivery: DiscordDelivery
) -> None:
    await delivery.deliver(dm(alice), HELLO, ID)
    await delivery.deliver(dm(alice), HELLO, ID)
    [message] = received(server, alice.direct)
    assert "Un signalement vous attend." in text_of(message)
    await delivery.deliver(dm(alice), HELLO, OTHER_ID)
    assert len(received(server, alice.direct)) == 2
    assert server.count("POST", "/users/@me/channels") == 1, "the conversation is opened once"


async def test_what_was_said_is_found_by_its_mark_and_by_nothing_else(
    server: DiscordServer, alice: Person, delivery: DiscordDelivery
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert not await delivery.was_delivered(dm(alice), ID, before)
    await delivery.deliver(dm(alice), HELLO, ID)
    assert await delivery.was_delivered(dm(alice), ID, before)
    assert not await delivery.was_delivered(dm(alice), OTHER_ID, before), "the same words, said before"
    bob = Person(server, "bob")
    assert not await delivery.was_delivered(dm(bob), ID, before)


@pytest.mark.parametrize("failing", ["/users/@me/channels", "/channels/*/messages"])
async def test_what_discord_does_and_then_denies_comes_once_with_its_file(
    server: DiscordServer, alice: Person, delivery: DiscordDelivery, failing: str
) -> None:
    server.act_then_fail(failing)
    message = Message(Text("Votre copie."), File("copie.json", b"{}", "Votre copie"))
    await delivery.deliver(dm(alice), message, ID)
    assert server.failing == [], "it was denied"
    [received_message] = received(server, alice.direct)
    assert "Votre copie." in text_of(received_message)


async def test_a_file_comes_along(server: DiscordServer, alice: Person, delivery: DiscordDelivery) -> None:
    message = Message(Text("Votre copie."), File("copie.json", b"{}", "Votre copie"))
    await delivery.deliver(dm(alice), message, ID)
    [received_message] = received(server, alice.direct)
    assert "Votre copie." in text_of(received_message)


async def test_a_channel_of_the_server_is_written_to(
    server: DiscordServer, alice: Person, delivery: DiscordDelivery
) -> None:
    channel = Destination("discord", str(alice.guild.id), str(alice.channel), "channel")
    await delivery.deliver(channel, HELLO, ID)
    assert len(received(server, alice.channel)) == 1
    assert await delivery.was_delivered(channel, ID, datetime.now(UTC) - timedelta(seconds=1))


async def test_a_private_thread_is_opened_once_with_the_person_in_it(
    server: DiscordServer, alice: Person, delivery: DiscordDelivery
) -> None:
    thread = Destination("discord", str(alice.channel), str(alice.id), "thread")
    await delivery.deliver(thread, HELLO, ID)
    await delivery.deliver(thread, HELLO, OTHER_ID)
    assert server.count("POST", f"/channels/{alice.channel}/threads") == 1
    assert await delivery.was_delivered(thread, ID, datetime.now(UTC) - timedelta(seconds=1))


async def test_a_channel_or_a_person_that_does_not_exist_is_gone_for_good(delivery: DiscordDelivery) -> None:
    for address in (
        Destination("discord", "", "404", "channel"),
        Destination("discord", "404", "11", "thread"),
    ):
        with pytest.raises(UndeliverableError, match="gone"):
            await delivery.deliver(address, HELLO, ID)
    with pytest.raises(UndeliverableError):
        await delivery.deliver(Destination("discord", "", "404"), HELLO, ID)


async def test_a_revoked_token_says_nothing_of_anyone(
    server: DiscordServer, alice: Person, delivery: DiscordDelivery
) -> None:
    await server.revoke()
    with pytest.raises(RefusedError, match="401"):
        await delivery.deliver(dm(alice), HELLO, ID)


@pytest.mark.parametrize(
    "case",
    [
        (403, 50007, UndeliverableError),
        (403, 50013, UndeliverableError),
        (404, 10003, UndeliverableError),
        (401, 0, RefusedError),
        (403, 40001, RefusedError),
        (400, 50035, FaultyError),
        (403, 0, LaterError),
        (404, 0, LaterError),
        (403, 999_999, LaterError),
        (501, 0, UnknownError),
    ],
)
async def test_every_refusal_is_taken_for_what_it_is_about_and_an_unknown_one_is_about_nobody(
    server: DiscordServer,
    alice: Person,
    delivery: DiscordDelivery,
    case: tuple[int, int, type[Exception]],
) -> None:
    status, code, kind = case
    server.refuse("/channels/*/messages", status=status, code=code)
    with pytest.raises(kind) as refused:
        await delivery.deliver(dm(alice), HELLO, ID)
    assert type(refused.value) is kind, "not the whole platform"


async def test_a_long_limit_is_left_to_the_outbox(
    server: DiscordServer, alice: Person, quote: Quoter
) -> None:
    async with discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30) as client:
        Route.BASE = server.environment["DISCORD_API_URL"]
        await client.login(TOKEN)
        server.limit("/channels/*/messages", retry_after=60)
        with pytest.raises(LaterError) as refused:
            await DiscordDelivery(client, quote).deliver(dm(alice), HELLO, ID)
    assert (refused.value.seconds, refused.value.everywhere) == (60, True)


async def test_a_short_limit_is_slept_through_and_counted(
    server: DiscordServer, alice: Person, quote: Quoter
) -> None:
    limited: list[int] = []
    quiet_library(lambda: limited.append(1))
    async with discord.Client(intents=discord.Intents.none(), connector=Paced()) as client:
        Route.BASE = server.environment["DISCORD_API_URL"]
        await client.login(TOKEN)
        server.limit("/channels/*/messages", retry_after=0.05)
        await DiscordDelivery(client, quote).deliver(dm(alice), HELLO, ID)
    assert limited == [1]
    assert len(received(server, alice.direct)) == 1


async def test_what_is_stopped_right_before_it_leaves_does_not_leave(
    server: DiscordServer, alice: Person, quote: Quoter
) -> None:
    def stopped() -> None:
        raise StoppedError("paused")

    async with discord.Client(intents=discord.Intents.none(), connector=Paced()) as client:
        Route.BASE = server.environment["DISCORD_API_URL"]
        await client.login(TOKEN)
        delivery = DiscordDelivery(client, quote)
        await delivery.deliver(dm(alice), HELLO, ID)
        leaving.set(stopped)
        with pytest.raises(StoppedError):
            await delivery.deliver(dm(alice), HELLO, OTHER_ID)
    assert len(received(server, alice.direct)) == 1


async def test_without_a_network_nothing_left(server: DiscordServer, alice: Person, quote: Quoter) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        Route.BASE = server.environment["DISCORD_API_URL"]
        await client.login(TOKEN)
        Route.BASE = "http://127.0.0.1:9/api/v10"
        with pytest.raises(AwayError):
            await DiscordDelivery(client, quote).deliver(dm(alice), HELLO, ID)


def test_a_cut_connection_tells_nothing_of_what_was_done() -> None:
    assert isinstance(delivery_error(aiohttp.ServerDisconnectedError()), UnknownError)
    assert isinstance(delivery_error(TimeoutError()), UnknownError)
    assert isinstance(delivery_error(aiohttp.ConnectionTimeoutError()), AwayError), "it was never made"


def test_a_mark_is_a_positive_number_of_31_bits() -> None:
    marks = [delivery_mark(delivery_id(f"{n:016x}", Destination("discord", "", "1"))) for n in range(1000)]
    assert all(0 < number < 2**31 for number in marks)
    assert len(set(marks)) == len(marks)
