"""The training of `data/reading.npz`, the parameters that answer from texts without a bank.

python -m bot.answers.reading_training

Run it after a change to `data/thesaurus.tsv`, `data/subjects.toml` or `data/textes`. The weights of
`engine.passages` are learnt on the questions of the shipped bank and of the invented texts of `data/textes`.
Calibration uses scores computed with weights learnt on the other texts alone, since the weights are not
learnt on a new text either. To calibrate with a small bank, banks are drawn from half of the questions of
some texts, and tried on the other half.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.answers import bank
from bot.answers.bank import BankLine
from bot.answers.engine.encoder import encoder
from bot.answers.engine.features import Floats, direction
from bot.answers.engine.finder import Finder, finder
from bot.answers.engine.lexicon import (
    READING,
    VECTORS,
    Encode,
    Lexicon,
    Subject,
    load_groups,
    load_subjects,
)
from bot.answers.engine.passages import FEATURES, SUMMARY, Passage, TextIndex, passages_of, remembering
from bot.language.spelling import Speller, load_spelling_table
from bot.policy import articles, loading
from bot.policy.articles import Number, Version
from bot.policy.search import fold_accents
from bot.settings import SEED

Table: TypeAlias = NDArray[np.float64]

TEXTS: Final = "textes"
AWAY: Final = "ailleurs.txt"
FOLDS: Final = 5  # folds of the cross-validation of `elsewhere`
LONGER: Final = 4  # maximum clauses joined into one
KEPT: Final = 128  # dimensions kept of an embedding; more of them change no answer
ENOUGH: Final = 1_500  # maximum questions learnt from the long bank
SHARE: Final = 150.0  # total weight of those questions; each other question weighs 1
IN_SCOPE: Final = 2 / 3  # share of people's questions that a text answers
RIDGE, RIDGE_AWAY = 3.0, 3.0
# The texts with several questions about the same thing, as in a bank.
PARAPHRASED: Final = ("pa20", "atelier", "cerf-volant", "chorales")
SMALL: Final = (0.5, 1.0, 1.5, 3.0)  # questions per clause in the small banks drawn from larger ones
TEXT_ANNOUNCED_ERRORS: Final = 0.05  # maximum share of wrong answers among those announced as sure
COMMON: Final = 11.5  # a word is not common if minus the logarithm of its frequency is at least this
LEAST: Final = 5.5  # minus the logarithm of a frequency, at which a word carries no meaning
EMPTY: Final = 0.03  # minimum weight of a word
BATCH: Final = 16  # texts embedded at once
ELSEWHERE: Final = tuple(map(SUMMARY.index, ("elsewhere", "retrieval elsewhere")))
RAISED: Final = {  # items of the summary, each with the feature of the best clause that it copies
    "question": "questions",
    "retrieval": "retrieval in context",
    "retrieval question": "retrieval questions",
}
_CLAUSE = re.compile(r"\d+\.\d+")
# the last step of Newton's method, and the spread under which a feature counts as constant
SMALLEST, FLAT = 1e-3, 1e-6


@dataclass(frozen=True)
class Taught:
    """A text with its questions.

    `worth`: the weight of each question. `longer`: whether clauses of the text were joined (`_joined`).
    """

    name: str
    version: Version
    lines: tuple[BankLine, ...]
    worth: float
    longer: bool = False

    @cached_property
    def passages(self) -> list[Passage]:
        """The clauses of the text."""
        return passages_of(self.version)


@dataclass(frozen=True)
class Example:
    """A question scored by an index. `features`, `summary`: as in `Read`. `worth`: its weight.

    `gold`, `accepted`: the indices of the clauses to cite, and of all the clauses accepted as first.
    """

    line: BankLine
    features: Table
    summary: Table
    gold: list[int]
    accepted: list[int]
    worth: float


def main() -> None:
    """Train, and write the parameters beside the texts."""
    table = load_spelling_table(bank.spelling_tables([SEED]))
    second = finder()
    if second is None:
        raise SystemExit("Il faut le second encodeur\u00a0: Linux, x86-64, AVX2.")
    several = Finder(batched(second.asked), batched(second.written))
    lexicon = learn(taught_texts(SEED), table, batched(encoder()), several)
    save(lexicon, SEED / READING)


def batched(encode: Encode) -> Encode:
    """Return `encode` with a cache, in small batches to bound memory."""

    def some(texts: Sequence[str]) -> Floats:
        return np.concatenate([encode(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])

    return remembering(some)


def taught_texts(seed: Path) -> list[Taught]:
    """Return the texts to train on, the shipped policy first."""
    policy = loading.load_library([seed], "pa20", lambda: date.max).default
    lines = _asked(bank.load_bank_lines(bank.bank_files([seed], policy.id)))
    rows = np.random.default_rng(20).permutation(len(lines))[:ENOUGH]
    some = tuple(lines[at] for at in sorted(rows.tolist()))
    answered = sum(bool(line.gold) for line in some)
    texts = [Taught(policy.id, policy.versions[-1], some, SHARE / answered)]
    elsewhere = _elsewhere(seed)
    paths = sorted((seed / TEXTS).glob("*.md"))
    for turn, path in enumerate(paths):
        text = path.read_text("utf-8")
        questions = _asked(bank.load_bank_lines([path.with_suffix(".jsonl")]))
        away = elsewhere[turn :: len(paths)]
        version = articles.parse(text, policy=path.stem, adopted=date.min)
        texts.append(Taught(path.stem, version, (*questions, *away), 1.0))
        longer, joined = _joined(text, np.random.default_rng(turn))
        version = articles.parse(longer, policy=path.stem, adopted=date.min)
        moved = tuple(
            replace(
                line,
                gold=tuple(dict.fromkeys(joined.get(n, n) for n in line.gold)),
                also_ok=tuple(dict.fromkeys(joined.get(n, n) for n in line.also_ok)),
            )
            for line in questions
        )
        texts.append(Taught(path.stem, version, moved, 1.0, longer=True))
    return texts


def _joined(text: str, rng: np.random.Generator) -> tuple[str, dict[Number, Number]]:
    """Return a text with some clauses joined to the clause above, and the new numbers of these clauses.

    The joined clauses have several paragraphs, like many clauses of real texts.
    """
    joined: dict[Number, Number] = {}
    above, left, lines = "", 0, []
    for line in text.splitlines():
        label, _, rest = line.partition(" ")
        if _CLAUSE.fullmatch(label) and left and label.partition(".")[0] == above.partition(".")[0]:
            joined[Number(label)], left, line = Number(above), left - 1, rest  # noqa: PLW2901 — a clause becomes a paragraph
        elif _CLAUSE.fullmatch(label):
            above = label
            left = int(rng.integers(0, LONGER))
        lines.append(line)
    return "\n".join(lines), joined


def _elsewhere(seed: Path) -> list[BankLine]:
    """Return questions about no association, shuffled so that subjects are mixed."""
    questions = (seed / TEXTS / AWAY).read_text("utf-8").splitlines()
    order = np.random.default_rng(7).permutation(len(questions)).tolist()
    return [BankLine(questions[at], "off_topic", "out_of_scope", ()) for at in order]


def _asked(lines: Sequence[BankLine]) -> tuple[BankLine, ...]:
    return tuple(line for line in lines if line.kind != "article")


def learn(texts: Sequence[Taught], table: Mapping[str, str], encode: Encode, second: Finder) -> Lexicon:
    """Return the parameters learnt from texts. `second`: the second encoder."""
    lexicon, apart = _unweighted(texts, table, encode, second, load_subjects(SEED))
    without: dict[str, list[Example]] = {text.name: [] for text in texts}
    for text in texts:
        without[text.name] += _examples(text, [], table, lexicon, encode, second=second)
    rng = np.random.default_rng(15)
    banked: dict[str, list[Example]] = {name: [] for name in PARAPHRASED}
    for text in (text for text in texts if text.name in PARAPHRASED and not text.longer):
        for per_clause in SMALL:
            for rows in _halves(len(text.lines), rng):
                rest = [text.lines[at] for at in rows[0]]
                bank = _drawn(rest, round(per_clause * len(text.passages)), rng)
                aside = tuple(text.lines[at] for at in rows[1])
                half = replace(text, lines=aside, worth=text.worth / len(SMALL))
                banked[text.name] += _examples(half, bank, table, lexicon, encode, second=second)
    for example in (e for some in (without, banked) for group in some.values() for e in group):
        example.summary[list(ELSEWHERE)] = apart[example.line.question]
    weights, verdicts, sure = zip(
        _learnt(_without_finder(without), _without_finder(banked)), _learnt(without, banked), strict=True
    )
    return replace(lexicon, weights=np.array(weights), verdicts=np.array(verdicts), sure=np.array(sure))


def _without_finder(examples: Mapping[str, Sequence[Example]]) -> dict[str, list[Example]]:
    """Return the examples with the features of the second encoder at 0, as on a machine that lacks it."""
    features = np.array([not name.startswith("retrieval") for name in FEATURES], dtype=np.float64)
    summary = np.array([not name.startswith("retrieval") for name in SUMMARY], dtype=np.float64)
    return {
        name: [replace(e, features=e.features * features[:, None], summary=e.summary * summary) for e in some]
        for name, some in examples.items()
    }


def _learnt(
    without: Mapping[str, Sequence[Example]], banked: Mapping[str, Sequence[Example]]
) -> tuple[Table, list[Table], list[float]]:
    """Return the weights of the features, then the verdicts and `sure`, without a bank and with one."""
    both = {name: [*examples, *banked.get(name, ())] for name, examples in without.items()}
    verdicts, sure = [], []
    rest = {
        name: _ranking([e for other, some in both.items() if other != name for e in some]) for name in both
    }
    for examples in (without, banked):
        summaries: list[tuple[Example, Table, bool]] = []
        for name, some in examples.items():
            summaries += [(example, *_summed(example, rest[name])) for example in some]
        columns, least = _verdicts(summaries)
        verdicts.append(columns)
        sure.append(least)
    return _ranking([e for some in both.values() for e in some]), verdicts, sure


def _halves(count: int, rng: np.random.Generator) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    rows = rng.permutation(count)
    first, second = rows[: count // 2], rows[count // 2 :]
    return [(first, second), (second, first)]


def _drawn(lines: Sequence[BankLine], count: int, rng: np.random.Generator) -> list[BankLine]:
    """Return `count` answered lines, on as many different clauses as possible."""
    answered = [line for line in lines if line.gold]
    order = rng.permutation(len(answered))
    seen: dict[object, int] = {}
    ranked = []
    for at in order:
        line = answered[at]
        seen[line.gold[0]] = seen.get(line.gold[0], 0) + 1
        ranked.append((seen[line.gold[0]], line))
    return [line for _, line in sorted(ranked, key=lambda pair: pair[0])[:count]]


def _examples(
    text: Taught,
    bank: Sequence[BankLine],
    table: Mapping[str, str],
    lexicon: Lexicon,
    encode: Encode,
    *,
    second: Finder,
) -> Iterator[Example]:
    index = TextIndex.of(text.passages, bank, table, lexicon, encode, finder=second)
    for line in text.lines:
        read = index.read(line.question, lexicon, encode, second)
        places = {number: at for at, number in enumerate(index.numbers)}
        gold = [places[clause.number] for number in line.gold for clause in text.version.within(number)]
        current = line.in_version(text.version)
        accepted = [at for at, number in enumerate(index.numbers) if current.accepts(number)]
        yield Example(line, read.features, read.summary, gold, accepted, text.worth)


# --- Parameters common to all texts ----------------------------------------------------------------


def _unweighted(
    texts: Sequence[Taught],
    table: Mapping[str, str],
    encode: Encode,
    second: Finder,
    subjects: Sequence[Subject],
) -> tuple[Lexicon, dict[str, Table]]:
    """Return the parameters other than weights, and how surely each question is about no association.

    The second result is `(len(ELSEWHERE),)` for each question: the scores of regressions that were fitted on
    the questions of the other folds.
    """
    texts = [text for text in texts if not text.longer]
    bare = Speller(table, frozenset(), {})
    subject_vectors = encode([bare(text).lower() for subject in subjects for text in subject.asked])
    written = encode([text.lower() for subject in subjects for text in subject.written])
    questions = {
        text.name: encode([bare(line.question[:600]).lower() for line in text.lines]) for text in texts
    }
    clauses = encode(
        [f"{p.subject} : {' '.join(p.paragraphs)}".lower()[:600] for text in texts for p in text.passages]
    )
    invented = np.concatenate([vectors for name, vectors in questions.items() if name != texts[0].name])
    centre_asked = np.concatenate([subject_vectors, invented]).mean(axis=0)
    centre_written = np.concatenate([written, clauses]).mean(axis=0)
    cloud = np.concatenate(
        [
            direction(
                np.concatenate([subject_vectors, invented, questions[texts[0].name][:400]]), centre_asked
            ),
            direction(np.concatenate([written, clauses]), centre_written),
        ]
    )
    axes = _axes(cloud)
    sought = {text.name: second.asked([line.question[:600] for line in text.lines]) for text in texts}
    passages = second.written(
        [f"{p.subject} : {' '.join(p.paragraphs)}"[:600] for text in texts for p in text.passages]
    )
    retrieval_asked = np.concatenate([v for name, v in sought.items() if name != texts[0].name]).mean(axis=0)
    retrieval_written = passages.mean(axis=0)
    every = np.concatenate(
        [
            *(direction(vectors[:400], retrieval_asked) for vectors in sought.values()),
            direction(passages, retrieval_written),
        ]
    )
    words, weighs = _common_words()
    lexicon = Lexicon(
        *load_groups(SEED), dict(zip(words, weighs, strict=True)), centre_asked, centre_written, axes,
        np.zeros((0, KEPT), np.float32), _places([len(s.asked) for s in subjects]),
        np.zeros((0, KEPT), np.float32), _places([len(s.written) for s in subjects]),
        np.zeros(1 + KEPT, np.float32), retrieval_asked, retrieval_written, _axes(every),
        np.zeros(1 + KEPT, np.float32), np.ones((2, len(FEATURES))),
        np.zeros((2, 2, 1 + len(SUMMARY), 3)), np.ones((2, 2)),
    )  # fmt: skip
    lexicon = replace(
        lexicon, asked=lexicon.asked_vectors(subject_vectors), written=lexicon.written_vectors(written)
    )
    away = np.concatenate([np.array([_away(line) for line in text.lines]) for text in texts])
    vectors = lexicon.asked_vectors(np.concatenate([subject_vectors, *questions.values()]))
    wanted = np.concatenate([np.zeros(len(subject_vectors), bool), away])
    retrieval_vectors = lexicon.retrieval_asked(np.concatenate([sought[text.name] for text in texts]))
    lines = [line.question for text in texts for line in text.lines]
    fold = np.array([zlib.crc32(question.encode()) % FOLDS for question in lines])
    unseen = np.zeros((len(lines), len(ELSEWHERE)))
    unmatched = vectors[len(subject_vectors) :]
    for at in range(FOLDS):
        rest = np.concatenate([np.ones(len(subject_vectors), bool), fold != at])
        by_first = _away_from(vectors[rest], wanted[rest])
        by_second = _away_from(retrieval_vectors[fold != at], away[fold != at])
        unseen[fold == at, 0] = by_first[0] + unmatched[fold == at] @ by_first[1:]
        unseen[fold == at, 1] = by_second[0] + retrieval_vectors[fold == at] @ by_second[1:]
    lexicon = replace(
        lexicon,
        elsewhere=_away_from(vectors, wanted),
        retrieval_elsewhere=_away_from(retrieval_vectors, away),
    )
    return lexicon, dict(zip(lines, unseen, strict=True))


def _axes(cloud: Floats) -> Floats:
    """Return the directions in which vectors differ the most: `(d, KEPT) float32`."""
    axes: Floats = np.linalg.eigh(cloud.T @ cloud)[1][:, ::-1][:, :KEPT].astype(np.float32)
    return axes


def _places(counts: Sequence[int]) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(counts)), counts)


def _away(line: BankLine) -> bool:
    return line.kind in {"off_topic", "adversarial"}


def _away_from(vectors: Floats, away: NDArray[np.bool_]) -> Floats:
    """Return a ridge regression that detects questions about no association, intercept first."""
    worth = np.where(away, 1 / away.sum(), 1 / (~away).sum()) * len(away) / 2
    columns = np.column_stack([np.ones(len(vectors)), vectors]).astype(np.float64)
    system = columns.T @ (columns * worth[:, None]) + RIDGE_AWAY * np.eye(columns.shape[1])
    return np.linalg.solve(system, columns.T @ (worth * np.where(away, 1.0, -1.0))).astype(np.float32)


def _common_words() -> tuple[list[str], list[float]]:
    """Return the folded words that are common in French or English, and each one's weight, from 0 to 1."""
    from spellchecker import SpellChecker  # noqa: PLC0415 — 100 MB, for making the file only

    least: dict[str, float] = {}
    for language in ("fr", "en"):
        frequency = SpellChecker(language=language).word_frequency
        counts: dict[str, int] = {}
        for word, count in frequency.dictionary.items():
            folded = fold_accents(word).replace("œ", "oe")
            counts[folded] = counts.get(folded, 0) + count
        for word, count in counts.items():
            rarity = math.log(frequency.total_words / max(count, 1))
            if rarity < COMMON:
                least[word] = min(rarity, least.get(word, COMMON))
    words = sorted(least)
    return words, [max((least[word] - LEAST) / (COMMON - LEAST), EMPTY) for word in words]


