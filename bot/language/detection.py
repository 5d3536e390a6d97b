"""Detection of a question's language: French, English, or one that Vigie does not read.

It relies on the alphabet and on each language's most common grammatical words, here called small words. When
in doubt, as with a few misspelled words, the text counts as French. The words are data, in
`data/spelling/langues.tsv`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bot.policy.articles import PolicyError

Language: TypeAlias = Literal["fr", "en", "other"]

ENOUGH = 2  # small words needed to prove another language; one alone may be a name or a loanword
_FRENCH_LETTERS = frozenset("àâæçéèêëîïôœùûüÿ")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TOKEN = re.compile(r"[\w'’-]+")
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"://|@|\bwww\.|\w\.\w+/")  # « www.exemple.ca », « exemple.ca/page »


@dataclass(frozen=True, slots=True)
class SmallWords:
    """The small words of French and English, and the signs of other languages."""

    french: frozenset[str]
    english: frozenset[str]
    others: tuple[_Other, ...]


@dataclass(frozen=True, slots=True)
class _Other:
    """A language that Vigie does not read.

    `proofs`: its small words that neither French nor English has. `signs`: its letters that French does not
    have. `french`, `english`: the small words of French and of English that it does not have.
    """

    proofs: frozenset[str]
    signs: frozenset[str]
    french: frozenset[str]
    english: frozenset[str]

    def matches(self, text: str, words: Mapping[str, int]) -> bool:
        proofs = _count(words, self.proofs) + (not self.signs.isdisjoint(text))
        return proofs >= ENOUGH and proofs > max(_count(words, self.french), _count(words, self.english))


def _count(words: Mapping[str, int], vocabulary: Collection[str]) -> int:
    return sum(times for word, times in words.items() if word in vocabulary)


def load_small_words(paths: Iterable[Path]) -> SmallWords:
    """Return the small words that the tables list.

    Each line of a table is a language code, a tab, and words separated by spaces. Raises `PolicyError`, with
    the line's number, for a malformed line.
    """
    words: dict[str, frozenset[str]] = {"fr": frozenset(), "en": frozenset()}
    for path in paths:
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                code, _, listed = line.partition("\t")
                if not listed.split():
                    raise PolicyError(path.name, at, "il faut un code de langue, une tabulation, des mots.")
                words[code.strip()] = words.get(code.strip(), frozenset()) | frozenset(listed.split())
    french, english = words.pop("fr"), words.pop("en")
    others = []
    for vocabulary in words.values():
        letters = (word for word in vocabulary - french if len(word) == 1 and not word.isascii())
        signs = frozenset(letters) - _FRENCH_LETTERS
        others.append(_Other(vocabulary - french - english, signs, french - vocabulary, english - vocabulary))
    return SmallWords(french, english, tuple(others))


def detect(text: str, words: SmallWords) -> Language:
    """Return the language of `text`, or "fr" when in doubt."""
    lower = text.lower()
    letters = Counter(character for character in lower if character.isalpha())
    latin = sum(
        times for letter, times in letters.items() if unicodedata.name(letter, "").startswith("LATIN")
    )
    if latin * 2 < letters.total():
        return "other"
    typed = _typed(lower)
    if any(language.matches(lower, typed) for language in words.others):
        return "other"
    return "en" if _count(typed, words.english) > _count(typed, words.french) else "fr"


def french_share(sentences: Iterable[str], words: SmallWords) -> float:
    """Return the share of letters that are in French sentences, from 0 to 1, or 1 if there is no sentence.

    A sentence in doubt counts as French. A word with a French accent counts as a French small word.
    """
    french = every = 0
    for sentence in sentences:
        length = sum(map(str.isalpha, sentence))
        every += length
        language = detect(sentence, words)
        if language == "en":
            typed = _typed(sentence.lower())
            accented = [
                word for word in typed if word not in words.french and not _FRENCH_LETTERS.isdisjoint(word)
            ]
            ours = _count(typed, words.french) + _count(typed, accented)
            language = "en" if _count(typed, words.english) > ours else "fr"
        french += length if language == "fr" else 0
    return french / every if every else 1


def _typed(lower: str) -> Counter[str]:
    """Count the words of a text in lower case, and the parts of words before an apostrophe or a hyphen.

    Addresses, and codes with digits, contain no words.
    """
    pieces = (piece for piece in lower.split() if not _ADDRESS.search(piece))
    codes_and_words = (token for piece in pieces for token in _TOKEN.findall(piece))
    words = (word for token in codes_and_words if not _DIGIT.search(token) for word in _WORD.findall(token))
    return Counter(part for word in words for part in (word, *re.split(r"['’-]", word)[:-1]))


def tables(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the paths of the tables of small words in data folders, in the order of the folders."""
    return tuple(path for folder in folders if (path := folder / "spelling" / "langues.tsv").is_file())
