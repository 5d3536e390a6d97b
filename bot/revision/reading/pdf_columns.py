"""The columns and tables of a PDF's pages, in reading order."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final, TypeAlias

from bot.policy.labels import read_markers
from bot.revision.reading.pdf_layout import Rule, Word
from bot.revision.reading.pdf_pages import Page, PdfLine, apart, lines_of
from bot.revision.reading.pdf_tables import PdfTable, aligned_table, is_ragged, level_rows, ruled_tables


@dataclass(frozen=True, slots=True)
class Column:
    """A column of lines, from top to bottom.

    `of`: the number of columns side by side. `index`: the rank of this column among them, from 0.
    """

    page: int
    width: float  # of the page
    of: int
    index: int
    lines: tuple[PdfLine, ...]


Part: TypeAlias = Column | PdfTable


_TABLE: Final = "\x11"  # begins the text of a piece that replaces a table
_COLUMN: Final = 0.2  # minimum width of a column, as a share of the page width
_GUTTER: Final = 0.8  # minimum width between two columns, in font sizes
# minimum pieces on each side of a gutter, since a single line with a gap is not two columns
_FEWEST: Final = 3
_MOST_COLUMNS: Final = 6
# minimum pieces of the left column, for a right column of only one or two pieces
_MANY: Final = 10
_CANDIDATES: Final = 40  # maximum gutters tried on a page


def parts_of(pages: Sequence[Page]) -> Iterator[Part]:
    """Yield the columns and tables of pages, in reading order.

    The columns of one page help to find those of another page, which may have only one line in columns.
    """
    begin: Counter[int] = Counter()
    read = [(page, *_with_tables(page)) for page in pages]
    for page, pieces, tables in read:
        # the columns of a table are not columns of text
        text = [piece for piece in pieces if piece.text not in tables]
        gutter = _gutter(text, page.width, ()) if text else None
        if gutter:
            begin[round(gutter.at)] += 1
    for page, pieces, tables in read:
        yield from _parts(page, pieces, tables, tuple(begin))


def _with_tables(page: Page) -> tuple[list[PdfLine], dict[str, PdfTable]]:
    """Return a page's pieces, a single one for each ruled table, and the tables by the text of that piece."""
    pieces = list(page.pieces)
    tables: dict[str, PdfTable] = {}
    for grid in ruled_tables(page):
        box = grid.rule
        inside = [piece for piece in pieces if _is_within(piece, box)]
        if table := grid.read(inside, page.number):
            # A single piece holds the table's position in the reading order.
            mark = Word(f"{_TABLE}{len(tables)}", *box, box.bottom, inside[0].size, 0, 1, glued=False)
            pieces = [piece for piece in pieces if not _is_within(piece, box)] + [PdfLine.of([mark])]
            tables[mark.text] = table
    return pieces, tables


def _parts(
    page: Page, pieces: Sequence[PdfLine], tables: Mapping[str, PdfTable], begin: Sequence[int]
) -> Iterator[Part]:
    head, rest, foot = apart(pieces)
    for column in (
        *_columns(head, page, begin, _MOST_COLUMNS),
        *_columns(rest, page, begin, 0),
        *_columns(foot, page, begin, _MOST_COLUMNS),
    ):
        if isinstance(column, PdfTable):
            yield column
            continue
        lines: list[PdfLine] = []
        for line in column.lines:
            if line.text in tables:
                if lines:
                    yield replace(column, lines=tuple(lines))
                yield tables[line.text]
                lines = []
            else:
                lines.append(line)
        if lines:
            yield replace(column, lines=tuple(lines))


def _is_within(piece: PdfLine, box: Rule) -> bool:
    return box.bottom <= piece.middle <= box.top and box.left <= (piece.left + piece.right) / 2 <= box.right


