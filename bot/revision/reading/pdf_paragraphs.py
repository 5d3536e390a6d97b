"""From the lines of a PDF's columns to paragraphs, clauses and headings, in Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from bot.revision.reading.pdf_pages import Column, PdfLine

_NEW: Final = 1.45  # times the usual step between two lines, from which another paragraph begins
_FULL: Final = 0.12  # of the column's width: a line that ends nearer to the edge than this is full
_LARGE: Final = 1.12  # times the usual size: a heading

CLAUSE: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})+\.?\s+\S")
ARTICLE: Final = re.compile(r"article\s+\d{1,3}(?![.\d])\s*(?:[:.–—-]|$|\s+[A-ZÀ-Ý])", re.IGNORECASE)
_ITEM: Final = re.compile(r"(?:[•▪◦‣–—-]|[a-z]\)|[ivx]{1,4}[).]|\(\w\))\s+\S")
CUT: Final = re.compile(r"(?P<head>[^\W\d_]+)[-\u00ad\u2010]$")  # a word, at the end of a line


@dataclass(frozen=True, slots=True)
class Joiner:
    """Puts lines together, and the words that were cut between two of them."""

    known: Callable[[str], bool]
    lines: Sequence[str]

    def __call__(self, text: str, line: str) -> str:
        """Return a text with one more line."""
        cut = CUT.search(text)
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


def blocks(columns: Sequence[Column], join: Joiner) -> Iterator[str]:
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

    line: PdfLine
    width: float
    edge: float

    @property
    def full(self) -> bool:
        return self.edge - self.line.right < _FULL * self.width


def _usual_size(lines: Sequence[PdfLine]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _step(column: Column) -> float:
    steps = [one.bottom - other.bottom for one, other in pairwise(column)]
    return median(steps) if steps else 0.0


def _kind(line: PdfLine, usual: float) -> str:
    """Return « # » for a line of an article's heading, « ## » for one of another, "" for other lines."""
    if ARTICLE.match(line.text) and (
        line.bold or line.text.startswith("ARTICLE") or line.size > _LARGE * usual
    ):
        return "#"
    if CLAUSE.match(line.text):
        return ""
    return "##" if line.bold or line.size > _LARGE * usual else ""


def _goes_on(
    kind: str,
    line: PdfLine,
    mark: str,
    last: _Last,
    above: PdfLine | None,
    *,
    step: float,
    margin: float,
) -> bool:
    """Tell whether a line goes on with the paragraph, or the heading, before it."""
    if kind == "#" or CLAUSE.match(line.text) or _ITEM.match(line.text):
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
    if CLAUSE.match(text):
        return f"- {text}"
    return f"\\{text}" if text.startswith("#") else text


def _escaped(text: str) -> str:
    text = re.sub(r"\\|\*\*|__", lambda one: "".join(f"\\{sign}" for sign in one[0]), text)
    return text.replace("&", "&amp;").replace("<", "&lt;")
