"""The command line in this process, over parts that a test made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import click
from click.testing import CliRunner, Result

from bot.app.build import Parts
from bot.cli import base
from bot.settings import Settings
from tests.kits.people import NOW


def parts_over(database: Path, now: datetime = NOW, **settings: object) -> Parts:
    """Return the parts of a bot whose database is that file, and its keys beside it, at one moment."""
    own = {"discord_token": "x", "vigie_db": str(database), **settings}
    return Parts(Settings.model_validate(own), lambda: now)


def invoke(bot: Parts, command: click.Command, *words: str, given: str = "") -> Result:
    """Run a command of the command line over these parts. `given`: what is typed when it asks."""
    with patch.multiple(base, Parts=lambda *_: bot, configured=lambda: bot.settings):
        return CliRunner(env={"DISCORD_TOKEN": "x"}).invoke(command, words, input=given)


def command_group(*commands: click.Command) -> click.Group:
    """Return commands under one name, as the command line has them."""
    return base.CommandGroup(commands={str(command.name): command for command in commands})
