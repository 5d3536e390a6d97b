"""The adapter for Discord alone, over the wire: how it starts, what it leaves behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from discord.http import HTTPClient

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Quoter
from bot.platforms.contract import PlatformError
from bot.platforms.discord import adapter as discord_adapter
from bot.platforms.discord.adapter import DiscordAdapter
from bot.platforms.discord.client import Client
from tests.kits.effort import PATIENCE
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer


@pytest.fixture
async def adapter(
    dispatcher: Dispatcher, quote: Quoter, server: DiscordServer
) -> AsyncIterator[DiscordAdapter]:
    api_url = server.environment["DISCORD_API_URL"]
    it = DiscordAdapter(dispatcher, quote, token=server.environment["DISCORD_TOKEN"], api_url=api_url)
    yield it
    await it.close()


@asynccontextmanager
async def leaving_no_task() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before
    if left:
        await asyncio.wait(left, timeout=PATIENCE)  # those that end by themselves
    assert not [task for task in left if not task.done()]


async def test_closing_is_quick_and_leaves_no_task(adapter: DiscordAdapter, alice: Person) -> None:
    async with leaving_no_task():
        await adapter.start()
        await alice.slash("politique", "5.10")
        await adapter.close()
        await alice.server.until(lambda: not alice.server.connected)


async def test_a_goodbye_that_does_not_end_is_cut_short(
    adapter: DiscordAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = asyncio.Event()
    really_close = HTTPClient.close

    async def endless(_: Client) -> None:
        await cut.wait()

    async def close(http: HTTPClient) -> None:
        await really_close(http)
        cut.set()

    await adapter.start()
    monkeypatch.setattr(Client, "close", endless)
    monkeypatch.setattr(HTTPClient, "close", close)
    monkeypatch.setattr(discord_adapter, "GOODBYE_TIME", 0.05)
    await asyncio.wait_for(adapter.close(), PATIENCE)
    assert cut.is_set()


async def test_closing_before_or_during_the_start_is_harmless(adapter: DiscordAdapter) -> None:
    async with leaving_no_task():
        await adapter.close()
        starting = asyncio.create_task(adapter.start())
        await asyncio.sleep(0)
        await adapter.close()
        with pytest.raises(PlatformError):
            await starting


async def test_a_refused_start_can_be_tried_again(adapter: DiscordAdapter, server: DiscordServer) -> None:
    async with leaving_no_task():
        server.token = "un autre"
        with pytest.raises(PlatformError, match="DISCORD_TOKEN") as refused:
            await adapter.start()
        server.token = server.environment["DISCORD_TOKEN"]
        await adapter.start()
        await adapter.close()
    assert not refused.value.passing


async def test_a_bot_that_is_not_in_its_server_waits_to_be_invited_without_a_session(
    adapter: DiscordAdapter, server: DiscordServer, alice: Person
) -> None:
    adapter.server = str(alice.guild.id)
    server.expel(alice.guild.id)
    async with leaving_no_task():
        with pytest.raises(PlatformError, match="n'est pas dans VIGIE_DISCORD_SERVEUR") as refused:
            await adapter.start()
        assert (refused.value.passing, server.identified) == (True, 0)
        server.invite(alice.guild.id)
        await adapter.start()
        await alice.slash("politique", "5.10")
        await adapter.close()


async def test_intents_that_discord_refuses_are_said(adapter: DiscordAdapter, server: DiscordServer) -> None:
    server.refused_intents = True
    with pytest.raises(PlatformError, match="intents") as refused:
        await adapter.start()
    assert not refused.value.passing


async def test_without_a_network_the_error_may_pass(dispatcher: Dispatcher, quote: Quoter) -> None:
    nowhere = DiscordAdapter(dispatcher, quote, token="a.b.c", api_url="http://127.0.0.1:9/api/v10")
    with pytest.raises(PlatformError, match="DISCORD_API_URL") as refused:
        await nowhere.start()
    assert refused.value.passing
    assert "\n" not in str(refused.value)


class Heard(logging.Handler):
    """Keeps the errors that are logged, and can be waited for."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        self.first = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.first.set()


async def test_a_token_revoked_while_the_bot_runs_is_one_line_of_log(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    await adapter.start()
    heard = Heard()
    logging.getLogger().addHandler(heard)
    try:
        server.token = "un autre"
        server.cut()
        await asyncio.wait_for(heard.first.wait(), PATIENCE)
    finally:
        logging.getLogger().removeHandler(heard)
    assert ["DISCORD_TOKEN" in line for line in heard.lines] == [True]
