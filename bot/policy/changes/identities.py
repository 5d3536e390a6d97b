"""Permanent identities: where a clause went, from one version to the next and along several.

What stands beside a policy (annotations, guidance, the banks of questions) names clauses by the numbers
of the version that it was written about, its origin. It is never rewritten when the policy is revised:
it is read against its origin, then follows each clause to where it stands now. What was said of words
that mean something else now is stale, and is told so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Comparison, Nature, compare
from bot.policy.changes.wording import form

Trail: TypeAlias = Mapping[str, tuple[str, ...]]  # from a clause's number to its numbers in a later version


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a clause: its numbers now, none when it was removed; whether it still says the same."""

    now: tuple[Number, ...]
    same: bool


Fates: TypeAlias = Mapping[Number, Fate]


def follow(comparison: Comparison) -> Trail:
    """Return where each clause of the old version is in the new one; nowhere, `()`, when it was removed."""
    trail: dict[str, tuple[str, ...]] = {
        str(clause.number): (str(clause.number),) for clause in comparison.old.clauses()
    }
    for change in comparison.changes:
        for number in change.old:
            trail[number] = change.new
    return trail


def chain(version: Version) -> tuple[Version, ...]:
    """Return a version and all that it came after, the oldest first."""
    found = [version]
    while found[-1].former is not None:
        found.append(found[-1].former)
    return tuple(reversed(found))


def origin(version: Version) -> Version:
    """Return the version that what stands beside the policy was written about.

    The one it says or, when it says none, the latest that was there before any was approved here.
    """
    versions = chain(version)
    said = [one for one in versions if one.key == version.interpreted]
    first = [one for one in versions if one.effective is None]
    return (said or first or [versions[0]])[-1]


@lru_cache(maxsize=64)
def fates(old: Version, new: Version) -> Fates:
    """Return where each clause and each article of `old` is in `new`, another version or itself.

    Along the versions between the two, whichever is the later.
    """
    versions = chain(new)
    if new in chain(old)[:-1]:
        return _backwards(fates(new, old), old)
    steps = versions[versions.index(old) :] if old in versions else (old, new)
    comparisons = [compare(before, after) for before, after in pairwise(steps)]
    found = {clause.number: Fate((clause.number,), same=True) for clause in old.clauses()}
    for comparison in comparisons:
        trail = follow(comparison)
        meant = {
            number
            for change in comparison.changes
            if change.nature is not Nature.EDITORIAL
            for number in change.old
        }
        found = {number: _later(fate, trail, meant) for number, fate in found.items()}
    found |= _brought_back(old, new, found)
    return {**_articles(old, found), **found}


def _brought_back(old: Version, new: Version, found: Mapping[Number, Fate]) -> dict[Number, Fate]:
    """Return the clauses whose words were changed or removed, then brought back, as by a withdrawal."""
    words: dict[str, list[Number]] = {}
    for clause in new.clauses():
        words.setdefault(form(clause.text), []).append(clause.number)
    return {
        clause.number: Fate((again[0],), same=True)
        for clause in old.clauses()
        if not found[clause.number].same or not found[clause.number].now
        if len(again := words.get(form(clause.text), [])) == 1
    }


def _later(fate: Fate, trail: Trail, meant: set[str]) -> Fate:
    now = dict.fromkeys(later for number in fate.now for later in trail[str(number)])
    same = fate.same and not any(str(number) in meant for number in fate.now)
    return Fate(tuple(map(Number.parse, now)), same)


def _backwards(found: Fates, old: Version) -> Fates:
    """Return fates from the later version to the earlier one; what came since is nowhere in it."""
    numbers = (*(clause.number for clause in old.clauses()), *(article.number for article in old.articles))
    before = {
        number: [(earlier, fate.same) for earlier, fate in found.items() if number in fate.now]
        for number in numbers
    }
    return {
        number: Fate(tuple(earlier for earlier, _ in one), bool(one) and all(same for _, same in one))
        for number, one in before.items()
    }


def _articles(old: Version, clauses: Fates) -> dict[Number, Fate]:
    """Return what became of the articles: each is where most of its clauses are."""
    found = {}
    for article in old.articles:
        own = [clauses[clause.number] for clause in article.clauses]
        homes = Counter(number.article for fate in own for number in fate.now)
        now = tuple(number for number, _ in homes.most_common(1))
        found[article.number] = Fate(now, all(fate.same and len(fate.now) == 1 for fate in own))
    return found


def now(found: Fates, numbers: Iterable[Number]) -> tuple[Number, ...]:
    """Return where clauses stand now, in the order in which they were named; those removed are left out."""
    return tuple(dict.fromkeys(later for number in numbers if number in found for later in found[number].now))


def stale(found: Fates, numbers: Iterable[Number]) -> bool:
    """Tell whether a clause does not say any more what it said, or is not there any more."""
    return any(number not in found or not found[number].same for number in numbers)


@lru_cache(maxsize=64)
def fresh(old: Version, new: Version) -> tuple[Number, ...]:
    """Return the clauses of `new` whose words say something that `old` did not."""
    kept = {later for fate in fates(old, new).values() if fate.same for later in fate.now}
    return tuple(clause.number for clause in new.clauses() if clause.number not in kept)
