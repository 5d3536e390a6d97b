"""How alike clauses are, and what they share.

Likeness is counted in runs of letters rather than in words, so that a slip or an agreement costs
little, each weighed by how rare it is: all clauses hold « les médias sociaux ».
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from bot.policy import search

GRAM: Final = 4  # letters of a run; with the two ends of a word, its beginning and its end count too
WITHIN: Final = 0.5  # what being wholly within another clause is worth, beside being it
ROWS: Final = 256  # clauses that are compared at once, for the memory that it takes
TINY: Final = 1e-6  # in place of nothing, to divide by
_WORD: Final = re.compile(r"[^\W_]+")

Grams: TypeAlias = Counter[str]
Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class Side:
    """The clauses of one text: a row of counts for each, and what each weighs in all."""

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


class Profiles:
    """The runs of letters of two texts' clauses, their weights, what each two clauses share.

    A run is weighed by how rare it is in all of `before` and `after`; what is compared is at the places
    `left` of the one and `right` of the other.
    """

    def __init__(
        self, before: Sequence[str], after: Sequence[str], left: Iterable[int], right: Iterable[int]
    ) -> None:
        counted = [_grams(text) for text in (*before, *after)]
        spread = Counter(gram for one in counted for gram in one)
        weights = {gram: math.log(1 + len(counted) / count) for gram, count in spread.items()}
        old = {at: counted[at] for at in left}
        new = {at: counted[len(before) + at] for at in right}
        both = {gram for one in old.values() for gram in one} & {gram for one in new.values() for gram in one}
        columns = {gram: column for column, gram in enumerate(sorted(both))}
        self.weights = np.array([weights[gram] for gram in columns], dtype=np.float32)
        self.old, self.new = Side(old, columns, weights), Side(new, columns, weights)
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


def _grams(text: str) -> Grams:
    """Count the runs of letters of a text, words being kept apart."""
    found: Grams = Counter()
    for match in _WORD.finditer(text):
        word = f"\u0002{search.fold(match[0])}\u0003"
        found.update(word[at : at + GRAM] for at in range(max(len(word) - GRAM + 1, 1)))
    return found
