"""The pages of a PDF: its lines, without running heads."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from bot.policy.articles import PolicyError
from bot.policy.labels import KEYWORDS, read_markers
from bot.revision.reading.pdf_layout import PdfLayoutError, Rule, Word, layout
from bot.revision.reading.wrong_files import PDF_PROBLEMS

# Lines that begin like a provision.
CLAUSE: Final = re.compile(r"\d{1,3}(?:[.-]\d{1,3})+[.)]?\s+\S")
_ARTICLE: Final = re.compile(
    r"(?:article|art\.|titre|chapitre|section|annexe)\s+(?:\d{1,3}(?![.\d])|[IVX]+\b|premi)\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A line or a piece of one, with its box and font size, in points from the bottom left.

    `bold`: the share of its letters that are bold.
    """

    words: tuple[Word, ...]
    text: str
    left: float
    right: float
    bottom: float
    top: float
    baseline: float
    size: float
    bold: float

    @property
    def middle(self) -> float:
        """The vertical position of the line's middle on the page."""
        return (self.bottom + self.top) / 2

    @property
    def text_left(self) -> float:
        """Where the second word begins, which is where the text begins after a number or a bullet."""
        return self.words[1].left if len(self.words) > 1 else self.right

    @classmethod
    def of(cls, words: Sequence[Word]) -> "PdfLine":
        """Return the line made of these words, from left to right."""
        sizes: Counter[float] = Counter()
        for word in words:
            sizes[round(word.size, 1)] += word.letters
        size = sizes.most_common(1)[0][0]
        main = next(word for word in words if round(word.size, 1) == size)
        letters = sum(word.letters for word in words)
        text = words[0].text + "".join(word.text if word.glued else f" {word.text}" for word in words[1:])
        return cls(
            tuple(words),
            text.strip(),
            min(word.left for word in words),
            max(word.right for word in words),
            min(word.bottom for word in words),
            max(word.top for word in words),
            main.baseline,
            size,
            sum(word.bold for word in words) / letters,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page, in points, with its pieces in file order. `picture`: whether an image covers much of it."""

    number: int
    width: float
    height: float
    picture: bool
    drawings: int
    pieces: tuple[PdfLine, ...]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a file. `fields`: whether the file has form fields, whose content is not read."""

    pages: tuple[Page, ...]
    fields: bool


def read_pages(content: bytes, name: str) -> Pages:
    """Return the pages of a file. Raises `PolicyError`."""
    try:
        opened = layout(content)
    except PdfLayoutError as error:
        raise PolicyError(name, 0, PDF_PROBLEMS[str(error)]) from error
    return Pages(
        tuple(
            Page(
                number,
                page.width,
                page.height,
                page.picture,
                page.drawings,
                tuple(PdfLine.of(words) for words in page.pieces),
                page.rules,
            )
            for number, page in enumerate(opened.pages, 1)
        ),
        opened.fields,
    )


def rows_of(pieces: Iterable[PdfLine]) -> list[list[PdfLine]]:
    """Group pieces that stand side by side, from top to bottom, and each row from left to right."""
    rows: list[list[PdfLine]] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.middle, piece.left)):
        if rows:
            first = rows[-1][0]
            shared = min(first.top, piece.top) - max(first.bottom, piece.bottom)
            smaller = min(first.top - first.bottom, piece.top - piece.bottom)
            if shared > 0.5 * smaller or abs(first.baseline - piece.baseline) < 0.1 * first.size:
                rows[-1].append(piece)
                continue
        rows.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def joined(pieces: Sequence[PdfLine]) -> PdfLine:
    """Return the line made of `pieces`, which stand side by side, from left to right."""
    if len(pieces) == 1:
        return pieces[0]
    words: list[Word] = list(pieces[0].words)
    for before, piece in pairwise(pieces):
        first, *others = piece.words
        glued = piece.left - before.right < 0.15 * piece.size
        words += [first._replace(glued=glued), *others]
    return PdfLine.of(words)


def lines_of(pieces: Iterable[PdfLine]) -> tuple[PdfLine, ...]:
    """Join pieces that stand side by side, and return the lines from top to bottom."""
    return tuple(map(joined, rows_of(pieces)))


