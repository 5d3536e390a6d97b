"""The bot as people run it: another process, its settings in the environment, its log on the terminal."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.kits.effort import PATIENCE
from tests.kits.forked_cli import machine_environment

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / ".cache" / "modeles"  # kept from one run to the next
BOT = ("-m", "bot", "--reglages", os.devnull)
PORTS = (15_000, 32_000)  # Linux gives connections those from 32768 on: one of them may take a port meanwhile
STOP_TIME = 10.0  # what the project promises


class BotProcess:
    """A bot that runs. `lines`: what it printed so far, errors included."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.lines: list[str] = []
        self._process = process
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything that it printed so far."""
        return "\n".join(self.lines)

    async def until(self, text: str, within: float = PATIENCE) -> str:
        """Wait for a line that contains `text` and return it; fail if the bot ends before."""
        async with asyncio.timeout(within):
            while True:
                found = next((line for line in self.lines if text in line), None)
                if found is not None:
                    return found
                if self._reading.done():
                    raise AssertionError(f"the bot ended without saying {text!r}:\n{self.log}")
                self._news.clear()
                await self._news.wait()

    async def ended(self, within: float = PATIENCE) -> int:
        """Wait until it ends by itself and return its exit code."""
        async with asyncio.timeout(within):
            await self._reading
            return await self._process.wait()

    async def stop(self, within: float = STOP_TIME) -> int:
        """Ask it to end as a service manager does, and return its exit code; fail if it takes longer."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended(within)

    async def kill(self) -> None:
        """End it without a word, if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        async for line in stream:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))
            self._news.set()
        self._news.set()


def free_port() -> int:
    """Return a port that nothing listens on now, below those that the system gives to connections."""
    while True:
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", random.randrange(*PORTS)))  # noqa: S311 — any will do
            return int(found.getsockname()[1])


def unbuffered_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that has these settings alone, and whose lines are read at once."""
    machine = machine_environment("LANG", "TMPDIR")
    return {**machine, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **settings}


async def start_bot(settings: Mapping[str, str], *arguments: str, program: Sequence[str] = BOT) -> BotProcess:
    """Start `python -m bot servir` with these settings and no others; `arguments` replace « servir ».

    Its database is one of its own, in a folder that is left to the system, unless `settings` say where.
    """
    own = {
        "VIGIE_DB": f"{tempfile.mkdtemp()}/vigie.db",
        "VIGIE_MODELES": str(MODELS),
        "VIGIE_SANTE_PORT": str(free_port()),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, *(arguments or ("servir",)),
        cwd=ROOT, env=unbuffered_environment({**own, **settings}),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    return BotProcess(process)


@asynccontextmanager
async def running(
    settings: Mapping[str, str], *arguments: str, program: Sequence[str] = BOT
) -> AsyncIterator[BotProcess]:
    """Start the bot, and make sure that it has ended when the test has."""
    bot = await start_bot(settings, *arguments, program=program)
    try:
        yield bot
    finally:
        await bot.kill()
