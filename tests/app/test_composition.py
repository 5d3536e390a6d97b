"""How the bot is put together: what it imports to serve."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

# Examples, the pages that show them, and the sandbox are for the sandbox and for tests.
NEEDLESS = re.compile(
    r"bot\..*\bexamples|bot\.app\.(previews|sandbox)|bot\.platforms\.local\b.*|bot\.platforms\.email\b.*"
)
SERVE = """
import json, sys
from bot.cli import main
from bot import settings
from bot.app import platforms, serving, starting
from bot.app.build import build
from bot.storage.database import Storage
storage = Storage()
bot = build(settings.load(), storage)
storage.executor.submit(starting.settle, bot).result()
posts = platforms.chat_platforms(bot)
storage.close()
json.dump([list(posts), list(sys.modules)], sys.stdout)
"""


def test_a_bot_that_serves_imports_no_example_no_gallery_and_no_platform_that_is_not_configured(
    tmp_path: Path,
) -> None:
    tokens = {"DISCORD_TOKEN": "MTIz.x.y", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}
    environment = {**os.environ, **tokens, "VIGIE_DB": str(tmp_path / "vigie.db")}
    done = subprocess.run([sys.executable, "-c", SERVE], env=environment, capture_output=True, check=True)
    platforms, modules = json.loads(done.stdout)
    assert platforms == ["slack", "discord"]
    assert [name for name in modules if NEEDLESS.fullmatch(name)] == []
