"""The permanent identity of each part of a text, followed from one version to the next and across several.

An identity is the part's first version and number, « pa20@2015-12-13:5.10 », whatever its number is now. Once
a text is in force, the identities of its parts are stored and never computed again, so that a better
comparison changes none of them. Everything that can be cited has an identity: containers, articles, clauses,
annexes, headings without a number, and the items of clauses.

Annotations, guidance and question banks name clauses by the numbers of the version that they were written
about, their origin. They are not rewritten when the policy is revised. They are checked against their origin,
and then each clause is followed to its place in the current text. An entry about a clause whose meaning has
changed since is stale, and is reported.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Comparison, Nature, compare
from bot.policy.changes.wording import normalized
from bot.policy.provisions import Kind

Trail: TypeAlias = Mapping[str, tuple[str, ...]]  # from a clause's number to its numbers in the next version


@dataclass(frozen=True, slots=True)
class Fate:
    """The fate of a clause: its current numbers, none if removed, and whether its meaning is unchanged."""

    now: tuple[Number, ...]
    same: bool


Fates: TypeAlias = Mapping[Number, Fate]


def clause_trail(comparison: Comparison) -> Trail:
    """Return the new numbers of each clause of the old version, `()` for a removed clause."""
    trail: dict[str, tuple[str, ...]] = {
        str(clause.number): (str(clause.number),) for clause in comparison.old.clauses()
    }
    for change in comparison.changes:
        for number in change.old:
            trail[number] = change.new
    return trail


def chain(version: Version) -> tuple[Version, ...]:
    """Return a version and all the earlier ones, oldest first."""
    versions = [version]
    while versions[-1].former is not None:
        versions.append(versions[-1].former)
    return tuple(reversed(versions))


def origin(version: Version) -> Version:
    """Return the version that `annotations.toml`, and the other files beside the policy, were written for.

    `annotations.toml` names it. By default, it is the latest version before the first approved revision.
    """
    versions = chain(version)
    named = [earlier for earlier in versions if earlier.key == version.interpreted]
    shipped = [earlier for earlier in versions if earlier.effective is None]
    return (named or shipped or [versions[0]])[-1]


@lru_cache(maxsize=64)
def name_parts(version: Version) -> Mapping[Number, str]:
    """Return the identity of each part and item of a version, by number.

    A part keeps the identity of the part that it comes from. When a part is split, the first piece keeps its
    identity. When parts are merged, the identity of the first one is kept. A part that is restored word for
    word gets its former identity back. Any other part gets a new identity.
    """
    numbers = tuple(version.numbers())
    named = {number: version.stored[str(number)] for number in numbers if str(number) in version.stored}
    former = version.former
    if former and len(named) < len(numbers):
        taken = set(named.values())
        before = name_parts(former)
        sources = [(now, before[number]) for number, now in compare(former, version).parts.items()]
        for earlier in chain(former)[-2::-1]:
            identities, words = name_parts(earlier), _by_words(earlier)
            sources += ((n, identities[words[w]]) for w, n in _by_words(version).items() if w in words)
        for number, identity in sources:
            if number not in named and identity not in taken:
                named[number] = identity
                taken.add(identity)
    return {number: named.get(number, f"{version.policy}@{version.key}:{number}") for number in numbers}


@lru_cache(maxsize=8)
def _by_words(version: Version) -> Mapping[tuple[str, ...], Number]:
    """Return the number of each part and item whose words are unique, by kind, title and words."""
    numbers: dict[tuple[str, ...], list[Number]] = defaultdict(list)
    for number in version.parts():
        part = version.part(number)
        words = normalized("".join(paragraph.text for paragraph in (*part.paragraphs, *part.closing)))
        if part.title or words:
            numbers[part.kind, normalized(part.title), words].append(number)
    for clause in version.clauses():
        for item in clause.items:
            numbers[Kind.ITEM, "", normalized(clause.text[item.start : item.end])].append(item.number)
    return {words: alike[0] for words, alike in numbers.items() if len(alike) == 1}


@lru_cache(maxsize=64)
def fates(old: Version, new: Version) -> Fates:
    """Return the fate in `new` of each clause and article of `old`. `new` may be later, earlier or the same.

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
            result[number] = Fate(tuple(map(Number, now)), same)
    # The words of a clause may have been changed or removed, then restored by the withdrawal of a revision.
    strayed = [
        clause for clause in old.clauses() if not (result[clause.number].same and result[clause.number].now)
    ]
    by_words: dict[str, list[Number]] = defaultdict(list)
    for clause in new.clauses() if strayed else ():
        by_words[normalized(clause.text)].append(clause.number)
    for clause in strayed:
        matches = by_words[normalized(clause.text)]
        if len(matches) == 1:
            result[clause.number] = Fate((matches[0],), same=True)
    # An article goes where most of its clauses go. For a number that is also a clause's, the clause prevails.
    articles = {}
    for article in old.articles:
        clause_fates = [result[clause.number] for clause in article.clauses]
        clauses = (new.clause(number) for fate in clause_fates for number in fate.now)
        homes = Counter(clause.article for clause in clauses if clause)
        home = tuple(number for number, _ in homes.most_common(1))
        articles[article.number] = Fate(home, all(fate.same and len(fate.now) == 1 for fate in clause_fates))
    return articles | result


def _reversed(later: Fates, old: Version) -> Fates:
    """Return the fates from a later version, `old`, back to an earlier one.

    `later`: the fates from the earlier version to `old`. A clause that the earlier version lacks has no
    number there.
    """
    numbers = (*(clause.number for clause in old.clauses()), *(article.number for article in old.articles))
    result = {}
    for number in numbers:
        sources = {earlier: fate.same for earlier, fate in later.items() if number in fate.now}
        result[number] = Fate(tuple(sources), bool(sources) and all(sources.values()))
    return result


def current_numbers(fates: Fates, numbers: Iterable[Number]) -> tuple[Number, ...]:
    """Return the current numbers of clauses, in the given order, without removed clauses."""
    return tuple(dict.fromkeys(now for number in numbers if number in fates for now in fates[number].now))


def is_stale(fates: Fates, numbers: Iterable[Number]) -> bool:
    """Return whether any of these clauses has been removed or has changed meaning."""
    return any(number not in fates or not fates[number].same for number in numbers)


@lru_cache(maxsize=64)
def fresh_clauses(old: Version, new: Version) -> tuple[Number, ...]:
    """Return the clauses of `new` with a meaning that `old` did not have."""
    unchanged = {now for fate in fates(old, new).values() if fate.same for now in fate.now}
    return tuple(clause.number for clause in new.clauses() if clause.number not in unchanged)
