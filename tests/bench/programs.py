"""The programs that are compared, each in its own process, and what the system knows of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.wire.bot_process import MODELS, ROOT, BotProcess, free_port, unbuffered_environment

# The bot as people run it, but for a `.env` that may lie here with real tokens in it.
VIGIE = ("bot", "--reglages", os.devnull, "servir")


def bare(name: str, given: Mapping[str, object]) -> tuple[str, ...]:
    """Return the command line of a bare program: its module, and what it is given as JSON."""
    return (f"tests.bench.bare_{name}", json.dumps(given))


@asynccontextmanager
async def running(
    command: tuple[str, ...], settings: Mapping[str, str] | None = None
) -> AsyncIterator[BotProcess]:
    """Run `python -m command` with these settings and no others; it has ended when the context has.

    Its database, if it has one, is new and its own.
    Raises `AssertionError` if it complained: what fails may well be quick.
    """
    own = {
        "VIGIE_DB": f"{tempfile.mkdtemp()}/vigie.db",
        "VIGIE_MODELES": str(MODELS),
        "VIGIE_SANTE_PORT": str(free_port()),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command,
        cwd=ROOT, env=unbuffered_environment({**own, **(settings or {})}),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    program = BotProcess(process)
    try:
        yield program
    finally:
        await program.kill()
    assert not re.search(r"\b(ERROR|WARNING|Traceback)\b", program.log), program.log
