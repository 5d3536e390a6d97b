"""A page's columns, in the order in which they are read, and their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from bot.revision.reading.pdf_pages import Column, Page, PdfLine

_COLUMN: Final = 0.22  # of the page's width, at least, for a column
_GUTTER: Final = 0.8  # times the letters' size, at least, between two columns


def columns(page: Page) -> Iterator[Column]:
    """Yield the columns of a page in the order in which they are read (recursive XY cut)."""
    yield from (lines_of(part) for part in _cut(list(page.pieces), page.width))


def _cut(pieces: list[PdfLine], width: float) -> Iterator[list[PdfLine]]:
    if not pieces:
        return
    at = _gutter(pieces, width)
    if at is not None:
        yield from _cut([one for one in pieces if one.right <= at], width)
        yield from _cut([one for one in pieces if one.left >= at], width)
        return
    height = _band(pieces, width)
    if height is None:
        yield pieces
        return
    yield from _cut([one for one in pieces if one.middle > height], width)
    yield from _cut([one for one in pieces if one.middle <= height], width)


def _gutter(pieces: Sequence[PdfLine], width: float) -> float | None:
    """Return where an empty strip from top to bottom has a column on each side, the widest such."""
    edge, best, where = -1.0, 0.0, None
    first, last = min(one.left for one in pieces), max(one.right for one in pieces)
    size = median(one.size for one in pieces)
    for one in sorted(pieces, key=lambda one: one.left):
        gap = one.left - edge
        wide = edge - first >= _COLUMN * width and last - one.left >= _COLUMN * width
        if edge > 0 and wide and gap >= max(_GUTTER * size, best):
            left = [other for other in pieces if other.right <= one.left]
            if max(len(left), len(pieces) - len(left)) > 2:  # noqa: PLR2004 — a line with a gap is no column
                best, where = gap, one.left
        edge = max(edge, one.right)
    return where


def _band(pieces: Sequence[PdfLine], width: float) -> float | None:
    """Return a height above which, or below which, there are columns once what spans them is put apart."""
    ordered = sorted(pieces, key=lambda one: -one.middle)
    for one in ordered:
        spans = [other for other in ordered if abs(other.middle - one.middle) < other.size / 2]
        above = [other for other in ordered if other.middle > one.middle and other not in spans]
        below = [other for other in ordered if other.middle < one.middle and other not in spans]
        if len(below) > 3 and not above and _gutter(below, width) is not None:  # noqa: PLR2004 — two lines a side
            return max(other.top for other in below) + 0.01
        if len(above) > 3 and _gutter(above, width) is not None:  # noqa: PLR2004 — likewise
            return min(other.bottom for other in above) - 0.01
    return None


def lines_of(pieces: Iterable[PdfLine]) -> Column:
    """Return the lines of a column, their pieces put together."""
    lines: list[list[PdfLine]] = []
    for piece in sorted(pieces, key=lambda one: (-one.middle, one.left)):
        if lines and _beside(lines[-1][0], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_whole(sorted(line, key=lambda one: one.left)) for line in lines]


def _beside(line: PdfLine, piece: PdfLine) -> bool:
    shared = min(line.top, piece.top) - max(line.bottom, piece.bottom)
    return shared > 0.5 * min(line.top - line.bottom, piece.top - piece.bottom)


def _whole(pieces: Sequence[PdfLine]) -> PdfLine:
    text = pieces[0].text
    for before, one in pairwise(pieces):
        close = one.left - before.right < 0.15 * one.size
        text += one.text if close else f" {one.text}"
    main = max(pieces, key=lambda one: len(one.text))
    return PdfLine(
        text,
        pieces[0].left,
        max(one.right for one in pieces),
        min(one.bottom for one in pieces),
        max(one.top for one in pieces),
        main.size,
        all(one.bold for one in pieces),
    )
