"""Finding words in a policy without regard to accents or inflection."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from bot.policy.articles import Clause, Number

_WORD = re.compile(r"[^\W_]+")
_UNKNOWN = 1.0  # weight of a word that the policy does not hold; the rarest that it holds weighs log(n + 1)
_ENOUGH = 0.5  # share of the query's weight that a clause must hold when it does not hold every word
_LONGEST = 50  # letters; what is longer is no word, and its stem would take tens of milliseconds
_ALIKE = 82  # rapidfuzz ratio, 0 to 100, above which two words are taken for a slip of one another
# Words too common to search for; Snowball's French list, shortened to what questions really hold.
_EMPTY = frozenset(
    [
        "a",
        "ai",
        "as",
        "au",
        "aux",
        "avec",
        "avoir",
        "c",
        "ca",
        "ce",
        "ces",
        "cet",
        "cette",
        "ceux",
        "comment",
        "d",
        "dans",
        "de",
        "des",
        "dit",
        "donc",
        "du",
        "elle",
        "elles",
        "en",
        "es",
        "est",
        "et",
        "etre",
        "eu",
        "il",
        "ils",
        "j",
        "je",
        "l",
        "la",
        "le",
        "les",
        "leur",
        "lui",
        "m",
        "ma",
        "mais",
        "me",
        "mes",
        "moi",
        "mon",
        "n",
        "ne",
        "ni",
        "nos",
        "notre",
        "nous",
        "on",
        "ont",
        "ou",
        "par",
        "pas",
        "pour",
        "pourquoi",
        "qu",
        "quand",
        "que",
        "quel",
        "quelle",
        "quelles",
        "quels",
        "qui",
        "quoi",
        "s",
        "sa",
        "sans",
        "se",
        "ses",
        "si",
        "son",
        "sont",
        "sur",
        "t",
        "ta",
        "te",
        "tes",
        "toi",
        "ton",
        "tu",
        "un",
        "une",
        "vos",
        "votre",
        "vous",
        "y",
    ]
)


def fold_accents(text: str) -> str:
    """Return `text` in lower case without accents: « Élu » is « elu »."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def new_stemmer() -> Any:  # noqa: ANN401 — the library is not typed
    """Return a French stemmer; it keeps a state, so that one thread at a time may use it."""
    import snowballstemmer  # noqa: PLC0415 — 15 ms and 4 MB, for the first search

    return snowballstemmer.stemmer("french")


_stemmer = cache(new_stemmer)
_stemming = Lock()  # look-ups are answered on the loop while a question is on the storage thread
_indexed: dict[str, frozenset[str]] = {}  # the words of policies and of their banks


def word_keys(word: str) -> frozenset[str]:
    """Return the forms under which a word is found, whether or not its accents are written.

    Snowball's French stems, with the plural and feminine endings that it leaves after some vowels. Of what
    people type, nothing is kept.
    """
    return _indexed.get(word) or _worked_out(word)


def indexed_keys(word: str) -> frozenset[str]:
    """Return the keys of a word of a policy or of its bank, and keep them: it is read again and again."""
    found = _indexed[word] = word_keys(word)
    return found


def _worked_out(word: str) -> frozenset[str]:
    if len(word) > _LONGEST:
        return frozenset([fold_accents(word)])
    stem = _stemmer().stemWord
    with _stemming:
        stems = {fold_accents(stem(word.lower())), stem(fold_accents(word))}
    return frozenset(stem.rstrip("es") or stem for stem in stems)


