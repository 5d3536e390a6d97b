"""Both platforms on the loopback, and an empty folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kits.platforms.fake_slack import FakeSlack
from tests.wire.bot_process import free_port
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeSlack]:
    async with FakeSlack().serving() as fake:
        monkeypatch.setenv("SLACK_API_URL", fake.api_url)
        yield fake


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        monkeypatch.setenv("DISCORD_API_URL", server.environment["DISCORD_API_URL"])
        yield server


@pytest.fixture
def alice(discord: DiscordServer) -> Person:
    return Person(discord, "alice")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of an installation that has not begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIGIE_SANTE_PORT", str(free_port()))  # a bot may run on this machine
    return tmp_path / ".env"
