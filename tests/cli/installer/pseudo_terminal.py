"""A program in a real terminal, as someone at the keyboard has it: what it shows, and what is typed."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PATIENCE = 60.0  # seconds for the next question, on a busy machine
ROOT = Path(__file__).resolve().parents[3]
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|.)")


class PseudoTerminal:
    """A terminal in which a program runs. `raw`: all that it wrote; `screen`: the same without colours."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.raw = ""
        self.process = process
        self._master = master
        self._seen = 0
        self._news = asyncio.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        asyncio.get_running_loop().add_reader(master, self._read)

    @property
    def screen(self) -> str:
        """What was shown, without escape sequences."""
        return _ESCAPE.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n")

    async def until(self, text: str) -> None:
        """Wait until `text` is shown, after what was waited for before."""
        async with asyncio.timeout(PATIENCE):
            while (place := self.raw.find(text, self._seen)) < 0:
                self._news.clear()
                if self.process.returncode is not None:
                    raise AssertionError(f"the program ended without showing {text!r}:\n{self.raw}")
                await self._news.wait()
        self._seen = place + len(text)

    async def type(self, line: str, prompt: str = "> ") -> None:
        """Type a line once the prompt waits for it."""
        await self.until(prompt)
        os.write(self._master, f"{line}\n".encode())

    async def leave(self, key: bytes) -> int:
        """Press a key that ends the program, such as Ctrl-C, once the prompt waits, and return its exit code.

        A signal that comes between the prompt and the reading of the line is noticed at the next one.
        """
        await self.until("> ")
        while self.process.returncode is None:
            os.write(self._master, key)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 1)
        return self.process.returncode

    async def ended(self) -> int:
        """Wait for the program to end, and return its exit code."""
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    def close(self) -> None:
        """Hang up."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def _read(self) -> None:
        try:
            self.raw += self._decoder.decode(os.read(self._master, 65_536))
        except OSError:  # the program is gone
            asyncio.get_running_loop().remove_reader(self._master)
        self._news.set()


@asynccontextmanager
async def terminal(
    words: Sequence[str], environment: Mapping[str, str], columns: int = 80
) -> AsyncIterator[PseudoTerminal]:
    """Run `python -m bot …` in a terminal, and make sure that it ended when the test has."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words,
        cwd=ROOT, env={**passed, "LANG": "C.UTF-8", "TERM": "xterm", **environment},
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=_take_terminal,
    )  # fmt: skip
    os.close(slave)
    screen = PseudoTerminal(master, process)
    try:
        yield screen
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        screen.close()


def _take_terminal() -> None:
    """Make the standard input the program's own terminal, from which Ctrl-C and hidden input come."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
