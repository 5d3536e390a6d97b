"""PDF files: their text as Markdown, from where the words stand on the pages.

A PDF has no paragraphs, columns or headings, only words at places: these are worked out, never guessed
from the language alone. What is not text (a scan) is refused.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

from bot.policy import lexicon
from bot.policy.articles import PolicyError
from bot.policy.revision_reading import Document

SECONDS: Final = 30  # for the process that opens the file; one of a hundred pages takes two

_LAYOUT: Final = Path(__file__).with_name("pdf_layout.py")
_MARGIN: Final = 0.12  # of the page's height, at the top and the bottom, where running heads stand
_EDGE: Final = (
    0.08  # of the height: beyond it, a line that nothing is near is a running head, were there one page only
)
_COLUMN: Final = 0.22  # of the page's width, at least, for a column
_GUTTER: Final = 0.8  # times the letters' size, at least, between two columns
_NEW: Final = 1.45  # times the usual step between two lines, from which another paragraph begins
_FULL: Final = 0.12  # of the column's width: a line that ends nearer to the edge than this is full
_LARGE: Final = 1.12  # times the usual size: a heading
_FEWEST: Final = 50  # words from which a language can be recognized
_FRENCH: Final = 0.5  # share of words that must be known

_CLAUSE: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})+\.?\s+\S")
_ARTICLE: Final = re.compile(r"article\s+\d{1,3}(?![.\d])\s*(?:[:.–—-]|$|\s+[A-ZÀ-Ý])", re.IGNORECASE)
_ITEM: Final = re.compile(r"(?:[•▪◦‣–—-]|[a-z]\)|[ivx]{1,4}[).]|\(\w\))\s+\S")
_PAGE_NUMBER: Final = re.compile(
    r"(?:page\s*)?[-–—]?\s*\d{1,4}\s*[-–—]?(?:\s*(?:de|sur|/|of)\s*\d{1,4})?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a line, or a whole one: its words, where they stand from the bottom left, their look."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool

    @property
    def middle(self) -> float:
        """Its height on the page."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its size, whether a picture covers a good part of it, and its pieces in the file's order."""

    width: float
    height: float
    picture: bool
    pieces: tuple[Line, ...]


Column: TypeAlias = list[Line]  # from top to bottom


