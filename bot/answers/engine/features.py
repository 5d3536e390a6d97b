"""What a model counts in a question that was spelled out: stems, words, sounds and runs of letters."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.language.spelling import WORD, fold, sound, stem

Floats: TypeAlias = NDArray[np.float32]
Places: TypeAlias = NDArray[np.intp]
Rows: TypeAlias = NDArray[np.int16] | NDArray[np.int32]
Weights: TypeAlias = NDArray[np.float16] | NDArray[np.float32]

BUCKETS = 1 << 16  # measured: 2**15 costs 0.3 points, 2**20 gains nothing
FAMILIES = ("stems", "words", "sounds", "letters")
_LETTERS = range(2, 6)  # lengths of the runs of letters that are counted


def counted(text: str) -> Iterator[list[int]]:
    """Yield the buckets of each family in turn; the first three count what stands alone and in pairs."""
    words = [fold(word) for word in WORD.findall(text)]
    stems = [stem(word) for word in WORD.findall(text)]
    for name, units in (("s", stems), ("w", words), ("p", [sound(word) for word in words])):
        yield [_bucket(name + unit) for unit in units] + [
            _bucket(f"{name}{a} {b}") for a, b in pairwise(units)
        ]
    framed = [f" {word} " for word in words]
    yield [
        _bucket("c" + word[at : at + length])
        for word in framed
        for length in _LETTERS
        for at in range(len(word) - length + 1)
    ]


def _bucket(unit: str) -> int:
    return zlib.crc32(unit.encode()) % BUCKETS


def weigh(spelled: str, rarity: Floats) -> tuple[Places, Floats]:
    """Return the buckets of a spelled text and their TF-IDF weights, each family of length 1."""
    buckets, weights = zip(*families(spelled, rarity), strict=True)
    return np.concatenate(buckets), np.concatenate(weights)


def families(spelled: str, rarity: Floats) -> Iterator[tuple[Places, Floats]]:
    """Yield the same, family by family, in the order of `FAMILIES`."""
    for family in counted(spelled):
        found, counts = np.unique(np.array(family, dtype=np.intp), return_counts=True)
        weight = (1 + np.log(counts.astype(np.float32))) * rarity[found]
        yield found, weight / max(float(np.linalg.norm(weight)), 1e-9)


@dataclass(frozen=True, slots=True)
class Postings:
    """Some texts, by what they hold: `rows` and `weights`, from `starts[b]` to `starts[b + 1]`, for bucket b.

    A row is a text's place; its weight there is the bucket's.
    """

    starts: NDArray[np.int32]
    rows: Rows
    weights: Weights

    @classmethod
    def of(cls, texts: Sequence[tuple[Places, Floats]]) -> Postings:
        """Turn texts, each as `weigh` gives it, inside out."""
        buckets = np.concatenate([held for held, _ in texts])
        weights = np.concatenate([weight for _, weight in texts])
        rows: Rows = np.repeat(np.arange(len(texts), dtype=np.int32), [len(held) for held, _ in texts])
        if len(texts) < 1 << 15:
            rows = rows.astype(np.int16)  # there are a million: half the room
        order = np.argsort(buckets, kind="stable")
        starts = np.searchsorted(buckets[order], np.arange(BUCKETS + 1)).astype(np.int32)
        return cls(starts, rows[order], weights[order].astype(np.float32))

    def alike(self, buckets: Places, weights: Floats, count: int) -> NDArray[np.float64]:
        """Return how much each of `count` texts shares with another: the product of their weights, added."""
        starts, ends = self.starts[buckets], self.starts[buckets + 1]
        spans = [slice(*span) for span in zip(starts.tolist(), ends.tolist(), strict=True)]
        rows = np.concatenate([self.rows[:0], *(self.rows[span] for span in spans)])
        shared = np.concatenate([self.weights[:0], *(self.weights[span] for span in spans)])
        return np.bincount(rows, np.repeat(weights, ends - starts) * shared, count).astype(np.float64)

    def kernel(self, texts: Sequence[tuple[Places, Floats]]) -> NDArray[np.float64]:
        """Return how much each of the texts shares with each."""
        return np.array([self.alike(buckets, weights, len(texts)) for buckets, weights in texts])


def direction(vectors: Floats, centre: Floats) -> Floats:
    """Return `vectors` seen from `centre`, of length 1."""
    moved = vectors - centre
    lengths = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    scaled: Floats = moved / lengths
    return scaled
