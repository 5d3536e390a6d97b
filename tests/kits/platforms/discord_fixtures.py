"""The fixtures of the tests of the Discord adapter: worlds of simcord's where it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.platforms.discord.client import Client
from tests.kits.platforms.discord_world import COMMANDS, Late, World, living, quote


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
async def world(executor: ThreadPoolExecutor) -> AsyncIterator[World]:
    def client() -> Client:
        return Client(Dispatcher(COMMANDS, executor), quote)

    async with living(client(), client) as it:
        yield it


@pytest.fixture
async def impatient(executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world where every answer is late, so that all that may be deferred is."""

    monkeypatch.setattr("bot.platforms.discord.client.PATIENCE", 0)

    def client() -> Client:
        return Client(Late(COMMANDS, executor), quote)

    async with living(client(), client) as it:
        yield it
