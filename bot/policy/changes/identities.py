"""Permanent identities: where a clause went, from one version to the next and across several.

Annotations, guidance and question banks name clauses by the numbers of the version that they were written
about, their origin. They are not rewritten when the policy is revised: they are checked against their
origin, then follow each clause to its place in the current text. What was written about words that have
since changed meaning is stale, and is reported as such.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Comparison, Nature, compare
from bot.policy.changes.wording import normalized

Trail: TypeAlias = Mapping[str, tuple[str, ...]]  # from a clause's number to its numbers in the next version


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a clause: its numbers now, none if removed, and whether it still says the same."""

    now: tuple[Number, ...]
    same: bool


Fates: TypeAlias = Mapping[Number, Fate]


def clause_trail(comparison: Comparison) -> Trail:
    """Return where each clause of the old version is in the new one, `()` for a removed clause."""
    trail: dict[str, tuple[str, ...]] = {
        str(clause.number): (str(clause.number),) for clause in comparison.old.clauses()
    }
    for change in comparison.changes:
        for number in change.old:
            trail[number] = change.new
    return trail


def chain(version: Version) -> tuple[Version, ...]:
    """Return a version and all those before it, oldest first."""
    versions = [version]
    while versions[-1].former is not None:
        versions.append(versions[-1].former)
    return tuple(reversed(versions))


def origin(version: Version) -> Version:
    """Return the version that the files beside the policy were written about.

    That is the version that they name or, when they name none, the latest that was there before the first
    approved revision.
    """
    versions = chain(version)
    named = [earlier for earlier in versions if earlier.key == version.interpreted]
    shipped = [earlier for earlier in versions if earlier.effective is None]
    return (named or shipped or [versions[0]])[-1]


@lru_cache(maxsize=64)
def fates(old: Version, new: Version) -> Fates:
    """Return where each clause and article of `old` is in `new`, a later or earlier version or itself.

    Clauses are followed through every version between the two.
    """
    versions = chain(new)
    if new in chain(old)[:-1]:
        return _reversed(fates(new, old), old)
    result = {clause.number: Fate((clause.number,), same=True) for clause in old.clauses()}
    for before, after in pairwise(versions[versions.index(old) :] if old in versions else (old, new)):
        comparison = compare(before, after)
        trail = clause_trail(comparison)
        substantive = (change for change in comparison.changes if change.nature is not Nature.EDITORIAL)
        reworded = {number for change in substantive for number in change.old}
        for number, fate in result.items():
            now = dict.fromkeys(later for current in fate.now for later in trail[str(current)])
            same = fate.same and reworded.isdisjoint(map(str, fate.now))
            result[number] = Fate(tuple(map(Number.parse, now)), same)
    # Words that were changed or removed, then brought back, as by a withdrawal.
    by_words: dict[str, list[Number]] = defaultdict(list)
    for clause in new.clauses():
        by_words[normalized(clause.text)].append(clause.number)
    for clause in old.clauses():
        fate, matches = result[clause.number], by_words[normalized(clause.text)]
        if len(matches) == 1 and not (fate.same and fate.now):
            result[clause.number] = Fate((matches[0],), same=True)
    # An article is where most of its clauses are, unless its number is also that of its own text.
    articles = {}
    for article in old.articles:
        own = [result[clause.number] for clause in article.clauses]
        homes = Counter(number.article for fate in own for number in fate.now)
        home = tuple(number for number, _ in homes.most_common(1))
        articles[article.number] = Fate(home, all(fate.same and len(fate.now) == 1 for fate in own))
    return articles | result


def _reversed(later: Fates, old: Version) -> Fates:
    """Return fates from the later version, `old`, to the earlier; what is new in it is nowhere before."""
    numbers = (*(clause.number for clause in old.clauses()), *(article.number for article in old.articles))
    result = {}
    for number in numbers:
        sources = {earlier: fate.same for earlier, fate in later.items() if number in fate.now}
        result[number] = Fate(tuple(sources), bool(sources) and all(sources.values()))
    return result


def current_numbers(fates: Fates, numbers: Iterable[Number]) -> tuple[Number, ...]:
    """Return where clauses stand now, in the order given; removed ones are left out."""
    return tuple(dict.fromkeys(now for number in numbers if number in fates for now in fates[number].now))


def is_stale(fates: Fates, numbers: Iterable[Number]) -> bool:
    """Tell whether one of these clauses was removed or no longer says what it said."""
    return any(number not in fates or not fates[number].same for number in numbers)


@lru_cache(maxsize=64)
def fresh_clauses(old: Version, new: Version) -> tuple[Number, ...]:
    """Return the clauses of `new` whose words say something that `old` did not."""
    unchanged = {now for fate in fates(old, new).values() if fate.same for now in fate.now}
    return tuple(clause.number for clause in new.clauses() if clause.number not in unchanged)
