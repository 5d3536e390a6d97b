"""Cuts a post into segments: the pieces, of a sentence at most, that are examined one by one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from bot.posting.posts import Extent

_END = re.compile(r"[.!?…]+[\"»)\]]*\s+|\s*\n\s*|\s*[;]\s+")
_BLANK: Final = " \t\n\r\u00a0\u202f"


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, as long as it was: a place in one is the same in both."""
    return "".join(map(_folded, text))


def _folded(character: str) -> str:
    if character == "’":
        return "'"
    letter = unicodedata.normalize("NFD", character)[0].lower()
    return letter if len(letter) == 1 else character


def segments(text: str) -> Iterator[Extent]:
    """Yield the places of the segments of a text, in order, without the blanks around them."""
    start = 0
    for stop in (*(match.end() for match in _END.finditer(text)), len(text)):
        piece = text[start:stop]
        if bare := piece.strip(_BLANK):
            first = start + piece.index(bare)
            yield first, first + len(bare)
        start = stop
