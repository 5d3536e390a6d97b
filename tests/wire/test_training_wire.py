"""The program that trains, beside a real bot: it ends with it, and its failure is said everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
from aiohttp import web

from bot.app.serving import Ending
from tests.kits.effort import PATIENCE
from tests.kits.questions import add_question
from tests.wire.bot_process import free_port, running


@asynccontextmanager
async def refusing() -> AsyncIterator[str]:
    """Serve a Discord that refuses every token."""

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)

    app = web.Application()
    app.router.add_route("*", "/{_:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def trainers(models: Path) -> list[psutil.Process]:
    """Return the programs that train for this folder of models."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        line, environment = process.info["cmdline"] or [], process.info["environ"] or {}
        if "bot.answers.train" in line and environment.get("VIGIE_MODELES") == str(models):
            found.append(process)
    return found


async def test_no_trainer_outlives_a_bot_that_failed_to_start(tmp_path: Path) -> None:
    models = tmp_path / "modeles"
    async with refusing() as discord:
        for _ in range(3):
            settings = {
                "DISCORD_TOKEN": "a.b.c", "DISCORD_API_URL": discord, "VIGIE_MODELES": str(models),
                "VIGIE_DATA": str(add_question(tmp_path)), "VIGIE_DB": str(tmp_path / "vigie.db"),
            }  # fmt: skip
            async with running(settings) as bot:
                assert await bot.ended() == Ending.REFUSED, bot.log
    left = trainers(models)
    try:
        assert psutil.wait_procs(left, timeout=PATIENCE)[1] == []
    finally:
        for process in left:
            if process.is_running():
                process.kill()


async def test_a_training_that_is_killed_is_said_by_the_pages_the_metrics_and_the_diagnostic(
    tmp_path: Path,
) -> None:
    models, port = tmp_path / "modeles", free_port()
    settings = {
        "DISCORD_TOKEN": "a.b.c", "DISCORD_API_URL": "http://127.0.0.1:9", "VIGIE_MODELES": str(models),
        "VIGIE_SANTE_PORT": str(port), "VIGIE_DB": str(tmp_path / "vigie.db"),
        "VIGIE_DATA": str(add_question(tmp_path)),
    }  # fmt: skip
    async with running(settings) as bot, aiohttp.ClientSession() as session:

        async def page(name: str) -> str:
            async with session.get(f"http://127.0.0.1:{port}/{name}") as answer:
                return await answer.text()

        async with asyncio.timeout(PATIENCE):
            while not (found := trainers(models)):  # noqa: ASYNC110 — another process begins: there is no event
                await asyncio.sleep(0.05)
        assert "vigie_trainings_failed 0.0" in await page("metrics")
        found[0].kill()  # as the system does when memory runs out
        cause = "l'entraînement a été arrêté (signal 9)"
        assert cause in await bot.until("was not learnt")
        assert "vigie_trainings_failed 1.0" in await page("metrics")
        assert cause in json.loads(await page("healthz"))["questions"]
        assert cause in json.loads(await page("readyz"))["questions"]
        async with running(settings, "diagnostic") as diagnostic:
            line = await diagnostic.until("questions ")
            assert line.startswith("erreur")
            assert cause in line
