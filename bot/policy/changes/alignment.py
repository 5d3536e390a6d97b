"""Which clauses of one version became which of another, by what they say and where they stand.

First the same words, under whatever number. Then, over all that is left, the pairs that together are
most alike. Last, what is still alone and was a part of a clause that lost it (a split), or was taken
in by one that gained it (a merger).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from bot.policy.articles import Article, Clause, Version
from bot.policy.changes.assignment import assigned
from bot.policy.changes.likeness import TINY, Profiles
from bot.policy.changes.wording import form

ENOUGH: Final = 0.4  # likeness, place included, below which two clauses are not one
SAME_NUMBER: Final = 0.10  # what standing under the same number adds
SAME_PLACE: Final = 0.05  # what standing between the same neighbours adds
WEAK: Final = 0.65  # likeness below which a link gives way to a better explanation
SURE: Final = 0.9  # share of a clause that another lost or gained, for that to be a better one
CONTAINED: Final = 0.6  # share of a clause that another must have lost or gained, for a part to be its part
EXPLAINED: Final = 0.2  # how much that must be, of both clauses, for a part that was itself added to
LEAST: Final = 0.3  # likeness under which no place makes one clause of two

Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(slots=True)
class ClauseLink:
    """Clauses of the old version that became clauses of the new one, by their places in each."""

    old: list[int]
    new: list[int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The links; the clauses that are in none went, or came. `articles`: from an old number to the new."""

    links: tuple[ClauseLink, ...]
    articles: Mapping[str, str]


@dataclass(slots=True)
class _Sides:
    """Both texts, and the links found so far."""

    old: tuple[Clause, ...]
    new: tuple[Clause, ...]
    links: list[ClauseLink] = field(default_factory=list)

    def alone(self) -> tuple[list[int], list[int]]:
        """Return the places, on each side, of what has no link."""
        left = {at for link in self.links for at in link.old}
        right = {at for link in self.links for at in link.new}
        return (
            [at for at in range(len(self.old)) if at not in left],
            [at for at in range(len(self.new)) if at not in right],
        )


def align(old: Version, new: Version) -> Alignment:
    """Return what became what."""
    sides = _Sides(old.clauses(), new.clauses())
    _same_words(sides)
    before, after = [clause.text for clause in sides.old], [clause.text for clause in sides.new]
    profiles = Profiles(before, after, *sides.alone())
    _most_alike(sides, profiles)
    _release(sides, profiles)
    _absorb(sides, profiles)
    for link in sides.links:
        link.old.sort()
        link.new.sort()
    return Alignment(tuple(sides.links), _articles(old, new, sides.links))


# --- The same words ---------------------------------------------------------------------------


def _same_words(sides: _Sides) -> None:
    """Link the clauses whose words are the same; among several such, by number, then in order."""
    old, new = _by_words(sides.old), _by_words(sides.new)
    for words, left in old.items():
        right = new.get(words, [])
        numbers = {sides.new[at].number: at for at in right}
        pairs = {at: numbers[number] for at in left if (number := sides.old[at].number) in numbers}
        taken = set(pairs.values())
        rest = [at for at in left if at not in pairs], [at for at in right if at not in taken]
        pairs.update(zip(*rest, strict=False))
        sides.links.extend(ClauseLink([one], [other]) for one, other in pairs.items())


