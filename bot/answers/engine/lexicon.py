"""The parameters common to all policies: the weights of common words, synonyms, and usual subjects.

`data/thesaurus.tsv` has a group of synonyms on each line: the words of questions, a tab, the words of texts.
`data/subjects.toml` has the subjects of most associations' texts, as worded in texts and in questions.
`bot.answers.reading_training` learns parameters from both, from the shipped bank and from `data/textes`, and
writes them to `data/reading.npz`.
"""

import re
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.answers.engine.features import Floats, direction
from bot.answers.engine.scores import ModelError
from bot.language.spelling import fold
from bot.policy.search import fold_accents

Bits: TypeAlias = NDArray[np.bool_]
Encode: TypeAlias = Callable[[Sequence[str]], Floats]

THESAURUS: Final = "thesaurus.tsv"
SUBJECTS: Final = "subjects.toml"
READING: Final = "reading.npz"
SYMBOLS: Final = "$€%"
_WORD: Final = re.compile(r"\w+")
VECTORS: Final = (
    "centre_asked",
    "centre_written",
    "axes",
    "asked",
    "written",
    "elsewhere",
    "retrieval_centre_asked",
    "retrieval_centre_written",
    "retrieval_axes",
    "retrieval_elsewhere",
)  # stored in half precision
CLOSE_WRITTEN, CLOSE_ASKED = 0.2, 0.3  # cosine of two embeddings with nothing in common


@dataclass(frozen=True, slots=True)
class Meanings:
    """One side of the thesaurus, for questions or for texts: the folded words of its `count` groups.

    `words`, `beginnings`: the groups of each whole word, and of each beginning of a word. `phrases`: the
    patterns of longer entries, each with its group.
    """

    count: int
    words: Mapping[str, Sequence[int]]
    beginnings: Mapping[str, Sequence[int]]
    phrases: Sequence[tuple[re.Pattern[str], int]]

    def found_in(self, text: str) -> Bits:
        """Return, for each group, whether a text has one of its words: `(count,) bool`."""
        folded = _folded(text)
        groups = np.zeros(self.count, dtype=bool)
        for word in set(_WORD.findall(folded)):
            groups[list(self.words.get(word, ()))] = True
            for end in range(1, len(word) + 1):
                groups[list(self.beginnings.get(word[:end], ()))] = True
        for pattern, group in self.phrases:
            if not groups[group] and pattern.search(folded):
                groups[group] = True
        return groups


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject that many policies deal with: sentences that state it, and questions that ask about it."""

    written: tuple[str, ...]
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """The parameters learnt once, for every policy.

    `groups_asked`, `groups_written`: both sides of the thesaurus. `common`: the weight of each folded word
    that is common in any French or English text, from 0 to 1; other words weigh 1. `centre_asked`,
    `centre_written`: `(d,) float32`, the mean embeddings of questions and of texts. `axes`: `(d, k) float32`,
    the axes on which embeddings are projected to reduce them. `asked`, `written`: `(n, k) float32`, the
    reduced embeddings of the questions and texts of all subjects. `asked_of`, `written_of`: `(n,) intp`, the
    subject of each row. `elsewhere`: `(1 + k,) float32`, the regression that detects questions about no
    association, intercept first. `retrieval_…`: the same fields for the second encoder (`finder`). `weights`:
    `(2, features) float64`, the weights of `passages.FEATURES` without the second encoder, then with it.
    `verdicts`: `(2, 2, 1 + summary, 3) float64`, where the second axis is without a bank, then with one.
    `sure`: `(2, 2) float64`, the least likelihood of an answer announced as sure. `key`: the checksum of the
    file.
    """

    groups_asked: Meanings
    groups_written: Meanings
    common: Mapping[str, float]
    centre_asked: Floats
    centre_written: Floats
    axes: Floats
    asked: Floats
    asked_of: NDArray[np.intp]
    written: Floats
    written_of: NDArray[np.intp]
    elsewhere: Floats
    retrieval_centre_asked: Floats
    retrieval_centre_written: Floats
    retrieval_axes: Floats
    retrieval_elsewhere: Floats
    weights: NDArray[np.float64]
    verdicts: NDArray[np.float64]
    sure: NDArray[np.float64]
    key: str = ""

    def asked_vectors(self, vectors: Floats) -> Floats:
        """Return questions' embeddings, reduced: `(n, k) float32`, each of norm 1."""
        return _unit(direction(vectors, self.centre_asked) @ self.axes)

    def written_vectors(self, vectors: Floats) -> Floats:
        """Return the embeddings of a text's passages or words, reduced like `asked_vectors`."""
        return _unit(direction(vectors, self.centre_written) @ self.axes)

    def retrieval_asked(self, vectors: Floats) -> Floats:
        """Return the second encoder's embeddings of questions, reduced: `(n, f) float32`, each of norm 1."""
        return _unit(direction(vectors, self.retrieval_centre_asked) @ self.retrieval_axes)

    def retrieval_written(self, vectors: Floats) -> Floats:
        """Return the second encoder's embeddings of passages, reduced like `retrieval_asked`."""
        return _unit(direction(vectors, self.retrieval_centre_written) @ self.retrieval_axes)

    def weight(self, word: str) -> float:
        """Return how much a word weighs, from 0 for the most common words to 1."""
        return self.common.get(fold(word), 1.0)

    def subjects_of(self, sentences: Floats) -> Floats:
        """Return how close a clause is to each subject: `(subjects,) float32`.

        `sentences`: `(s, k)`, the reduced embeddings of its sentences.
        """
        best = (self.written @ sentences.T).max(axis=1, initial=-1.0)
        close = np.full(int(self.written_of.max()) + 1, -1.0, np.float32)
        np.maximum.at(close, self.written_of, best)
        near: Floats = np.maximum(close - CLOSE_WRITTEN, 0)
        return near

    def subjects_asked(self, question: Floats) -> Floats:
        """Return how close a question is to each subject's questions: `(subjects,) float32`.

        `question`: `(k,)`, its reduced embedding.
        """
        close = np.full(int(self.asked_of.max()) + 1, -1.0, np.float32)
        np.maximum.at(close, self.asked_of, self.asked @ question)
        near: Floats = np.maximum(close - CLOSE_ASKED, 0)
        return near


