"""`make torture`: what may befall a machine, a thousand SIGKILLs, then a thousand recipients at once.

python -m tests.torture [--morts 1000] [--destinataires 1000] [--sans-pannes] [--ecrire]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from tests.kits import measures
from tests.kits.measures import Figure
from tests.kits.questions import learn
from tests.torture import fanout, faults, kills
from tests.torture.faults import Scene
from tests.torture.world import Weather

MARK = "torture"
FEWEST = 400  # under it, all go in a platform's first allowance and there is no bound to compare with


@click.command(help="Tuer le robot, remplir son disque, dérégler son horloge, puis compter ce qui est perdu.")
@click.option("--morts", default=1_000, show_default=True, help="Combien de SIGKILL.")
@click.option("--destinataires", default=1_000, show_default=True, help="Combien, sur chaque plateforme.")
@click.option("--sans-pannes", is_flag=True, help="Sans les pannes de la machine.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(morts: int, destinataires: int, sans_pannes: bool, ecrire: bool) -> None:
    """Run all of it, print the figures, and exit with 0 if every promise is kept."""
    if 0 < destinataires < FEWEST:
        raise click.UsageError(
            f"il faut au moins {FEWEST} destinataires\u00a0: à moins, les limites n'imposent rien."
        )
    learn()
    began = time.monotonic()
    scenes = [] if sans_pannes else list(broken())
    figures = [*killed(morts), *spread(destinataires)]
    if ecrire:
        command = f"python -m tests.torture --morts {morts} --destinataires {destinataires}"
        command += " --sans-pannes" if sans_pannes else ""
        measures.write(page_of(scenes, figures, command, time.monotonic() - began), MARK)
    missed = measures.missed(figures) + [
        f"Promesse manquée\u00a0: {scene.line()}" for scene in scenes if not scene.kept
    ]
    for line in missed or ["Tout est tenu."]:
        click.echo(line)
    sys.exit(1 if missed else 0)


def broken() -> Iterator[Scene]:
    """Yield what came of each fault of the machine, printed as soon as it is known."""
    click.echo("Pannes de la machine, le robot en marche")
    for scene in faults.run():
        click.echo(f"  {scene.line()}")
        yield scene


def killed(count: int) -> list[Figure]:
    """Return what came of so many kills."""
    if not count:
        return []
    click.echo(f"Robot tué {count} fois pendant qu'on l'alimente et qu'il envoie")
    return printed(kills.run(count, Weather(), say=click.echo).figures())


def spread(count: int) -> list[Figure]:
    """Return how long a message to so many people takes."""
    if not count:
        return []
    click.echo(f"Un message à {count} personnes sur chaque plateforme, limites appliquées")
    return printed([figure for result in fanout.run(count, count) for figure in result.figures()])


def printed(figures: list[Figure]) -> list[Figure]:
    """Print figures, and return them."""
    for line in measures.lines(figures):
        click.echo(f"  {line}")
    return figures


def page_of(scenes: list[Scene], figures: list[Figure], command: str, seconds: float) -> str:
    """Return the figures with how they were obtained."""
    parts = [measures.passage(command, seconds)]
    parts += [faults.table_of(scenes)] if scenes else []
    parts += [measures.table_of(figures)] if figures else []
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
