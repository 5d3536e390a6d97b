"""`python -m tests.bench.training`: the memory that learning the questions takes at its peak, and how long.

The shipped bank and its follow-ups, over six thousand lines, are learnt as a bot does it: in a process of its
own, whose peak the system has kept.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import click

from bot.answers.engine import model_files, store
from bot.answers.engine.store import Sources
from bot.policy import loading
from bot.settings import SEED
from tests.kits import measures
from tests.kits.measures import Figure, at_least, at_most

MARK = "apprentissage"
LINES = 6_000
PEAK = 350  # MB
_KIBI, _MEGA = 1024, 1_000_000


def measure(sources: Sources, models: Path) -> list[Figure]:
    """Learn a bank whose model is not in `models`; return what that took."""
    began = time.monotonic()
    verdict = store.learn(sources, models)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIBI / _MEGA
    return [
        Figure(
            "Lignes apprises, suites comprises", verdict.lines + len(sources.follow_ups()), at_least(LINES)
        ),
        Figure("Mémoire au plus haut", peak, at_most(PEAK), "Mo"),
        Figure("Durée", seconds, None, "s"),
    ]


def unlearnt(folder: Path) -> Sources:
    """Return what PA20's questions are learnt from, copied to a folder without the shipped models."""
    seed = shutil.copytree(SEED, folder / SEED.name, ignore=shutil.ignore_patterns(model_files.SHIPPED))
    return Sources((seed,), loading.load_library([seed], "pa20", date.today).default.versions[-1])


@click.command(help="Mesurer la mémoire que demande l'apprentissage des questions.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(ecrire: bool) -> None:
    """Measure, print, and judge."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(unlearnt(Path(folder)), Path(folder) / "appris")
    seconds = time.monotonic() - began
    sys.exit(measures.told(figures, "python -m tests.bench.training", seconds, MARK if ecrire else None))


if __name__ == "__main__":
    main()
