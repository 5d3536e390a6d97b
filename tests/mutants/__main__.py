"""`make mutants`: change the program at random places, and count the changes that a test notices.

python -m tests.mutants [--graine 20261127] [--nombre 300] [--minutes 180] [--survivants] [--ecrire]

Each is tried on its room's tests, then on the rest of the suite, but only on the files that call the changed
function: the others cannot notice. A mutant that was tried is not tried again: a run that is cut short can be
taken up.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

import click

from tests.kits import measures
from tests.kits.measures import Figure, at_least, at_most
from tests.kits.questions import learn
from tests.mutants import drawing
from tests.mutants.drawing import ROOMS, ROOT, Mutant, draw
from tests.mutants.reach import Reach, measured
from tests.mutants.trials import Copy

MARK = "mutants"
RESULTS = ROOT / ".cache" / "mutants"
EQUIVALENTS = Path(__file__).with_name("equivalents.toml")
SLOWER, STARTING = 4.0, 30  # a trial this many times longer than without a mutant, and seconds, has failed
SHARE, FREE = 0.85, 0.10  # at least killed, of those not equivalent; at most equivalent, of all


def equivalents() -> dict[str, str]:
    """Return the mutants that change nothing that anyone can see, and why, by key."""
    listed = tomllib.loads(EQUIVALENTS.read_text("utf-8")).get("mutant", [])
    return {f"{line['path']}: {line['before']} → {line['after']}": line["why"] for line in listed}


class Results:
    """What became of each mutant: "room" or "suite" when a test there noticed it, else "survived"."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fates: dict[str, str] = {}
        if path.is_file():
            lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            self.fates = {line["key"]: line["fate"] for line in lines}

    def add(self, mutant: Mutant, fate: str) -> None:
        """Note what became of a mutant, at once."""
        self.fates[mutant.key] = fate
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"key": mutant.key, "fate": fate, **asdict(mutant)}, ensure_ascii=False) + "\n"
            )


def figures(mutants: list[Mutant], fates: dict[str, str]) -> list[Figure]:
    """Return the figures, by room and in all."""
    known = equivalents()
    equal = sum(mutant.key in known for mutant in mutants)
    tried = [mutant for mutant in mutants if mutant.key in fates and mutant.key not in known]
    drawn = Counter(mutant.room for mutant in tried)
    killed = Counter(mutant.room for mutant in tried if fates[mutant.key] != "survived")
    by_suite = sum(fates[mutant.key] == "suite" for mutant in tried)
    return [
        Figure("Mutants tirés", len(mutants)),
        Figure("Sans effet visible", 100 * equal / len(mutants), at_most(100 * FREE), "%"),
        Figure("Essayés", len(tried), at_least(len(mutants) - equal)),
        *(
            Figure(
                f"Vus, {room.name} ({drawn[room.name]})",
                100 * killed[room.name] / drawn[room.name],
                None,
                "%",
            )
            for room in ROOMS
            if drawn[room.name]
        ),
        Figure("Vus par la suite entière seulement", by_suite),
        Figure("Vus, en tout", 100 * killed.total() / max(len(tried), 1), at_least(100 * SHARE), "%"),
    ]


@click.command(
    help="Changer le programme en des endroits tirés au hasard, et compter ce qu'un essai remarque."
)
@click.option("--graine", default=20261127, show_default=True, help="Ce qui décide du tirage.")
@click.option("--nombre", default=300, show_default=True, help="Combien de mutants.")
@click.option("--minutes", default=180, show_default=True, help="Au plus; le reste sera repris.")
@click.option("--ensemble", default=2, show_default=True, help="Combien d'essais à la fois.")
@click.option("--survivants", is_flag=True, help="Essayer de nouveau ceux qui ont survécu.")
@click.option("--salles", is_flag=True, help="S'en tenir aux essais de chaque salle.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(
    *, graine: int, nombre: int, minutes: int, ensemble: int, survivants: bool, salles: bool, ecrire: bool
) -> None:
    """Try the mutants that are left, print the figures, and exit with 0 if enough were noticed."""
    began, mutants, results = (
        time.monotonic(),
        draw(graine, nombre),
        Results(RESULTS / f"{graine}-{nombre}.jsonl"),
    )
    learn()
    waiting = [
        mutant
        for mutant in mutants
        if mutant.key not in equivalents()
        and results.fates.get(mutant.key, "survived" if survivants else "")
        in {"", *["survived"] * survivants}
    ]
    with ExitStack() as stack:
        copies = [
            Copy(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigie-mutants-"))))
            for _ in range(ensemble)
        ]
        reach = measured(sorted({path for _, path in drawing.files()}), copies) if waiting else Reach({}, {})
        free: SimpleQueue[Copy] = SimpleQueue()
        for copy in copies:
            free.put(copy)

        def passes(mutant: Mutant, tests: list[str]) -> bool:
            copy = free.get()
            try:
                usual = sum(reach.seconds[file] for file in tests)
                return not tests or copy.passes(tests, SLOWER * usual + STARTING, mutant)
            finally:
                free.put(copy)

        def each(mutant: Mutant) -> None:
            if time.monotonic() - began > minutes * measures.MINUTE:
                return
            room = reach.tests(mutant, own[mutant.room])
            others = [file for file in reach.tests(mutant) if file not in room]
            if not passes(mutant, room):
                fate = "room"
            elif salles:
                fate = ""
            else:
                fate = "survived" if passes(mutant, others) else "suite"
            click.echo(
                f"{fate or 'survived its room'}\u00a0: {mutant.path}:{mutant.line} "
                f"{mutant.before} → {mutant.after} ({len(room)} + {len(others)})"
            )
            if fate:
                results.add(mutant, fate)

        own = {room.name: room.tests for room in ROOMS}
        with ThreadPoolExecutor(ensemble) as pool:
            list(pool.map(each, waiting))
    command = f"python -m tests.mutants --graine {graine} --nombre {nombre}"
    sys.exit(
        measures.told(
            figures(mutants, results.fates), command, time.monotonic() - began, MARK if ecrire else None
        )
    )


if __name__ == "__main__":
    main()
