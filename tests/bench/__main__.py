"""`python -m tests.bench`: Vigie beside the bare libraries. Exit code 1 when a target is missed."""

from __future__ import annotations

import asyncio
import signal
import sys
import time

import click

from tests.bench import on_discord, on_slack, starts
from tests.bench.load import Scale
from tests.bench.report import Row, table, verdict
from tests.kits import measures
from tests.kits.measures import passage
from tests.kits.questions import learn

MARK = "banc"
LONGEST = 175.0  # seconds for everything


async def measure(scale: Scale) -> list[Row]:
    """Return every figure, and leave no process behind. Raises `TimeoutError` when it takes too long."""
    current = asyncio.current_task()
    assert current is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, current.cancel)
    async with asyncio.timeout(LONGEST):
        return [row for part in (on_slack, on_discord, starts) for row in await part.measure(scale)]


def page_of(rows: list[Row], scale: Scale, seconds: float) -> str:
    """Return the figures with how they were obtained."""
    how = f"{scale.rounds} tours alternés de {scale.requests} requêtes, {scale.together} à la fois"
    turns = f"{how}; {scale.starts} démarrages de chacun."
    return f"{passage('python -m tests.bench', seconds)} {turns}\n\n{table(rows)}"


@click.command(help="Comparer Vigie aux bibliothèques nues, sur cette machine.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(ecrire: bool) -> None:
    """Measure, print, and judge."""
    learn()
    scale, began = Scale(), time.monotonic()
    try:
        rows = asyncio.run(measure(scale))
    except TimeoutError as error:
        raise click.ClickException(
            f"rien en {LONGEST:.0f}\u00a0s\u00a0: la machine est trop occupée."
        ) from error
    figures = page_of(rows, scale, time.monotonic() - began)
    click.echo(figures)
    if ecrire:
        measures.write(figures, MARK)
    missed = verdict(rows)
    for line in missed:
        click.echo(line)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
