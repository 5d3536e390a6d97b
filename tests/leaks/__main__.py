"""`make leaks`: a thousand reports while everything breaks, then who made them is looked for everywhere.

More are tried than a thousand, since what breaks cuts a third of them short.

python -m tests.leaks [--signalements 1560] [--part 260] [--recommencer] [--garder DOSSIER] [--ecrire]

A part that was done is not done again, unless one starts over: a run that is cut short can be taken up.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import click

from tests.kits import measures
from tests.kits.questions import learn
from tests.leaks import run
from tests.leaks.run import Tally
from tests.wire.bot_process import ROOT

DONE = ROOT / ".cache" / "fuites"
MARK = "fuites"
TRIED, RECEIVED = 1_560, 1_000  # what breaks cuts a third of them short


@click.command(help="Recevoir des signalements pendant que tout se brise, puis chercher qui les a faits.")
@click.option("--signalements", default=TRIED, show_default=True, help="Combien de tentés.")
@click.option("--part", default=260, show_default=True, help="Combien à la fois.")
@click.option("--recommencer", is_flag=True, help="Oublier les parts déjà faites.")
@click.option(
    "--garder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DOSSIER",
    help="Garder là tout ce que le robot laisse.",
)
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(signalements: int, part: int, recommencer: bool, garder: Path | None, ecrire: bool) -> None:
    """Run the parts that are left, print the figures, and exit with 0 if nothing was found."""
    if recommencer:
        shutil.rmtree(DONE, ignore_errors=True)
    learn()
    whole = Tally()
    for number in range(-(-signalements // part)):
        count = min(part, signalements - number * part)
        path = DONE / f"{signalements}-{part}-{number}.json"
        if not path.exists():
            with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
                where = garder / str(number) if garder else Path(folder)
                run.written(asyncio.run(run.part(where, count, number)), path)
        tally = run.read(path)
        whole.add(tally)
        for line in tally.lines():
            click.echo(f"part {number + 1}\u00a0: {line}")
    command = f"python -m tests.leaks --signalements {signalements} --part {part}"
    mark, days = MARK if ecrire else None, " et ".join(sorted(set(whole.days)))
    figures = whole.figures(signalements * RECEIVED // TRIED)
    sys.exit(measures.told(figures, command, whole.seconds, mark, days))


if __name__ == "__main__":
    main()
