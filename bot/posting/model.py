"""The model that estimates how likely each segment of a post is to raise each check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.answers.engine.derived import Derived, sums
from bot.answers.engine.features import Floats
from bot.posting.features import Notions, Reader
from bot.posting.network import Network
from bot.posting.posts import Post
from bot.posting.segments import Segment, cut

NOTHING: Final = "nothing"  # the class of the segments that raise no check
NETWORK: Final = "network."  # the prefix of the names of the network's arrays
SHARE: Final = 0.19  # weight of each of three log-odds that largely agree, measured on held-out writers
# share of the surest check's log-odds that a segment's other checks lose, measured on the same writers
RIVAL: Final = 0.6
_LEAST = 1e-5  # lower bound of a likelihood, so that its log-odds are finite


@dataclass(frozen=True, slots=True)
class PostModel:
    """A softmax regression over rows, and a network. `names`: the n classes, `NOTHING` last.

    The two complement each other. The regression sees which words are present. The network sees what they
    mean together, for example whether a post that looks dangerous is a joke or a quotation. `bias`:
    `(n,) float32`. `weights`: `(reader.width, n) float32`. `thresholds`: `(n - 1, 2) float32`, the
    least likelihoods at which each check is shown, and at which it is certain.
    """

    names: tuple[str, ...]
    reader: Reader
    bias: Floats
    weights: Floats
    thresholds: Floats
    network: Network

    @classmethod
    def load(cls, path: Path, notions: Sequence[re.Pattern[str]]) -> PostModel:
        """Return the model stored in a file. Raises `OSError`."""
        with np.load(path) as file:
            tables = {
                name: file[name].astype(np.float32)
                for name in ("rarity", "notion_rarity", "bias", "thresholds")
            }
            reader = Reader(Notions(tuple(notions)), tables["rarity"], tables["notion_rarity"])
            weights = file["weights"].astype(np.float32) * file["scale"]
            names = tuple(file["names"].tolist())
        arrays = dict(network_of(path).arrays())
        network = Network(arrays, float(arrays.pop("epsilon")))
        return cls(names, reader, tables["bias"], weights, tables["thresholds"], network)

    def read(self, post: Post) -> tuple[list[Segment], Floats]:
        """Return the m segments of a post with two words or more, and how likely each raises each check.

        The likelihoods are `(m, n - 1) float32`.
        """
        # A single word has no meaning by itself: « oui » answers anything.
        segments = [segment for segment in cut(post) if len(segment.words.split()) > 1]
        likely = self._chances(post.text, segments)
        first = next((place for place, segment in enumerate(segments) if segment.in_image), 0)
        if first:  # the picture's segments come after the text's
            # The picture is also read alone, since it would weigh little beside a long harmless text.
            likely[first:] = likely[first:].clip(min=self._chances("", segments[first:]))
        return segments, likely

    def _chances(self, text: str, segments: Sequence[Segment]) -> Floats:
        if not segments:
            return np.zeros((0, len(self.names) - 1), np.float32)
        notions = self.reader.notions.among(text)
        scores = np.repeat(self.bias[np.newaxis], len(segments), axis=0)
        for place, segment in enumerate(segments):
            columns, values = self.reader.row(segment, notions)
            scores[place] += values @ self.weights[columns]
        likely = np.clip(softmax(scores)[:, :-1], _LEAST, 1 - _LEAST)
        means, touches = self.network.scores([segment.words for segment in segments])
        odds = SHARE * (np.log(likely / (1 - likely)) + means + touches)
        second, best = np.split(np.partition(odds, -2, axis=1)[:, -2:], 2, axis=1)
        # The same words seldom raise two checks, so the surest check lowers the others.
        rivals = np.where(odds == best, second, best)
        chances: Floats = 1 / (1 + np.exp(RIVAL * np.maximum(rivals, 0) - odds))
        return chances


def network_of(path: Path) -> Derived:
    """Return the network's arrays, to be unpacked to `float32` once from the file of weights, then mapped."""

    def unpacked() -> dict[str, NDArray[Any]]:
        with np.load(path) as file:
            packed = {
                name.removeprefix(NETWORK): file[name] for name in file.files if name.startswith(NETWORK)
            }
        network = Network.unpack(packed)
        return {**network.weights, "epsilon": np.array(network.epsilon)}

    return Derived("verifications", 1, lambda: [sums(path)], unpacked)


def softmax(scores: Floats) -> Floats:
    """Return the likelihoods of m rows of scores, `(m, n) float32`, each row summing to 1."""
    risen = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: Floats = risen / risen.sum(axis=1, keepdims=True)
    return likely
