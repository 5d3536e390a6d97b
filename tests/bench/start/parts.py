"""`python -m tests.bench.start.parts`: where the processor's time of a start goes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click
import psutil

from tests.bench.load import busy
from tests.bench.programs import running
from tests.bench.start.timed import OURS
from tests.bench.starts import Starter, starters
from tests.kits import measures
from tests.kits.measures import Figure
from tests.kits.questions import learn

MARK = "départ"


@dataclass(frozen=True, slots=True)
class TimedStart:
    """What a start took, in seconds of the processor, and what its imports did, as `timed` writes it."""

    processor: float
    imports: Mapping[str, Any]


async def timed_start(starter: Starter) -> TimedStart:
    """Start a program until it is ready, and end it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "temps.json"
        command = ("tests.bench.start.timed", str(file), *starter.command)
        async with running(command, starter.settings) as program:
            for line in starter.ready:
                await program.until(line)
            processor = busy(psutil.Process(program.pid))
            os.kill(program.pid, signal.SIGUSR1)
            await program.ended()
        return TimedStart(processor, json.loads(file.read_text("utf-8")))


async def measure(turns: int) -> dict[str, float]:
    """Return the parts of Vigie's start, as multiples of the whole start of the bare libraries."""
    async with starters() as (vigie, both):
        every = [(await timed_start(vigie), await timed_start(both)) for _ in range(turns + 1)][1:]

    def parts(start: TimedStart, bare: TimedStart) -> dict[str, float]:
        modules: dict[str, float] = start.imports["modules"]
        whole = sum(modules.values())
        shared = sum(seconds for name, seconds in modules.items() if name in bare.imports["modules"])
        own = sum(seconds for name, seconds in modules.items() if name.startswith(OURS))
        dataclasses, patterns = start.imports["dataclasses"], start.imports["patterns"]
        return {
            "Importer les deux bibliothèques": shared,
            "Importer les autres (pydantic, sqlite-utils, APScheduler…)": whole - shared - own,
            "Nos modules\u00a0: créer leurs classes de données": dataclasses,
            "Nos modules\u00a0: compiler leurs motifs": patterns,
            "Nos modules\u00a0: le reste": own - dataclasses - patterns,
            "Lancer Python, ouvrir la base, lire les textes, se connecter": start.processor - whole,
            "Ensemble": start.processor,
        }

    every_part = [
        {label: seconds / bare.processor for label, seconds in parts(start, bare).items()}
        for start, bare in every
    ]
    return {label: median(each[label] for each in every_part) for label in every_part[0]}


@click.command()
@click.option("--tours", "turns", default=11, help="Combien de départs de chacun.")
@click.option("--ecrire", is_flag=True, help="Mettre le tableau dans docs/mesures.md.")
def main(turns: int, *, ecrire: bool) -> None:
    """Measure the parts of a start. There is no target: that of the whole is in the first table."""
    began = perf_counter()
    learn()
    figures = [Figure(label, times) for label, times in asyncio.run(measure(turns)).items()]
    command = f"python -m tests.bench.start.parts --tours {turns}"
    raise SystemExit(measures.told(figures, command, perf_counter() - began, MARK if ecrire else None))


if __name__ == "__main__":
    main()