# --- The regressions ----------------------------------------------------------------------------


def _ranking(examples: Sequence[Example]) -> Table:
    """Return the weights of the features, fitted by a conditional logit on the right clauses."""
    answerable = [example for example in examples if example.gold]
    columns = np.concatenate([example.features for example in answerable], axis=1)
    spread = columns.std(axis=1) + 1e-6
    columns = columns / spread[:, None]
    starts = np.cumsum([0, *(example.features.shape[1] for example in answerable)])
    place = np.repeat(np.arange(len(answerable)), np.diff(starts))
    wanted = np.zeros(columns.shape[1])
    worth = np.array([example.worth for example in answerable])
    for example, start in zip(answerable, starts, strict=False):
        wanted[start + np.array(example.gold)] = 1 / len(example.gold)

    def tried(weights: Table) -> tuple[float, Table]:
        values = weights @ columns
        most = np.maximum.reduceat(values, starts[:-1])
        raised = np.exp(values - most[place])
        sums = np.add.reduceat(raised, starts[:-1])
        fit = worth @ (np.log(sums) + most) - (worth[place] * wanted) @ values
        return float(fit + RIDGE * weights @ weights / 2), raised / sums[place]

    weights = np.zeros(len(columns))
    cost, chances = tried(weights)
    for _ in range(30):
        slope = columns @ (worth[place] * (wanted - chances)) - RIDGE * weights
        means = np.add.reduceat(columns * chances, starts[:-1], axis=1)
        curvature = (columns * (chances * worth[place])) @ columns.T - (means * worth) @ means.T
        step = np.linalg.solve(curvature + RIDGE * np.eye(len(columns)), slope)
        size = 1.0
        while size > SMALLEST and tried(weights + size * step)[0] > cost:
            size /= 2
        weights = weights + size * step
        before, (cost, chances) = cost, tried(weights)
        if before - cost < 1e-7 * abs(before):
            break
    raw: Table = weights / spread
    return raw