def _by_words(clauses: Sequence[Clause]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, clause in enumerate(clauses):
        found[form(clause.text)].append(at)
    return found


# --- The most alike ---------------------------------------------------------------------------


def _most_alike(sides: _Sides, profiles: Profiles) -> None:
    place, likeness = _Places(sides), profiles.likeness()
    scores = {}
    for row, column in zip(*map(list, np.nonzero(likeness >= LEAST)), strict=True):
        pair = profiles.old.places[row], profiles.new.places[column]
        score = float(likeness[row, column]) + place(*pair)
        if score >= ENOUGH:
            scores[pair] = score
    sides.links.extend(ClauseLink([one], [other]) for one, other in assigned(scores))


class _Places:
    """What two clauses gain by where they stand: the number, and the neighbours already linked."""

    def __init__(self, sides: _Sides) -> None:
        self._sides = sides
        pairs = sorted((link.old[0], link.new[0]) for link in sides.links)
        self._anchors = [one for one, _ in pairs]
        self._to = [other for _, other in pairs]

    def __call__(self, one: int, other: int) -> float:
        same = self._sides.old[one].number == self._sides.new[other].number
        at = bisect_left(self._anchors, one)
        low = self._to[at - 1] if at else -1
        high = self._to[at] if at < len(self._to) else len(self._sides.new)
        return SAME_NUMBER * same + SAME_PLACE * (low < other < high)


# --- Parts ------------------------------------------------------------------------------------


def _release(sides: _Sides, profiles: Profiles) -> None:
    """Undo the links of clauses that are a little alike, where one is plainly a part of another clause.

    Unless what is left of it beside that part is the other clause whole: then a paragraph was moved.
    """
    old, new = profiles.old, profiles.new
    for link in [link for link in sides.links if link.old[0] in old.row]:
        row, column = old.row[link.old[0]], new.row[link.new[0]]
        shared, of_old, of_new = profiles.shared[row, column], old.mass[row], new.mass[column]
        if 2 * shared >= WEAK * (of_old + of_new):
            continue
        rest = [known for known in sides.links if known is not link and known.old[0] in old.row]
        came = shared < SURE * of_old and any(
            _parts(profiles, known, [column], came=True)[0][0] >= SURE
            for known in rest
            if profiles.shared[old.row[known.old[0]], column] >= SURE * of_new
        )
        went = shared < SURE * of_new and any(
            _parts(profiles, known, [row], came=False)[0][0] >= SURE
            for known in rest
            if profiles.shared[row, new.row[known.new[0]]] >= SURE * of_old
        )
        if came or went:
            sides.links.remove(link)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A clause that may be given to a link: how sure it is, on which side, which one."""

    share: float
    came: bool
    place: int


def _absorb(sides: _Sides, profiles: Profiles) -> None:
    """Give what is alone to the clause that lost it or gained it, the surest first, once each."""
    loose = [link for link in sides.links if link.old[0] in profiles.old.row]
    left, right = map(set, sides.alone())
    offers = [_offers(profiles, link, left, right) for link in loose]
    while True:
        best = [
            (at, offer)
            for at, one in enumerate(offers)
            if (offer := _first_alone(one, left, right)) is not None
        ]
        if not best:
            return
        at, offer = max(best, key=lambda one: one[1].share)
        link = loose[at]
        (link.new if offer.came else link.old).append(offer.place)
        (right if offer.came else left).discard(offer.place)
        offers[at] = _offers(profiles, link, left, right)


def _first_alone(offers: Sequence[_Offer], left: set[int], right: set[int]) -> _Offer | None:
    return next((offer for offer in offers if offer.place in (right if offer.came else left)), None)


def _offers(profiles: Profiles, link: ClauseLink, left: set[int], right: set[int]) -> list[_Offer]:
    """Return what may be given to a link, the surest first. It has several clauses on one side at most."""
    found = []
    if len(link.old) == 1:
        found += _likely(profiles, link, sorted(right), came=True)
    if len(link.new) == 1:
        found += _likely(profiles, link, sorted(left), came=False)
    return sorted(found, key=lambda offer: (-offer.share, offer.place))


def _likely(profiles: Profiles, link: ClauseLink, places: Sequence[int], *, came: bool) -> list[_Offer]:
    side = profiles.new if came else profiles.old
    whole = profiles.old.row[link.old[0]] if came else profiles.new.row[link.new[0]]
    shared = profiles.shared[whole, :] if came else profiles.shared[:, whole]
    near = [
        place for place in places if shared[side.row[place]] >= EXPLAINED * side.mass[side.row[place]] > 0
    ]
    if not near:
        return []
    contained, explained = _parts(profiles, link, [side.row[place] for place in near], came=came)
    shares = np.maximum(contained, explained)
    return [
        _Offer(float(share), came, place)
        for share, place in zip(shares, near, strict=True)
        if share >= CONTAINED
    ]


def _parts(profiles: Profiles, link: ClauseLink, rows: Sequence[int], *, came: bool) -> tuple[Vector, Vector]:
    """Return which share of clauses that came is what a link lost, or of those that went what it gained.

    Then which share of what was lost or gained each accounts for, 0 when both are slight.
    """
    sources, pieces = (profiles.old, profiles.new) if came else (profiles.new, profiles.old)
    whole, parts = (link.old, link.new) if came else (link.new, link.old)
    row = sources.row[whole[0]]
    source = sources.counts[row].astype(np.int32)
    taken = np.minimum(pieces.counts[[pieces.row[one] for one in parts]].astype(np.int32).sum(axis=0), source)
    of_rest = sources.mass[row] - taken @ profiles.weights
    shared = np.minimum(pieces.counts[rows], source - taken) @ profiles.weights
    of_part = np.maximum(pieces.mass[rows], TINY)
    much = (shared >= EXPLAINED * of_part) & (of_rest >= max(EXPLAINED * sources.mass[row], TINY))
    return shared / of_part, np.where(much, shared / max(of_rest, TINY), 0.0)


# --- Articles ---------------------------------------------------------------------------------


def _articles(old: Version, new: Version, links: Sequence[ClauseLink]) -> dict[str, str]:
    """Return which article became which: by the clauses that they share, their titles, their numbers."""
    before, after = old.clauses(), new.clauses()
    shared = Counter(
        (before[one].number.article, after[other].number.article)
        for link in links
        for one in link.old
        for other in link.new
    )
    scores = {
        (i, j): score
        for i, one in enumerate(old.articles)
        for j, other in enumerate(new.articles)
        if (score := _likeness(one, other, shared[one.number, other.number])) > 0
    }
    return {str(old.articles[i].number): str(new.articles[j].number) for i, j in assigned(scores)}


def _likeness(one: Article, other: Article, shared: int) -> float:
    same_title = bool(one.title) and form(one.title.casefold()) == form(other.title.casefold())
    common = 2 * shared / max(len(one.clauses) + len(other.clauses), 1)
    return common + 0.5 * same_title + (0.1 * (one.number == other.number) if common or same_title else 0)
