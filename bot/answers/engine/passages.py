"""The index of a policy's text, which answers questions without a bank, or with a small one.

Each clause is scored on how its words, its sentences and its place relate to a question. The weights of these
features are learnt on other texts (`bot.answers.reading_training`), so that they suit a new text. With a
small bank, a clause is also scored on the bank's questions that it answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.answers.bank import BankLine
from bot.answers.engine.features import Floats
from bot.answers.engine.finder import Finder
from bot.answers.engine.lexicon import Bits, Encode, Lexicon
from bot.answers.engine.scores import ScoredClause
from bot.language.spelling import Speller
from bot.policy.articles import Number, Version
from bot.policy.search import fold_accents, indexed_keys, search_words, word_keys

Ints: TypeAlias = NDArray[np.int32]

FEATURES: Final = (
    "words", "sentence", "next sentence", "section", "sentence in context", "length", "subject",
    "meanings", "meanings in a sentence", "questions", "words of questions",
    "retrieval in context", "retrieval questions",
)  # fmt: skip
SUMMARY: Final = (
    "score", "lead", "share", "words", "sentence", "said", "unknown", "elsewhere", "question", "declined",
    "retrieval", "retrieval elsewhere", "retrieval question",
)  # fmt: skip
TEXT_READ_LENGTH: Final = 600  # maximum characters of a question or passage that are embedded
PASSAGE: Final = 1_500  # maximum characters of a passage for the second encoder
LONGEST: Final = 45  # maximum words of a sentence; a longer one is cut
ALIKE, SAME = 0.3, 0.8  # least cosine at which a word stands for another, partly then fully
MOST_WORDS: Final = 8  # maximum words of a question, the least common, that are compared with the text's
SATURATION: Final = 0.5  # the saturation of a word's frequency, as BM25's k1
_SENTENCE = re.compile(r"(?<=[.;!?:])\s+(?=[A-ZÉÀÈÊÇÎÔŒ«(–•\d-])|\n+")


class Passage(NamedTuple):
    """A clause as indexed: its own title, the titles above it, nearest first, and its paragraphs."""

    number: Number
    title: str
    above: tuple[str, ...]
    paragraphs: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The clause's own title or, without one, the nearest title above it."""
        return self.title or next(iter(self.above), "")


def passages_of(version: Version) -> list[Passage]:
    """Return the clauses of a version as passages, in the order of the text."""
    divisions = {division.number: division for division in version.divisions}
    passages = []
    for clause in version.clauses():
        provision = version.provision(clause.number)
        heading = provision.title if provision else ""
        above = [*reversed(clause.heading.split(" › "))]
        around = divisions.get(clause.article)
        while around:
            above += [] if around.number == clause.number else [around.title]
            around = divisions.get(around.above) if around.above else None
        named = tuple(title for title in above if title and title != heading)
        passages.append(Passage(clause.number, heading, named, clause.paragraphs))
    return passages


