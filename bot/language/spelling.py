"""Spelling correction of typed French: abbreviations are written out, phonetic spellings corrected.

Abbreviations are data, in `data/spelling/fr.tsv`. Sounds are computed by a short list of rules. The result is
deterministic, so that the answer engine sees the same text in training and in use.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bot.policy import search
from bot.policy.articles import PolicyError

MOST_WORDS = 16_384  # maximum words in a cache: twice as many as in a large question bank
SHORTEST = 4  # letters; a shorter word resembles too many others to be corrected
# A slip is a letter missing, added or replaced, or two letters swapped. A word with at least this many
# letters may have two slips, a shorter one only one.
LONG = 9
# The maximum number of unknown words of a text for which a similar spelling is searched: each search takes a
# fraction of a millisecond, and a text with more unknown words is not French.
MOST_SLIPS = 10
WORD = re.compile(r"[^\W_]+")
_TYPED = re.compile(r"(?<=\w)-t-(?=\w)|\w+'?|[^\w\s]+")  # the « t » of « a-t-il » is not a word
_LETTERED = re.compile(r"[^\W\d_]+")
_ELIDED = re.compile(r"\b(c|j|l|m|t|s|d|n|qu|y)'(?=\w)")

# Rough rules of French pronunciation on folded words: (letters, sound), applied in order. Capitals stand for
# sounds without their own letter: X for « ch »; A, I and O for the nasal vowels.
_SOUNDS = tuple(
    (re.compile(written), heard)
    for written, heard in (
        (r"qu|q|ck", "k"),
        (r"sch|sh", "X"),
        (r"ch(?=[rlt])", "k"),
        (r"ch", "X"),
        (r"ph", "f"),
        (r"sc(?=[eiy])|c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"ge(?=[aou])", "j"),
        (r"gu(?=[ei])", "G"),
        (r"g(?=[eiy])", "j"),
        (r"gn", "n"),
        (r"G", "g"),
        (r"ssion|tion|sion", "sion"),
        (r"ille\b|ill(?=[aeou])|ye?\b", "i"),
        (r"eaux?|aux?", "o"),
        (r"oeu|eu", "e"),
        (r"ain|ein|aim|in(?![aeiouyn])|im(?=[pb])|un(?![aeiouyn])|yn(?![aeiouy])", "I"),
        (r"(?<![iy])en(?=t\b)", "A"),
        (r"[ae]n(?![aeiouyn])|[ae]m(?=[pbm])", "A"),
        (r"on(?![aeiouyn])|om(?=[pb])", "O"),
        (r"oin", "wI"),
        (r"oi|oua", "wa"),
        (r"ou", "u"),
        (r"ais|aient|ait|ai|ei", "e"),
        (r"(?:er|ez|es|et|ee|ees)\b", "e"),
        (r"y", "i"),
        (r"h|x\b", ""),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[a-zA-Z]{2})[stdp]+\b", ""),
        (r"(?<=[a-zA-Z]{2})e\b", ""),
    )
)


class WordCache(dict[str, str]):
    """A function from a word to a text, with a cache of up to `MOST_WORDS` results, in order of first use.

    `forget(count)` keeps only the first `count` results, so that the words of a private text can be dropped.
    """

    def __init__(self, compute: Callable[[str], str]) -> None:
        super().__init__()
        self._compute = compute

    def __call__(self, word: str) -> str:
        """Return the function's result for a word, from the cache if possible."""
        return self[word]

    def __missing__(self, word: str) -> str:
        result = self._compute(word)
        if len(self) < MOST_WORDS:
            self[word] = result
        return result

    def forget(self, count: int) -> None:
        """Drop all results after the first `count`."""
        while len(self) > count:
            self.popitem()


@WordCache
def fold(word: str) -> str:
    """Return a word in lower case without accents or ligatures: « Élu » → « elu », « Œuvre » → « oeuvre »."""
    return search.fold_accents(word).replace("œ", "oe").replace("æ", "ae").replace("’", "'")


@WordCache
def sound(word: str) -> str:
    """Return a code for the sound of a folded word, the same for « fonksion » and « fonction »."""
    heard = word
    for written, replacement in _SOUNDS:
        heard = written.sub(replacement, heard)
    return heard or word


_stemmer = cache(search.new_stemmer)  # a stemmer has state; the answer engine's lock protects this one


@WordCache
def stem(word: str) -> str:
    """Return the French stem of a word, folded."""
    return fold(_stemmer().stemWord(word))


def forgetting() -> Callable[[], None]:
    """Return a function that drops the words cached since this call, such as those of a private text."""
    counts = [(words, len(words)) for words in (stem, fold, sound)]

    def forget() -> None:
        for words, count in counts:
            words.forget(count)

    return forget


