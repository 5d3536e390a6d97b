"""A process that imports both libraries, connects them as Vigie does, and does nothing more.

It is given in JSON: `slack_url` and `discord_origin`, where they are, and a token for each connection.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL


async def connect_slack(given: Mapping[str, str]) -> AsyncSocketModeHandler:
    """Connect by Socket Mode."""
    client = AsyncWebClient(given["slack_bot_token"], base_url=given["slack_url"])
    handler = AsyncSocketModeHandler(AsyncApp(client=client), given["slack_app_token"], web_client=client)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # theirs has none
    return handler


async def connect_discord(given: Mapping[str, str]) -> asyncio.Task[None]:
    """Connect to the gateway, without the two seconds that discord.py spends waiting for servers."""
    origin = given["discord_origin"]
    Route.BASE = f"http://{origin}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = URL(f"ws://{origin}/gateway")
    client = discord.Client(intents=discord.Intents.default(), guild_ready_timeout=0)
    await client.login(given["discord_token"])
    connection = asyncio.create_task(client.connect())
    await client.wait_until_ready()
    return connection


async def main() -> None:
    """Stay connected until killed."""
    given = json.loads(sys.argv[1])
    _, connection = await asyncio.gather(connect_slack(given), connect_discord(given))
    sys.stdout.write("prêt\n")
    await connection


if __name__ == "__main__":
    asyncio.run(main())
