"""Distinguishes texts to publish from messages to the bot, by words alone, within a millisecond."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.language.spelling import WORD
from bot.posting.segments import fold

if TYPE_CHECKING:
    from bot.answers.engine.features import Floats

BUCKETS: Final = 1 << 12
SURE: Final = 5.0  # minimum log-odds for a text to be a post (see `training.recognizer`)
BEGINNING: Final = 6  # letters of a word's beginning, used instead of a stem, since a stemmer caches words
FEWEST: Final = 5  # minimum words of a text to be a post
_WORDS = 3.0  # norm of the features of words; each sign is 0 or 1
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A logistic regression over `row`. `weights`: `(1 + BUCKETS + 6,) float32`, the bias first."""

    weights: Floats

    @classmethod
    def load(cls, path: Path) -> Recognizer:
        """Return the recognizer stored in a file of weights. Raises `OSError`."""
        import numpy as np  # noqa: PLC0415 — 15 MB, for the first text

        with np.load(path) as file:
            return cls(file["recognizer"].astype(np.float32))

    def is_post(self, text: str) -> bool:
        """Return whether a text is clearly one to publish rather than a message to the bot."""
        if len(text.split()) < FEWEST:
            return False
        return float(row(text) @ self.weights[1:] + self.weights[0]) >= SURE


def row(text: str) -> Floats:
    """Return a text's features: beginnings of words, alone and in pairs, then its length and five signs.

    The signs are question marks, emoji, « # » and « ! ». The shape is `(BUCKETS + 6,) float32`.
    """
    import numpy as np  # noqa: PLC0415 — 15 MB, for the first text

    beginnings = [word[:BEGINNING] for word in WORD.findall(fold(text))]
    units = {*beginnings, *(f"{a} {b}" for a, b in pairwise(["^", *beginnings, "$"]))}
    words = np.zeros(BUCKETS, np.float32)
    np.add.at(words, [zlib.crc32(unit.encode()) % BUCKETS for unit in units], 1)
    words *= _WORDS / max(float(np.linalg.norm(words)), 1e-9)
    asks = text.rstrip().endswith("?")
    signs = ["?" in text, asks, bool(_EMOJI.search(text)), "#" in text, "!" in text]
    return np.concatenate([words, np.array([np.log1p(len(beginnings)) / 2, *signs], np.float32)])
