"""The reading of PDF files.

A PDF has no paragraphs, columns or headings, only words at positions. The structure is inferred from the
layout, and never from the words alone. Scans are refused.
"""

import re
from collections.abc import Sequence
from typing import Final

from bot.policy.articles import PolicyError
from bot.policy.changes import lexicon
from bot.revision.reading.document import Document
from bot.revision.reading.findings import LintFinding
from bot.revision.reading.pdf_columns import Column, parts_of
from bot.revision.reading.pdf_layout import CALL, END
from bot.revision.reading.pdf_pages import Page, read_pages, without_running_heads
from bot.revision.reading.pdf_paragraphs import CUT, Joiner, paragraphs
from bot.revision.reading.wrong_files import PDF_IMAGE

_FEWEST: Final = 50  # minimum characters in a page to count as text, or words in a file to check its language
_KNOWN: Final = 0.5  # minimum share of known words
# The most common words of English, which are a fifth of any English text.
_ENGLISH: Final = re.compile(
    r"the|of|and|to|in|shall|be|or|by|for|an?|is|are|any|all|this|that|with|as", re.IGNORECASE
)
_ENGLISH_SHARE: Final = 0.15
_WORD: Final = re.compile(r"\w+")
_DRAWN: Final = 200  # minimum shapes on a page without text for them to be letters drawn as shapes
_UNREADABLE: Final = (
    "le texte de ce PDF ne se lit pas\u00a0: ses polices ne disent pas quelles lettres elles dessinent. "
    "Donnez le document d'où il vient."
)
_EMPTY: Final = "ce PDF ne contient aucun texte. Donnez le document d'où il vient."


def parse_pdf(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError` with the reason if it cannot be read."""
    opened = read_pages(content, name)
    _refuse_scans(opened.pages, name)
    pages, removed = without_running_heads(opened.pages)
    parts = list(parts_of(pages))
    lines = [
        text
        for part in parts
        for text in (
            (line.text for line in part.lines)
            if isinstance(part, Column)
            else (text for row in part.rows for cell in row for text in cell)
        )
    ]
    is_word = lexicon.word_checker(lines)
    words = [word for line in lines for word in re.findall(r"[^\W\d_]+", line)]
    long = [word.lower() for word in words if not _ENGLISH.fullmatch(word)]
    is_english = len(words) - len(long) >= _ENGLISH_SHARE * len(words)
    if len(words) >= _FEWEST and not is_english and sum(map(is_word, long)) < _KNOWN * len(long):
        raise PolicyError(name, 0, _UNREADABLE)
    blocks = tuple(paragraphs(parts, Joiner.learn(lines, is_word)))
    # The second reading includes all the pieces, but not the two halves of a split word.
    read = [*(piece for page in pages for piece in page.pieces), *removed]
    pieces = [re.sub(f"{CALL}\\d*{END}", " ", piece.text) for piece in read]
    heads = {cut["head"].lower() for piece in pieces if (cut := CUT.search(piece))}
    joined = {word.lower() for block in blocks for word in _WORD.findall(block.text)}
    crude: list[str] = []
    for piece in pieces:
        words = _WORD.findall(CUT.sub("", piece))
        halved = words and any(f"{head}{words[0].lower()}" in joined for head in heads)
        crude += words[1:] if halved else words
    return Document.of(blocks, crude, _findings(opened.fields, parts), "Page")


def _findings(fields: bool, parts: Sequence[object]) -> list[LintFinding]:
    findings = []
    if fields:
        message = "Le PDF a des champs à remplir\u00a0: ce qui y est écrit n'est pas lu. Imprimez-le en PDF."
        findings.append(LintFinding("form_fields", "", message))
    if any(not isinstance(part, Column) for part in parts):
        message = "Le document contient un tableau, lu rangée par rangée."
        findings.append(LintFinding("table", "", message))
    return findings


def _refuse_scans(pages: Sequence[Page], name: str) -> None:
    """Raise `PolicyError` if pages are pictures, or if fonts do not map their glyphs to letters."""
    counts = [sum(len(piece.text) for piece in page.pieces) for page in pages]
    images = [page.picture or page.drawings > _DRAWN for page in pages]
    if not any(counts):
        raise PolicyError(name, 0, PDF_IMAGE if any(images) else _EMPTY)
    scanned = [
        page for page, count, image in zip(pages, counts, images, strict=True) if image and count < _FEWEST
    ]
    if len(scanned) == len(pages):
        raise PolicyError(name, 0, PDF_IMAGE)
    if scanned:
        *others, last = (page.number for page in scanned)
        which = (
            f"les pages {', '.join(map(str, others))} et {last} de ce PDF sont des images"
            if others
            else f"la page {last} de ce PDF est une image"
        )
        origin = "elles viennent" if others else "elle vient"
        raise PolicyError(name, 0, f"{which}, dont le texte ne se lit pas. Donnez le document d'où {origin}.")
    letters = "".join(piece.text for page in pages for piece in page.pieces)
    unreadable = sum(
        letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or letter < " " for letter in letters
    )
    if unreadable > len(letters) / 20:
        raise PolicyError(name, 0, _UNREADABLE)
