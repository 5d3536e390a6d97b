"""Which words exist in French."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spellchecker import SpellChecker

_WORD: Final = re.compile(r"[^\W\d_]+")
HABIT: Final = 3  # times that a text writes a word, beyond which it means to


def known(texts: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a word in lower case exists: in the dictionary, or the habit of `texts`."""
    counts = Counter(word.lower() for text in texts for word in _WORD.findall(text))

    def exists(word: str) -> bool:
        return counts[word] >= HABIT or word in _dictionary()

    return exists


@lru_cache(maxsize=1)
def _dictionary() -> SpellChecker:
    from spellchecker import SpellChecker  # noqa: PLC0415 — a second to read, for who compares only

    return SpellChecker(language="fr")
