"""Word search over several texts at once, to find which of them a question may be about.

It only ranks texts. The `Index` of a text, or the answer engine, then finds the clauses to show. Each word
costs a few bytes for each clause that has it, so thirty policies fit in a few megabytes.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise, takewhile

from bot.policy.articles import Clause, Number, Version
from bot.policy.search import fold_accents, indexed_keys, search_words, word_keys


class JointIndex:
    """The words of several texts.

    `texts`: each text, with the words that people use for some of its clauses (see `Annotations.topics`).
    `acronyms`: the words in capitals of clauses that also have other words, folded: « unes » for UNES.
    """

    def __init__(self, texts: Sequence[tuple[Version, Mapping[str, Sequence[Number]]]]) -> None:
        self._clauses: list[Clause] = []
        self._owners = array("H")  # for each clause, the index of its text
        self._starts = [0]  # for each text, the index of its first clause; then the total
        self._by_key: dict[str, array[int]] = {}  # from a stem to the indices of clauses
        by_word: dict[str, array[int]] = {}
        acronyms: set[str] = set()
        for owner, (version, topics) in enumerate(texts):
            named: dict[Number, str] = {}
            for topic, numbers in topics.items():
                for number in numbers:
                    named[number] = f"{named.get(number, '')} {topic}"
            for article in version.articles:
                for clause in article.clauses:
                    at = len(self._clauses)
                    self._clauses.append(clause)
                    self._owners.append(owner)
                    words = {match[0] for match in search_words(f"{clause.heading} {clause.text}")}
                    if not clause.text.isupper():
                        clause_words = (match[0] for match in search_words(clause.text))
                        acronyms.update(
                            fold_accents(word) for word in clause_words if len(word) > 1 and word.isupper()
                        )
                    about = f"{article.title} {named.get(clause.number, '')}"
                    about_words = {match[0] for match in search_words(about)}
                    for key in {key for word in words | about_words for key in indexed_keys(word)}:
                        self._by_key.setdefault(key, array("L")).append(at)
                    for word in set(map(fold_accents, words)):
                        by_word.setdefault(word, array("L")).append(at)
            self._starts.append(len(self._clauses))
        self.acronyms = frozenset(acronyms)
        self._words = sorted(by_word)
        self._by_word = [by_word[word] for word in self._words]

    def closest(self, text: str) -> list[tuple[int, float]]:
        """Return the index of each text that has words of `text`, and its share of these words, best first.

        The share, from 0 to 1, is that of the text's best clause. A rare word weighs more.
        """
        total = 0.0
        weights = [0.0] * len(self._clauses)
        for word in {fold_accents(match[0]): match[0] for match in search_words(text)}.values():
            places = [self._by_key[key] for key in word_keys(word) if key in self._by_key]
            holders = places[0] if len(places) == 1 else set(chain.from_iterable(places))
            rarity = math.log(1 + len(self._clauses) / (len(holders) or 1))
            total += rarity
            for at in holders:
                weights[at] += rarity
        shares = (
            (owner, max(weights[first:end], default=0.0) / (total or 1))
            for owner, (first, end) in enumerate(pairwise(self._starts))
        )
        return sorted(((owner, share) for owner, share in shares if share), key=lambda pair: -pair[1])

    def complete(self, typed: str) -> Iterator[tuple[int, Clause]]:
        """Yield the clauses where each typed word begins some word, with the index of their text."""
        starts = [fold_accents(match[0]) for match in search_words(typed)]
        if not starts:
            return
        for at in sorted(set.intersection(*map(self._beginning, starts))):
            yield self._owners[at], self._clauses[at]

    def _beginning(self, start: str) -> set[int]:
        first = bisect_left(self._words, start)
        words = takewhile(lambda at: self._words[at].startswith(start), range(first, len(self._words)))
        return set(chain.from_iterable(self._by_word[at] for at in words))
