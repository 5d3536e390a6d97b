"""How long Vigie takes to be ready and the memory it holds, beside both libraries alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from tests.bench.load import Scale, busy
from tests.bench.programs import VIGIE, bare, running
from tests.bench.report import Row, compared
from tests.kits.measures import Target, at_most
from tests.kits.platforms.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.wire.discord_server import TOKEN, DiscordServer

TIMES = 1.5  # what the libraries alone take, at most
MEBI = 2**20


@dataclass(frozen=True, slots=True)
class Start:
    """What a start took: seconds, of which the processor's, and bytes of memory once idle."""

    seconds: float
    processor: float
    memory: int


@dataclass(frozen=True, slots=True)
class Starter:
    """What to start: a command, its settings, and all that it says once it is ready."""

    command: tuple[str, ...]
    settings: Mapping[str, str]
    ready: tuple[str, ...]

    async def start(self, quiet: float) -> Start:
        """Start it, leave it in peace for `quiet` seconds, and end it."""
        started = time.perf_counter()
        async with running(self.command, self.settings) as program:
            for line in self.ready:
                await program.until(line)
            seconds = time.perf_counter() - started
            process = psutil.Process(program.pid)
            processor = busy(process)
            await asyncio.sleep(quiet)
            return Start(seconds, processor, process.memory_info().rss)


@asynccontextmanager
async def starters() -> AsyncIterator[tuple[Starter, Starter]]:
    """Yield how to start Vigie, and both libraries alone, on the same servers."""
    async with FakeSlack().serving() as slack, DiscordServer() as discord:
        vigie = Starter(
            VIGIE,
            {
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": slack.api_url,
                **discord.environment,
            },
            ("Slack\u00a0: prêt", "Discord\u00a0: prêt"),
        )
        given = {
            "slack_url": slack.api_url,
            "slack_bot_token": BOT_TOKEN,
            "slack_app_token": APP_TOKEN,
            "discord_origin": discord.origin,
            "discord_token": TOKEN,
        }
        yield vigie, Starter(bare("both", given), {}, ("prêt",))


async def measure(scale: Scale) -> list[Row]:
    """Return how both fare, started in turns; the first start of each only warms the disk's cache up."""
    async with starters() as (vigie, both):
        turns = [
            (await vigie.start(scale.quiet), await both.start(scale.quiet)) for _ in range(scale.starts + 1)
        ]
    ours, theirs = zip(*turns[1:], strict=True)

    def row(label: str, unit: str, figure: Callable[[Start], float], target: Target | None = None) -> Row:
        return compared(label, unit, list(map(figure, ours)), list(map(figure, theirs)), target)

    return [
        row("Temps pour être prêt", "s", lambda one: one.seconds, at_most(TIMES)),
        row("Processeur pour être prêt", "s", lambda one: one.processor),
        row("Mémoire résidente", "Mio", lambda one: one.memory / MEBI, at_most(TIMES)),
    ]
