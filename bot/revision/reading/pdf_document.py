"""PDF files: their text as Markdown, from where the words stand on the pages.

A PDF has no paragraphs, columns or headings, only words at places: these are worked out, never guessed
from the language alone. What is not text (a scan) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from bot.policy.articles import PolicyError
from bot.policy.changes import lexicon
from bot.revision.reading.document import Document
from bot.revision.reading.pdf_columns import columns
from bot.revision.reading.pdf_pages import Page, read_pages
from bot.revision.reading.pdf_paragraphs import CUT, Joiner, blocks
from bot.revision.reading.pdf_running_heads import without_running_heads

_FEWEST: Final = 50  # words from which a language can be recognized
_FRENCH: Final = 0.5  # share of words that must be known
_WORD: Final = re.compile(r"\w+")


_UNREADABLE: Final = (
    "le texte de ce PDF ne se lit pas\u00a0: ses polices ne disent pas quelles lettres elles dessinent. "
    "Donnez le document d'où il vient."
)
_SCANNED: Final = (
    "ce PDF est numérisé\u00a0: ses pages sont des images, dont le texte ne se lit pas. "
    "Donnez le document d'où il vient."
)


def read(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError`, saying why it cannot be read."""
    opened = read_pages(content, name)
    _check(opened, name)
    pages, whole = without_running_heads(opened)
    read_columns = [column for page in pages for column in columns(page)]
    lines = [line.text for column in read_columns for line in column]
    known = lexicon.known(lines)
    _check_language(lines, known, name)
    text = "\n\n".join(blocks(read_columns, Joiner(known, lines))) + "\n"
    return Document(text, tuple(_crudely([piece.text for page in whole for piece in page.pieces], text)))


def _crudely(pieces: Sequence[str], text: str) -> Iterator[str]:
    """Yield the words of the pieces in no order: the two halves of a word that was cut are left out."""
    whole = {word.lower() for word in _WORD.findall(text)}
    heads = {cut["head"].lower() for piece in pieces if (cut := CUT.search(piece))}
    for piece in pieces:
        words = _WORD.findall(CUT.sub("", piece))
        if words and any(f"{head}{words[0].lower()}" in whole for head in heads):
            del words[0]
        yield from words


def _check(pages: Sequence[Page], name: str) -> None:
    """Raise `PolicyError` for pages that are pictures, and for text that no one can read."""
    written = [sum(len(piece.text) for piece in page.pieces) for page in pages]
    scanned = [
        at
        for at, (page, count) in enumerate(zip(pages, written, strict=True), 1)
        if page.picture and count < _FEWEST
    ]
    if scanned or not any(written):
        raise PolicyError(name, 0, _scanned(scanned) if any(written) else _SCANNED)
    letters = "".join(piece.text for page in pages for piece in page.pieces)
    strange = sum(
        1 for one in letters if one == "\ufffd" or "\ue000" <= one <= "\uf8ff" or ord(one) < ord(" ")
    )
    if strange > len(letters) / 20:
        raise PolicyError(name, 0, _UNREADABLE)


def _scanned(numbers: Sequence[int]) -> str:
    *others, last = numbers
    which = (
        f"les pages {', '.join(map(str, others))} et {last} sont numérisées, c'est-à-dire des images"
        if others
        else f"la page {last} est numérisée, c'est-à-dire une image"
    )
    origin = "elles viennent" if others else "elle vient"
    return f"{which}, dont le texte ne se lit pas. Donnez le document d'où {origin}."


def _check_language(lines: Iterable[str], known: Callable[[str], bool], name: str) -> None:
    words = [word.lower() for line in lines for word in re.findall(r"[^\W\d_]{3,}", line)]
    if len(words) >= _FEWEST and sum(map(known, words)) < _FRENCH * len(words):
        raise PolicyError(name, 0, _UNREADABLE)
