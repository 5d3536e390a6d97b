"""Which clauses of one version became which of another, by what they say and where they stand.

First the same words, under whatever number. Then, over all that is left, the pairs that together are
most alike. Last, what is still alone and was a part of a clause that lost it (a split), or was taken
in by one that gained it (a merger).

Likeness is counted in runs of letters rather than in words, so that a slip or an agreement costs
little, each weighed by how rare it is: all clauses hold « les médias sociaux ».
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from bot.policy import search
from bot.policy.articles import Article, Clause, Version
from bot.policy.wording import form

GRAM: Final = 4  # letters of a run; with the two ends of a word, its beginning and its end count too
ENOUGH: Final = 0.4  # likeness, place included, below which two clauses are not one
SAME_NUMBER: Final = 0.10  # what standing under the same number adds
SAME_PLACE: Final = 0.05  # what standing between the same neighbours adds
WITHIN: Final = 0.5  # what being wholly within another clause is worth, beside being it
WEAK: Final = 0.65  # likeness below which a link gives way to a better explanation
SURE: Final = 0.9  # share of a clause that another lost or gained, for that to be a better one
CONTAINED: Final = 0.6  # share of a clause that another must have lost or gained, for a part to be its part
EXPLAINED: Final = 0.2  # how much that must be, of both clauses, for a part that was itself added to
LEAST: Final = 0.3  # likeness under which no place makes one clause of two
ROWS: Final = 256  # clauses that are compared at once, for the memory that it takes
TINY: Final = 1e-6  # in place of nothing, to divide by

Grams: TypeAlias = Counter[str]
Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(slots=True)
class Link:
    """Clauses of the old version that became clauses of the new one, by their places in each."""

    old: list[int]
    new: list[int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The links; the clauses that are in none went, or came. `articles`: from an old number to the new."""

    links: tuple[Link, ...]
    articles: Mapping[str, str]


@dataclass(slots=True)
class _Sides:
    """Both texts, and what is not linked yet. The profiles are made when they are first looked at."""

    old: tuple[Clause, ...]
    new: tuple[Clause, ...]
    links: list[Link] = field(default_factory=list)

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
    profiles = _Profiles(sides)
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
        sides.links.extend(Link([one], [other]) for one, other in pairs.items())