def read(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError`, saying why it cannot be read."""
    opened = _pages(content, name)
    _check(opened, name)
    pages, whole = _without_running_heads(opened)
    columns = [column for page in pages for column in _columns(page)]
    known = lexicon.known(line.text for column in columns for line in column)
    join = _Joiner(known, [line.text for column in columns for line in column])
    _check_language(columns, known, name)
    blocks = list(_blocks(columns, join))
    text = "\n\n".join(blocks) + "\n"
    return Document(text, tuple(_crudely([piece.text for page in whole for piece in page.pieces], text)))


_CUT: Final = re.compile(r"(?P<head>[^\W\d_]+)[-\u00ad\u2010]$")
_WORD: Final = re.compile(r"\w+")


def _crudely(pieces: Sequence[str], text: str) -> Iterator[str]:
    """Yield the words of the pieces in no order: the two halves of a word that was cut are left out."""
    whole = {word.lower() for word in _WORD.findall(text)}
    heads = {cut["head"].lower() for piece in pieces if (cut := _CUT.search(piece))}
    for piece in pieces:
        words = _WORD.findall(_CUT.sub("", piece))
        if words and any(f"{head}{words[0].lower()}" in whole for head in heads):
            del words[0]
        yield from words


# --- Opening the file -----------------------------------------------------------------------------


def _pages(content: bytes, name: str) -> list[Page]:
    try:
        done = subprocess.run(  # noqa: S603 — our own file
            [sys.executable, "-I", str(_LAYOUT)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={},
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise PolicyError(name, 0, _PROBLEMS["damaged"]) from error
    if "problem" in found:
        raise PolicyError(name, 0, _PROBLEMS[found["problem"]])
    return [
        Page(page["width"], page["height"], page["picture"], tuple(_piece(one) for one in page["pieces"]))
        for page in found["pages"]
    ]


def _piece(one: dict[str, Any]) -> Line:
    text = re.sub(r"[ \t]+", " ", one["text"]).strip(" ")
    return Line(
        text,
        one["left"],
        one["right"],
        one["bottom"],
        one["top"],
        one["size"],
        2 * one["bold"] > one["count"],
    )


_PROBLEMS: Final = {
    "password": "le PDF est protégé par un mot de passe. Enregistrez-le sans.",
    "damaged": "le PDF est abîmé, ou trop complexe pour être lu. Enregistrez-le de nouveau.",
    "pages": "le PDF a plus de 200 pages, ou trop de texte.",
}


def _check(pages: Sequence[Page], name: str) -> None:
    """Raise `PolicyError` for pages that are pictures, and for text that no one can read."""
    written = [sum(len(piece.text) for piece in page.pieces) for page in pages]
    scanned = [
        at
        for at, (page, count) in enumerate(zip(pages, written, strict=True), 1)
        if page.picture and count < _FEWEST
    ]
    if scanned or not any(written):
        which = _listed(scanned) if scanned and any(written) else ""
        raise PolicyError(
            name,
            0,
            (
                f"{which} numérisée, c'est-à-dire une image"
                if which.startswith("la")
                else f"{which} numérisées, c'est-à-dire des images"
            )
            + ", dont le texte ne se lit pas. Donnez le document d'où elles viennent."
            if which
            else "ce PDF est numérisé\u00a0: ses pages sont des images, dont le texte ne se lit pas. "
            "Donnez le document d'où il vient.",
        )
    letters = "".join(piece.text for page in pages for piece in page.pieces)
    strange = sum(
        1 for one in letters if one == "\ufffd" or "\ue000" <= one <= "\uf8ff" or ord(one) < ord(" ")
    )
    if strange > len(letters) / 20:
        raise PolicyError(name, 0, _UNREADABLE)


_UNREADABLE: Final = (
    "le texte de ce PDF ne se lit pas\u00a0: ses polices ne disent pas quelles lettres elles dessinent. "
    "Donnez le document d'où il vient."
)


def _listed(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"la page {numbers[0]} est"
    return f"les pages {', '.join(map(str, numbers[:-1]))} et {numbers[-1]} sont"


def _check_language(columns: Iterable[Column], known: Callable[[str], bool], name: str) -> None:
    words = [
        word.lower()
        for column in columns
        for line in column
        for word in re.findall(r"[^\W\d_]{3,}", line.text)
    ]
    if len(words) >= _FEWEST and sum(map(known, words)) < _FRENCH * len(words):
        raise PolicyError(name, 0, _UNREADABLE)


# --- Running heads and columns -------------------------------------------------------------------


def _without_running_heads(pages: Sequence[Page]) -> tuple[list[Page], list[Page]]:
    """Return the pages without what is repeated at their top or bottom, and without their numbers.

    Then without what stands there alone too, once only, so that it can be told from the text, and said.
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
    lines = _lines(piece for piece in page.pieces if not low < piece.middle < high)
    return [line for line in lines if not _CLAUSE.match(line.text)]


def _key(line: Line) -> str:
    """Return what a running head is from page to page: its words, its numbers put aside, and its height."""
    return f"{round(line.middle / 4)} {re.sub(r'[0-9]+', '#', line.text.strip())}"


def _is_page_number(line: Line) -> bool:
    return _PAGE_NUMBER.fullmatch(line.text.strip()) is not None


def _stands_apart(line: Line, page: Page) -> bool:
    """Tell whether nothing but white stands between a line at the very edge and the text."""
    if _EDGE * page.height < line.middle < (1 - _EDGE) * page.height or _ARTICLE.match(line.text):
        return False
    upper = line.middle > page.height / 2
    near = [
        line.bottom - piece.top if upper else piece.bottom - line.top
        for piece in page.pieces
        if (piece.top < line.bottom if upper else piece.bottom > line.top)
    ]
    return bool(near) and min(near) > line.size


def _without(page: Page, lines: Sequence[Line]) -> Page:
    kept = tuple(
        piece
        for piece in page.pieces
        if not any(line.bottom <= piece.middle <= line.top and piece.text in line.text for line in lines)
    )
    return Page(page.width, page.height, page.picture, kept)


def _columns(page: Page) -> Iterator[Column]:
    """Yield the columns of a page in the order in which they are read (recursive XY cut)."""
    yield from (_lines(part) for part in _cut(list(page.pieces), page.width))


def _cut(pieces: list[Line], width: float) -> Iterator[list[Line]]:
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


def _gutter(pieces: Sequence[Line], width: float) -> float | None:
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


def _band(pieces: Sequence[Line], width: float) -> float | None:
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


def _lines(pieces: Iterable[Line]) -> Column:
    """Return the lines of a column, their pieces put together."""
    lines: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda one: (-one.middle, one.left)):
        if lines and _beside(lines[-1][0], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_whole(sorted(line, key=lambda one: one.left)) for line in lines]


def _beside(line: Line, piece: Line) -> bool:
    shared = min(line.top, piece.top) - max(line.bottom, piece.bottom)
    return shared > 0.5 * min(line.top - line.bottom, piece.top - piece.bottom)


def _whole(pieces: Sequence[Line]) -> Line:
    text = pieces[0].text
    for before, one in pairwise(pieces):
        close = one.left - before.right < 0.15 * one.size
        text += one.text if close else f" {one.text}"
    main = max(pieces, key=lambda one: len(one.text))
    return Line(
        text,
        pieces[0].left,
        max(one.right for one in pieces),
        min(one.bottom for one in pieces),
        max(one.top for one in pieces),
        main.size,
        all(one.bold for one in pieces),
    )


# --- Paragraphs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Joiner:
    """Puts lines together, and the words that were cut between two of them."""

    known: Callable[[str], bool]
    lines: Sequence[str]

    def __call__(self, text: str, line: str) -> str:
        """Return a text with one more line."""
        cut = _CUT.search(text)
        rest = re.match(r"[^\W\d_]+", line)
        if not (cut and rest):
            return f"{text} {line}".strip() if not text.endswith(("-", "/", "'", "\u2019")) else text + line
        return (text if self._hyphenated(cut["head"], rest[0]) else text[: cut.end("head")]) + line

    def _hyphenated(self, head: str, rest: str) -> bool:
        """Tell whether a hyphen at the end of a line is one of the word's own."""
        whole, compound = f"{head}{rest}".lower(), f"{head}-{rest}".lower()
        if any(compound in line.lower() for line in self.lines):
            return True
        if self.known(whole) or any(re.search(rf"\b{whole}\b", line.lower()) for line in self.lines):
            return False
        return rest[0].isupper() or (self.known(head.lower()) and self.known(rest.lower()))


def _blocks(columns: Sequence[Column], join: _Joiner) -> Iterator[str]:
    """Yield the paragraphs, clauses and headings, in Markdown."""
    lines = [line for column in columns for line in column]
    usual = _usual_size(lines)
    text, mark, before = "", "", None
    for column in columns:
        left, right = (
            min((one.left for one in column), default=0),
            max((one.right for one in column), default=0),
        )
        step = _step(column)
        for at, line in enumerate(column):
            above = column[at - 1] if at else None
            kind = _kind(line, usual)
            if before is not None and not _goes_on(kind, line, mark, before, above, step=step, margin=left):
                yield _marked(mark, text)
                text = ""
            if not text:
                mark = kind
            text, before = join(text, line.text), _Last(line, right - left, right)
    if text:
        yield _marked(mark, text)


@dataclass(frozen=True, slots=True)
class _Last:
    """The line before, and its column."""

    line: Line
    width: float
    edge: float

    @property
    def full(self) -> bool:
        return self.edge - self.line.right < _FULL * self.width


def _usual_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _step(column: Column) -> float:
    steps = [one.bottom - other.bottom for one, other in pairwise(column)]
    return median(steps) if steps else 0.0


def _kind(line: Line, usual: float) -> str:
    """Return « # » for a line of an article's heading, « ## » for one of another, "" for other lines."""
    if _ARTICLE.match(line.text) and (
        line.bold or line.text.startswith("ARTICLE") or line.size > _LARGE * usual
    ):
        return "#"
    if _CLAUSE.match(line.text):
        return ""
    return "##" if line.bold or line.size > _LARGE * usual else ""


def _goes_on(
    kind: str,
    line: Line,
    mark: str,
    last: _Last,
    above: Line | None,
    *,
    step: float,
    margin: float,
) -> bool:
    """Tell whether a line goes on with the paragraph, or the heading, before it."""
    if kind == "#" or _CLAUSE.match(line.text) or _ITEM.match(line.text):
        return False
    alike = abs(line.size - last.line.size) < 0.1 * line.size and line.bold == last.line.bold
    if mark:
        near = above is None or above.bottom - line.bottom < _NEW * max(step, 1.35 * line.size)
        return bool(kind) and alike and near
    if kind:
        return False
    if above is None:  # at the top of a column: it goes on unless the last one was plainly at its end
        return last.full or line.text[:1].islower()
    if above.bottom - line.bottom > _NEW * step:
        return False
    indented = line.left - margin > line.size and above.left - margin < 0.5 * line.size
    return not (indented and not last.full and last.line.text.endswith((".", "?", "!")))


def _marked(mark: str, text: str) -> str:
    text = _escaped(text.strip())
    if mark:
        return f"{'##' if mark == '#' else '####'} {text}"
    if _CLAUSE.match(text):
        return f"- {text}"
    return f"\\{text}" if text.startswith("#") else text


def _escaped(text: str) -> str:
    text = re.sub(r"\\|\*\*|__", lambda one: "".join(f"\\{sign}" for sign in one[0]), text)
    return text.replace("&", "&amp;").replace("<", "&lt;")
