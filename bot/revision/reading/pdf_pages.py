"""The pages of a PDF: words and their positions, running heads, and columns in reading order."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final, TypeAlias

from bot.policy.articles import PolicyError
from bot.revision.reading.pdf_layout import layout
from bot.revision.reading.wrong_files import DAMAGED_PDF, LOCKED

CLAUSE: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})+\.?\s+\S")
ARTICLE: Final = re.compile(r"article\s+\d{1,3}(?![.\d])\s*(?:[:.–—-]|$|\s+[A-ZÀ-Ý])", re.IGNORECASE)

_PROBLEMS: Final = {
    "password": LOCKED,
    "damaged": DAMAGED_PDF,
    "pages": "c'est un PDF de plus de 200 pages, ou qui a trop de texte.",
}


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A line or a piece of one, with its box and font size, in points from the bottom left."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool

    @property
    def middle(self) -> float:
        """The vertical position of its middle on the page."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """A page, in points, with its pieces in file order. `picture`: whether an image covers much of it."""

    width: float
    height: float
    picture: bool
    pieces: tuple[PdfLine, ...]


Column: TypeAlias = list[PdfLine]  # lines from top to bottom


def read_pages(content: bytes, name: str) -> list[Page]:
    """Return the pages of a file. Raises `PolicyError`."""
    opened = layout(content)
    if "problem" in opened:
        raise PolicyError(name, 0, _PROBLEMS[opened["problem"]])
    return [
        Page(**page | {"pieces": tuple(PdfLine(**piece) for piece in page["pieces"])})
        for page in opened["pages"]
    ]


def lines_of(pieces: Iterable[PdfLine]) -> Column:
    """Join pieces that stand side by side, and return the lines from top to bottom."""
    lines: list[list[PdfLine]] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.middle, piece.left)):
        if lines:
            first = lines[-1][0]
            shared = min(first.top, piece.top) - max(first.bottom, piece.bottom)
            if shared > 0.5 * min(first.top - first.bottom, piece.top - piece.bottom):
                lines[-1].append(piece)
                continue
        lines.append([piece])
    return [_joined(sorted(line, key=lambda piece: piece.left)) for line in lines]


def _joined(pieces: Sequence[PdfLine]) -> PdfLine:
    text = pieces[0].text
    for before, piece in pairwise(pieces):
        text += piece.text if piece.left - before.right < 0.15 * piece.size else f" {piece.text}"
    return PdfLine(
        text,
        left=pieces[0].left,
        right=max(piece.right for piece in pieces),
        bottom=min(piece.bottom for piece in pieces),
        top=max(piece.top for piece in pieces),
        size=max(pieces, key=lambda piece: len(piece.text)).size,
        bold=all(piece.bold for piece in pieces),
    )


# --- Running heads ----------------------------------------------------------------------------

_MARGIN: Final = 0.12  # share of the page's height, at the top and the bottom, that may hold running heads
_EDGE: Final = 0.08  # the same, for isolated lines, which count as running heads even on a single page
_PAGE_NUMBER: Final = re.compile(
    r"(?:page\s*)?[-–—]?\s*\d{1,4}\s*[-–—]?(?:\s*(?:de|sur|/|of)\s*\d{1,4})?", re.IGNORECASE
)


def without_running_heads(pages: Sequence[Page]) -> tuple[list[Page], list[Page]]:
    """Return the pages without running heads and page numbers, in two lists.

    The second list still has the lines that are only isolated at the edge. These may be text, so their loss
    must be reported.
    """
    margins = []
    for page in pages:
        low, high = _MARGIN * page.height, (1 - _MARGIN) * page.height
        lines = lines_of(piece for piece in page.pieces if not low < piece.middle < high)
        margins.append([line for line in lines if not CLAUSE.match(line.text)])
    seen = Counter(key for lines in margins for key in set(map(_running_key, lines)))
    enough = max(2, len(pages) / 2)
    bare, whole = [], []
    for page, lines in zip(pages, margins, strict=True):
        repeated = [
            line
            for line in lines
            if seen[_running_key(line)] >= enough or _PAGE_NUMBER.fullmatch(line.text.strip())
        ]
        whole.append(_without(page, repeated))
        bare.append(_without(whole[-1], [line for line in lines if _stands_apart(line, page)]))
    return bare, whole


def _running_key(line: PdfLine) -> tuple[int, str]:
    """Return the key by which a line repeats from page to page: vertical position, words without numbers."""
    return round(line.middle / 4), re.sub(r"[0-9]+", "#", line.text.strip())


def _stands_apart(line: PdfLine, page: Page) -> bool:
    """Return whether a line at the very edge is separated from the text by white space."""
    if _EDGE * page.height < line.middle < (1 - _EDGE) * page.height or ARTICLE.match(line.text):
        return False
    upper = line.middle > page.height / 2
    gaps = [
        line.bottom - piece.top if upper else piece.bottom - line.top
        for piece in page.pieces
        if (piece.top < line.bottom if upper else piece.bottom > line.top)
    ]
    return bool(gaps) and min(gaps) > line.size


def _without(page: Page, lines: Sequence[PdfLine]) -> Page:
    pieces = (
        piece
        for piece in page.pieces
        if not any(line.bottom <= piece.middle <= line.top and piece.text in line.text for line in lines)
    )
    return replace(page, pieces=tuple(pieces))


# --- Columns ----------------------------------------------------------------------------------

_COLUMN: Final = 0.22  # minimum width of a column, as a share of the page width
_GUTTER: Final = 0.8  # minimum width between two columns, in font sizes
_FEWEST: Final = 3  # minimum pieces around a gutter, since a line with a gap does not make two columns


def columns(pieces: Sequence[PdfLine], width: float) -> Iterator[Column]:
    """Yield the columns of a page of this width, in reading order (recursive XY cut)."""
    if not pieces:
        return
    if (gutter := _gutter(pieces, width)) is not None:
        halves = (
            [piece for piece in pieces if piece.right <= gutter],
            [piece for piece in pieces if piece.left >= gutter],
        )
    elif (height := _band(pieces, width)) is not None:
        halves = (
            [piece for piece in pieces if piece.middle > height],
            [piece for piece in pieces if piece.middle <= height],
        )
    else:
        halves = ([], [])
    if not all(halves):  # a tall piece may cross a cut
        yield lines_of(pieces)
        return
    for half in halves:
        yield from columns(half, width)


def _gutter(pieces: Sequence[PdfLine], width: float) -> float | None:
    """Return the right edge of the widest empty strip with a column on each side, if any."""
    edge, widest, gutter = -1.0, 0.0, None
    first, last = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    size = median(piece.size for piece in pieces)
    for piece in sorted(pieces, key=lambda piece: piece.left):
        gap = piece.left - edge
        wide = edge - first >= _COLUMN * width and last - piece.left >= _COLUMN * width
        if edge > 0 and wide and gap >= max(_GUTTER * size, widest):
            before = sum(neighbour.right <= piece.left for neighbour in pieces)
            if max(before, len(pieces) - before) >= _FEWEST:
                widest, gutter = gap, piece.left
        edge = max(edge, piece.right)
    return gutter


def _band(pieces: Sequence[PdfLine], width: float) -> float | None:
    """Return the vertical position of a cut between columns and a line that spans them, if any."""
    for piece in sorted(pieces, key=lambda piece: -piece.middle):
        away = [line for line in pieces if abs(line.middle - piece.middle) >= line.size / 2]
        above = [line for line in away if line.middle > piece.middle]
        below = [line for line in away if line.middle < piece.middle]
        if len(below) > _FEWEST and not above and _gutter(below, width) is not None:
            return max(line.top for line in below) + 0.01
        if len(above) > _FEWEST and _gutter(above, width) is not None:
            return min(line.bottom for line in above) - 0.01
    return None
