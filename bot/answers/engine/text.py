"""Finding clauses by their own words alone, for a policy that has no bank of questions.

Okapi BM25 on French stems ranks; what decides is the share of what the question means that a clause
holds, a word that the policy never uses weighing as much as its rarest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from bot.language.spelling import Speller
from bot.policy.articles import Clause, Number, Version
from bot.policy.search import fold, indexed, keys, words

SATURATION, LENGTH = 1.2, 0.75  # BM25's k1 and b, at their usual values
TITLE = 0.5  # what a word of a title or heading is worth, against one of the text
# Of what a question means, held by a clause that the bank says nothing of. Of a thousand questions that the
# policy does not answer, a given clause holds that much of one, and of ten (see docs/questions.md).
SAYS = 0.45  # from which it answers
MAY_SAY = 0.2  # from which nobody can say that the policy does not
FEWEST = 2  # words that a clause must share with a question, unless the question has but one


class Texts:
    """The words of a version, counted once.

    `topics` are words that people use for some clauses, `table` what they type for what they mean. `forms`:
    what reads the words of a question, `search.indexed` for those of a bank, which are asked again and again.
    """

    def __init__(
        self,
        version: Version,
        topics: Mapping[str, Sequence[Number]],
        table: Mapping[str, str],
        forms: Callable[[str], frozenset[str]] = keys,
    ) -> None:
        self._forms = forms
        self._spell = Speller.of(version.pieces(), table)
        self._counts = {clause.number: _counted(clause, version) for clause in version.clauses()}
        self._own = frozenset(key for counts in self._counts.values() for key in counts)
        for topic, numbers in topics.items():
            for number in numbers:
                if number in self._counts:
                    _add(self._counts[number], topic, 1.0)
        self._holders: dict[str, dict[Number, float]] = {}
        for number, counts in self._counts.items():
            for key, count in counts.items():
                self._holders.setdefault(key, {})[number] = count
        lengths = {number: sum(counts.values()) for number, counts in self._counts.items()}
        mean = sum(lengths.values()) / max(len(lengths), 1)
        self._norms = {
            number: SATURATION * (1 - LENGTH + LENGTH * length / max(mean, 1))
            for number, length in lengths.items()
        }

    def hold(self, question: str) -> bool:
        """Tell whether a question holds a word of the text's own."""
        return any(self._forms(word[0]) & self._own for word in words(self._spell(question)))

    def rank(self, question: str) -> list[tuple[Number, float]]:
        """Return the clauses that share words with a question, best first, with the share that they hold.

        The share, from 0 to 1, is 0 for one that shares too few words to be more than chance.
        """
        typed = {fold(word[0]): word[0] for word in words(self._spell(question))}
        asked = [self._forms(word) for word in typed.values()]
        total = 0.0
        scores: dict[Number, list[float]] = {}  # BM25, the weight that is held, the words that are shared
        for forms in asked:
            held = self._held(forms)
            rarity = math.log(1 + (len(self._counts) - len(held) + 0.5) / (len(held) + 0.5))
            total += rarity
            for number, count in held.items():
                found = scores.setdefault(number, [0.0, 0.0, 0.0])
                found[0] += rarity * count * (SATURATION + 1) / (count + self._norms[number])
                found[1] += rarity
                found[2] += 1
        least = min(FEWEST, len(asked))
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1][0], pair[0]))
        return [(number, held / total if shared >= least else 0.0) for number, (_, held, shared) in ranked]

    def _held(self, forms: frozenset[str]) -> dict[Number, float]:
        """Return the clauses that hold a word in any of its forms, and how often."""
        held: dict[Number, float] = {}
        for form in forms:
            for number, count in self._holders.get(form, {}).items():
                held[number] = max(held.get(number, 0.0), count)
        return held


def _counted(clause: Clause, version: Version) -> dict[str, float]:
    article = version.article(clause.number)
    counts: dict[str, float] = {}
    _add(counts, clause.text, 1.0)
    _add(counts, f"{clause.heading} {article.title if article else ''}", TITLE)
    return counts


def _add(counts: dict[str, float], text: str, worth: float) -> None:
    for word in words(text):
        for key in indexed(word[0]):
            counts[key] = counts.get(key, 0.0) + worth


def held(texts: Texts, clauses: Collection[Number], question: str) -> list[tuple[Number, float]]:
    """Return the clauses that may say what a question asks, with the share that each holds, best first."""
    found = [(n, share) for n, share in texts.rank(question) if n in clauses and share >= MAY_SAY]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
