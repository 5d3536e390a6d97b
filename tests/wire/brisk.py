"""A bot whose clock beats twice a second, and who looks at its outbox as often; the rest is as it was.

    python -m tests.wire.brisk MODULE [ARGUMENTS]

Nothing happens between two beats, which are ten seconds apart where people run it: a test would only wait.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from typing import Final

from bot.outbox import pump
from bot.schedule.clock import Schedule

BEAT_SECONDS: Final = 0.5


def brisk(program: Sequence[str]) -> tuple[str, ...]:
    """Return a program, « -m MODULE … », made brisk."""
    _, *module = program
    return ("-m", "tests.wire.brisk", *module)


def main() -> None:
    """Run the program."""
    defaults = Schedule.__init__.__kwdefaults__
    assert defaults is not None
    defaults["beat"] = vars(pump)["POLL_SECONDS"] = BEAT_SECONDS
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
