"""A bot that hardly waits between two beats of its clock, or two looks at its outbox; the rest is as it was.

    python -m tests.wire.brisk MODULE [ARGUMENTS]

Nothing happens between two beats, which are ten seconds apart where people run it: a test would only wait.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.app import background, serving
from bot.outbox import pump
from bot.outbox.sending import Sender
from bot.platforms import contract
from bot.platforms.discord import adapter
from tests.kits.defaults import set_constants, set_defaults

BEAT_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 0.5  # between two attempts to connect, or two questions about a token
SETTLE: Final = timedelta(seconds=1)  # what may be on its way arrives at once, on the loopback


def brisk(program: Sequence[str]) -> tuple[str, ...]:
    """Return a program, « -m MODULE … », made brisk."""
    _, *module = program
    return ("-m", "tests.wire.brisk", *module)


def be_brisk() -> None:
    """Make the bot of this process brisk, before it is built."""
    set_constants(pump, POLL_SECONDS=BEAT_SECONDS)
    set_constants(background, BEAT_SECONDS=BEAT_SECONDS)
    set_defaults(Sender.__init__, settle=SETTLE)
    set_constants(serving, RETRY_SECONDS=AGAIN_SECONDS)
    set_constants(contract, ASKED_SECONDS=AGAIN_SECONDS)
    set_constants(adapter, AGAIN_SECONDS=(AGAIN_SECONDS,))


def main() -> None:
    """Run the program."""
    be_brisk()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
