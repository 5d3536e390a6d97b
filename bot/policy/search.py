"""Word search in a policy, regardless of accents and inflections."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, TypeAlias

from bot.policy.articles import Clause, Number

_WORD = re.compile(r"[^\W_]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_UNKNOWN = 1.0  # weight of a word that is not in the policy; the rarest one in it weighs log(n + 1)
_ENOUGH = 0.5  # share of the query's weight that a clause must reach when none has every word
_LONGEST = 50  # letters; a longer string is not a word, and stemming it would take tens of milliseconds
_ALIKE = 82  # rapidfuzz ratio, 0 to 100, at or above which a word may be a typo for another
_SHORTEST = 4  # letters; shorter words resemble too many others to be corrected
# Words too common to search for: Snowball's French list, shortened to those found in questions.
EMPTY = frozenset(
    "a ai as au aux avec avoir c ca ce ces cet cette ceux comment d dans de des dit donc du elle "  # noqa: SIM905 — one list of words reads better in lines
    "elles en es est et etre eu il ils j je l la le les leur lui m ma mais me mes moi mon n ne ni nos "
    "notre nous on ont ou par pas pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa "
    "sans se ses si son sont sur t ta te tes toi ton tu un une vos votre vous y".split()
)


def fold_accents(text: str) -> str:
    """Return `text` in lower case without accents: « Élu » becomes « elu »."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text.lower())
    return _NOT_ASCII.sub(lambda match: "" if unicodedata.combining(match[0]) else match[0], letters)


def new_stemmer() -> Any:  # noqa: ANN401 — the library is not typed
    """Return a French stemmer. It keeps state, so only one thread may use it at a time."""
    import snowballstemmer  # noqa: PLC0415 — 15 ms and 4 MB, for the first search

    return snowballstemmer.stemmer("french")


_stemmer = cache(new_stemmer)
_stemming = Lock()  # look-ups run on the event loop while questions run on the storage thread
_indexed: dict[str, frozenset[str]] = {}  # cached keys of the words of policies and their banks


def word_keys(word: str) -> frozenset[str]:
    """Return the keys under which a word is found, with or without its accents.

    The keys are Snowball's French stems, without the plural and feminine endings that Snowball leaves after
    some vowels. Words that people type are not cached.
    """
    if word in _indexed:
        return _indexed[word]
    if len(word) > _LONGEST:
        return frozenset([fold_accents(word)])
    stem = _stemmer().stemWord
    with _stemming:
        stems = {fold_accents(stem(word.lower())), stem(fold_accents(word))}
    return frozenset(stem.rstrip("es") or stem for stem in stems)


def indexed_keys(word: str) -> frozenset[str]:
    """Return the keys of a word of a policy or its bank, and cache them."""
    keys = _indexed[word] = word_keys(word)
    return keys


def split_words(text: str) -> list[str]:
    """Return the words of `text`, including those too common to search for."""
    return [match[0] for match in _WORD.finditer(text)]