def sentences_of(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph. A sentence of more than `LONGEST` words is cut."""
    sentences = []
    for sentence in _SENTENCE.split(paragraph):
        words = sentence.split()
        sentences += [" ".join(words[at : at + LONGEST]) for at in range(0, len(words), LONGEST)]
    return sentences


@dataclass(frozen=True, slots=True)
class Read:
    """The scores of the n clauses of a text for one question.

    `features`: `(FEATURES, n) float64`. `values`: `(n,)`, their weighted sums. `summary`: `(SUMMARY,)`, from
    which the likelihoods are computed. `right`: the likelihood that the best clause answers; `unanswered`:
    that the text does not answer; `elsewhere`: that the question is about something else. `sure`: as in
    `Lexicon`.
    """

    numbers: tuple[Number, ...]
    features: NDArray[np.float64]
    values: NDArray[np.float64]
    summary: NDArray[np.float64]
    right: float
    unanswered: float
    elsewhere: float
    sure: float

    def ranked(self) -> list[ScoredClause]:
        """Return the clauses, best first, each with the likelihood that it answers, if any clause does."""
        chances = np.exp(self.values - self.values.max())
        chances /= chances.sum()
        order = np.argsort(-chances, kind="stable").tolist()
        return [ScoredClause(self.numbers[at], float(chances[at])) for at in order]


@dataclass(frozen=True)
class TextIndex:
    """The index of a text: s sentences of n clauses, in g sections, with v different words.

    `owner`: `(s,)`, the clause of each sentence. `sentences`, `in_context`: `(s, k) float32`, the embedding
    of each sentence by itself, and with the clause's title and the previous sentence put before it.
    `section_of`: `(n,)`, the section of each clause. `sections`: `(g, k)`. `lengths`: `(n,)`, the logarithm
    of each clause's number of words. `holders`: for each stem, the clauses that contain it. `vocabulary`:
    `(v, k)`. `starts`, `words`: the words of clause i are `words[starts[i]:starts[i + 1]]`. `meanings`: `(s,
    groups)`, and `titles`: `(n, groups)`, see `Meanings`. `subjects`: `(n, subjects)`. `known`: `(m, k)`, the
    questions of a bank; `known_of`: `(m,)`, the clause of each, or -1 when the text does not answer.
    `known_words`: the stems of each of these questions. `speller`: corrects a question. `retrieval`: `(s,
    f)`, `retrieval_known`: `(m, f)`, the second encoder's embeddings of the sentences in context and of the
    bank's questions, with no rows when it cannot run.
    """

    numbers: tuple[Number, ...]
    owner: Ints
    sentences: Floats
    in_context: Floats
    section_of: Ints
    sections: Floats
    lengths: Floats
    holders: Mapping[str, Ints]
    vocabulary: Floats
    starts: Ints
    words: Ints
    meanings: Bits
    titles: Bits
    subjects: Floats
    known: Floats
    known_of: Ints
    known_words: Sequence[frozenset[str]]
    speller: Speller
    retrieval: Floats
    retrieval_known: Floats

    @classmethod
    def of(
        cls,
        passages: Sequence[Passage],
        lines: Sequence[BankLine],
        table: Mapping[str, str],
        lexicon: Lexicon,
        encode: Encode,
        *,
        finder: Finder | None,
    ) -> TextIndex:
        """Index a text. `lines`: its bank. `table`: from typed words to intended words.

        A text of a hundred clauses takes about a second, and some ten more with `finder`. There must be at
        least one clause.
        """
        texts = [text for p in passages for text in (p.title, *p.above, *p.paragraphs)]
        speller = Speller.of([*texts, *(line.question for line in lines)], table)
        parts = [
            [s for paragraph in p.paragraphs for s in sentences_of(paragraph)] or [p.title] for p in passages
        ]
        sentences = [sentence for part in parts for sentence in part]
        owner = np.repeat(np.arange(len(parts), dtype=np.int32), list(map(len, parts)))
        places = {place: at for at, place in enumerate(dict.fromkeys((p.subject, p.above) for p in passages))}
        section_of = np.array([places[p.subject, p.above] for p in passages], dtype=np.int32)
        before = [
            sentences[at - 1] if at and section_of[owner[at - 1]] == section_of[holder] else ""
            for at, holder in enumerate(owner)
        ]
        in_context = [
            f"{passages[holder].subject} : {previous} {sentence}"
            for sentence, previous, holder in zip(sentences, before, owner.tolist(), strict=True)
        ]
        sections = [""] * len(places)
        for place, p in zip(section_of.tolist(), passages, strict=True):
            sections[place] = " ".join((sections[place] or f"{p.subject} :", *p.paragraphs))
        forms: dict[str, dict[int, None]] = {}
        keys: dict[str, dict[int, None]] = {}
        for at, p in enumerate(passages):
            for match in search_words(" ".join((p.title, *p.above, *p.paragraphs))):
                forms.setdefault(match[0].lower(), {})[at] = None
                for key in indexed_keys(match[0]):
                    keys.setdefault(key, {})[at] = None
        own_words: list[list[int]] = [[] for _ in passages]
        for word, clauses in enumerate(forms.values()):
            for at in clauses:
                own_words[at].append(word)
        counts = [sum(1 for text in p.paragraphs for _ in search_words(text)) for p in passages]
        encoded = [
            lexicon.written_vectors(_encoded(encode, some))
            for some in (sentences, in_context, sections, list(forms))
        ]
        at_number = {p.number: at for at, p in enumerate(passages)}
        banked = [(line, _clause_of(line, at_number)) for line in lines]
        banked = [(line, at) for line, at in banked if at is not None]
        spelled = [speller(line.question[:TEXT_READ_LENGTH]) for line, _ in banked]
        retrieval = retrieval_known = encoded[0][:0]
        if finder:
            written = remembering(finder.written)  # a text may repeat its sentences
            retrieval = lexicon.retrieval_written(written([text[:PASSAGE] for text in in_context]))
        if finder and banked:
            retrieval_known = lexicon.retrieval_asked(
                finder.asked([line.question[:TEXT_READ_LENGTH] for line, _ in banked])
            )
        return cls(
            tuple(p.number for p in passages),
            owner,
            encoded[0],
            encoded[1],
            section_of,
            encoded[2],
            np.log(np.maximum(counts, 1)).astype(np.float32),
            {key: np.array(list(clauses), dtype=np.int32) for key, clauses in keys.items()},
            encoded[3],
            np.cumsum([0, *map(len, own_words)]).astype(np.int32),
            np.array([word for some in own_words for word in some], dtype=np.int32),
            np.array([lexicon.groups_written.found_in(sentence) for sentence in sentences]),
            np.array([lexicon.groups_written.found_in(p.subject) for p in passages]),
            np.array(
                [lexicon.subjects_of(encoded[0][owner == at]) for at in range(len(passages))],
                dtype=np.float16,
            ).astype(np.float32),
            lexicon.asked_vectors(_encoded(encode, spelled)) if banked else encoded[0][:0],
            np.array([at for _, at in banked], dtype=np.int32),
            [_stems(text) for text in spelled],
            speller,
            retrieval,
            retrieval_known,
        )

    @cached_property
    def per_clause(self) -> float:
        """The number of the bank's questions that the text answers, divided by the number of clauses."""
        return float((self.known_of >= 0).sum()) / len(self.numbers)

    @cached_property
    def _rarity_of_meanings(self) -> NDArray[np.float64]:
        counts = self._held_meanings.sum(axis=0)
        return np.where(counts > 0, self._rarity(counts), 0.0)

    @cached_property
    def _held_meanings(self) -> Bits:
        meanings = self.titles.copy()
        np.logical_or.at(meanings, self.owner, self.meanings)
        return meanings

    def _rarity(self, holders: NDArray[np.int_] | int) -> NDArray[np.float64]:
        rarity: NDArray[np.float64] = np.log(1 + (len(self.numbers) - holders + 0.5) / (holders + SATURATION))
        return rarity

    def read(self, question: str, lexicon: Lexicon, encode: Encode, finder: Finder | None) -> Read:
        """Return the scores of a question. `encode`: embeds texts; see `remembering`."""
        spelled = self.speller(question[:TEXT_READ_LENGTH])
        words = {fold_accents(match[0]): match[0] for match in search_words(spelled)}
        forms = sorted(words.values(), key=lexicon.weight, reverse=True)
        stems = [word_keys(form) for form in forms]
        near = [form for form in forms[:MOST_WORDS] if lexicon.weight(form) > 0]
        vectors = _encoded(encode, [spelled, *near])
        question_vector = lexicon.asked_vectors(vectors[:1])[0]
        written = lexicon.written_vectors(vectors)
        shared, exact, unknown = self._words(forms, stems, written[1:], lexicon)
        alone, in_context = self.sentences @ question_vector, self.in_context @ question_vector
        best = self._most(alone)
        second = self._most(np.where(alone >= best[self.owner], -1.0, alone))
        meant = lexicon.groups_asked.found_in(f"{question[:TEXT_READ_LENGTH]}\n{spelled}")
        weights = self._rarity_of_meanings * meant
        total = max(float(weights.sum()), 1.0)
        close, alike, declined = self._known(question_vector, stems, forms, lexicon)
        sought = None
        if finder and len(self.retrieval):
            sought = lexicon.retrieval_asked(finder.asked([question[:TEXT_READ_LENGTH] or "."]))[0]
        features = np.array(
            [
                shared,
                best,
                np.where(second < 0, best, second),
                (self.sections @ question_vector)[self.section_of],
                self._most(in_context),
                self.lengths - self.lengths.mean(),
                (self.subjects * lexicon.subjects_asked(question_vector)).max(axis=1),
                self._held_meanings @ weights / total,
                self._most(self.meanings @ weights, 0.0) / total,
                close * math.log2(1 + self.per_clause),
                alike * math.log2(1 + self.per_clause),
                *self._retrieval(sought),
            ],
            dtype=np.float64,
        )
        mode = 0 if sought is None else 1
        values = lexicon.weights[mode] @ features
        order = np.argsort(-values, kind="stable")
        first = order[0]
        lead = values[first] - values[order[1]] if len(order) > 1 else 3.0
        chances = np.exp(values - values[first])
        elsewhere = float(lexicon.elsewhere[0] + lexicon.elsewhere[1:] @ question_vector)
        intercept = lexicon.retrieval_elsewhere[0]
        slope = lexicon.retrieval_elsewhere[1:]
        summary = np.array(
            [
                values[first], lead, 1 / chances.sum(), shared[first], in_context.max(), exact.max(), unknown,
                elsewhere, features[9, first], declined, features[11, first],
                0.0 if sought is None else intercept + slope @ sought,
                features[12, first],
            ]
        )  # fmt: skip
        banked = int(self.per_clause > 0)
        right, unanswered, away = likelihoods(summary, lexicon.verdicts[mode, banked])
        sure = float(lexicon.sure[mode, banked])
        return Read(self.numbers, features, values, summary, right, unanswered, away, sure)

    def _words(
        self, forms: Sequence[str], stems: Sequence[frozenset[str]], vectors: Floats, lexicon: Lexicon
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return three shares of a question's words, weighted by rarity.

        They are the shares of the words that each clause contains exactly or nearly, `(n,)`, of those that it
        contains exactly, `(n,)`, and of those that no clause contains.
        """
        shared, exact = np.zeros(len(self.numbers)), np.zeros(len(self.numbers))
        total = unknown = 0.0
        for at, (form, keys) in enumerate(zip(forms, stems, strict=True)):
            present = np.zeros(len(self.numbers))
            for key in keys:
                present[self.holders.get(key, [])] = 1.0
            weight = float(self._rarity(int(present.sum()))) * lexicon.weight(form)
            total += weight
            unknown += weight * (not present.any())
            exact += weight * present
            if at < len(vectors):
                likeness = (self.vocabulary @ vectors[at])[self.words]
                best = np.maximum.reduceat(np.append(likeness, -1.0), self.starts[:-1])
                best[self.starts[:-1] == self.starts[1:]] = -1.0
                present = np.maximum(present, np.clip((best - ALIKE) / (SAME - ALIKE), 0, 1))
            shared += weight * present
        total = max(total, 1e-6)
        return shared / total, exact / total, unknown / total

    def _known(
        self, question_vector: Floats, stems: Sequence[frozenset[str]], forms: Sequence[str], lexicon: Lexicon
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return how close a question is to those of the bank, in three results.

        The first is the closeness in meaning to the closest bank question about each clause, `(n,)`. The
        second is the same in words, `(n,)`. The third is the closeness in meaning to the closest bank
        question that the text does not answer.
        """
        close, alike = np.zeros(len(self.numbers)), np.zeros(len(self.numbers))
        if not len(self.known):
            return close, alike, 0.0
        likeness = np.maximum(self.known @ question_vector, 0.0)
        answered = self.known_of >= 0
        np.maximum.at(close, self.known_of[answered], likeness[answered])
        weights = [lexicon.weight(form) for form in forms]
        total = max(sum(weights), 1e-6)
        shares = np.array(
            [
                sum(w for keys, w in zip(stems, weights, strict=True) if keys & words)
                for words in self.known_words
            ]
        )
        np.maximum.at(alike, self.known_of[answered], shares[answered] / total)
        return close, alike, float(likeness[~answered].max(initial=0.0))

    def _retrieval(self, sought: Floats | None) -> list[NDArray[np.float64]]:
        """Return how close a question is to each clause's sentences, `(n,)`, and bank questions, `(n,)`.

        `sought`: the question's embedding by the second encoder, None if that encoder cannot run.
        """
        if sought is None:
            return [np.zeros(len(self.numbers))] * 2
        close = np.zeros(len(self.numbers))
        answered = self.known_of >= 0
        likeness = np.maximum(self.retrieval_known[answered] @ sought, 0.0)
        np.maximum.at(close, self.known_of[answered], likeness)
        return [self._most(self.retrieval @ sought), close * math.log2(1 + self.per_clause)]

    def _most(self, values: NDArray[np.floating], least: float = -1.0) -> NDArray[np.float64]:
        """Return the largest value among each clause's sentences: `(n,)`. `values`: `(s,)`, by sentence."""
        most = np.full(len(self.numbers), least)
        np.maximum.at(most, self.owner, values)
        return most


def likelihoods(summary: NDArray[np.float64], verdicts: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return three likelihoods of a `Read`, from 0 to 1: `right`, `unanswered` and `elsewhere`.

    `summary`: `(SUMMARY,)`. `verdicts`: the weights that give each of the three, `(1 + SUMMARY, 3)`, with the
    intercepts in the first row.
    """
    leaning = np.clip(verdicts[0] + summary @ verdicts[1:], -30, 30)
    right, unanswered, elsewhere = (1 / (1 + np.exp(-leaning))).tolist()
    return right, unanswered, elsewhere


def _clause_of(line: BankLine, places: Mapping[Number, int]) -> int | None:
    """Return the index of the clause that answers a line, -1 for no answer, None for a whole article."""
    if not line.gold:
        return -1
    return places.get(line.gold[0])


def _stems(text: str) -> frozenset[str]:
    return frozenset(key for match in search_words(text) for key in indexed_keys(match[0]))


def _encoded(encode: Encode, texts: Iterable[str]) -> Floats:
    return encode([text.lower()[:TEXT_READ_LENGTH] or "." for text in texts])


def remembering(encode: Encode) -> Callable[[Sequence[str]], Floats]:
    """Return `encode` with a cache: for a text that repeats itself, or a question asked of several texts."""
    seen: dict[str, Floats] = {}

    def encoded(texts: Sequence[str]) -> Floats:
        new = [text for text in dict.fromkeys(texts) if text not in seen]
        if new:
            seen.update(zip(new, encode(new), strict=True))
        return np.array([seen[text] for text in texts])

    return encoded
