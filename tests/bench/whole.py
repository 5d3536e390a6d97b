"""The memory of the whole bot, on both platforms, before anyone asks anything and after many questions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import psutil

from tests.bench.programs import VIGIE, running
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack import slash
from tests.wire.bot_process import free_port
from tests.wire.discord_server import DiscordServer

MEGA = 1e6  # bytes: the goal is set in MB, not in MiB
MOST = 190.0  # MB, resident
WITHIN = 30.0  # seconds for one answer; the first one loads the model
SETTLED = 2.0  # seconds left to what a start does when it is ready


@dataclass(frozen=True, slots=True)
class Held:
    """Resident memory in MB: once ready, after the first answer, and after all of them."""

    idle: float
    first: float
    after: float


async def measure(questions: Sequence[str]) -> Held:
    """Ask the bot each question on Slack, Discord being connected too."""
    async with (
        FakeSlack().serving() as slack,
        DiscordServer() as discord,
        aiohttp.ClientSession() as session,
    ):
        port = free_port()
        given = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": slack.api_url,
            "VIGIE_SLACK_PORT": str(port),
            **discord.environment,
        }
        async with running(VIGIE, given) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt")
            await asyncio.sleep(SETTLED)
            process = psutil.Process(bot.pid)
            http = SignedHttp(session, f"http://127.0.0.1:{port}/slack/events")
            held = [_resident(process)]
            for at, question in enumerate(questions):
                answered = await http.command(slash(slack, "/politique", question, f"q{at}"))
                assert answered.ok
                async with asyncio.timeout(WITHIN):
                    while (await slack.calls.get()).where != f"hook/q{at}":
                        pass
                held.append(_resident(process))
            return Held(held[0], held[1], held[-1])


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MEGA
