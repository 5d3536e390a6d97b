"""Which words exist in French."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final
from weakref import WeakValueDictionary

_WORD: Final = re.compile(r"[^\W\d_]+")
HABIT: Final = 3  # times that a text must write an unknown word for it to count as known


class Dictionary(frozenset[str]):
    """The words of a dictionary, in lower case: 20 MB, freed as soon as nobody uses them."""


_SHARED: WeakValueDictionary[str, Dictionary] = WeakValueDictionary()


def dictionary() -> Dictionary:
    """Return the words of French, shared by all who use them; loading takes a few tenths of a second."""
    from spellchecker import SpellChecker  # noqa: PLC0415 — for comparing only

    words = _SHARED.get("fr")
    if words is None:
        words = _SHARED["fr"] = Dictionary(SpellChecker(language="fr").word_frequency.dictionary)
    return words


def word_checker(texts: Iterable[str]) -> Callable[[str], bool]:
    """Return a test of whether a lower-case word exists: in the dictionary, or often written in `texts`.

    The dictionary is loaded at the first word that `texts` do not settle.
    """
    counts = Counter(word.lower() for text in texts for word in _WORD.findall(text))
    words = cache(dictionary)
    return lambda word: counts[word] >= HABIT or word in words()
