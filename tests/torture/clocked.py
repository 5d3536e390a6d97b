"""`vigie servir` on a machine whose clock is wrong by as many seconds as a file says.

python -m tests.torture.clocked FILE
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli import main as cli
from tests.kits.defaults import set_constants


def main() -> None:
    """Run the bot."""
    file = Path(sys.argv[1])

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text("ascii")))

    set_constants(cli, system_clock=clock)
    cli.vigie(["--reglages", os.devnull, "servir"])


if __name__ == "__main__":
    main()
