"""The memory of the whole bot, on both platforms, before anyone asks anything and after many questions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
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
WITHIN = 60.0  # seconds for one answer; the first one loads the model
SETTLED = 2.0  # seconds left to what a start does when it is ready


@dataclass(frozen=True, slots=True)
class Held:
    """Resident memory in MB: once ready, after the first answer, and after all of them."""

    idle: float
    first: float
    after: float


@asynccontextmanager
async def whole_bot() -> AsyncIterator[tuple[psutil.Process, Callable[[str], Awaitable[None]]]]:
    """Yield the process of a bot that is ready on both platforms, and a function that asks it on Slack."""
    async with (
        FakeSlack().serving() as slack,
        DiscordServer() as discord,
        aiohttp.ClientSession() as session,
    ):
        port, numbers = free_port(), itertools.count()
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": slack.api_url,
            "VIGIE_SLACK_PORT": str(port),
            **discord.environment,
        }
        async with running(VIGIE, settings) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt", WITHIN)
            http = SignedHttp(session, f"http://127.0.0.1:{port}/slack/events")

            async def ask(question: str) -> None:
                hook = f"q{next(numbers)}"
                answer = await http.command(slash(slack, "/politique", question, hook))
                assert answer.ok
                async with asyncio.timeout(WITHIN):
                    while (await slack.calls.get()).where != f"hook/{hook}":
                        pass

            yield psutil.Process(bot.pid), ask


async def measure(questions: Sequence[str]) -> Held:
    """Ask the bot each question on Slack, Discord being connected too."""
    async with whole_bot() as (process, ask):
        await asyncio.sleep(SETTLED)
        held = [_resident(process)]
        for question in questions:
            await ask(question)
            held.append(_resident(process))
        return Held(held[0], held[1], held[-1])


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MEGA