def _columns(pieces: Sequence[PdfLine], page: Page, begin: Sequence[int], depth: int) -> Iterator[Part]:
    """Yield the columns of a part of a page, in reading order.

    A gutter is a vertical strip that successive lines leave empty, with a column on each side. Lines that
    cross the gutter split the page into bands, which are read one after the other. Each cut leaves fewer
    pieces, and the depth is bounded.
    """
    if not pieces:
        return
    gutter = _gutter(pieces, page.width, begin) if depth < _MOST_COLUMNS else None
    if gutter is None:
        yield Column(page.number, page.width, 1, 0, lines_of(pieces))
        return
    for band, is_cut in gutter.bands:
        if not is_cut:
            yield from _columns(band, page, begin, depth + 1)
            continue
        above, level, below = level_rows(band, gutter.at)
        if (table := aligned_table(level, gutter.at, page.number)) and is_ragged(band, gutter.at):
            yield from _columns(above, page, begin, depth + 1)
            yield table
            yield from _columns(below, page, begin, depth + 1)
            continue
        sides = (
            [piece for piece in band if piece.right <= gutter.at],
            [piece for piece in band if piece.right > gutter.at],
        )
        parts = [list(_columns(side, page, begin, depth + 1)) for side in sides]
        count = sum(max((part.of for part in side if isinstance(part, Column)), default=1) for side in parts)
        before = 0
        for side in parts:
            for part in side:
                if isinstance(part, Column):
                    yield replace(part, of=count, index=before + part.index)
                else:
                    yield part
            before += max((part.of for part in side if isinstance(part, Column)), default=1)


@dataclass(frozen=True, slots=True)
class _Gutter:
    """The strip between two columns.

    `at`: its right edge. `bands`: see `_bands`.
    """

    at: float
    bands: tuple[tuple[list[PdfLine], bool], ...]


def _gutter(pieces: Sequence[PdfLine], width: float, begin: Sequence[int]) -> _Gutter | None:
    """Return the gutter that divides the most pieces, if any. `begin`: left edges of columns elsewhere."""
    size = median(piece.size for piece in pieces)
    first, last = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    lefts = Counter(round(piece.left) for piece in pieces)
    starts = []
    for left, _ in lefts.most_common():
        seen_edge = any(abs(left - edge) <= 1 for edge in begin)
        if left - first >= _COLUMN * width and last - left >= _COLUMN * width:
            starts.append((left, 1 if seen_edge else _FEWEST))
    best: _Gutter | None = None
    most = 0
    ordered = sorted(pieces, key=lambda piece: (-piece.middle, piece.left))
    for start, fewest in starts[:_CANDIDATES]:
        at = start - 0.6  # the edge was rounded
        strip = at - _GUTTER * size
        bands = _bands(ordered, strip, at, fewest)
        divided = sum(len(band) for band, is_cut in bands if is_cut)
        if divided > most:
            best = _Gutter(at, tuple(bands))
            most = divided
    return best


def _is_mark(text: str) -> bool:
    """Return whether a text is only a bullet or a number: « • », « 5.1 », « Article 5 »."""
    return len(text) == 1 or any(not marker.rest for marker in read_markers(text))


def _bands(
    ordered: Sequence[PdfLine], strip: float, at: float, fewest: int
) -> list[tuple[list[PdfLine], bool]]:
    """Split pieces into bands, from top to bottom. Return each band, and whether the strip divides it.

    `fewest`: how many pieces a divided band needs right of the strip, unless it has `_MANY` on the left.
    """
    bands: list[tuple[list[PdfLine], bool]] = []
    open_band: list[PdfLine] = []
    crossing: list[PdfLine] = []

    def close() -> None:
        nonlocal open_band
        before = [piece.text for piece in open_band if piece.right <= at]
        after = len(open_band) - len(before)
        # Numbers and bullets apart from their text are not a column.
        is_columns = after >= fewest or (after and len(before) >= _MANY)
        is_cut = bool(is_columns) and not all(map(_is_mark, before))
        if open_band:
            if not is_cut and bands and not bands[-1][1]:
                bands[-1][0].extend(open_band)
            else:
                bands.append((open_band, is_cut))
        open_band = []

    for piece in ordered:
        if piece.right <= strip or piece.left >= at:
            beside = crossing and any(
                abs(line.middle - piece.middle) < line.size / 2 for line in crossing[-3:]
            )
            if beside and not open_band:
                bands[-1][0].append(piece)
                crossing.append(piece)
            else:
                open_band.append(piece)
            continue
        # Pieces on the same line as a crossing piece belong with it.
        same = [line for line in open_band[-4:] if abs(line.middle - piece.middle) < piece.size / 2]
        for line in same:
            open_band.remove(line)
        close()
        if bands and not bands[-1][1]:
            bands[-1][0].extend([*same, piece])
        else:
            bands.append(([*same, piece], False))
        crossing = [*same, piece]
    close()
    return bands
