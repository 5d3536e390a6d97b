"""The features of a post's segments: words, runs of letters and notions.

A notion is a pattern of `data/posting.toml`. A row has, in order: `BUCKETS` columns for words and runs of
letters, a column for each notion or pair of notions of the segment, a column for each notion of the whole
post, and a column that marks a picture's description.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from bot.answers.engine.features import Floats, Places
from bot.language.spelling import WORD
from bot.posting.segments import Segment, fold

BUCKETS: Final = 1 << 14
BEGINNING: Final = 6  # letters of the beginning of a word
_LETTERS = range(2, 6)  # lengths of the runs of letters
_WHOLE_NOTIONS = 0.3  # weight of each notion of the whole post; those of the segment have norm 1
# Two more notions, for which capitals matter: a name among other words, and a full name.
_CAPITALS = (
    re.compile(r"(?<=[a-zé,] )[A-ZÉ][a-zéèêëïîôç'-]{2,}"),
    re.compile(r"\b[A-ZÉ][a-zéè-]+ [A-ZÉ][a-zéè-]+"),
)


@dataclass(frozen=True, slots=True)
class Notions:
    """The notions that each segment is searched for. `patterns`: to match text folded by `fold`."""

    patterns: tuple[re.Pattern[str], ...]

    @property
    def count(self) -> int:
        """The number of notions."""
        return len(self.patterns) + len(_CAPITALS)

    def among(self, text: str) -> list[int]:
        """Return the indices of the notions in a text."""
        folded = fold(text)
        notions = [place for place, pattern in enumerate(self.patterns) if pattern.search(folded)]
        capital = [
            place for place, pattern in enumerate(_CAPITALS, len(self.patterns)) if pattern.search(text)
        ]
        return notions + capital

    @property
    def columns(self) -> int:
        """The number of columns for notions alone and in pairs."""
        return self.count * (self.count + 1) // 2

    def column(self, first: int, second: int) -> int:
        """Return the column of a pair (`first < second`) or of a notion alone (`first == second`)."""
        return first * self.count - first * (first - 1) // 2 + second - first


def counted(words: str) -> tuple[list[int], list[int]]:
    """Return two lists of buckets: for a text's words and their beginnings, and for its runs of letters.

    The beginnings of words are used instead of stems: a stemmer caches words, and nothing from an unpublished
    text may be kept. A stemmer also serves only one thread at a time.
    """
    typed = WORD.findall(fold(words))
    beginnings = [word[:BEGINNING] for word in typed]
    units = ["w" + word for word in typed if len(word) > BEGINNING]
    units += [*("s" + unit for unit in beginnings), *(f"s{a} {b}" for a, b in pairwise(beginnings))]
    runs = (
        word[at : at + length]
        for word in (f" {word} " for word in typed)
        for length in _LETTERS
        for at in range(len(word) - length + 1)
    )
    return [_bucket(unit) for unit in units], [_bucket("c" + run) for run in runs]


def _bucket(unit: str) -> int:
    return zlib.crc32(unit.encode()) % BUCKETS


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns segments into rows. `rarity`: `(BUCKETS,) float32`, the inverse document frequency of buckets.

    `notion_rarity`: `(notions.columns,) float32`, the same for the columns of notions.
    """

    notions: Notions
    rarity: Floats
    notion_rarity: Floats

    @property
    def width(self) -> int:
        """The number of columns of a row."""
        return BUCKETS + self.notions.columns + self.notions.count + 1

    def row(self, segment: Segment, whole: Sequence[int]) -> tuple[Places, Floats]:
        """Return the non-zero columns of a segment's row, `(k,) intp`, and their weights, `(k,) float32`.

        `whole`: the indices of the notions of the whole post.
        """
        after = BUCKETS + self.notions.columns
        image = [after + self.notions.count] if segment.in_image else []
        notions, weights = weigh(pairs(self.notions, segment.words), self.notion_rarity)
        families = [
            *(weigh(buckets, self.rarity) for buckets in counted(segment.words)),
            (notions + BUCKETS, weights),
            (np.array(whole, np.intp) + after, np.full(len(whole), _WHOLE_NOTIONS, np.float32)),
            (np.array(image, np.intp), np.ones(len(image), np.float32)),
        ]
        return np.concatenate([family for family, _ in families]), np.concatenate(
            [family for _, family in families]
        )


def pairs(notions: Notions, words: str) -> list[int]:
    """Return the columns of the notions of a text, alone and in pairs."""
    present = notions.among(words)
    alone = [notions.column(notion, notion) for notion in present]
    return alone + [notions.column(a, b) for a, b in combinations(present, 2)]


def weigh(columns: Iterable[int], rarity: Floats) -> tuple[Places, Floats]:
    """Return the distinct columns, `(k,) intp`, and their weights, `(k,) float32`, of norm 1."""
    places, counts = np.unique(np.fromiter(columns, np.intp), return_counts=True)
    weights = (1 + np.log(counts.astype(np.float32))) * rarity[places]
    return places, weights / max(float(np.linalg.norm(weights)), 1e-9)