def load_spelling_table(paths: Iterable[Path]) -> dict[str, str]:
    """Return the tables at `paths` as one mapping from typed words to intended words. Later ones win.

    Raises `PolicyError`, with the line's number, when a line is not two columns separated by a tab.
    """
    table: dict[str, str] = {}
    for path in paths:
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            typed, _, meant = line.partition("\t")
            if not (typed.strip() and meant.strip()) or "\t" in meant:
                raise PolicyError(path.name, at, "il faut deux colonnes, séparées par une tabulation.")
            table[typed.strip()] = meant.strip()
    return table


@dataclass(frozen=True)
class Speller:
    """A function that rewrites a question in ordinary French.

    `table`: maps typed words to the intended ones. `known`: the folded words to leave unchanged.
    `by_sound`: maps a sound to the most common known word with that sound, accents included.
    """

    table: Mapping[str, str]
    known: frozenset[str]
    by_sound: Mapping[str, str]

    @classmethod
    def of(cls, texts: Iterable[str], table: Mapping[str, str]) -> Speller:
        """Return a speller that knows the words of `texts`, which must be well spelled.

        It also knows the names that the table maps to themselves, such as « slack ».
        """
        bare = cls(table, frozenset(), {})
        forms = Counter(word for text in texts for word in WORD.findall(bare.expand(text)))
        forms.update(typed for typed, meant in table.items() if typed == meant)
        frequencies: Counter[str] = Counter()
        for form, count in forms.items():
            frequencies[fold(form)] += count
        accented = {fold(form): form for form, _ in reversed(forms.most_common())}
        by_sound = {
            sound(word): accented[word]
            for word, _ in reversed(frequencies.most_common())
            if len(word) >= SHORTEST and not word.isdigit()
        }
        return cls(table, frozenset(frequencies), by_sound)

    def __call__(self, text: str) -> str:
        """Return `text` in lower case, its abbreviations written out and its unknown words corrected."""
        tries = iter(range(MOST_SLIPS))
        return _LETTERED.sub(lambda match: self._correct(match[0], tries), self.expand(text))

    def expand(self, text: str) -> str:
        """Return `text` in lower case, with the table's entries written out."""
        text = text.replace("’", "'")
        for typed, pattern, meant in self._phrases:
            if typed in text.lower():
                text = pattern.sub(meant, text)
        expanded = (
            token if token.endswith("'") else self.table.get(token) or self.table.get(fold(token), token)
            for token in _TYPED.findall(_ELIDED.sub(r"\1' ", text.lower()))
        )
        return " ".join(expanded).replace("' ", "'")

    @cached_property
    def _phrases(self) -> Sequence[tuple[str, re.Pattern[str], str]]:
        """The table's entries that are several words, or that apply only in capitals.

        Each item is the entry in lower case, a pattern that finds it, and the words that replace it.
        """
        phrases = []
        for typed, meant in self.table.items():
            has_capitals = typed != typed.lower()
            if has_capitals or not WORD.fullmatch(typed):
                flags = 0 if has_capitals else re.IGNORECASE
                pattern = re.compile(rf"(?<!\w){re.escape(typed)}(?!\w)", flags)
                phrases.append((typed.lower(), pattern, f"{meant} "))
        return phrases

    @cached_property
    def _by_length(self) -> Mapping[int, Sequence[str]]:
        words: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self.known):
            words[len(word)].append(word)
        return words

    def _correct(self, word: str, tries: Iterator[int]) -> str:
        """Return the known word that `word` was meant to be, or `word` itself if it is known or none fits.

        In order, try a known word with the same sound, a known word after an elided letter (« lassociation »
        → « l'association »), and a known word with a similar spelling. `tries`: yields one item for each
        search for a similar spelling that is still allowed.
        """
        folded = fold(word)
        if folded in self.known or len(folded) < SHORTEST:
            return word
        same_sound = self.by_sound.get(sound(folded))
        if same_sound or len(folded) == SHORTEST:
            return same_sound or word
        if folded[0] in "cdjlmnst":
            rest = folded[1:]
            if known := rest if rest in self.known else self.by_sound.get(sound(rest)):
                return f"{folded[0]}'{known}"
        close = "" if next(tries, None) is None else self._close(folded)
        accented = self.by_sound.get(sound(close), "")
        return (accented if fold(accented) == close else close) or word

    def _close(self, folded: str) -> str:
        """Return the known word closest to `folded` in spelling, within the allowed slips, or ""."""
        from rapidfuzz import process  # noqa: PLC0415 — takes 2 MB, so imported at the first unknown word
        from rapidfuzz.distance import OSA  # noqa: PLC0415 — as above

        best = ""
        allowed = 1 if len(folded) < LONG else 2
        for longer in (0, -1, 1, -2, 2):  # words of the same length first
            candidates = self._by_length.get(len(folded) + longer, ())
            close = process.extractOne(folded, candidates, scorer=OSA.distance, score_cutoff=allowed)
            if close:
                best = close[0]
                allowed = int(close[1]) - 1
        return best
