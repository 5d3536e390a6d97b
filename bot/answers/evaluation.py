"""The evaluation of the chat's answers: measures, and the confusion matrix as a picture.

- *top1*: share of the questions in scope whose first clause is acceptable. *top3*: same for the first three.
  Both count the closest clauses even when the bot declined.
- *joint*: share of all questions handled correctly. A question in scope must be answered, with an acceptable
  first clause. A question out of scope must be declined. Answered means that the outcome is « answer »,
  « clarify » or « lookup ».
- *told*: share of the questions with the outcome « silent » that get this outcome.
- *announced*: share of the questions in scope whose answer is announced as sure. *wrong*: share of the
  answers announced as sure whose first clause is not acceptable, including every answer to a question out of
  scope.
- *later*: *joint* for the later turns of conversations alone.

A line of a file has one of four forms:

- a question, as in a bank;
- `{"question", "halves": [{"gold", "also_ok", "outcome"}, …]}`, two questions at once (kind "two"). They are
  correct when each half that the policy answers gets an accepted clause, and the other halves get no clause
  announced as sure;
- `{"question", "intent"}`, a question about the bot itself, correct when that intent answers (null: when no
  intent does);
- `{"turns": [any of these, …]}`, a conversation. Its later turns are of the kind "follow_up".
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeAlias, TypeVar

from bot.answers import bank
from bot.answers.bank import BankLine, Place
from bot.answers.questions import MOST, PolicyAnswer
from bot.policy.addresses import as_counted
from bot.policy.articles import Number, PolicyError, Version
from bot.typesetting.typeset import typeset

DECLINED = "aucune"  # the row and column for questions that the policy does not answer
_TEMPLATE: Final = Path(__file__).with_name("confusion.typ")
Key = TypeVar("Key", str, Number)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with the intent that must answer it, "" for a question about the policy.

    `halves`: the expected answer to each half of two questions at once.
    """

    line: BankLine
    intent: str = ""
    halves: tuple[BankLine, ...] = ()


