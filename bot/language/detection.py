"""Which language a question is in: French, English, or one that Vigie does not read.

By the small words of each language, which nobody can do without, and by the alphabet. On questions of
a few words, misspelled more often than not, that errs on the right side: French is what a text is when
nothing else is certain. The words are data, `data/spelling/langues.tsv`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bot.policy.articles import PolicyError

Language: TypeAlias = Literal["fr", "en", "other"]

ENOUGH = 2  # small words of another language, under which a name or a borrowed word would do
_FRENCH_LETTERS = frozenset("àâæçéèêëîïôœùûüÿ")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class SmallWords:
    """The small words of French and of English and, for each other language, what proves it."""

    french: frozenset[str]
    english: frozenset[str]
    others: tuple[_Other, ...]


@dataclass(frozen=True, slots=True)
class _Other:
    """A language that is not read: what is its own, its own signs, and what is French or English only."""

    proofs: frozenset[str]
    signs: frozenset[str]
    french: frozenset[str]
    english: frozenset[str]

    def is_that_of(self, text: str, words: Sequence[str]) -> bool:
        proofs = sum(map(self.proofs.__contains__, words)) + (not self.signs.isdisjoint(text))
        if proofs < ENOUGH:
            return False
        return all(proofs > sum(map(ours.__contains__, words)) for ours in (self.french, self.english))


def read_words(paths: Iterable[Path]) -> SmallWords:
    """Read the small words of each language. Raises `PolicyError` when a line is not as it must be."""
    words: dict[str, frozenset[str]] = {"fr": frozenset(), "en": frozenset()}
    for path in paths:
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                code, tab, listed = line.partition("\t")
                if not tab or not listed.split():
                    raise PolicyError(path.name, at, "il faut un code de langue, une tabulation, des mots.")
                words[code.strip()] = words.get(code.strip(), frozenset()) | frozenset(listed.split())
    french, english = words.pop("fr"), words.pop("en")
    others = (
        _Other(
            listed - french - english,
            frozenset(
                sign
                for sign in listed - french
                if len(sign) == 1 and not sign.isascii() and sign not in _FRENCH_LETTERS
            ),
            french - listed,
            english - listed,
        )
        for listed in words.values()
    )
    return SmallWords(french, english, tuple(others))


def detect(text: str, words: SmallWords) -> Language:
    """Return the language that `text` is in, "fr" when nothing else is certain."""
    lower = text.lower()
    letters = [character for character in lower if character.isalpha()]
    if sum(not _is_latin(letter) for letter in letters) * 2 > len(letters):
        return "other"
    typed = [part for word in _WORD.findall(lower) for part in (word, *re.split(r"['’-]", word)[:-1])]
    if any(other.is_that_of(lower, typed) for other in words.others):
        return "other"
    english = sum(map(words.english.__contains__, typed))
    return "en" if english > sum(map(words.french.__contains__, typed)) else "fr"


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


def tables(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the tables of small words that exist, the shipped one first."""
    return tuple(path for folder in folders if (path := folder / "spelling" / "langues.tsv").is_file())