def search_words(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of `text` that mean something; « l' » and « qu' » do not."""
    for match in _WORD.finditer(text):
        if fold_accents(match[0]) not in _EMPTY:
            yield match


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause that a search found, and where its words stand in the clause's text."""

    clause: Clause
    spans: tuple[tuple[int, int], ...]


class Index:
    """The words of some clauses; `topics` are words that people use and the clauses they are about."""

    def __init__(self, clauses: Sequence[Clause], topics: Mapping[str, Sequence[Number]]) -> None:
        self._clauses = tuple(clauses)
        self._places: dict[str, dict[Number, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        self._vocabulary: dict[str, str] = {}
        self._folded = {
            c.number: {fold_accents(m[0]) for m in search_words(f"{c.heading} {c.text}")}
            for c in self._clauses
        }
        for clause in self._clauses:
            for match in search_words(clause.text):
                self._vocabulary.setdefault(fold_accents(match[0]), match[0].lower())
                for key in indexed_keys(match[0]):
                    self._places[key][clause.number].append(match.span())
            for match in search_words(clause.heading):
                for key in indexed_keys(match[0]):
                    self._places[key].setdefault(clause.number, [])
        self._topics = {
            tuple(fold_accents(match[0]) for match in _WORD.finditer(topic)): tuple(numbers)
            for topic, numbers in sorted(topics.items(), key=lambda pair: -len(pair[0]))
        }

    def search(self, query: str) -> list[Hit]:
        """Return the clauses that hold the query's words, best first.

        Those that hold every word come alone; otherwise those that hold the greater part of what
        the query weighs, a rare word weighing more (inverse document frequency).
        """
        found: dict[Number, list[tuple[int, int]]] = defaultdict(list)
        scores: dict[Number, float] = defaultdict(float)
        total = 0.0
        for places in self._matches(query):
            rarity = math.log(1 + len(self._clauses) / len(places)) if places else _UNKNOWN
            total += rarity
            for number, spans in places.items():
                scores[number] += rarity * (1 + 0.1 * min(len(spans), 3))
                found[number].extend(spans)
        kept = {number for number, score in scores.items() if score >= total}
        kept = kept or {number for number, score in scores.items() if score >= _ENOUGH * total}
        hits = [
            Hit(clause, tuple(sorted(set(found[clause.number]))))
            for clause in self._clauses
            if clause.number in kept
        ]
        return sorted(hits, key=lambda hit: -scores[hit.clause.number])

    def complete(self, typed: str) -> list[Clause]:
        """Return the clauses that hold words beginning like each of those typed, else what a search finds."""
        starts = [fold_accents(match[0]) for match in search_words(typed)]
        if not starts:
            return []
        kept = [
            clause
            for clause in self._clauses
            if all(any(word.startswith(start) for word in self._folded[clause.number]) for start in starts)
        ]
        return kept or [hit.clause for hit in self.search(typed)]

    def _matches(self, query: str) -> Iterator[dict[Number, list[tuple[int, int]]]]:
        """Yield, for each word or known topic of the query, the clauses that hold it and where."""
        typed = [match[0] for match in _WORD.finditer(query)]
        folded = [fold_accents(word) for word in typed]
        for topic, numbers in self._topics.items():
            at = next((at for at in range(len(folded)) if folded[at : at + len(topic)] == list(topic)), None)
            if at is not None:
                folded[at : at + len(topic)] = [""] * len(topic)
                yield {number: [] for number in numbers} | self._union(typed[at : at + len(topic)])
        for word, rest in zip(typed, folded, strict=True):
            if rest and rest not in _EMPTY:
                yield self._union([word])

    def _union(self, terms: Iterable[str]) -> dict[Number, list[tuple[int, int]]]:
        places: dict[Number, list[tuple[int, int]]] = defaultdict(list)
        for term in terms:
            for key in word_keys(term):
                for number, spans in self._places.get(key, {}).items():
                    places[number].extend(spans)
        return dict(places)

    def did_you_mean(self, query: str) -> str:
        """Return `query` with its unknown words replaced by close ones of the policy, or ""."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 — 2 MB, for the first word that is not found

        changed = query
        for match in reversed(list(search_words(query))):
            folded = fold_accents(match[0])
            if any(key in self._places for key in word_keys(match[0])) or len(folded) < 4:  # noqa: PLR2004 — shorter words resemble too many others
                continue
            close = process.extractOne(folded, list(self._vocabulary), scorer=fuzz.ratio, score_cutoff=_ALIKE)
            if close:
                changed = changed[: match.start()] + self._vocabulary[close[0]] + changed[match.end() :]
        return changed if changed != query else ""
