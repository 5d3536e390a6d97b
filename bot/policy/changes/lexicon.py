"""A dictionary of French words."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

_WORD: Final = re.compile(r"[^\W\d_]+")
HABIT: Final = 3  # occurrences in a text that make an unknown word count as known


class Dictionary(frozenset[str]):
    """The words of a dictionary, in lower case. They take 20 MB, which is freed once nothing uses them."""


_SHARED: WeakValueDictionary[str, Dictionary] = WeakValueDictionary()


def dictionary() -> Dictionary:
    """Return the words of French, shared by all callers. Loading takes some fifty milliseconds.

    The words are the keys of pyspellchecker's file. The file is read without that library, which takes four
    times as long because it counts the words again.
    """
    words = _SHARED.get("fr")
    if words is None:
        package = find_spec("spellchecker")
        assert package is not None  # noqa: S101 — for mypy
        assert package.origin is not None  # noqa: S101 — as above
        counts = json.loads(
            gzip.decompress((Path(package.origin).parent / "resources/fr.json.gz").read_bytes())
        )
        words = _SHARED["fr"] = Dictionary(counts)
    return words


def word_checker(texts: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tests whether a lower-case word is in the dictionary or frequent in `texts`.

    The dictionary is loaded at the first word that is not frequent in `texts`.
    """
    counts = Counter(word.lower() for text in texts for word in _WORD.findall(text))
    words = cache(dictionary)
    return lambda word: counts[word] >= HABIT or word in words()
