"""The trained model and its scoring of clauses, loaded at the first question since it imports numpy.

A ridge regression scores every clause, reason to decline and topic. It represents a question in two ways.
Four families of counted words, sounds and letters (see `features`) each have a linear kernel. A sentence
embedding has a Gaussian kernel. Each kernel compares the question with those of the bank.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bot.answers.engine.encoder import encoder
from bot.answers.engine.features import BUCKETS, Floats, Postings, direction, weigh
from bot.answers.engine.mapped import map_arrays, save_arrays
from bot.answers.engine.scores import FORMAT, ModelError, Scores
from bot.language.spelling import Speller
from bot.policy.articles import Number, Version

MODEL_READ_LENGTH = 600  # characters of a question that are used, so that the time is bounded
_ROUNDED = ("seen", "dual")  # rounded to half precision, with no measurable loss, so that a wheel is smaller


@dataclass(frozen=True)
class Model:
    """A model trained on n questions.

    Its c columns are the `clauses`, the `reasons` to decline, the `topics`, and the clauses again as
    subjects. See `Scores.subjects` for these.

    `rarity`: `(BUCKETS,) float32`, inverse document frequencies, 0 for a bucket that no question has.
    `postings`: the bank's questions, by bucket. `speller`: corrects a question before it is counted. `bias`:
    `(c,) float32`. `dual`: `(n, c)`, the weight in each column of similarity to each question. `centre`:
    `(d,) float32`, the mean embedding. `seen`: `(n, d)`, the questions' embeddings, centred, with norm 1.
    `width`, `share`: the Gaussian kernel's sharpness, and its weight relative to the families' kernels.
    `threshold`, `sharpness`: as in `Scores`. `topic_thresholds`: `(topics,) float32`. `verdicts`:
    `(1 + features, VERDICTS) float32`, see `calibration`. `sure`: the least likelihood
    of an answer announced as sure. `verdicts_after`, `sure_after`: the same for follow-ups; `verdicts_after`
    is empty when the bank has none.
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
        """Return a question's scores for a version's clauses, or for all known clauses without a version."""
        return self.score_all([question], version)[0]

    def score_all(self, questions: Sequence[str], version: Version | None) -> list[Scores]:
        """Return the scores of several questions, which is faster than calling `score` for each."""
        in_version = [
            at for at, number in enumerate(self.numbers) if version is None or version.clause(number)
        ]
        pairs = zip(questions, self.columns(questions), strict=True)
        return [self._scores(question, columns, in_version) for question, columns in pairs]

    def _scores(self, question: str, columns: Floats, columns_of: Sequence[int]) -> Scores:
        ends = np.cumsum([len(self.numbers), len(self.reasons), len(self.topics)])
        values, reasons, topics, subjects = np.split(columns.astype(np.float64), ends)
        thresholds = self.topic_thresholds.tolist()
        return Scores(
            tuple(self.numbers[at] for at in columns_of),
            values[list(columns_of)],
            subjects[list(columns_of)],
            dict(zip(self.reasons, reasons.tolist(), strict=True)),
            {name: float(topics[at]) - thresholds[at] for at, name in enumerate(self.topics)},
            len(question[:MODEL_READ_LENGTH].split()),
            self.threshold,
            self.sharpness,
            self.verdicts.astype(np.float64),
            self.sure,
        )

    def score_after(self, alone: Scores, question: str, previous: Number, context: str) -> Scores | None:
        """Return the scores of a follow-up. `alone`: the scores of the question by itself.

        `previous`: the clause shown before. `context`: the subject of that clause. Return None when the model
        was trained without follow-ups, or does not know that clause.
        """
        if not self.verdicts_after.size or previous not in alone.numbers:
            return None
        in_version = [self.numbers.index(number) for number in alone.numbers]
        text = f"{question[:MODEL_READ_LENGTH]} {context}"
        read = self._scores(text, self.columns([text])[0], in_version)
        return alone.after(read, previous, self.verdicts_after.astype(np.float64), self.sure_after)

    def columns(self, questions: Sequence[str]) -> Floats:
        """Return the score of every column for each of m questions: `(m, c) float32`."""
        spelled = [self.speller(question[:MODEL_READ_LENGTH]) for question in questions]
        kernels = np.empty((len(spelled), len(self.seen)), np.float32)
        vectors = direction(encoder()(spelled), self.centre)
        for at, (text, vector) in enumerate(zip(spelled, vectors, strict=True)):
            kernels[at] = self.share * np.exp(self.width * (self.seen @ vector - 1))
            kernels[at] += self.postings.similarity(*weigh(text, self.rarity), len(self.seen))
        scores: Floats = kernels @ self.dual + self.bias
        return scores


# --- The file -----------------------------------------------------------------------------------


def load_model(path: Path) -> Model:
    """Return the model that `save_model` wrote to `<policy>-<fingerprint>.npz`, mapped.

    Raises `ModelError`, in French, when the file is missing, damaged or in another format, or was made from
    other sources than its name says.
    """
    values: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            data = map_arrays(file)
        if int(data["format"]) != FORMAT or len(data["starts"]) != BUCKETS + 1:
            raise ModelError(f"le modèle {path.name} est d'un autre format que celui de cette version.")
        if str(data["made_of"]) != path.stem.rpartition("-")[2]:
            raise ModelError(f"le modèle {path.name} est fait d'autre chose que ce que dit son nom.")
        for name in _stored_names():
            value = data[name]
            if value.dtype.kind == "U":
                values[name] = tuple(value.tolist())
            else:
                values[name] = value if value.ndim else float(value)
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
    """Write a model with `save_arrays`: one array per field, and several for the index and the speller.

    `made_of`: the fingerprint of its sources (`Sources.key`). The same model always gives the same bytes.
    """
    values = {name: np.array(getattr(model, name)) for name in _stored_names()}
    values |= {name: values[name].astype(np.float16).astype(np.float32) for name in _ROUNDED}
    values |= {name: getattr(model.postings, name) for name in ("starts", "rows")}
    values["weights"] = model.postings.weights.astype(np.float16)
    speller = {
        "typed": list(model.speller.table),
        "meant": list(model.speller.table.values()),
        "known": sorted(model.speller.known),
        "sounds": list(model.speller.by_sound),
        "sounding": list(model.speller.by_sound.values()),
    }
    with path.open("wb") as file:
        words = {name: np.array(texts) for name, texts in speller.items()}
        save_arrays(file, {"format": np.array(FORMAT), "made_of": np.array(made_of), **values, **words})
