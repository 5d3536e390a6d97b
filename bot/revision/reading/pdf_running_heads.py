"""What is at the top or the bottom of a PDF's pages and no part of its text: heads, feet, numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from bot.revision.reading.pdf_columns import lines_of
from bot.revision.reading.pdf_pages import Column, Page, PdfLine
from bot.revision.reading.pdf_paragraphs import ARTICLE, CLAUSE

_MARGIN: Final = 0.12  # of the page's height, at the top and the bottom, where running heads stand
# Of the height: beyond it, a line that nothing is near is a running head, were there one page only.
_EDGE: Final = 0.08
_PAGE_NUMBER: Final = re.compile(
    r"(?:page\s*)?[-–—]?\s*\d{1,4}\s*[-–—]?(?:\s*(?:de|sur|/|of)\s*\d{1,4})?", re.IGNORECASE
)


def without_running_heads(pages: Sequence[Page]) -> tuple[list[Page], list[Page]]:
    """Return the pages without their numbers, nor what is repeated or stands apart at their top or bottom.

    Then the same with what stands apart: seen once, it may be text, so that who reads is to be told of it.
    """
    heads = [_heads(page) for page in pages]
    seen = Counter(key for found in heads for key in {_key(line) for line in found})
    enough = max(2, len(pages) / 2)
    repeated = [
        [line for line in found if seen[_key(line)] >= enough or _is_page_number(line)] for found in heads
    ]
    apart = [
        [line for line in found if _stands_apart(line, page)]
        for found, page in zip(heads, pages, strict=True)
    ]
    whole = [_without(page, lines) for page, lines in zip(pages, repeated, strict=True)]
    return [_without(page, lines) for page, lines in zip(whole, apart, strict=True)], whole


def _heads(page: Page) -> Column:
    """Return the lines, from edge to edge, of the two margins."""
    low, high = _MARGIN * page.height, (1 - _MARGIN) * page.height
    lines = lines_of(piece for piece in page.pieces if not low < piece.middle < high)
    return [line for line in lines if not CLAUSE.match(line.text)]


def _key(line: PdfLine) -> str:
    """Return what a running head is from page to page: its words, its numbers put aside, and its height."""
    return f"{round(line.middle / 4)} {re.sub(r'[0-9]+', '#', line.text.strip())}"


def _is_page_number(line: PdfLine) -> bool:
    return _PAGE_NUMBER.fullmatch(line.text.strip()) is not None


def _stands_apart(line: PdfLine, page: Page) -> bool:
    """Tell whether nothing but white stands between a line at the very edge and the text."""
    if _EDGE * page.height < line.middle < (1 - _EDGE) * page.height or ARTICLE.match(line.text):
        return False
    upper = line.middle > page.height / 2
    near = [
        line.bottom - piece.top if upper else piece.bottom - line.top
        for piece in page.pieces
        if (piece.top < line.bottom if upper else piece.bottom > line.top)
    ]
    return bool(near) and min(near) > line.size


def _without(page: Page, lines: Sequence[PdfLine]) -> Page:
    kept = tuple(
        piece
        for piece in page.pieces
        if not any(line.bottom <= piece.middle <= line.top and piece.text in line.text for line in lines)
    )
    return Page(page.width, page.height, page.picture, kept)
