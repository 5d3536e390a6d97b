"""`vigie servir` where people always work, so that what waits for working hours leaves whenever this is run."""

from __future__ import annotations

import os

from bot import cli
from bot.times import Calendar


def main() -> None:
    """Run the bot."""
    type.__setattr__(Calendar, "is_working", lambda _self, _moment: True)
    type.__setattr__(Calendar, "is_working_day", lambda _self, _day: True)
    cli.vigie(["--reglages", os.devnull, "servir"])


if __name__ == "__main__":
    main()
