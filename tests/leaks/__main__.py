"""`make leaks`: a thousand reports while everything breaks, then who made them is looked for everywhere.

More are tried than a thousand, since what breaks cuts a third of them short.

python -m tests.leaks [--signalements 1560] [--part 260] [--recommencer] [--garder DOSSIER]

A part that was done is not done again, unless one starts over: a run that is cut short can be taken up.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from tests.leaks import run
from tests.leaks.run import Tally
from tests.wire.bot_process import ROOT

DONE = ROOT / ".cache" / "fuites"


def main() -> int:
    """Run the parts that are left, print the figures, and return 0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="make leaks")
    parser.add_argument("--signalements", type=int, default=1_560, help="combien de tentés")
    parser.add_argument("--part", type=int, default=260, help="combien à la fois")
    parser.add_argument("--recommencer", action="store_true", help="oublier les parts déjà faites")
    parser.add_argument("--garder", type=Path, help="garder là tout ce que le robot laisse")
    asked = parser.parse_args()
    if asked.recommencer:
        shutil.rmtree(DONE, ignore_errors=True)
    whole = Tally()
    for number in range(-(-asked.signalements // asked.part)):
        count = min(asked.part, asked.signalements - number * asked.part)
        path = DONE / f"{asked.signalements}-{asked.part}-{number}.json"
        if not path.exists():
            with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
                where = asked.garder / str(number) if asked.garder else Path(folder)
                run.written(asyncio.run(run.part(where, count, number)), path)
        tally = run.read(path)
        whole.add(tally)
        say(f"part {number + 1}", tally)
    say("en tout", whole)
    return 0 if whole.kept else 1


def say(what: str, tally: Tally) -> None:
    """Print what came of a part, at once."""
    for line in tally.lines():
        sys.stdout.write(f"{what}\u00a0: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