# --- Running heads ----------------------------------------------------------------------------

_MARGIN: Final = 0.12  # share of the page's height, at the top and the bottom, that may hold running heads
SMALL: Final = 0.92  # multiple of the usual size under which the last lines of a page may be notes
_APART: Final = 1.5  # font sizes of white space that separate a line at the edge of a page from the text
_TWICE: Final = 2
_COVER: Final = 6  # lines at the top of the first page, which include the title
_PAGE_NUMBER: Final = re.compile(
    r"(?:page|p\.)?\s*[-–—|]?\s*\d{1,4}\s*[-–—|]?(?:\s*(?:de|sur|/|of)\s*\d{1,4})?|[-–—]\s*[ivxl]{1,6}\s*[-–—]",
    re.IGNORECASE,
)


def without_running_heads(pages: Sequence[Page]) -> tuple[list[Page], list[PdfLine]]:
    """Return the pages without running heads and page numbers, and the removed lines that may be text.

    A running head is set apart from the text. It has the same words at the same place, or a number that
    follows that of the page, on half of the pages or on two. A line that occurs only once at its place is
    text, unless it repeats the title. A removed line may be text unless it is on nearly every page.
    """
    margins = []
    for page in pages:
        low = _MARGIN * page.height
        high = (1 - _MARGIN) * page.height
        rows = rows_of(piece for piece in page.pieces if not low < piece.middle < high)
        margins.append([(joined(row), row) for row in rows])
    seen = Counter(
        key
        for page, lines in zip(pages, margins, strict=True)
        for key in {key for line, _ in lines for key in _running_keys(line, page.number)}
    )
    titles = [_plain(line.text) for page in pages[:1] for line in lines_of(page.pieces)[:_COVER]]
    bare = []
    removed: list[_Removed] = []
    for page, lines in zip(pages, margins, strict=True):
        heads: list[PdfLine] = []
        # From the edge of the page inwards, since a line is a running head only if all the lines beyond it
        # are.
        for line, row in sorted(lines, key=lambda pair: min(pair[0].middle, page.height - pair[0].middle)):
            rest = _without(page, [*heads, *row])
            why = None
            if not any(_is_beyond(piece, line, page) for piece in rest.pieces):
                why = _furniture(line, rest, seen, len(pages))
                if why is None and _stands_apart(line, rest) and _repeats_title(row, titles, page.number):
                    why = _Furniture.TITLE
            if why is not None:
                heads += row
                removed.append(_Removed(line, page.number, why))
        bare.append(_without(page, heads))
    return bare, _doubtful(removed, {page.number for page in pages})


class _Furniture(Enum):
    """The reason why a line is not part of the text."""

    NUMBER = auto()  # the number of its page
    RUNNING = auto()
    REPEATED = auto()  # repeated, but it touches the text and is not on every page
    TITLE = auto()  # the title, repeated once


class _Removed(NamedTuple):
    line: PdfLine
    page: int
    why: _Furniture


def _furniture(
    line: PdfLine, rest: Page, seen: Mapping[tuple[int, str], int], count: int
) -> _Furniture | None:
    """Return why a line of a page is not part of the text, None if it is part of the text.

    `rest`: the page without the line. `seen`: the number of pages that have each key, out of `count`.
    """
    same, *following = (seen[key] for key in _running_keys(line, rest.number))
    most = max(same, *following, 0)
    is_apart = _stands_apart(line, rest)
    # A bare number just above the text may be a provision's.
    is_sure = not line.text.isdigit() or is_apart or most >= _TWICE
    if _PAGE_NUMBER.fullmatch(line.text) and is_sure:
        return _Furniture.NUMBER
    if _begins_provision(line.text):
        return _Furniture.RUNNING if same == count >= _TWICE and is_apart else None
    if most >= _TWICE and (is_apart or most == count):
        return _Furniture.RUNNING
    return _Furniture.REPEATED if most >= max(_TWICE, count / 2) else None


