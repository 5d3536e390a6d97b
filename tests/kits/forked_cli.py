"""`vigie …` in a process of its own, forked from one that has already read the code: ten times sooner.

    python -m tests.kits.forked_cli

It is told what to run, one JSON object a line on its standard input, and answers with exit codes. The wire
tests and the first test of `tests/cli/test_main.py` start the command line from nothing, as people do.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bot.__main__ import _leave_numpy_out

ROOT = Path(__file__).resolve().parents[2]
# What commands import as they run, beyond their rooms, and takes longest.
LATER = ("bot.platforms.discord.check", "bot.platforms.slack.check")


def machine_environment(*names: str) -> dict[str, str]:
    """Return what any process needs of this one's environment, and no setting: PATH, HOME, and `names`."""
    return {name: os.environ[name] for name in ("PATH", "HOME", *names) if name in os.environ}


def run(words: tuple[str, ...], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command line with this environment and no other, and return what came of it."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        task = {"words": words, "environment": dict(environment), "out": out.name, "err": err.name}
        server.stdin.write(f"{json.dumps(task)}\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(words, code, out.read().decode(), err.read().decode())


@cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.kits.forked_cli"],
        cwd=ROOT, env=machine_environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    atexit.register(_end, server)
    return server


def _end(server: subprocess.Popen[str]) -> None:
    """Close its standard input, which ends it."""
    server.communicate()


def main() -> None:
    """Serve until the standard input ends; a child leaves as the command line does."""
    gc.disable()
    _leave_numpy_out()
    from bot.cli import main as cli  # noqa: PLC0415 — as in `bot.__main__`
    from bot.cli.rooms import ROOMS  # noqa: PLC0415 — as above

    for room in ROOMS:
        room()
    for module in LATER:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            _become(json.loads(line))
            cli.main()
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(task: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(task["environment"])
    for where, descriptor in ((os.devnull, 0), (task["out"], 1), (task["err"], 2)):
        opened = os.open(where, os.O_RDWR)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["vigie", "--reglages", os.devnull, *task["words"]]


if __name__ == "__main__":
    main()
