"""Someone who asks for public pages and commands all the time, in a process of their own, and times them.

python -m tests.leaks.visitor FORM SLACK

FORM and SLACK: the addresses of the form and of the bot's door to Slack. Each of `PROBES` is asked for up to
twenty times a second until the standard input closes. A first line is written once each was answered; the
second is JSON, and gives, for each of them, when each request left and how long its answer took, in seconds
of the system's monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import aiohttp
from aiohttp import web

from tests.leaks.slack_wire import CHANNEL, TEAM, signed

PERIOD: Final = 1 / 20
PATIENCE: Final = 20.0
# The form's first page, the chat's menu, and a command that waits for the storage thread.
PROBES: Final = ("form", "menu", "command")
_COMMANDS: Final = {"menu": "", "command": "mesdonnees"}

Samples = list[tuple[float, float]]


async def _poll(ask: Callable[[], Awaitable[None]], samples: Samples) -> None:
    while True:
        left = time.monotonic()
        with suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(PATIENCE):
                await ask()
        took = time.monotonic() - left
        samples.append((left, took))
        await asyncio.sleep(max(0.0, PERIOD - took))


async def visit(form: str, slack: str) -> dict[str, Samples]:
    """Ask for everything until the standard input closes."""
    answered = {name: asyncio.Event() for name in _COMMANDS}

    async def respond(request: web.Request) -> web.Response:
        answered[request.match_info["name"]].set()
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/{name}", respond)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:

        async def open_form() -> None:
            async with session.get(form) as answer:
                await answer.read()

        def command(name: str) -> Callable[[], Awaitable[None]]:
            user = f"U0VISITE{name.upper()}"[:11]
            asked = {"team_id": TEAM, "channel_id": CHANNEL, "user_id": user, "user_name": name}
            asked |= {"command": "/vigie", "text": _COMMANDS[name], "api_app_id": "A01VIGIE"}
            asked |= {"trigger_id": f"1.2.{name}", "response_url": f"http://127.0.0.1:{port}/{name}"}

            async def ask() -> None:
                answered[name].clear()
                body, headers = signed(asked)
                async with session.post(slack, data=body, headers=headers) as answer:
                    await answer.read()
                await answered[name].wait()

            return ask

        probes = {"form": open_form, **{name: command(name) for name in _COMMANDS}}
        samples: dict[str, Samples] = {name: [] for name in PROBES}
        for name in PROBES:
            await probes[name]()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        polling = [asyncio.create_task(_poll(probes[name], samples[name])) for name in PROBES]
        await asyncio.to_thread(sys.stdin.read)
        for task in polling:
            task.cancel()
        await asyncio.gather(*polling, return_exceptions=True)
    await runner.cleanup()
    return samples


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(visit(*sys.argv[1:]))))
