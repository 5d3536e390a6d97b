"""The evaluation of answers: measures, failures, and the confusion matrix as a picture.

- *top1*: share of the questions in scope whose first clause is acceptable. *top3*: same for the first three.
  Both count the closest clauses even when the bot declined.
- *joint*: share of all questions handled correctly. A question in scope must be answered, with an acceptable
  first clause. A question out of scope must be declined. Answered means « answer » or « clarify ».
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeVar

from bot.answers import bank
from bot.answers.bank import BankLine
from bot.answers.questions import MOST, Engine, PolicyAnswer
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.library import Policy
from bot.typesetting.typeset import typeset

DECLINED = "aucune"  # the row and column for questions that the policy does not answer
_TEMPLATE: Final = Path(__file__).with_name("confusion.typ")
Key = TypeVar("Key", str, Number)


@dataclass(frozen=True, slots=True)
class Trial:
    """A question, its answer, and the time it took in seconds."""

    line: BankLine
    answer: PolicyAnswer
    seconds: float

    @property
    def accepted(self) -> tuple[bool, ...]:
        """Whether each of the first three clauses may be cited first."""
        return tuple(self.line.accepts(clause.number) for clause in self.answer.ranked[:MOST])

    @property
    def first(self) -> bool:
        """Whether the first clause may be cited."""
        return self.accepted[:1] == (True,)

    @property
    def right(self) -> bool:
        """Whether the question was correctly answered or correctly declined."""
        return self.first and self.answer.answered if self.line.gold else not self.answer.answered


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of `n` questions, as shares from 0 to 1. top1 and top3 are None if none is in scope."""

    n: int
    top1: float | None
    top3: float | None
    joint: float | None


def measure(trials: Sequence[Trial]) -> Measures:
    """Return the measures of some trials, rounded to four decimals."""
    inside = [trial for trial in trials if trial.line.gold]
    return Measures(
        len(trials),
        _share([trial.first for trial in inside]),
        _share([any(trial.accepted) for trial in inside]),
        _share([trial.right for trial in trials]),
    )


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def load_questions(path: Path, version: Version) -> tuple[BankLine, ...]:
    """Return the test questions of a file: a bank, or lines with only question, kind, gold and also_ok.

    Any kind is accepted, so that files from other sources can be used. Raises `PolicyError`, `OSError`.
    """
    lines = []
    for at, text in enumerate(path.read_text("utf-8").split("\n"), 1):
        if text.strip():
            line = bank.parse_bank_line(text, (path.name, at), any_kind=True)
            missing = [number for number in line.gold if not version.within(number)]
            if missing:
                raise PolicyError(path.name, at, f"la clause {missing[0]} n'existe pas.")
            lines.append(line)
    if not lines:
        raise PolicyError(path.name, 0, "ce fichier ne contient aucune question.")
    return tuple(lines)


def ask_questions(engine: Engine, policy: Policy, version: Version, lines: Iterable[BankLine]) -> list[Trial]:
    """Ask the questions one at a time. Return each with its answer and the time that it took."""
    trials = []
    for line in lines:
        start = perf_counter()
        answer = engine.answer(policy, version, line.question)
        trials.append(Trial(line, answer, perf_counter() - start))
    return trials


def evaluation_report(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the measures that the command line prints as JSON. Latencies are in ms, to two decimals."""
    import numpy as np  # noqa: PLC0415 — 15 MB, for measuring only

    milliseconds = [trial.seconds * 1_000 for trial in trials]
    p50, p99 = np.percentile(milliseconds, [50, 99]) if trials else (0.0, 0.0)
    return {
        **asdict(measure(trials)),
        "by_kind": _measures_by((trial.line.kind, trial) for trial in trials),
        "by_clause": _measures_by((number, trial) for trial in trials for number in trial.line.gold),
        "latency_ms": {"p50": round(float(p50), 2), "p99": round(float(p99), 2)},
    }


def _measures_by(trials: Iterable[tuple[Key, Trial]]) -> dict[str, dict[str, Any]]:
    groups: dict[Key, list[Trial]] = {}
    for key, trial in trials:
        groups.setdefault(key, []).append(trial)
    return {str(key): asdict(measure(groups[key])) for key in sorted(groups)}


def confusion(trials: Iterable[Trial]) -> Counter[tuple[str, str]]:
    """Return how many times each pair occurs: the clause expected and the clause cited, or `DECLINED`.

    When the first cited clause is acceptable, it counts as the expected one. A whole article counts under its
    number.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for trial in trials:
        cited = str(trial.answer.ranked[0].number) if trial.answer.answered else DECLINED
        wanted = str(trial.line.gold[0]) if trial.line.gold else DECLINED
        counts[cited if trial.answer.answered and trial.first else wanted, cited] += 1
    return counts


def draw_confusion(counts: Mapping[tuple[str, str], int]) -> bytes:
    """Return the confusion matrix as a PNG. Raises `TypesetError`."""
    numbers = {name for pair in counts for name in pair if name != DECLINED}
    names = sorted(numbers, key=Number.parse) + [DECLINED] * any(DECLINED in pair for pair in counts)
    at = {name: place for place, name in enumerate(names)}
    total, right = sum(counts.values()), sum(n for (wanted, cited), n in counts.items() if wanted == cited)
    data = {
        "title": "Les clauses attendues et les clauses citées",
        "subtitle": f"{total} question{'s' * (total > 1)}\u00a0: {right} sur la diagonale",
        "names": names,
        "cells": [[at[wanted], at[cited], count] for (wanted, cited), count in counts.items()],
        "rows": "clause attendue",
        "columns": "clause citée",
        "right": "Ce qui était attendu, plus foncé s'il y a plus de questions.",
        "wrong": "Autre chose que ce qui était attendu.",
        "note": f"«\u00a0{DECLINED}\u00a0», attendue\u00a0: la politique ne répond pas; citée\u00a0: "
        "rien ne l'est.",
    }
    return typeset(_TEMPLATE, data, "png")
