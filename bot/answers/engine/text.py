"""Text search for clauses that answer: in a policy without a bank, or among clauses newer than its bank.

Okapi BM25 on French stems ranks the clauses. A clause answers when it contains a large enough share of the
question. Each word weighs according to its rarity, and a word that the policy never uses weighs the most.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from bot.answers.engine.scores import ScoredClause
from bot.language.spelling import Speller
from bot.policy.addresses import as_counted
from bot.policy.articles import Number, Version
from bot.policy.search import fold_accents, indexed_keys, search_words, word_keys

SATURATION, LENGTH = 1.2, 0.75  # BM25's k1 and b, at their usual values
TITLE = 0.5  # weight of a word in a title or heading; a word in the text weighs 1
# Thresholds on the share of a question that a clause newer than the bank contains. Of a thousand questions
# that the policy does not answer, a given clause reaches the first for one and the second for ten (see
# docs/questions.md).
SAYS = 0.45  # at or above, the clause answers
MAY_SAY = 0.2  # at or above, it is unsafe to say that the policy does not answer
FEWEST = 2  # minimum words that a clause shares with a question, unless the question has only one


class ClauseWords:
    """The words of a version's clauses, counted once.

    `topics`: words that people use for some clauses. `table`: from typed words to intended words.
    `keys_of`: returns the stems of a word in a question. For bank questions, which are processed many times,
    pass `search.indexed_keys`, which caches them.
    """

    def __init__(
        self,
        version: Version,
        topics: Mapping[str, Sequence[Number]],
        table: Mapping[str, str],
        keys_of: Callable[[str], frozenset[str]] = word_keys,
    ) -> None:
        self._keys_of = keys_of
        self._spell = Speller.of(version.pieces(), table)
        counts: dict[Number, dict[str, float]] = {}
        for clause in version.clauses():
            article = version.article(clause.number)
            counts[clause.number] = {}
            _count(counts[clause.number], clause.text, 1.0)
            _count(counts[clause.number], f"{clause.heading} {article.title if article else ''}", TITLE)
        self._own = frozenset(key for words in counts.values() for key in words)
        for topic, numbers in topics.items():
            for number in numbers:
                if number in counts:
                    _count(counts[number], topic, 1.0)
        self._holders: dict[str, dict[Number, float]] = {}  # by stem: the clauses with it, and how often
        for number, words in counts.items():
            for key, count in words.items():
                self._holders.setdefault(key, {})[number] = count
        lengths = {number: sum(words.values()) for number, words in counts.items()}
        mean = max(sum(lengths.values()) / max(len(lengths), 1), 1)
        self._norms = {n: SATURATION * (1 - LENGTH + LENGTH * length / mean) for n, length in lengths.items()}

    def holds_any(self, question: str) -> bool:
        """Return whether a word of the question appears in the text."""
        return any(self._keys_of(word[0]) & self._own for word in search_words(self._spell(question)))

    def rank(self, question: str) -> list[ScoredClause]:
        """Return the clauses that share words with a question, best BM25 first, with each clause's share.

        The share is the part of the question that the clause contains, from 0 to 1. It is 0 when so few words
        match that it may be by chance.
        """
        typed = {fold_accents(word[0]): word[0] for word in search_words(self._spell(question))}
        total = 0.0
        scores: dict[Number, tuple[float, float, int]] = {}  # BM25, matched weight, matched words
        for word in typed.values():
            counts: dict[Number, float] = {}
            for key in self._keys_of(word):
                for number, count in self._holders.get(key, {}).items():
                    counts[number] = max(counts.get(number, 0.0), count)
            rarity = math.log(1 + (len(self._norms) - len(counts) + 0.5) / (len(counts) + 0.5))
            total += rarity
            for number, count in counts.items():
                bm25, weight, shared = scores.get(number, (0.0, 0.0, 0))
                bm25 += rarity * count * (SATURATION + 1) / (count + self._norms[number])
                scores[number] = bm25, weight + rarity, shared + 1
        least = min(FEWEST, len(typed))
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1][0], as_counted(pair[0])))
        return [
            ScoredClause(n, weight / total if shared >= least else 0.0) for n, (_, weight, shared) in ranked
        ]

    def may_answer(self, question: str, clauses: Collection[Number]) -> list[ScoredClause]:
        """Return the clauses, among `clauses`, that may answer a question, the largest share first."""
        ranked = [c for c in self.rank(question) if c.number in clauses and c.score >= MAY_SAY]
        return sorted(ranked, key=lambda clause: (-clause.score, as_counted(clause.number)))


def _count(counts: dict[str, float], text: str, worth: float) -> None:
    for word in search_words(text):
        for key in indexed_keys(word[0]):
            counts[key] = counts.get(key, 0.0) + worth