def _by_words(clauses: Sequence[Clause]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, clause in enumerate(clauses):
        found[form(clause.text)].append(at)
    return found


# --- The most alike ---------------------------------------------------------------------------


class _Side:
    """The profiles of what is alone on one side: a row of counts for each, and what each weighs in all."""

    def __init__(
        self, profiles: Mapping[int, Grams], columns: Mapping[str, int], weights: Mapping[str, float]
    ) -> None:
        self.places = tuple(profiles)
        self.row = {place: row for row, place in enumerate(self.places)}
        self.counts = np.zeros((len(self.places), len(columns)), dtype=np.uint8)
        for row, one in enumerate(profiles.values()):
            for gram, count in one.items():
                if gram in columns:
                    self.counts[row, columns[gram]] = min(count, 255)
        masses = (sum(count * weights[gram] for gram, count in one.items()) for one in profiles.values())
        self.mass = np.fromiter(masses, dtype=np.float32, count=len(self.places))


class _Profiles:
    """The runs of letters of what is alone on each side, their weights, what each two clauses share."""

    def __init__(self, sides: _Sides) -> None:
        left, right = sides.alone()
        counted = [grams(clause.text) for clause in (*sides.old, *sides.new)]
        spread = Counter(gram for one in counted for gram in one)
        weights = {gram: math.log(1 + len(counted) / count) for gram, count in spread.items()}
        old = {at: counted[at] for at in left}
        new = {at: counted[len(sides.old) + at] for at in right}
        both = {gram for one in old.values() for gram in one} & {gram for one in new.values() for gram in one}
        columns = {gram: column for column, gram in enumerate(sorted(both))}
        self.weights = np.array([weights[gram] for gram in columns], dtype=np.float32)
        self.old, self.new = _Side(old, columns, weights), _Side(new, columns, weights)
        self.shared = self._shared()

    def _shared(self) -> Matrix:
        """Return the weight of what each two clauses share: for each count, a product of matrices."""
        found = np.zeros((len(self.old.places), len(self.new.places)), dtype=np.float32)
        most = min(self.old.counts.max(initial=0), self.new.counts.max(initial=0))
        for level in range(1, int(most) + 1):
            used = (self.old.counts >= level).any(axis=0) & (self.new.counts >= level).any(axis=0)
            right = (self.new.counts[:, used] >= level).astype(np.float32).T
            for row in range(0, len(found), ROWS):
                left = (self.old.counts[row : row + ROWS, used] >= level) * self.weights[used]
                found[row : row + ROWS] += left @ right
        return found

    def likeness(self) -> Matrix:
        """Return how alike each two clauses are, from 0 to 1.

        Dice's coefficient or, for a clause to which much was added, part of how far it is in the other.
        """
        old, new = self.old.mass[:, None], self.new.mass[None, :]
        both, least = np.maximum(old + new, TINY), np.maximum(np.minimum(old, new), TINY)
        likeness: Matrix = np.maximum(2 * self.shared / both, WITHIN * self.shared / least)
        return likeness


_WORD: Final = re.compile(r"[^\W_]+")


def grams(text: str) -> Grams:
    """Count the runs of letters of a text, words being kept apart."""
    found: Grams = Counter()
    for match in _WORD.finditer(text):
        word = f"\u0002{search.fold(match[0])}\u0003"
        found.update(word[at : at + GRAM] for at in range(max(len(word) - GRAM + 1, 1)))
    return found


def _most_alike(sides: _Sides, profiles: _Profiles) -> None:
    place, likeness = _Places(sides), profiles.likeness()
    scores = {}
    for row, column in zip(*map(list, np.nonzero(likeness >= LEAST)), strict=True):
        pair = profiles.old.places[row], profiles.new.places[column]
        score = float(likeness[row, column]) + place(*pair)
        if score >= ENOUGH:
            scores[pair] = score
    sides.links.extend(Link([one], [other]) for one, other in assigned(scores))


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


def assigned(scores: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Return the pairs, no place in two of them, whose scores have the greatest sum.

    What shares no candidate is settled apart, so that a long text costs no more than its knots.
    """
    chosen: list[tuple[int, int]] = []
    for knot in _knots(scores):
        rows, columns = (sorted({pair[side] for pair in knot}) for side in (0, 1))
        gain = np.zeros((len(rows), len(columns)))
        for one, other in knot:
            gain[rows.index(one), columns.index(other)] = scores[one, other]
        pairs = [(rows[i], columns[j]) for i, j in _optimal(gain)]
        chosen.extend(pair for pair in pairs if pair in scores)
    return sorted(chosen)


def _knots(pairs: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return the pairs, gathered by what they have in common (union-find)."""
    root: dict[tuple[int, int], tuple[int, int]] = {}

    def find(node: tuple[int, int]) -> tuple[int, int]:
        root.setdefault(node, node)
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    ordered = sorted(pairs)
    for one, other in ordered:
        root[find((0, one))] = find((1, other))
    knots: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for one, other in ordered:
        knots[find((0, one))].append((one, other))
    return list(knots.values())


def _optimal(gain: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[tuple[int, int]]:
    """Return the assignment of greatest sum (Hungarian method by shortest augmenting paths).

    Crouse, « On implementing 2D rectangular assignment algorithms », IEEE Transactions on Aerospace
    and Electronic Systems 52(4), 2016; the steps along a row are numpy's.
    """
    if gain.shape[0] > gain.shape[1]:
        return sorted((i, j) for j, i in _optimal(gain.T))
    cost = gain.max() - gain
    rows, columns = cost.shape
    of_row, of_column = np.zeros(rows), np.zeros(columns)
    row_of = np.full(columns, -1)
    column_of = np.full(rows, -1)
    for start in range(rows):
        shortest, before = np.full(columns, np.inf), np.full(columns, -1)
        done_rows, done = [], np.zeros(columns, dtype=bool)
        row, reached, end = start, 0.0, -1
        while end == -1:
            done_rows.append(row)
            through = reached + cost[row] - of_row[row] - of_column
            better = ~done & (through < shortest)
            shortest[better], before[better] = through[better], row
            column = int(np.where(done, np.inf, shortest).argmin())
            reached, done[column] = float(shortest[column]), True
            if row_of[column] == -1:
                end = column
            else:
                row = int(row_of[column])
        of_row[start] += reached
        for other in done_rows[1:]:
            of_row[other] += reached - shortest[column_of[other]]
        of_column[done] -= reached - shortest[done]
        while end != -1:
            row = int(before[end])
            row_of[end] = row
            column_of[row], end = end, int(column_of[row])
            if row == start:
                break
    return [(row, int(column)) for row, column in enumerate(column_of)]


# --- Parts ------------------------------------------------------------------------------------


def _release(sides: _Sides, profiles: _Profiles) -> None:
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


def _absorb(sides: _Sides, profiles: _Profiles) -> None:
    """Give what is alone to the clause that lost it or gained it, the surest first, once each."""
    loose = [link for link in sides.links if link.old[0] in profiles.old.row]
    left, right = map(set, sides.alone())
    offers = [_offers(profiles, link, left, right) for link in loose]
    while True:
        best = [
            (offer.share, at, offer)
            for at, one in enumerate(offers)
            if (
                offer := next(
                    (offer for offer in one if offer.place in (right if offer.came else left)), None
                )
            )
        ]
        if not best:
            return
        _, at, offer = max(best, key=lambda one: (one[0], -one[1]))
        link = loose[at]
        (link.new if offer.came else link.old).append(offer.place)
        (right if offer.came else left).discard(offer.place)
        offers[at] = _offers(profiles, link, left, right)


def _offers(profiles: _Profiles, link: Link, left: set[int], right: set[int]) -> list[_Offer]:
    """Return what may be given to a link, the surest first. It has several clauses on one side at most."""
    found = []
    if len(link.old) == 1:
        found += _likely(profiles, link, sorted(right), came=True)
    if len(link.new) == 1:
        found += _likely(profiles, link, sorted(left), came=False)
    return sorted(found, key=lambda offer: (-offer.share, offer.place))


def _likely(profiles: _Profiles, link: Link, places: Sequence[int], *, came: bool) -> list[_Offer]:
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


def _parts(profiles: _Profiles, link: Link, rows: Sequence[int], *, came: bool) -> tuple[Vector, Vector]:
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


def _articles(old: Version, new: Version, links: Sequence[Link]) -> dict[str, str]:
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
