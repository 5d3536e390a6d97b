"""`python -m tests.app.first_use`: what a bot imports as it is built, then for the first report.

It writes JSON: `built` and `reported`, the modules of ours that each brings, and, with `--temps`, `seconds`:
the processor's time for the first use of each command.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import closing

from bot.app.build import Bot, build
from bot.app.starting import settle
from bot.conversation.forms import Form
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor
from bot.settings import Settings
from bot.storage.database import Storage

WHO = Actor("slack", "T1", "U1")
FIELDS = {"adresse": "https://example.org/posts/1", "propos": "C'est faux.", "gravite": "serious"}


def ours() -> set[str]:
    """Return our modules that are imported."""
    return {name for name in sys.modules if name.startswith("bot.")}


async def report(bot: Bot) -> None:
    """Report a post from the chat, and come back with the code."""
    line, fields = "signalement", dict[str, str]()
    for label in ("Continuer", "", "Envoyer", ""):
        request = bot.dispatcher.from_command(line, actor=WHO, pressed=not fields, fields=fields)
        reply = await bot.dispatcher.handle(bot.dispatcher.admit(request).request)
        if isinstance(reply, Form):
            line, fields = reply.command, FIELDS
        elif label:
            pressed = (each for each in reply.buttons() if isinstance(each, Button) and each.label == label)
            line, fields = next(pressed).command, {}
        assert isinstance(reply, (Form, Message))


async def first_uses(bot: Bot) -> dict[str, float]:
    """Return the processor's seconds for the first use of each command, one after another."""
    seconds = {}
    for command in bot.commands:
        began = time.process_time()
        await bot.dispatcher.handle(bot.dispatcher.from_command(command.name, actor=WHO, pressed=True))
        seconds[command.name] = time.process_time() - began
    return seconds


def main() -> None:
    """Build a bot over a database in memory, and use it."""
    with closing(Storage()) as storage:
        bot = build(Settings(), storage)
        storage.executor.submit(settle, bot).result()
        built = ours()
        seconds = asyncio.run(first_uses(bot)) if "--temps" in sys.argv else {}
        bot.prepare_reports()
        prepared = ours()
        asyncio.run(report(bot))
    json.dump({"built": sorted(built), "reported": sorted(ours() - prepared), "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
