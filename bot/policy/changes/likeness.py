"""The likeness of clauses, measured by the text that they share.

Runs of letters are counted instead of words, so that a typo or a grammatical agreement makes little
difference. Rare runs weigh more, since common ones, as in « les médias sociaux », are in every clause.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np

from bot.policy import search

GRAM: Final = 4  # letters in a run; words are padded at both ends, so that beginnings and ends count
WITHIN: Final = 0.5  # likeness of a clause that is entirely within another
ROWS: Final = 256  # clauses compared at once, to bound memory
TINY: Final = 1e-6  # divisor used instead of zero
_WORD: Final = re.compile(r"[^\W_]+")

Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]


@lru_cache(maxsize=256)  # most clauses of a version are in the next one that is compared
def _grams(text: str) -> Counter[str]:
    """Return how many times each run of letters is in a text. The cached result must not be changed."""
    words = (f"\u0002{search.fold_accents(word)}\u0003" for word in _WORD.findall(text))
    return Counter(word[at : at + GRAM] for word in words for at in range(max(len(word) - GRAM + 1, 1)))


class Side:
    """The compared clauses of one text.

    `places`: their indices in the text. `row`: from an index to a row of `counts`, `(clauses, runs) uint8`.
    `mass`: `(clauses,) float32`, the total weight of the runs of each clause, shared or not.
    """

    def __init__(
        self, grams: Mapping[int, Counter[str]], columns: Mapping[str, int], weights: Mapping[str, float]
    ) -> None:
        self.places = tuple(grams)
        self.row = {place: row for row, place in enumerate(self.places)}
        self.counts = np.zeros((len(self.places), len(columns)), dtype=np.uint8)
        self.mass = np.zeros(len(self.places), dtype=np.float32)
        for row, counts in enumerate(grams.values()):
            self.mass[row] = sum(count * weights[gram] for gram, count in counts.items())
            for gram in counts.keys() & columns.keys():
                self.counts[row, columns[gram]] = min(counts[gram], 255)


class Profiles:
    """The runs of letters of two texts' clauses.

    `weights`: `(runs,) float32`, by rarity in all of `before` and `after`. `shared`: `(old, new) float32`,
    the weight that two clauses have in common. Only the clauses at `old_places` and `new_places` are
    compared.
    """

    def __init__(
        self,
        before: Sequence[str],
        after: Sequence[str],
        old_places: Iterable[int],
        new_places: Iterable[int],
    ) -> None:
        grams = [_grams(text) for text in (*before, *after)]
        spread = Counter(gram for counts in grams for gram in counts)
        weights = {gram: math.log(1 + len(grams) / count) for gram, count in spread.items()}
        old = {at: grams[at] for at in old_places}
        new = {at: grams[len(before) + at] for at in new_places}
        common = sorted(set().union(*old.values()) & set().union(*new.values()))
        columns = {gram: column for column, gram in enumerate(common)}
        self.weights = np.array([weights[gram] for gram in common], dtype=np.float32)
        self.old, self.new = Side(old, columns, weights), Side(new, columns, weights)
        self.shared: Matrix = np.zeros((len(old), len(new)), dtype=np.float32)
        # A run shared `n` times counts once per level up to `n`, with one matrix product per level.
        most = min(self.old.counts.max(initial=0), self.new.counts.max(initial=0))
        for level in range(1, int(most) + 1):
            used = (self.old.counts >= level).any(axis=0) & (self.new.counts >= level).any(axis=0)
            right = (self.new.counts[:, used] >= level).astype(np.float32).T
            for row in range(0, len(old), ROWS):
                left = (self.old.counts[row : row + ROWS, used] >= level) * self.weights[used]
                self.shared[row : row + ROWS] += left @ right

    def likeness(self) -> Matrix:
        """Return the likeness of each pair of clauses, from 0 to 1: `(old, new) float32`.

        The likeness is Dice's coefficient or, if greater, `WITHIN` times the share of the shorter clause that
        is in the longer one, so that a clause with long additions is recognized.
        """
        old = self.old.mass[:, None]
        new = self.new.mass[None, :]
        both = np.maximum(old + new, TINY)
        least = np.maximum(np.minimum(old, new), TINY)
        likeness: Matrix = np.maximum(2 * self.shared / both, WITHIN * self.shared / least)
        return likeness
