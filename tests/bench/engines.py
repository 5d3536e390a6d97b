"""What answers questions without a bank, each in a few lines, and Vigie: the same questions for all."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

import numpy as np

from bot.answers import bank
from bot.answers.engine import model as question_model
from bot.answers.engine import store
from bot.answers.engine.encoder import encoder
from bot.answers.engine.features import direction
from bot.answers.engine.model import Model
from bot.answers.engine.shelf import FixedModel
from bot.answers.questions import Engine
from bot.language.spelling import WORD
from bot.policy import loading
from bot.policy.articles import Clause, Number, Version
from bot.policy.library import Policy
from bot.policy.provisions import Provision
from bot.policy.search import fold_accents, indexed_keys, search_words
from bot.settings import SEED
from tests.kits.questions import learn

Ranked: TypeAlias = list[tuple[Number, float]]
Rank: TypeAlias = Callable[[str], Ranked]

SATURATION, LENGTH = 1.2, 0.75
MODELS = Path(__file__).resolve().parents[2] / ".cache" / "modeles"


def fts5(version: Version) -> Rank:
    """SQLite's full-text search, `unicode61` without accents, any of the words."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE clause USING fts5(text, tokenize='unicode61 remove_diacritics 2')")
    clauses = version.clauses()
    base.executemany("INSERT INTO clause (rowid, text) VALUES (?, ?)", enumerate(map(_text, clauses), 1))

    def rank(question: str) -> Ranked:
        asked = " OR ".join(f'"{word}"' for word in WORD.findall(question))
        if not asked:
            return []
        sql = "SELECT rowid, bm25(clause) FROM clause WHERE clause MATCH ? ORDER BY 2 LIMIT 10"
        return [(clauses[row - 1].number, -score) for row, score in base.execute(sql, [asked])]

    return rank


def bm25(version: Version) -> Rank:
    """Okapi BM25 on Snowball's French stems, by inverted index."""
    clauses = version.clauses()
    counted = [
        Counter(key for word in search_words(_text(clause)) for key in indexed_keys(word[0]))
        for clause in clauses
    ]
    holders: dict[str, list[tuple[int, int]]] = {}
    for at, counts in enumerate(counted):
        for key, count in counts.items():
            holders.setdefault(key, []).append((at, count))
    lengths = [counts.total() for counts in counted]
    mean = sum(lengths) / len(lengths)

    def rank(question: str) -> Ranked:
        scores: Counter[int] = Counter()
        for word in {fold_accents(word[0]): word[0] for word in search_words(question)}.values():
            for key in indexed_keys(word):
                held = holders.get(key, [])
                rarity = math.log(1 + (len(clauses) - len(held) + 0.5) / (len(held) + 0.5))
                for at, count in held:
                    norm = SATURATION * (1 - LENGTH + LENGTH * lengths[at] / mean)
                    scores[at] += rarity * count * (SATURATION + 1) / (count + norm)  # type: ignore[assignment]  # any number does
        return [(clauses[at].number, score) for at, score in scores.most_common(10)]

    return rank


def embeddings(version: Version) -> Rank:
    """The nearest clause by the sentence encoder that Vigie has, and nothing else."""
    clauses, encode = version.clauses(), encoder()
    vectors = encode([_text(clause)[: question_model.MODEL_READ_LENGTH] for clause in clauses])
    centre = vectors.mean(axis=0)
    seen = direction(vectors, centre)

    def rank(question: str) -> Ranked:
        close = seen @ direction(encode([question[: question_model.MODEL_READ_LENGTH]]), centre)[0]
        best = np.argsort(-close)[:10]
        return [(clauses[at].number, float(close[at])) for at in best]

    return rank


def text_alone(version: Version) -> Rank:
    """Vigie for a policy without a bank."""
    return _asking(version, None)


def vigie(version: Version) -> Rank:
    """Vigie with its bank; in a version with copies of the text, the model has as many clauses."""
    return _asking(version, many(trained(), version))


ENGINES: Mapping[str, Callable[[Version], Rank]] = {
    "SQLite FTS5": fts5,
    "BM25, racines Snowball": bm25,
    "enchâssements de phrases": embeddings,
    "Vigie, sans banque": text_alone,
    "Vigie": vigie,
}


def pa20() -> Policy:
    """Return the shipped policy."""
    return loading.load_library([SEED], "pa20", date.today).default


def trained() -> Model:
    """Return the shipped bank's model, made if need be."""
    found, _ = store.find_model(learn(), MODELS)
    assert found
    return found


def copies(version: Version, times: int) -> Version:
    """Return a text with all the clauses of another, many times, under numbers of their own."""
    made = version.outline.provisions
    count = len(made)
    shifted = tuple(_shifted(article, time * count) for time in range(times) for article in made)
    return Version(version.policy, version.adopted, replace(version.outline, provisions=shifted))


def many(model: Model, version: Version) -> Model:
    """Return a model with a column for each clause of `copies(…)`."""
    times = len(version.clauses()) // len(model.clauses)
    count, end = len(model.clauses), len(model.bias)
    subjects = range(end - count, end)  # the clauses' second columns
    columns = [*list(range(count)) * times, *range(count, end - count), *list(subjects) * times]
    names = tuple(str(clause.number) for clause in version.clauses())
    return replace(
        model, clauses=names, dual=np.ascontiguousarray(model.dual[:, columns]), bias=model.bias[columns]
    )


def set_aside() -> Sequence[bank.BankLine]:
    """Return the questions that nothing is trained on."""
    lines = bank.load_bank_lines(bank.bank_files([SEED], "pa20", bank.GATE))
    return [line.in_version(pa20().versions[-1]) for line in lines]


def _asking(version: Version, model: Model | None) -> Rank:
    engine = Engine([SEED], FixedModel(model))
    policy = pa20()

    def rank(question: str) -> Ranked:
        answer = engine.answer(policy, version, question)
        return [(found.number, float(answer.answered)) for found in answer.ranked]

    return rank


def _text(clause: Clause) -> str:
    return f"{clause.heading} {clause.text}"


def _shifted(provision: Provision, by: int) -> Provision:
    first, point, rest = provision.label.partition(".")
    label = f"{int(first) + by}{point}{rest}" if first else ""
    children = tuple(_shifted(child, by) for child in provision.children)
    return replace(provision, label=label, opening=label, children=children)
