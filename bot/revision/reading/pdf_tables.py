"""The tables of a PDF's pages, which are drawn with rules or only aligned."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.revision.reading.pdf_layout import THIN, Rule, Word
from bot.revision.reading.pdf_pages import Page, PdfLine, lines_of, rows_of


@dataclass(frozen=True, slots=True)
class PdfTable:
    """Rows of cells, from top to bottom, each with its lines. `across`: the left edges of its columns."""

    rows: tuple[tuple[tuple[str, ...], ...], ...]
    page: int
    across: tuple[float, ...]


_NEAR: Final = 3.0  # points; nearer rules are the same
_SHORTEST: Final = 8.0  # points; the minimum length of a rule
_BOX: Final = 2  # edges of a plain box around text, in each direction
_MOST_RULES: Final = 600  # a page with more rules has no ruled table
_FEWEST: Final = 3  # minimum rows of a table without rules
_CELL: Final = 12.0  # points; the minimum distance between the left edges of two columns
_FULL: Final = 0.85  # minimum share of a column's width taken by a full line
_RAGGED: Final = 0.1  # maximum share of full lines in the first column of a table


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: the positions of its lines, from left to right and from bottom to top."""

    across: tuple[float, ...]
    up: tuple[float, ...]

    @property
    def rule(self) -> Rule:
        """The box around the table."""
        return Rule(self.across[0], self.across[-1], self.up[0], self.up[-1])

    def read(self, pieces: Sequence[PdfLine], page: int) -> PdfTable | None:
        """Return the table that pieces form in the cells of this grid, None if no piece is in a cell."""
        cells: dict[tuple[int, int], list[PdfLine]] = {}
        for piece in pieces:
            for words in self._split(piece.words):
                part = PdfLine.of(words)
                row = sum(part.baseline > y for y in self.up)
                cells.setdefault((row, self._column((part.left + part.right) / 2)), []).append(part)
        rows = tuple(
            tuple(
                tuple(line.text for line in lines_of(cells.get((row, column), ())))
                for column in range(1, len(self.across))
            )
            for row in sorted({row for row, _ in cells}, reverse=True)
        )
        return PdfTable(rows, page, self.across[:-1]) if rows else None

    def _column(self, x: float) -> int:
        return sum(x > edge for edge in self.across)

    def _split(self, words: Sequence[Word]) -> Iterator[list[Word]]:
        part: list[Word] = []
        for word in words:
            if part and self._column(word.left + 0.1 * word.size) != self._column(
                part[-1].right - 0.1 * word.size
            ):
                yield part
                part = []
            part.append(word)
        if part:
            yield part


def ruled_tables(page: Page) -> list[Grid]:
    """Return the tables of a page whose cells are separated by rules."""
    rules = [rule for rule in page.rules if max(rule.right - rule.left, rule.top - rule.bottom) > _SHORTEST]
    if len(rules) > _MOST_RULES:
        return []
    groups: list[list[Rule]] = []
    for rule in rules:
        touching = [group for group in groups if any(_touch(rule, other) for other in group)]
        merged = [rule, *(other for group in touching for other in group)]
        groups = [group for group in groups if not any(group is other for other in touching)] + [merged]
    grids = []
    for group in groups:
        across = _distinct((rule.left + rule.right) / 2 for rule in group if rule.right - rule.left <= THIN)
        up = _distinct((rule.bottom + rule.top) / 2 for rule in group if rule.top - rule.bottom <= THIN)
        if len(across) > _BOX and len(up) >= _BOX:
            grids.append(Grid(across, up))
    return grids


def _touch(one: Rule, other: Rule) -> bool:
    return (
        one.left <= other.right + _NEAR
        and other.left <= one.right + _NEAR
        and one.bottom <= other.top + _NEAR
        and other.bottom <= one.top + _NEAR
    )


def _distinct(values: Iterable[float], near: float = _NEAR) -> tuple[float, ...]:
    distinct: list[float] = []
    for value in sorted(values):
        if not distinct or value - distinct[-1] > near:
            distinct.append(value)
    return tuple(distinct)


def level_rows(pieces: Sequence[PdfLine], at: float) -> tuple[list[PdfLine], list[PdfLine], list[PdfLine]]:
    """Split pieces into those above, in and below the rows that have words on both sides of `at`.

    `at`: a horizontal position, in points. A row between two of these rows goes with them. If there are
    none, all the pieces are above.
    """
    rows = rows_of(pieces)
    both = [number for number, row in enumerate(rows) if row[0].right <= at < row[-1].right]
    if not both:
        return list(pieces), [], []
    first = both[0]
    last = both[-1] + 1
    while last < len(rows) and rows[last][0].left >= at:  # the rest of the last row
        last += 1
    above, level, below = (
        [piece for row in part for piece in row] for part in (rows[:first], rows[first:last], rows[last:])
    )
    return above, level, below


def is_ragged(pieces: Sequence[PdfLine], at: float) -> bool:
    """Return whether the lines on the left of `at` end at uneven places, unlike those of a column of text."""
    lines = [piece for piece in pieces if piece.right <= at]
    start = min(line.left for line in lines)
    full = sum((line.right - start) / (at - start) >= _FULL for line in lines)
    return full <= _RAGGED * len(lines)


def aligned_table(pieces: Sequence[PdfLine], at: float, page: int) -> PdfTable | None:
    """Return the table that aligned pieces on both sides of `at` form, None if they form none.

    A line without a first cell continues the row above.
    """
    rows: list[list[PdfLine]] = []
    for row in rows_of(pieces):
        if row[0].right > at and rows:
            rows[-1] += row
        else:
            rows.append(row)
    if len(rows) < _FEWEST or any(row[-1].right <= at for row in rows):
        return None
    across = _distinct((piece.left for row in rows for piece in row), _CELL)
    return PdfTable(
        tuple(
            tuple(
                tuple(
                    line.text
                    for line in lines_of(
                        piece for piece in row if sum(piece.left >= x - 1 for x in across) == column + 1
                    )
                )
                for column in range(len(across))
            )
            for row in rows
        ),
        page,
        across,
    )