def _summed(example: Example, weights: Table) -> tuple[Table, bool]:
    """Return a question's summary with these weights, and whether its best clause answers it."""
    values = weights @ example.features
    order = np.argsort(-values, kind="stable")
    first = int(order[0])
    lead = values[first] - values[order[1]]
    share = 1 / np.exp(values - values[first]).sum()
    at = {name: example.features[row] for row, name in enumerate(FEATURES)}
    summary = example.summary.copy()
    summary[:4] = values[first], lead, share, at["words"][first]
    for name, feature in RAISED.items():
        summary[SUMMARY.index(name)] = at[feature][first]
    return summary, first in example.accepted


def _verdicts(summaries: Sequence[tuple[Example, Table, bool]]) -> tuple[Table, float]:
    """Return the regressions of `Lexicon.verdicts`, and the likelihood of `Lexicon.sure`."""
    features = np.array([summary for _, summary, _ in summaries])
    right = np.array([is_right for _, _, is_right in summaries])
    inside = np.array([bool(example.line.gold) for example, _, _ in summaries])
    away = np.array([_away(example.line) for example, _, _ in summaries])
    worth = np.array([example.worth for example, _, _ in summaries])
    worth = np.where(
        inside, IN_SCOPE * worth / worth[inside].sum(), (1 - IN_SCOPE) * worth / worth[~inside].sum()
    )
    worth = worth * 600
    columns = np.column_stack([_logistic(features, wanted, worth) for wanted in (right, ~inside, away)])
    leaning = columns[0, 0] + features @ columns[1:, 0]
    likely = 1 / (1 + np.exp(-leaning))
    order = np.argsort(-likely)
    wrong = np.cumsum(worth[order] * ~right[order]) / np.cumsum(worth[order])
    sound = np.flatnonzero(wrong <= TEXT_ANNOUNCED_ERRORS)
    return columns, float(likely[order[sound[-1]]]) if sound.size else 1.0


