"""`vigie servir` whose clock is fast, without limits on reports, and that gives them away when told to.

python -m tests.leaks.paced PLANT BEAT LAYOUT

PLANT is what it does after each report and each withdrawal, which a visitor or a thief must then notice: one
of `PLANTS`, every one of them (« all »), or nothing (« none »). BEAT and LAYOUT are those of a `Pace`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlite_utils import Database

from bot.app import background
from bot.cli import main as cli
from bot.reports import limits
from bot.reports.intake import Reporting
from bot.reports.keys import KEY_FILE
from bot.schedule import clock
from bot.storage.files import renew
from tests.kits.defaults import set_constants

DELAY_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Pace:
    """How many seconds are between two beats, and between two layouts of the file."""

    beat: float
    layout: float


LONG: Final = Pace(0.5, 30)
SHORT: Final = Pace(0.25, 3_600)  # nothing is laid out unless a plant or the experiment asks for it


def keep_waiting(_: Reporting) -> None:
    """Keep everyone waiting."""
    time.sleep(DELAY_SECONDS)


def date_a_file(reporting: Reporting) -> None:
    """Leave a file that is as old as the last report."""
    path = reporting.office.storage.path
    assert path is not None
    os.utime(path.with_name("cles") / KEY_FILE)


def make_a_file_again(reporting: Reporting) -> None:
    """Leave a file that was born with the last report."""
    path = reporting.office.storage.path
    assert path is not None
    renew(path.with_name("cles") / KEY_FILE)


def lay_out(reporting: Reporting) -> None:
    """Lay the file out because a report came."""
    reporting.office.storage.scatter()


PLANTS: Final[Mapping[str, Callable[[Reporting], None]]] = {
    "delay": keep_waiting,
    "date": date_a_file,
    "birth": make_a_file_again,
    "layout": lay_out,
}
EVERY: Final = "all"


def main() -> None:
    """Run the bot."""
    planted = sys.argv[1]
    pace = Pace(*map(float, sys.argv[2:]))

    def given_away(work: Callable[..., Any]) -> Callable[..., Any]:
        def done(reporting: Reporting, *given: Any) -> Any:  # noqa: ANN401 — what `work` takes and returns
            outcome = work(reporting, *given)
            for name, give_away in PLANTS.items():
                if planted in {name, EVERY}:
                    give_away(reporting)
            return outcome

        return done

    def often(db: Database, errand: str, now: datetime) -> None:
        clock.plan(db, errand, errand, now + timedelta(seconds=pace.layout))

    for name in ("file", "withdraw"):
        setattr(Reporting, name, given_away(getattr(Reporting, name)))
    set_constants(clock, arm_hourly=often)
    set_constants(limits, **dict.fromkeys(("PER_PERSON", "RESERVE", "BY_WEB"), range(10**6, 10**6 + 1)))
    set_constants(background, BEAT_SECONDS=pace.beat)
    cli.vigie(["--reglages", os.devnull, "servir"])


if __name__ == "__main__":
    main()
