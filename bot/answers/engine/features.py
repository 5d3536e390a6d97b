"""The features of a question after spelling correction: stems, words, sounds and runs of letters."""

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

BUCKETS = 1 << 16  # 2**15 loses 0.3 points of accuracy, and 2**20 gains nothing
FAMILIES = ("stems", "words", "sounds", "letters")
_LETTERS = range(3, 5)  # lengths of the runs of letters


def counted(text: str) -> Iterator[list[int]]:
    """Yield the buckets of a text, each below `BUCKETS`, family by family, in the order of `FAMILIES`.

    Stems, words and sounds are counted alone and in pairs. Letters are counted in runs of 3 and 4, with
    a space added at each end of the word.
    """
    typed = WORD.findall(text)
    words = [fold(word) for word in typed]
    stems = [stem(word) for word in typed]
    for name, units in (("s", stems), ("w", words), ("p", [sound(word) for word in words])):
        yield [_bucket(name + unit) for unit in units] + [
            _bucket(f"{name}{a} {b}") for a, b in pairwise(units)
        ]
    yield [
        _bucket("c" + word[at : at + length])
        for word in (f" {word} " for word in words)
        for length in _LETTERS
        for at in range(len(word) - length + 1)
    ]


def _bucket(unit: str) -> int:
    return zlib.crc32(unit.encode()) % BUCKETS


def families(spelled: str, rarity: Floats) -> Iterator[tuple[Places, Floats]]:
    """Yield each family's buckets, `(k,) intp`, and their TF-IDF weights, `(k,) float32`, with norm 1.

    `rarity`: `(BUCKETS,) float32`, the inverse document frequency of each bucket.
    """
    for family in counted(spelled):
        buckets, counts = np.unique(np.array(family, dtype=np.intp), return_counts=True)
        weights = (1 + np.log(counts.astype(np.float32))) * rarity[buckets]
        yield buckets, weights / max(float(np.linalg.norm(weights)), 1e-9)


def weigh(spelled: str, rarity: Floats) -> tuple[Places, Floats]:
    """Return the output of `families` as one array of buckets, `(k,) intp`, and one of weights, float32."""
    buckets, weights = zip(*families(spelled, rarity), strict=True)
    return np.concatenate(buckets), np.concatenate(weights)


@dataclass(frozen=True, slots=True)
class Postings:
    """An inverted index of n texts by bucket.

    The texts that contain bucket b are `rows[starts[b]:starts[b + 1]]`, and `weights` is parallel to `rows`.
    `starts`: `(BUCKETS + 1,) int32`. `rows`: `(m,) int16`, or int32 from 32,768 texts on. `weights`:
    `(m,)`, float32 in training, float16 in a model's file.
    """

    starts: NDArray[np.int32]
    rows: Rows
    weights: NDArray[np.float16] | NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[tuple[Places, Floats]]) -> Postings:
        """Index texts, each as `weigh` returns it."""
        buckets = np.concatenate([buckets for buckets, _ in texts])
        weights = np.concatenate([weights for _, weights in texts])
        rows: Rows = np.repeat(np.arange(len(texts), dtype=np.int32), [len(buckets) for buckets, _ in texts])
        if len(texts) < 1 << 15:
            rows = rows.astype(np.int16)  # halves the memory of about a million rows
        order = np.argsort(buckets, kind="stable")
        starts = np.searchsorted(buckets[order], np.arange(BUCKETS + 1)).astype(np.int32)
        return cls(starts, rows[order], weights[order].astype(np.float32))

    def similarity(self, buckets: Places, weights: Floats, count: int) -> NDArray[np.float64]:
        """Return the dot product of a text, as `weigh` returns it, with each of the `count` texts indexed.

        The result is `(count,) float64`.
        """
        starts = self.starts[buckets]
        ends = self.starts[buckets + 1]
        spans = [slice(*span) for span in zip(starts.tolist(), ends.tolist(), strict=True)]
        rows = np.concatenate([self.rows[:0], *(self.rows[span] for span in spans)])
        shared = np.concatenate([self.weights[:0], *(self.weights[span] for span in spans)])
        return np.bincount(rows, np.repeat(weights, ends - starts) * shared, count).astype(np.float64)


def direction(vectors: Floats, centre: Floats) -> Floats:
    """Return embeddings, `(n, d) float32`, centred on `centre`, `(d,)`, each scaled to norm 1."""
    moved = vectors - centre
    scaled: Floats = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    return scaled
