"""Whatever stops a training is said by the diagnostic, the pages of health and the metrics."""

from __future__ import annotations

import asyncio
import errno
import json
import subprocess
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bot.app import background, starting
from bot.app.build import build
from bot.settings import Settings
from bot.storage.database import Storage
from tests.cli.test_main import vigie
from tests.kits.effort import PATIENCE
from tests.kits.fake_clock import FakeClock
from tests.kits.office import already
from tests.kits.questions import add_question
from tests.wire.bot_process import free_port

DONE = subprocess.CompletedProcess
CAUSES = {
    "no memory": (OSError(errno.ENOMEM, "no"), "la mémoire manque"),
    "no verdict": (DONE([], 0, "rien", ""), "ValidationError"),
    "too long": (subprocess.TimeoutExpired("train", 1), "trop long"),
    "killed": (DONE([], -9, "", ""), "signal 9"),
    "refused": (DONE([], 1, "", "une ligne de la banque est fausse."), "une ligne de la banque est fausse"),
}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("writable", [True, False], ids=["noted", "not even noted"])
async def test_a_training_that_fails_is_said_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str, *, writable: bool
) -> None:
    outcome, text = CAUSES[cause]

    def run(*_: object, **__: object) -> object:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(subprocess, "run", run)
    port, models = free_port(), tmp_path / "modeles"
    if not writable:
        models.touch()  # a file where the folder should be
    settings = {
        "vigie_db": str(tmp_path / "vigie.db"), "vigie_modeles": str(models),
        "vigie_data": str(add_question(tmp_path)),
        "discord_token": "x", "vigie_sante_port": str(port),
    }  # fmt: skip
    with closing(Storage(tmp_path / "vigie.db")) as storage:
        bot = build(Settings.model_validate(settings), storage, FakeClock())
        storage.executor.submit(starting.settle, bot).result()
        async with background.running(bot, {}, {}, lambda _: None, already()), aiohttp.ClientSession() as web:

            async def page(name: str) -> str:
                async with web.get(f"http://127.0.0.1:{port}/{name}") as answer:
                    return await answer.text()

            async with asyncio.timeout(PATIENCE):
                while "vigie_trainings_failed 1.0" not in await page("metrics"):  # noqa: ASYNC110 — no event says it
                    await asyncio.sleep(0.01)
            for health in ("healthz", "readyz"):
                assert text in json.loads(await page(health))["questions"]
    environment = {name.upper(): value for name, value in settings.items()}
    done = vigie("diagnostic", **environment, DISCORD_API_URL="http://127.0.0.1:9")
    if writable:
        lines = done.stdout.splitlines()
        assert any("erreur" in line and "questions" in line and text in line for line in lines), lines
    else:
        assert "VIGIE_MODELES\u00a0: " in done.stderr
