"""The fixtures of the tests of the Slack adapter: the stand-in for Slack, and the adapter over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from bot.platforms.slack.adapter import SlackAdapter
from tests.kits.platforms.fake_slack import APP_TOKEN, FakeSlack, SignedHttp
from tests.kits.platforms.slack import Commands, built, running


@pytest.fixture
def commands() -> Iterator[Commands]:
    made = Commands()
    yield made
    made.released.set()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack().serving() as fake:
        yield fake


@pytest.fixture
def adapter(slack: FakeSlack, commands: Commands) -> Iterator[SlackAdapter]:
    """The adapter, set up for signed HTTP and not started."""
    with ThreadPoolExecutor(1) as executor:
        yield built(slack, commands, executor)
        commands.released.set()


@pytest.fixture
def socket_adapter(slack: FakeSlack, commands: Commands) -> Iterator[SlackAdapter]:
    """The adapter, set up for Socket Mode and not started."""
    with ThreadPoolExecutor(1) as executor:
        yield built(slack, commands, executor, app_token=APP_TOKEN, signing_secret=None)
        commands.released.set()


@pytest.fixture
async def http(adapter: SlackAdapter) -> AsyncIterator[SignedHttp]:
    async with running(adapter), aiohttp.ClientSession() as session:
        yield SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
