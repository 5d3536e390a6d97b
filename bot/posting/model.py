"""The model of the checks: how likely each segment of a post raises each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bot.answers.engine.features import Floats
from bot.answers.engine.model import encoder
from bot.posting.features import Notions, Reader
from bot.posting.posts import Post
from bot.posting.segments import Segment

NOTHING: Final = "nothing"  # the class of the segments that raise no check


@dataclass(frozen=True, slots=True)
class PostModel:
    """A softmax regression over rows. `names`: the n classes, `NOTHING` last.

    `bias`: `(n,) float32`. `weights`: `(reader.width, n) float32`. `thresholds`: `(n - 1, 2) float32`, the
    likelihoods from which each check is shown, and from which it is certain.
    """

    names: tuple[str, ...]
    reader: Reader
    bias: Floats
    weights: Floats
    thresholds: Floats

    @classmethod
    def load(cls, path: Path, notions: Sequence[re.Pattern[str]]) -> PostModel:
        """Return the model in a file. Raises `OSError`."""
        with np.load(path) as file:
            tables = {
                name: file[name].astype(np.float32)
                for name in ("rarity", "notion_rarity", "centre", "whole_centre", "bias", "thresholds")
            }
            reader = Reader(
                Notions(tuple(notions)),
                tables["rarity"],
                tables["notion_rarity"],
                tables["centre"],
                tables["whole_centre"],
            )
            weights = file["weights"].astype(np.float32) * file["scale"]
            names = tuple(file["names"].tolist())
        return cls(names, reader, tables["bias"], weights, tables["thresholds"])

    def chances(self, post: Post, segments: Sequence[Segment]) -> Floats:
        """Return how likely each segment raises each check, `(segments, n - 1) float32`."""
        if not segments:
            return np.zeros((0, len(self.names) - 1), np.float32)
        embedded = encoder()([segment.words for segment in segments])
        whole = np.repeat(embedded.mean(0, keepdims=True), len(segments), axis=0)
        meaning = self.reader.meaning(embedded, whole)
        scores = meaning @ self.weights[-meaning.shape[1] :] + self.bias
        notions = self.reader.notions.among(post.text)
        for place, segment in enumerate(segments):
            columns, values = self.reader.sparse(segment, notions)
            scores[place] += values @ self.weights[columns]
        return softmax(scores)[:, :-1]


def softmax(scores: Floats) -> Floats:
    """Return the likelihoods of m rows of scores, `(m, n)`."""
    risen = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: Floats = risen / risen.sum(axis=1, keepdims=True)
    return likely
