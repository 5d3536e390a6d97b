"""`python -m tests.bench.on_questions`: Vigie's answers beside what answers without a bank.

Quality and time on the questions set aside, then how time and memory grow from 31 clauses to 3,100, each
engine in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, thread_time

import click
import numpy as np
import psutil

from bot.answers.bank import BankLine
from bot.policy.articles import Number
from tests.bench import engines, whole
from tests.bench.whole import Held
from tests.kits import measures
from tests.kits.measures import machine, number, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
MARK = "comparaison"
TIMES = (1, 10, 100)  # copies of PA20's 31 clauses
TURNS = 3  # of each question; the best counts, in the processor's time: what else the machine does does not
LONGEST = 600.0  # seconds for one engine
TARGETS = {"top1": 0.93, "top3": 0.98, "joint": 0.93}
FASTEST = 15.0  # ms, p99
_VIGIE = "Vigie"


@dataclass(frozen=True, slots=True)
class Figures:
    """An engine on so many clauses. `joint` is at the best threshold there is; Vigie has its own."""

    clauses: int
    top1: float
    top3: float
    joint: float
    p50: float
    p99: float
    ready: float
    memory: float


def measure(name: str, times: int) -> Figures:
    """Measure one engine here: best called in a process of its own, for its memory."""
    version = engines.copies(engines.pa20().versions[-1], times)
    lines = engines.set_aside()
    if name == _VIGIE:
        engines.trained()  # what it takes to train is told elsewhere
    process = psutil.Process()
    before = process.memory_info().rss
    start = perf_counter()
    rank = engines.ENGINES[name](version)
    rank("bonjour")
    ready = perf_counter() - start
    memory = (process.memory_info().rss - before) / 2**20
    ranked = [rank(line.question) for line in lines]
    turns = [[_milliseconds(rank, line.question) for line in lines] for _ in range(TURNS)]
    p50, p99 = np.percentile(np.min(turns, axis=0), [50, 99])
    shares = quality(lines, ranked, len(engines.pa20().versions[-1].articles))
    return Figures(len(version.clauses()), *shares, float(p50), float(p99), ready, memory)


def _milliseconds(rank: engines.Rank, question: str) -> float:
    start = thread_time()
    rank(question)
    return (thread_time() - start) * 1_000


def quality(
    lines: Sequence[BankLine], ranked: Sequence[engines.Ranked], articles: int
) -> tuple[float, float, float]:
    """Return top1, top3 and joint; a copy of a clause is as good as the clause."""
    accepted = [
        [line.accepts(_original(found, articles)) for found, _ in some[:3]]
        for line, some in zip(lines, ranked, strict=True)
    ]
    inside = [(line, found) for line, found in zip(lines, accepted, strict=True) if line.gold]
    best = np.array([some[0][1] if some else 0.0 for some in ranked])

    def joint(threshold: float) -> float:
        right = [
            (bool(found) and found[0] and score >= threshold) if line.gold else score < threshold
            for line, found, score in zip(lines, accepted, best, strict=True)
        ]
        return float(np.mean(right))

    return (
        float(np.mean([found[:1] == [True] for _, found in inside])),
        float(np.mean([any(found) for _, found in inside])),
        max(joint(threshold) for threshold in np.unique(np.append(best, np.inf))),
    )


def apart(name: str, times: int) -> Figures:
    """Measure one engine in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.on_questions", "--un", name, str(times)],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=LONGEST,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
    )
    return Figures(**json.loads(done.stdout))


def page_of(found: dict[tuple[str, int], Figures], held: Held) -> str:
    """Return the figures as they are read; `held`: the memory of the whole bot."""
    first = {name: found[name, TIMES[0]] for name in engines.ENGINES}
    quality_table = table(
        ["Moteur", "top1", "top3", "joint", "p50", "p99"],
        [
            [name, _share(one.top1), _share(one.top3), _share(one.joint), _ms(one.p50), _ms(one.p99)]
            for name, one in first.items()
        ],
    )
    growth_table = table(
        ["Moteur", "clauses", "p50", "p99", "prêt en", "mémoire de plus"],
        [
            [
                name,
                str(one.clauses),
                _ms(one.p50),
                _ms(one.p99),
                f"{number(one.ready)}\u00a0s",
                _mib(one.memory),
            ]
            for name in engines.ENGINES
            for one in (found[name, times] for times in TIMES)
        ],
    )
    memory = (
        f"Mémoire résidente du robot entier, Slack et Discord connectés\u00a0: {_mb(held.idle)} au repos, "
        f"{_mb(held.first)} après la première question, {_mb(held.after)} après toutes celles de l'épreuve "
        f"(cible\u00a0: {_mb(whole.MOST)})."
    )
    return f"Machine\u00a0: {machine()}.\n\n{quality_table}\n\n{growth_table}\n\n{memory}"


def missed(vigie: Figures, held: Held, *larger: Figures) -> list[str]:
    """Return a line for each goal that is not reached; `larger`: with more clauses, for the time alone."""
    lines = [
        f"Cible manquée\u00a0: {name} de {_share(getattr(vigie, name))} (il faut {_share(least)})."
        for name, least in TARGETS.items()
        if getattr(vigie, name) < least
    ]
    lines += [
        f"Cible manquée\u00a0: p99 de {_ms(one.p99)} sur {one.clauses} clauses (il faut {_ms(FASTEST)})."
        for one in (vigie, *larger)
        if one.p99 > FASTEST
    ]
    if held.after >= whole.MOST:
        lines.append(f"Cible manquée\u00a0: {_mb(held.after)} de mémoire (il faut {_mb(whole.MOST)}).")
    return lines


def _original(found: Number, count: int) -> Number:
    first, point, rest = str(found).partition(".")
    return Number(f"{(int(first) - 1) % count + 1}{point}{rest}")


def _share(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")


def _ms(value: float) -> str:
    return f"{number(value)}\u00a0ms"


def _mb(value: float) -> str:
    return f"{value:.0f}\u00a0Mo"


def _mib(value: float) -> str:
    return f"{number(max(value, 0.0))}\u00a0Mio"


@click.command(help="Comparer les réponses de Vigie à celles d'autres moteurs, sur cette machine.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/questions.md.")
@click.option("--un", type=(click.Choice(list(engines.ENGINES)), int), hidden=True)
def main(ecrire: bool, un: tuple[str, int] | None) -> None:
    """Measure, print, and judge."""
    if un:
        click.echo(
            json.dumps({name: getattr(found, name) for found in [measure(*un)] for name in Figures.__slots__})
        )
        return
    found = {(name, times): apart(name, times) for times in TIMES for name in engines.ENGINES}
    held = asyncio.run(whole.measure([line.question for line in engines.set_aside()]))
    figures = page_of(found, held)
    click.echo(figures)
    if ecrire:
        measures.write(figures, MARK, PAGE)
    first, *larger = (found[_VIGIE, times] for times in TIMES)
    lines = missed(first, held, *larger)
    for line in lines:
        click.echo(line)
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
