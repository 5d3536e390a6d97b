"""A file that someone drops: fetched from the platform alone, whole, and never beyond the limit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import create_autospec

import aiohttp
import discord
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.requests import TAKEN_SIZE, Actor
from bot.platforms.discord.client import Client
from bot.platforms.dropped_files import NotTakenError
from bot.platforms.slack import files
from tests.kits.discord_world import COMMANDS, quote

Json = dict[str, Any]


@asynccontextmanager
async def slack(
    content: bytes = b"texte", status: int = 200
) -> AsyncIterator[tuple[AsyncWebClient, list[str]]]:
    """Give a client of a Slack that holds one file, and the authorizations that it was shown."""
    shown: list[str] = []

    async def give(request: web.Request) -> web.Response:
        shown.append(request.headers.get("Authorization", ""))
        if status in {301, 302}:
            return web.Response(status=status, headers={"Location": "http://ailleurs.invalid/"})
        return web.Response(body=content, status=status)

    app = web.Application()
    app.router.add_get("/fichier", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
            yield AsyncWebClient(token="xoxb-essai", base_url=url, session=session), shown
    finally:
        await runner.cleanup()


def described(client: AsyncWebClient, **changes: Json | str | int) -> Json:
    """Return a file as Slack tells of it."""
    url = f"{client.base_url.removesuffix('/api/')}/fichier"
    return {"name": "pa20.md", "size": 5, "url_private_download": url, **changes}


async def test_a_file_of_slack_is_fetched_with_the_token() -> None:
    async with slack() as (client, shown):
        file = await files.fetch(client, described(client))
        assert (file.name, file.content, shown) == ("pa20.md", b"texte", ["Bearer xoxb-essai"])
        assert "texte" not in repr(file)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/fichier", "https://files.slack.com.ailleurs.invalid/x", ""]
)
async def test_the_token_goes_to_slack_alone(url: str) -> None:
    async with slack() as (client, shown):
        with pytest.raises(NotTakenError, match="pas pu prendre"):
            await files.fetch(client, described(client, url_private_download=url))
        assert shown == []


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_what_slack_does_not_give_is_not_followed_elsewhere(status: int) -> None:
    async with slack(status=status) as (client, _):
        with pytest.raises(NotTakenError):
            await files.fetch(client, described(client))


async def test_a_file_that_is_too_large_is_refused_before_or_while_it_comes() -> None:
    async with slack(bytes(TAKEN_SIZE + 1)) as (client, shown):
        with pytest.raises(NotTakenError, match="dépasse"):
            await files.fetch(client, described(client, size=TAKEN_SIZE + 1))
        assert shown == []
        with pytest.raises(NotTakenError, match="dépasse"):
            await files.fetch(client, described(client, size=1))


def attachment(size: int = 5) -> discord.Attachment:
    """Return a file as Discord tells of it."""
    made: discord.Attachment = create_autospec(discord.Attachment, instance=True)
    made.size, made.filename = size, "pa20.md"
    made.read.side_effect = discord.DiscordServerError  # type: ignore[attr-defined]  # it is not to be asked for
    return made


async def test_on_discord_what_is_too_large_or_too_many_is_not_fetched() -> None:
    actor = Actor("discord", "1", "2")
    with ThreadPoolExecutor() as executor:
        client = Client(Dispatcher(COMMANDS, executor), quote)
        said = await client._taken_file([attachment(TAKEN_SIZE + 1)], actor)
        assert "dépasse" in "".join(said.own_words())
        said = await client._taken_file([attachment(), attachment()], actor)
        assert "un seul fichier" in "".join(said.own_words())
