"""`vigie servir` where people always work, so that what waits for working hours leaves whenever this is run.

It learns no bank of questions: a training would outlive each of its lives.
"""

from __future__ import annotations

import os

from bot.app import learning
from bot.cli import main as cli
from bot.times import Calendar
from tests.kits.defaults import set_constants


def main() -> None:
    """Run the bot."""
    # Slotted, frozen classes: their methods are replaced on the classes themselves.
    type.__setattr__(Calendar, "is_working", lambda _self, _moment: True)
    type.__setattr__(Calendar, "is_working_day", lambda _self, _day: True)
    set_constants(learning, learn_banks=lambda _bot: None)
    cli.vigie(["--reglages", os.devnull, "servir"])


if __name__ == "__main__":
    main()