def search_words(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of `text` worth searching for: not « l' » or « qu' »."""
    for match in _WORD.finditer(text):
        if fold_accents(match[0]) not in EMPTY:
            yield match


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause that matches a search. `spans`: the matching words in its text, as character offsets."""

    clause: Clause
    spans: tuple[tuple[int, int], ...]


# For each clause, the spans of the words sought, none if they are only in its heading.
Places: TypeAlias = dict[Number, list[tuple[int, int]]]


class Index:
    """A search index of clauses. `topics`: words that people use, with the clauses that they refer to.

    `titles`: by clause, the titles of the provisions around it, except those already in its heading.
    """

    def __init__(
        self,
        clauses: Sequence[Clause],
        topics: Mapping[str, Sequence[Number]],
        titles: Mapping[Number, str],
    ) -> None:
        self._clauses = tuple(clauses)
        self._places: dict[str, Places] = defaultdict(lambda: defaultdict(list))
        self._vocabulary: dict[str, str] = {}  # from a word without accents to the word
        self._folded: dict[Number, set[str]] = {}
        for clause in self._clauses:
            folded = self._folded[clause.number] = set[str]()
            for match in search_words(clause.text):
                word = fold_accents(match[0])
                folded.add(word)
                self._vocabulary.setdefault(word, match[0].lower())
                for key in indexed_keys(match[0]):
                    self._places[key][clause.number].append(match.span())
            for match in search_words(f"{clause.heading} {titles.get(clause.number, '')}"):
                folded.add(fold_accents(match[0]))
                for key in indexed_keys(match[0]):
                    self._places[key].setdefault(clause.number, [])
        self._topics = {
            tuple(fold_accents(match[0]) for match in _WORD.finditer(topic)): numbers
            for topic, numbers in sorted(topics.items(), key=lambda pair: -len(pair[0]))
        }

    def search(self, query: str) -> list[Hit]:
        """Return the clauses that contain the query's words, best first.

        If some contain every word, only those are returned. Otherwise, a clause must reach the share
        `_ENOUGH` of the query's weight, where a rare word weighs more (inverse document frequency).
        """
        spans: Places = defaultdict(list)
        scores: dict[Number, float] = defaultdict(float)
        total = 0.0
        for places in self._matches(query):
            rarity = math.log(1 + len(self._clauses) / len(places)) if places else _UNKNOWN
            total += rarity
            for number, matches in places.items():
                scores[number] += rarity * (1 + 0.1 * min(len(matches), 3))
                spans[number].extend(matches)
        matching = {number for number, score in scores.items() if score >= total} or {
            number for number, score in scores.items() if score >= _ENOUGH * total
        }
        hits = [
            Hit(clause, tuple(sorted(set(spans[clause.number]))))
            for clause in self._clauses
            if clause.number in matching
        ]
        return sorted(hits, key=lambda hit: -scores[hit.clause.number])

    def complete(self, typed: str) -> list[Clause]:
        """Return the clauses where each typed word begins some word, or else the search results."""
        starts = [fold_accents(match[0]) for match in search_words(typed)]
        if not starts:
            return []
        return [
            clause
            for clause in self._clauses
            if all(any(word.startswith(start) for word in self._folded[clause.number]) for start in starts)
        ] or [hit.clause for hit in self.search(typed)]

    def _matches(self, query: str) -> Iterator[Places]:
        """Yield, for each word or known topic of the query, the clauses that contain it, and where."""
        typed = [match[0] for match in _WORD.finditer(query)]
        folded = [fold_accents(word) for word in typed]
        for topic, numbers in self._topics.items():
            size = len(topic)
            at = next((at for at in range(len(folded)) if folded[at : at + size] == list(topic)), None)
            if at is not None:
                folded[at : at + size] = [""] * size
                yield {number: [] for number in numbers} | self._places_of(typed[at : at + size])
        for word, rest in zip(typed, folded, strict=True):
            if rest and rest not in EMPTY:
                yield self._places_of([word])

    def _places_of(self, words: Iterable[str]) -> Places:
        places: Places = defaultdict(list)
        for word in words:
            for key in word_keys(word):
                for number, spans in self._places.get(key, {}).items():
                    places[number].extend(spans)
        return dict(places)

    def did_you_mean(self, query: str) -> str:
        """Return `query` with unknown words replaced by similar words of the policy, "" if none is."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 — 2 MB, for the first unknown word

        changed = query
        for match in reversed(list(search_words(query))):
            word = fold_accents(match[0])
            if len(word) < _SHORTEST or any(key in self._places for key in word_keys(match[0])):
                continue
            close = process.extractOne(word, list(self._vocabulary), scorer=fuzz.ratio, score_cutoff=_ALIKE)
            if close:
                changed = changed[: match.start()] + self._vocabulary[close[0]] + changed[match.end() :]
        return changed if changed != query else ""
