"""Separates changes of numbers alone from the changes that people need to read.

Inserting an article renumbers all those that follow. People get one line about it, not thirty.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.policy.articles import Number, Version
from bot.policy.changes import redline
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, HeadingChange, Nature
from bot.policy.changes.wording import normalized
from bot.policy.labels import read_number
from bot.policy.names import GenderedName

_MOST = 3  # runs of numbers in one line
_LAST = re.compile(r"(?P<before>.*[\s\u00a0])?(?P<label>\S+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Renumbering:
    """Numbers that are consecutive in both versions, of parts in which nothing else changed."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condensed:
    """A comparison without its renumberings.

    `runs`: the runs of new numbers, in the order of the old text.
    """

    changes: tuple[Change, ...]
    headings: tuple[HeadingChange, ...]
    runs: tuple[Renumbering, ...]

    @property
    def only_numbers(self) -> bool:
        """Whether nothing changed, apart from numbers."""
        return not (self.changes or self.headings)


@lru_cache(maxsize=32)
def condense(comparison: Comparison) -> Condensed:
    """Return a comparison's changes other than new numbers, and the runs of new numbers.

    A number that changed only because its container's did, such as 5.1 in article 5, is in no run.
    """
    moves: dict[str, str] = {}
    changes: list[Change] = []
    headings: list[HeadingChange] = []
    for change in comparison.changes:
        formal = change.kind is ChangeKind.RENUMBERED and change.nature is Nature.EDITORIAL
        if formal and not redline.passages(comparison, change):
            moves[change.old[0]] = change.new[0]
        else:
            changes.append(change)
    for heading in comparison.headings:
        moved = bool(heading.old and heading.new) and heading.old != heading.new
        labelled = moved and bool(comparison.old.part(Number(heading.old)).label)
        if labelled and normalized(heading.before) == normalized(heading.after):
            moves[heading.old] = heading.new
        else:
            headings.append(heading)
    order = {str(number): at for at, number in enumerate(comparison.old.parts())}
    independent = [(old, moves[old]) for old in moves if not _follows_holder(comparison.old, old, moves)]
    runs = _runs(comparison, sorted(independent, key=lambda move: order[move[0]]))
    return Condensed(tuple(changes), tuple(headings), tuple(runs))


def _follows_holder(version: Version, number: str, moves: Mapping[str, str]) -> bool:
    """Return whether a number changed only in the beginning that it takes from its container's number."""
    return any(
        number.startswith(holder) and moves[number] == moves[holder] + number[len(holder) :]
        for above in version.around(Number(number))
        if (holder := str(above)) in moves
    )


def _runs(comparison: Comparison, moves: Sequence[tuple[str, str]]) -> Iterator[Renumbering]:
    runs: list[list[tuple[str, str]]] = []
    latest: dict[tuple[str, str], list[tuple[str, str]]] = {}  # by the words before the last one, « titre »
    for old, new in moves:
        befores = _split(comparison.old, old)[0], _split(comparison.new, new)[0]
        run = latest.get(befores)
        if run and all(
            _is_next(_split(version, last)[1], _split(version, now)[1])
            for version, last, now in zip((comparison.old, comparison.new), run[-1], (old, new), strict=True)
        ):
            run.append((old, new))
        else:
            latest[befores] = [(old, new)]
            runs.append(latest[befores])
    for run in runs:
        olds, news = zip(*run, strict=True)
        yield Renumbering(olds, news)


def _is_next(label: str, following: str) -> bool:
    return any(after.follows(before) for after in read_number(following) for before in read_number(label))


def _split(version: Version, number: str) -> tuple[str, str]:
    """Split a number before its last word: « titre III » gives « titre » and « III »."""
    match = _LAST.fullmatch(version.cited(Number(number)))
    return (match["before"] or "", match["label"]) if match else ("", number)


def describe(comparison: Comparison, run: Renumbering) -> str:
    """Describe a run: « les articles 8 à 38 deviennent 9 à 39 », « la clause 5.3 devient 5.4 »."""
    before, _ = _split(comparison.old, run.old[0])
    now, _ = _split(comparison.new, run.new[0])
    name = comparison.old.named(Number(run.old[0]))
    olds, news = (
        [_split(version, number)[1] for number in numbers]
        for version, numbers in ((comparison.old, run.old), (comparison.new, run.new))
    )
    after = _span(news) if now == before else f"{now}{_span(news)}"
    if len(run.old) == 1:
        return f"{name.the} devient {after}"
    if not before:
        return f"les {GenderedName(name.partition(' ')[0])}s {_span(olds)} deviennent {after}"
    the = "" if "," in before else "les "
    return f"{the}{before.rstrip()}s {_span(olds)} deviennent {after}"


def line(comparison: Comparison, runs: Sequence[Renumbering], *, only: bool) -> str:
    """Return one French sentence that says which numbers changed, "" when none did.

    `only`: whether nothing else has changed.
    """
    if not runs:
        return ""
    words = [describe(comparison, run) for run in runs[:_MOST]]
    rest = len(runs) - _MOST
    if rest > 0:
        s = "s" * (rest > 1)
        words.append(f"et {rest} autre{s} suite{s} de numéros")
    begins = "Seuls des numéros changent" if only else "Ailleurs, seuls des numéros changent"
    return f"{begins}\u00a0: {'; '.join(words)}."


def listed(run: Renumbering) -> str:
    """Return each number of a run with its new number: « 8 → 9, 9 → 10 »."""
    return ", ".join(f"{old} → {new}" for old, new in zip(run.old, run.new, strict=True))


def _span(labels: Sequence[str]) -> str:
    if len(labels) == 1:
        return labels[0]
    return f"{labels[0]} {'à' if len(labels) > 2 else 'et'} {labels[-1]}"  # noqa: PLR2004 — a pair
