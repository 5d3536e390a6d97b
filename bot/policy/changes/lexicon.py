"""Which words exist in French."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final
from weakref import WeakValueDictionary

_WORD: Final = re.compile(r"[^\W\d_]+")
HABIT: Final = 3  # times that a text writes a word, beyond which it means to


class Dictionary(frozenset[str]):
    """The words of a dictionary, in lower case. Twenty megabytes: kept for as long as someone uses them."""


_SHARED: WeakValueDictionary[str, Dictionary] = WeakValueDictionary()


def dictionary() -> Dictionary:
    """Return the words of French, read anew when nobody uses them any more: a few tenths of a second."""
    from spellchecker import SpellChecker  # noqa: PLC0415 — for who compares only

    words = _SHARED.get("fr")
    if words is None:
        words = Dictionary(SpellChecker(language="fr").word_frequency.dictionary)
        _SHARED["fr"] = words
    return words


def known(texts: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a word in lower case exists: in the dictionary, or the habit of `texts`."""
    counts = Counter(word.lower() for text in texts for word in _WORD.findall(text))
    words = cache(dictionary)  # read at the first doubt, if there is one

    def exists(word: str) -> bool:
        return counts[word] >= HABIT or word in words()

    return exists
