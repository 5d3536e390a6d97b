"""What wire tests need: a Discord, and the bank of questions learnt, which no bot then spends a minute on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.kits.questions import learnt
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer

__all__ = ["learnt"]


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as it:
        yield it


@pytest.fixture
def alice(server: DiscordServer) -> Person:
    return Person(server, "alice")