def _doubtful(removed: Sequence[_Removed], pages: set[int]) -> list[PdfLine]:
    """Return the removed lines that may be text.

    These are all of them, except page numbers and the running heads found on nearly all pages.
    """
    running: dict[int, set[int]] = defaultdict(set)
    for line, page, why in removed:
        if why is _Furniture.RUNNING:
            running[_place(line)].add(page)
    missing = {place: pages - on for place, on in running.items()}
    sure = {place for place, out in missing.items() if out <= {1} or len(out) <= len(pages) / 10}
    return [
        line
        for line, _, why in removed
        if why is not _Furniture.NUMBER and not (why is _Furniture.RUNNING and _place(line) in sure)
    ]


def apart(pieces: Sequence[PdfLine]) -> tuple[list[PdfLine], list[PdfLine], list[PdfLine]]:
    """Split the pieces of a page into the first row, the rest, and the last row.

    A first or last row is split off only if white space sets it apart. It then spans all the columns.
    """
    rows = rows_of(pieces)
    head: list[PdfLine] = []
    foot: list[PdfLine] = []
    if len(rows) > _TWICE:
        first = joined(rows[0])
        last = joined(rows[-1])
        size = median(piece.size for piece in pieces)
        if first.bottom - max(piece.top for row in rows[1:] for piece in row) > _APART * size:
            head = rows[0]
        above = min(piece.bottom for row in rows[:-1] for piece in row)
        if last.size > SMALL * size and above - last.top > _APART * size:  # a smaller row is a note
            foot = rows[-1]
    rest = [piece for row in rows for piece in row if row is not head and row is not foot]
    return head, rest, foot


def _place(line: PdfLine) -> int:
    """Return a line's vertical position, rounded to compare it with the lines of other pages."""
    return round(line.middle / 4)


def _running_keys(line: PdfLine, page: int) -> list[tuple[int, str]]:
    """Return keys that are equal for the same running head on several pages.

    Each key is a line's vertical position and a text. The first key has the line's own text. In each of the
    other keys, one number of that text is replaced with its difference from the page's number.
    """
    return [
        (_place(line), line.text),
        *(
            (_place(line), f"{line.text[: at.start()]}#{int(at[0]) - page}#{line.text[at.end() :]}")
            for at in re.finditer(r"[0-9]{1,4}", line.text)
        ),
    ]


def names_provision(text: str) -> bool:
    """Return whether a text begins with a provision's keyword and number, or is only a keyword."""
    return text.casefold() in KEYWORDS or any(marker.keyword for marker in read_markers(text))


def _begins_provision(text: str) -> bool:
    """Return whether a line begins like a provision: with a keyword, or a number set apart."""
    return bool(
        names_provision(text)
        or _ARTICLE.match(text)
        or CLAUSE.match(text)
        or any(marker.ended or marker.is_multiple or not marker.rest for marker in read_markers(text))
    )


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _repeats_title(row: Sequence[PdfLine], titles: Sequence[Sequence[str]], page: int) -> bool:
    """Return whether a row of a page begins like one of the document's first lines.

    On the first page, the row must have something else on its right: a line alone there belongs to the cover.
    """
    words = _plain(row[0].text)
    return (
        not _begins_provision(row[0].text)
        and len(words) >= _TWICE
        and (page > 1 or len(row) > 1)
        and any(title[: len(words)] == words for title in titles[page == 1 :])
    )


def _is_beyond(piece: PdfLine, line: PdfLine, page: Page) -> bool:
    """Return whether a piece is nearer to the edge of the page than a line on the same side."""
    return piece.bottom > line.top if line.middle > page.height / 2 else piece.top < line.bottom


def _stands_apart(line: PdfLine, page: Page) -> bool:
    """Return whether a line is separated from the text by white space."""
    upper = line.middle > page.height / 2
    gaps = [
        line.bottom - piece.top if upper else piece.bottom - line.top
        for piece in page.pieces
        if (piece.top < line.bottom if upper else piece.bottom > line.top)
    ]
    return bool(gaps) and min(gaps) > line.size


def _without(page: Page, pieces: Sequence[PdfLine]) -> Page:
    gone = {id(piece) for piece in pieces}
    return replace(page, pieces=tuple(piece for piece in page.pieces if id(piece) not in gone))