def _logistic(features: Table, wanted: NDArray[np.bool_], worth: Table) -> Table:
    """Return a regression's intercept and weights."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > FLAT, spread, 1 / FLAT)
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    weights, penalty = np.zeros(scaled.shape[1]), np.eye(scaled.shape[1])
    penalty[0, 0] = 1e-3
    for _ in range(20):
        likely = 1 / (1 + np.exp(-np.clip(scaled @ weights, -30, 30)))
        slope = scaled.T @ (worth * (wanted - likely)) - penalty @ weights
        curvature = scaled.T @ (scaled * (worth * likely * (1 - likely))[:, None]) + penalty
        weights = weights + np.linalg.solve(curvature, slope)
    raw: Table = np.append(weights[0] - (weights[1:] / spread) @ mean, weights[1:] / spread)
    return raw


def save(lexicon: Lexicon, path: Path) -> None:
    """Write the parameters to a file. The same parameters always give the same bytes."""
    words = sorted(lexicon.common)
    half = {name: getattr(lexicon, name).astype(np.float16) for name in VECTORS}
    np.savez_compressed(
        path,
        allow_pickle=False,
        words=np.array(words),
        weighs=np.array([round(255 * lexicon.common[word]) for word in words], dtype=np.uint8),
        asked_of=lexicon.asked_of.astype(np.uint8),
        written_of=lexicon.written_of.astype(np.uint8),
        weights=lexicon.weights,
        verdicts=lexicon.verdicts,
        sure=lexicon.sure,
        **half,
    )


if __name__ == "__main__":
    main()
