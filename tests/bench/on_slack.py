"""`/politique 5.10` on Slack, by signed HTTP: Vigie beside an echo by Bolt."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.bench.load import Answer, Letterbox, Rival, Scale, compare
from tests.bench.programs import VIGIE, bare, running
from tests.bench.report import Row
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack import slash
from tests.wire.bot_process import free_port


async def measure(scale: Scale) -> list[Row]:
    """Return how both fare; an answer has come once it is at the address that came with the command."""
    async with (
        FakeSlack().serving() as slack,
        _answers(slack) as letterbox,
        aiohttp.ClientSession() as session,
    ):
        numbers = itertools.count()

        async def ask(http: SignedHttp) -> Answer:
            hook = str(next(numbers))
            answer = letterbox.expect(f"hook/{hook}")
            acknowledged = await http.command(slash(slack, "/politique", "5.10", hook))
            assert acknowledged.ok
            return await answer

        def rival(pid: int, port: int) -> Rival:
            http = SignedHttp(session, f"http://127.0.0.1:{port}/slack/events")
            return Rival(pid, lambda: ask(http))

        port = free_port()
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": slack.api_url,
            "VIGIE_SLACK_PORT": str(port),
        }
        async with running(VIGIE, settings) as vigie:
            await vigie.until("Slack\u00a0: prêt")
            ours = rival(vigie.pid, port)
            await ours.ask()  # the first answer also holds what one is told once
            given = {
                "port": (bare_port := free_port()),
                "api_url": slack.api_url,
                "token": BOT_TOKEN,
                "secret": SIGNING_SECRET,
                "answer": (await ours.ask()).content,
            }
            async with running(bare("slack", given)) as echo:
                await echo.until("prêt")
                return await compare("Slack", ours, rival(echo.pid, bare_port), scale)


@asynccontextmanager
async def _answers(slack: FakeSlack) -> AsyncIterator[Letterbox]:
    """Give the letterbox where the answers sent to `slack` arrive."""
    letterbox = Letterbox()

    async def sort() -> None:
        while True:
            call = await slack.calls.get()
            letterbox.arrived(call.where, {key: call.body[key] for key in ("blocks", "text")})

    async with asyncio.TaskGroup() as sorting:
        task = sorting.create_task(sort())
        yield letterbox
        task.cancel()
