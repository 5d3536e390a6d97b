"""The division of a post into segments, each at most a sentence, which are examined one by one."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from bot.posting.posts import Extent, Post

# Possessive quantifiers, so that each run of full stops or blanks is tried only once, from its beginning.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"»)\]]*+\s++|(?<!\s)[^\S\n]*+\n\s*+|(?:(?<!\s)\s++)?+;\s++")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BLANK: Final = " \t\n\r\u00a0\u202f"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a post's text or, with `in_image`, of its picture's description."""

    extent: Extent
    words: str = field(repr=False)
    in_image: bool = False


def cut(post: Post) -> list[Segment]:
    """Return the segments of a post's text, then those of its picture's description, in order."""
    return [
        Segment((start, end), text[start:end], in_image)
        for text, in_image in ((post.text, False), (post.image, True))
        for start, end in sentences(text)
    ]


def sentences(text: str) -> Iterator[Extent]:
    """Yield the extents of the sentences of a text, in order, without the blanks around them."""
    start = 0
    for stop in (*(match.end() for match in _END.finditer(text)), len(text)):
        piece = text[start:stop]
        if bare := piece.strip(_BLANK):
            first = start + piece.index(bare)
            yield first, first + len(bare)
        start = stop


def composed(text: str) -> tuple[str, Sequence[int]]:
    """Return `text` as the model needs it, and the original position of each character and of the end.

    A letter and its combining accents become one character (NFC), and an unpaired surrogate, which cannot be
    encoded, becomes U+FFFD.
    """
    whole = _SURROGATE.sub("\ufffd", text)
    if unicodedata.is_normalized("NFC", whole):
        return whole, range(len(whole) + 1)
    starts = [at for at, character in enumerate(whole) if not unicodedata.combining(character)]
    characters, places = [], []
    for start, end in pairwise(sorted({0, *starts, len(whole)})):
        letters = unicodedata.normalize("NFC", whole[start:end])
        characters.append(letters)
        places += [start] * len(letters)
    return "".join(characters), [*places, len(whole)]


def fold(text: str) -> str:
    """Return `text` in lower case without accents. Each character keeps its position."""
    return text.translate(_FOLDED)


class _Folding(dict[int, str]):
    """A table for `str.translate` that folds each character, and is filled as characters are met."""

    def __missing__(self, point: int) -> str:
        letter = unicodedata.normalize("NFD", chr(point))[0].lower()
        self[point] = letter if len(letter) == 1 else chr(point)
        return self[point]


_FOLDED: Final = _Folding({ord("’"): "'"})
