"""What a bot imports to be ready, and what it leaves for the first use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

from tests.wire.bot_process import ROOT

READING = {f"bot.commands{name}" for name in ("", ".catalogue", ".passages", ".politique")}
LEFT = ("answers.engine", "language.masking", "onboarding.quiz.bank", "reports.addresses", "typesetting")


@cache
def imported() -> dict[str, list[str]]:
    """Return what `tests.app.first_use` writes, from a process that has imported nothing yet."""
    command = (sys.executable, "-m", "tests.app.first_use")
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=True, capture_output=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_a_bot_is_ready_without_the_rooms_that_few_requests_need() -> None:
    built = set(imported()["built"])
    assert {name for name in built if name.startswith("bot.commands")} == READING
    assert not [name for name in built if name.startswith(tuple(f"bot.{room}" for room in LEFT))]


def test_the_first_report_imports_nothing_that_would_tell_when_it_came() -> None:
    assert imported()["reported"] == []
