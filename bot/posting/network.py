"""The network that scores the checks from the meaning of each segment of a post in its context.

A piece is a subword token. The network shares the table of pieces of the first encoder (`answers/engine`) and
has the same architecture: convolutions over two, three and five pieces, then a vector for each segment. Its
weights start from the encoder's and are tuned on labelled posts (see `tuning`). It also computes, for each of
`PEAKS` learnt directions, the maximum over the pieces of a segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.answers.engine.encoder import embed_pieces
from bot.answers.engine.features import Floats, Places

# the number of pieces that each convolution reads, and how many of them come before the current piece
BRANCHES: Final = ((2, 0), (3, 1), (5, 2))
WIDTH: Final = 256  # width of a branch
PIECE: Final = 512  # dimensions of the vector of a piece
MEANING: Final = 512  # dimensions of the vector of a segment
PEAKS: Final = 256  # directions in which the maximum over pieces is taken
MEANING_NORM: Final = 24.0  # norm of a segment's vector, so that a coordinate is about 1
LOWEST: Final = -30.0  # lower bound of a peak and of a score


@dataclass(frozen=True, slots=True)
class Network:
    """The weights by name, `float32`, in the shapes of `tuning.initial`.

    `epsilon`: the constant of its layer norms.
    """

    weights: Mapping[str, Floats]
    epsilon: float

    @classmethod
    def unpack(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Return the network from the arrays that `pack` returned."""
        weights = {
            name.removesuffix(".scale"): arrays[name.removesuffix(".scale")] * arrays[name]
            for name in arrays
            if name.endswith(".scale")
        }
        return cls(
            {name: weight.astype(np.float32, copy=False) for name, weight in weights.items()},
            float(arrays["epsilon"]),
        )

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to store: each matrix as `int8` and its `.scale`, `(1, columns) float32`.

        Vectors stay `float32`, with a scale of 1.
        """
        packed: dict[str, NDArray[Any]] = {"epsilon": np.array(self.epsilon)}
        for name, weight in self.weights.items():
            scale = np.maximum(np.abs(weight).max(axis=0, keepdims=True), 1e-9).astype(np.float32)
            if weight.ndim == 1:
                packed[name], packed[f"{name}.scale"] = weight, np.ones(1, np.float32)
            else:
                packed[name] = np.round(weight / scale * 127).astype(np.int8)
                packed[f"{name}.scale"] = scale / 127
        return packed

    def scores(self, texts: Sequence[str]) -> tuple[Floats, float]:
        """Return the log-odds of each check in each segment, and those of the post raising any check.

        `texts`: the m segments, at least one. The log-odds of the checks are `(m, checks) float32`.
        """
        pieces, lengths = embed_pieces(texts)
        weights = self.weights
        starts = np.cumsum(lengths) - lengths
        read = self._read(pieces, lengths, starts)
        root: Floats = np.sqrt(lengths[:, np.newaxis], dtype=np.float32)
        summed: Floats = np.add.reduceat(read, starts, axis=0)
        meaning = self._meaning(summed @ weights["sentence"] / root + weights["sentence_bias"] * root)
        peaks: Floats = np.maximum.reduceat(read @ weights["peaks"] + weights["peaks_bias"], starts, axis=0)
        whole: Floats = np.concatenate([meaning.mean(0), peaks.max(0)])
        segments = np.concatenate([meaning, peaks], axis=1)
        scores: Floats = segments @ weights["segment"] + whole @ weights["whole"] + weights["bias"]
        kinds = whole @ weights["kinds"] + weights["kinds_bias"]
        return np.maximum(scores, LOWEST), float(kinds[0] - np.logaddexp.reduce(kinds[1:]))

    def _read(self, pieces: Floats, lengths: Places, starts: Places) -> Floats:
        """Return the features of each of the t pieces in its context, `(t, PIECE + branches * WIDTH)`."""
        weights, total = self.weights, len(pieces)
        projected = _normalized(pieces @ weights["project"] + weights["project_bias"], self.epsilon)
        projected = projected * weights["project_gain"] + weights["project_shift"]
        places = np.arange(total)[:, np.newaxis] + np.arange(-2, 3)
        first = np.repeat(starts, lengths)
        last = np.repeat(starts + lengths, lengths)
        inside = (places >= first[:, np.newaxis]) & (places < last[:, np.newaxis])
        places = np.where(inside, places, total)  # the index of a row of zeros
        parts = [pieces]
        for branch, (count, before) in enumerate(BRANCHES):
            near = places[:, 2 - before : 2 - before + count]
            values = projected[:, branch * WIDTH : (branch + 1) * WIDTH]
            for layer in (f"first_{count}", f"second_{count}"):
                padded = np.concatenate([values, np.zeros((1, WIDTH), np.float32)])
                turned = (
                    padded[near].reshape(total, count * WIDTH) @ weights[layer] + weights[f"{layer}_bias"]
                )
                values = np.maximum(turned, 0) + values
            parts.append(values)
        return (
            _normalized(np.concatenate(parts, axis=1), self.epsilon) * weights["read_gain"]
            + weights["read_shift"]
        )

    def _meaning(self, sentence: Floats) -> Floats:
        weights = self.weights
        first = np.maximum(sentence @ weights["dense_0"], 0)
        second = np.maximum(sentence @ weights["past_1"] + first @ weights["dense_1"], 0)
        third = np.maximum(second @ weights["dense_2"], 0)
        vector = np.tanh(second @ weights["past_3"] + third @ weights["dense_3"])
        norms = np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), 1e-6)
        meaning: Floats = vector * (MEANING_NORM / norms)
        return meaning


def _normalized(rows: Floats, epsilon: float) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    scaled: Floats = centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + epsilon)
    return scaled