def _folded(text: str) -> str:
    # not cached, since the text may be private
    return fold_accents(text).replace("œ", "oe").replace("’", "'")


def _unit(vectors: Floats) -> Floats:
    scaled: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return scaled.astype(np.float32)


# --- The files ----------------------------------------------------------------------------------


def load_groups(folder: Path) -> tuple[Meanings, Meanings]:
    """Return both sides of the thesaurus: for questions, then for texts. Raises `OSError`."""
    lines = (folder / THESAURUS).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    asked, written = zip(*rows, strict=True)
    return _meanings(asked), _meanings(written)


def _meanings(groups: Sequence[str]) -> Meanings:
    words: dict[str, list[int]] = {}
    beginnings: dict[str, list[int]] = {}
    phrases = []
    for group, entries in enumerate(groups):
        for entry in map(_folded, entries.split(", ")):
            if _WORD.fullmatch(entry):
                words.setdefault(entry, []).append(group)
            elif _WORD.fullmatch(entry.removesuffix("*")):
                beginnings.setdefault(entry.removesuffix("*"), []).append(group)
            else:
                phrases.append((re.compile(_phrase(entry)), group))
    return Meanings(len(groups), words, beginnings, phrases)


def _phrase(entry: str) -> str:
    """Return a pattern that finds a symbol or several words. A word's final « * » stands for any ending."""
    if entry in SYMBOLS:
        return re.escape(entry)
    end = "" if entry.endswith("*") else r"(?!\w)"
    return rf"(?<!\w){re.escape(entry.removesuffix('*'))}{end}".replace(r"\*", r"\w*")


def load_subjects(folder: Path) -> tuple[Subject, ...]:
    """Return the subjects of `subjects.toml`. Raises `OSError`."""
    data = tomllib.loads((folder / SUBJECTS).read_text("utf-8"))
    return tuple(Subject(tuple(row["written"]), tuple(row["asked"])) for row in data["subject"])


def load_lexicon(folder: Path) -> Lexicon:
    """Return the lexicon that `reading_training` wrote to `folder`. Raises `ModelError`, in French."""
    try:
        raw = (folder / READING).read_bytes()
        with np.load(folder / READING, allow_pickle=False) as data:
            values = {name: data[name] for name in data.files}
        common = {
            word: float(weight) / 255
            for word, weight in zip(values["words"].tolist(), values["weighs"].tolist(), strict=True)
        }
        return Lexicon(
            *load_groups(folder),
            common,
            asked_of=values["asked_of"].astype(np.intp),
            written_of=values["written_of"].astype(np.intp),
            weights=values["weights"],
            verdicts=values["verdicts"],
            sure=values["sure"],
            key=f"{zlib.crc32(raw):08x}",
            **{name: values[name].astype(np.float32) for name in VECTORS},
        )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            "ce qui est appris pour tout texte ne se lit pas\u00a0: réinstallez Vigie."
        ) from error
