"""`make attaque`: run every test of an attack, and put what was measured in one table.

python -m tests.attacks [--ecrire]

An attack is written once, as tests marked `attack("…")`, each with a name of `ATTACKS`. What such a test
measures, it gives to the fixture `check`, which asserts that the target is met. The tests of `timed.py` run
only here, since their figures are seconds.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import pytest

from tests.kits import measures
from tests.kits.measures import NONE, Figure, Target, at_least, at_most

MARK = "attaque"
TESTS = Path(__file__).resolve().parents[1]
TIMED = Path(__file__).with_name("timed.py")
MINUTES = 10  # the longest run
# Each attack, in the order of the table. A test that names another, or none left of one, is a failure.
ATTACKS = (
    "Qui peut faire quoi",
    "Se nommer pour lire",
    "Apprendre qu'on est en cause",
    "L'heure d'un signalement",
    "Deux publications prises pour une",
    "Codes essayés au hasard",
    "Requêtes qui gèlent",
    "Connexions tenues ouvertes",
    "Inondations",
    "Textes lents",
    "Images piégées",
    "Fichiers piégés",
    "Clés et copies forgées",
    "Registre falsifié",
)


@dataclass(eq=False)
class Outcomes:
    """What became of each attack's tests: how many there were, ended and failed, and their figures."""

    tests: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    _attack: dict[str, str] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which attack each test is of."""
        for item in session.items:
            mark = item.get_closest_marker("attack")
            if mark is not None:
                self._attack[item.nodeid] = mark.args[0]
                self.tests[mark.args[0]] += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed, and what it measured."""
        attack = self._attack[report.nodeid]
        self.failed[attack] += report.failed or (report.skipped and report.when == "setup")
        if report.when == "teardown":
            self.ended[attack] += 1
            for name, figure in report.user_properties:
                if name == "figure" and isinstance(figure, Mapping):
                    self.add(attack, read(figure))

    def add(self, attack: str, figure: Figure) -> None:
        """Keep the worst of the figures that have a target, and the sum of the others."""
        key = attack, figure.label
        if (former := self.figures.get(key)) is None:
            self.figures[key] = figure
        elif figure.target is None:
            self.figures[key] = replace(figure, value=former.value + figure.value)
        else:
            worst = min if figure.target.sign == "≥" else max
            self.figures[key] = replace(figure, value=worst(former.value, figure.value))

    def table(self, seconds: float) -> list[Figure]:
        """Return the figures of the run, attack by attack."""
        return [*(line for attack in self._named() for line in self._lines(attack)), _length(seconds)]

    def _named(self) -> Iterable[str]:
        return dict.fromkeys((*ATTACKS, *self.ended))

    def _lines(self, attack: str) -> Iterable[Figure]:
        least = at_least(max(1, self.tests[attack])) if attack in ATTACKS else NONE
        yield Figure(f"{attack}\u00a0: essais", self.ended[attack], least)
        yield Figure(f"{attack}\u00a0: réussis par l'attaque", self.failed[attack], NONE)
        for (of, _), figure in self.figures.items():
            if of == attack:
                yield replace(figure, label=f"{attack}\u00a0: {figure.label}")


def read(kept: Mapping[str, object]) -> Figure:
    """Return a figure as the fixture `check` keeps it: `dataclasses.asdict`."""
    target = kept["target"]
    limit = Target(target["sign"], target["limit"]) if isinstance(target, Mapping) else None
    return Figure(str(kept["label"]), float(str(kept["value"])), limit, str(kept["unit"]))


def _length(seconds: float) -> Figure:
    return Figure("Durée de tout", seconds / measures.MINUTE, at_most(MINUTES), "min")


def files() -> list[Path]:
    """Return the files of tests where an attack is."""
    return [path for path in sorted(TESTS.rglob("test_*.py")) if "mark.attack(" in path.read_text("utf-8")]


def run(paths: Iterable[Path]) -> Outcomes:
    """Run the tests of attacks that are in these files. Raises `RuntimeError` if they cannot all be run."""
    outcomes = Outcomes()
    options = ["-q", "--no-header", "--tb=short", "-m", "attack", "-p", "no:cacheprovider"]
    status = pytest.main([*options, *map(str, paths)], plugins=[outcomes])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise RuntimeError(f"the attacks could not all be run: {status!r}")
    return outcomes


@click.command(help="Mener toutes les attaques qui ont une fin, et dire ce qu'elles obtiennent.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(*, ecrire: bool) -> None:
    """Run every attack, print the figures, and exit with 0 if none succeeds."""
    began = time.monotonic()
    outcomes = run([*files(), TIMED])
    seconds = time.monotonic() - began
    mark = MARK if ecrire else None
    sys.exit(measures.told(outcomes.table(seconds), "python -m tests.attacks", seconds, mark))


if __name__ == "__main__":
    main()