Conversation: TypeAlias = tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """A question, its answer, and the time it took in seconds. `intent`, `halves`: as in `Asked`.

    `turn`: how many questions of the same conversation came before.
    """

    line: BankLine
    answer: PolicyAnswer
    seconds: float
    intent: str = ""
    halves: tuple[BankLine, ...] = ()
    turn: int = 0

    @property
    def accepted(self) -> tuple[bool, ...]:
        """Whether each of the first three clauses may be cited first."""
        return tuple(self.line.accepts(clause.number) for clause in self.answer.ranked[:MOST])

    @property
    def first(self) -> bool:
        """Whether the first clause may be cited first."""
        return self.accepted[:1] == (True,)

    @property
    def right(self) -> bool:
        """Whether the question was correctly answered or correctly declined."""
        if self.intent or self.line.kind == "intent":
            return self.answer.intent == self.intent
        if self.halves:
            return all(map(self._right_half, range(len(self.halves))))
        return self.first and self.answer.answered if self.line.gold else not self.answer.answered

    def _right_half(self, at: int) -> bool:
        """Return whether one of two questions asked at once, `halves[at]`, is answered correctly."""
        half, answer = self.halves[at], self.answer
        if half.gold:
            return answer.answered and any(half.accepts(clause.number) for clause in answer.clauses)
        if answer.halves:
            return not answer.halves[at].sure
        return not answer.sure or any(other.gold for other in self.halves)


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of `n` questions, as shares from 0 to 1, None where there is nothing to measure."""

    n: int
    top1: float | None
    top3: float | None
    joint: float | None
    announced: float | None
    wrong: float | None
    told: float | None
    later: float | None


def measure(trials: Sequence[Trial]) -> Measures:
    """Return the measures of `trials`, rounded to four decimals."""
    inside = [trial for trial in trials if trial.line.gold]
    sure = [trial for trial in trials if trial.answer.sure]
    silences = [trial for trial in trials if trial.line.outcome == "silent" and not trial.intent]
    return Measures(
        len(trials),
        _share([trial.first for trial in inside]),
        _share([any(trial.accepted) for trial in inside]),
        _share([trial.right for trial in trials]),
        _share([trial.answer.sure for trial in inside]),
        _share([not (trial.line.gold and trial.first) for trial in sure]),
        _share([trial.answer.outcome == "silent" for trial in silences]),
        _share([trial.right for trial in trials if trial.turn]),
    )


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def load_conversations(path: Path, version: Version) -> tuple[Conversation, ...]:
    """Read test questions and conversations. A question by itself is a conversation of one turn.

    Any kind is accepted, so that files from other sources can be used. Raises `PolicyError`, `OSError`.
    """
    conversations = tuple(
        _conversation(text, (path.name, at), version)
        for at, text in enumerate(path.read_text("utf-8-sig").split("\n"), 1)
        if text.strip()
    )
    if not conversations:
        raise PolicyError(path.name, 0, "ce fichier ne contient aucune question.")
    return conversations


def _conversation(text: str, where: Place, version: Version) -> Conversation:
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PolicyError(*where, "ce n'est pas un objet JSON.") from error
    if not isinstance(data, dict):
        raise PolicyError(*where, "il faut un objet JSON, entre accolades.")
    if "turns" not in data:
        return (_asked(data, where, version),)
    if not (isinstance(data["turns"], list) and data["turns"]):
        raise PolicyError(*where, "«\u00a0turns\u00a0»\u00a0: il faut une liste de questions.")
    turns = [_asked(turn, where, version) for turn in data["turns"]]
    return (*turns[:1], *(replace(turn, line=replace(turn.line, kind="follow_up")) for turn in turns[1:]))


def _asked(data: object, where: Place, version: Version) -> Asked:
    if isinstance(data, dict) and "intent" in data:
        return Asked(BankLine(str(data.get("question", "")), "intent", "help", ()), data["intent"] or "")
    if isinstance(data, dict) and "halves" in data:
        return _two(data, where, version)
    return Asked(_line(data, where, version))


def _two(data: dict[str, Any], where: Place, version: Version) -> Asked:
    halves = data["halves"]
    if not (isinstance(halves, list) and len(halves) > 1 and all(isinstance(half, dict) for half in halves)):
        raise PolicyError(*where, "«\u00a0halves\u00a0»\u00a0: il faut une liste de deux objets.")
    whole = {"question": data.get("question"), "kind": "two"}
    lines = tuple(_line({**whole, "also_ok": [], **half}, where, version) for half in halves)
    gold = tuple(number for line in lines for number in line.gold)
    also_ok = tuple(number for line in lines for number in line.also_ok)
    outcome = "answer" if gold else lines[0].outcome
    return Asked(replace(lines[0], outcome=outcome, gold=gold, also_ok=also_ok), halves=lines)


def _line(data: object, where: Place, version: Version) -> BankLine:
    line = bank.parse_bank_line(json.dumps(data), where, any_kind=True)
    missing = [number for number in line.gold if not version.within(number)]
    if missing:
        raise PolicyError(*where, f"la clause {missing[0]} n'existe pas.")
    return line.in_version(version)


def ask(
    answering: Callable[[], Callable[[str], PolicyAnswer]], conversations: Iterable[Conversation]
) -> list[Trial]:
    """Ask the questions of conversations one at a time, and time each answer.

    `answering`: begins a conversation and returns the function that answers each of its questions.
    """
    trials = []
    for conversation in conversations:
        answer = answering()
        for turn, question in enumerate(conversation):
            start = perf_counter()
            answered = answer(question.line.question)
            seconds = perf_counter() - start
            trials.append(Trial(question.line, answered, seconds, question.intent, question.halves, turn))
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
    order = sorted(groups, key=as_counted)
    return {str(key): asdict(measure(groups[key])) for key in order}


def confusion(trials: Iterable[Trial]) -> Counter[tuple[str, str]]:
    """Count the pairs of an expected clause and a cited clause. Either may be `DECLINED`.

    When the first cited clause is acceptable, it counts as the expected clause. A whole article counts under
    its number.
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
    names = sorted(numbers, key=as_counted)
    names += [DECLINED] * any(DECLINED in pair for pair in counts)
    at = {name: place for place, name in enumerate(names)}
    total = sum(counts.values())
    right = sum(n for (wanted, cited), n in counts.items() if wanted == cited)
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
