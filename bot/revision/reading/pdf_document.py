"""Conversion of PDF files to Markdown.

A PDF has no paragraphs, columns or headings, only words at positions. The structure is inferred from the
layout, never from the language alone. Scans are refused.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from bot.policy.articles import PolicyError
from bot.policy.changes import lexicon
from bot.revision.reading.document import Document, escape_markdown
from bot.revision.reading.pdf_pages import (
    ARTICLE,
    CLAUSE,
    Column,
    Page,
    PdfLine,
    columns,
    read_pages,
    without_running_heads,
)

_FEWEST: Final = 50  # minimum characters in a page to count as text, or words in a file to check its language
_FRENCH: Final = 0.5  # minimum share of known words
_WORD: Final = re.compile(r"\w+")
_CUT: Final = re.compile(r"(?P<head>[^\W\d_]+)[-\u00ad\u2010]$")  # a word split at the end of a line
_UNREADABLE: Final = (
    "le texte de ce PDF ne se lit pas\u00a0: ses polices ne disent pas quelles lettres elles dessinent. "
    "Donnez le document d'où il vient."
)
_SCANNED: Final = (
    "ce PDF est numérisé\u00a0: ses pages sont des images, dont le texte ne se lit pas. "
    "Donnez le document d'où il vient."
)


def parse_pdf(content: bytes, name: str) -> Document:
    """Return the text of a file. Raises `PolicyError` with the reason if it cannot be read."""
    opened = read_pages(content, name)
    _refuse_scans(opened, name)
    pages, whole = without_running_heads(opened)
    read_columns = [column for page in pages for column in columns(page.pieces, page.width)]
    lines = [line.text for column in read_columns for line in column]
    known = lexicon.word_checker(lines)
    words = [word.lower() for line in lines for word in re.findall(r"[^\W\d_]{3,}", line)]
    if len(words) >= _FEWEST and sum(map(known, words)) < _FRENCH * len(words):
        raise PolicyError(name, 0, _UNREADABLE)
    text = "\n\n".join(_paragraphs(read_columns, Joiner(known, lines))) + "\n"
    # The second reading includes all the pieces, but not the two halves of a split word.
    pieces = [piece.text for page in whole for piece in page.pieces]
    heads = {cut["head"].lower() for piece in pieces if (cut := _CUT.search(piece))}
    joined = {word.lower() for word in _WORD.findall(text)}
    crude: list[str] = []
    for piece in pieces:
        words = _WORD.findall(_CUT.sub("", piece))
        halved = words and any(f"{head}{words[0].lower()}" in joined for head in heads)
        crude += words[1:] if halved else words
    return Document(text, tuple(crude))


def _refuse_scans(pages: Sequence[Page], name: str) -> None:
    """Raise `PolicyError` if pages are pictures, or if fonts do not map their glyphs to letters."""
    counts = [sum(len(piece.text) for piece in page.pieces) for page in pages]
    if not any(counts):
        raise PolicyError(name, 0, _SCANNED)
    scanned = [at for at, page in enumerate(pages) if page.picture and counts[at] < _FEWEST]
    if scanned:
        *others, last = (at + 1 for at in scanned)
        which = (
            f"les pages {', '.join(map(str, others))} et {last} sont numérisées, c'est-à-dire des images"
            if others
            else f"la page {last} est numérisée, c'est-à-dire une image"
        )
        origin = "elles viennent" if others else "elle vient"
        raise PolicyError(name, 0, f"{which}, dont le texte ne se lit pas. Donnez le document d'où {origin}.")
    letters = "".join(piece.text for page in pages for piece in page.pieces)
    unreadable = sum(
        letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or letter < " " for letter in letters
    )
    if unreadable > len(letters) / 20:
        raise PolicyError(name, 0, _UNREADABLE)


# --- From lines to paragraphs -----------------------------------------------------------------

_NEW: Final = 1.45  # multiple of the usual line spacing that starts a new paragraph
_FULL: Final = 0.12  # share of the column's width; a line that ends nearer to the edge is full
_LARGE: Final = 1.12  # multiple of the usual size that makes a line a heading
_ITEM: Final = re.compile(r"(?:[•▪◦‣–—-]|[a-z]\)|[ivx]{1,4}[).]|\(\w\))\s+\S")


@dataclass(frozen=True, slots=True)
class Joiner:
    """Joins lines and words split across them. `known`: tests if a word exists. `lines`: the file's lines."""

    known: Callable[[str], bool]
    lines: Sequence[str]

    def __call__(self, text: str, line: str) -> str:
        """Return a text with one more line appended."""
        cut, rest = _CUT.search(text), re.match(r"[^\W\d_]+", line)
        if not (cut and rest):
            return text + line if text.endswith(("-", "/", "'", "\u2019")) else f"{text} {line}".strip()
        return (text if self._hyphenated(cut["head"], rest[0]) else text[: cut.end("head")]) + line

    def _hyphenated(self, head: str, rest: str) -> bool:
        """Return whether a hyphen at the end of a line belongs to the word."""
        whole, compound = f"{head}{rest}".lower(), f"{head}-{rest}".lower()
        if any(compound in line.lower() for line in self.lines):
            return True
        if self.known(whole) or any(re.search(rf"\b{whole}\b", line.lower()) for line in self.lines):
            return False
        return rest[0].isupper() or (self.known(head.lower()) and self.known(rest.lower()))


def _paragraphs(read_columns: Sequence[Column], join: Joiner) -> Iterator[str]:
    """Yield the paragraphs, clauses and headings in Markdown."""
    sizes: Counter[float] = Counter()
    for line in (line for column in read_columns for line in column):
        sizes[round(line.size, 1)] += len(line.text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    text, mark, last = "", "", None
    for column in read_columns:
        left, right = min(line.left for line in column), max(line.right for line in column)
        steps = [upper.bottom - lower.bottom for upper, lower in pairwise(column)]
        step = median(steps) if steps else 0.0
        above = None
        for line in column:
            large = line.size > _LARGE * usual
            is_article = ARTICLE.match(line.text) is not None
            if is_article and (line.bold or line.text.startswith("ARTICLE") or large):
                kind = "##"
            else:
                kind = "####" if (line.bold or large) and not CLAUSE.match(line.text) else ""
            if last and not _continues(kind, line, mark, last, above, step=step, margin=left):
                yield _markdown(mark, text)
                text = ""
            mark = mark if text else kind
            text = join(text, line.text)
            last = _LastLine(line, full=right - line.right < _FULL * (right - left))
            above = line
    if text:
        yield _markdown(mark, text)


@dataclass(frozen=True, slots=True)
class _LastLine:
    """The previous line, and whether it reached the edge of its column."""

    line: PdfLine
    full: bool


def _continues(
    kind: str,
    line: PdfLine,
    mark: str,
    last: _LastLine,
    above: PdfLine | None,
    *,
    step: float,
    margin: float,
) -> bool:
    """Return whether a line continues the paragraph or heading before it.

    `kind`, `mark`: the heading marks of the line and the preceding text. `above`: the line above it in its
    column. `step`, `margin`: the usual line spacing and the left edge of that column, in points.
    """
    if kind == "##" or CLAUSE.match(line.text) or _ITEM.match(line.text):
        return False
    if mark:
        alike = abs(line.size - last.line.size) < 0.1 * line.size and line.bold == last.line.bold
        near = above is None or above.bottom - line.bottom < _NEW * max(step, 1.35 * line.size)
        return bool(kind) and alike and near
    if kind:
        return False
    if above is None:  # at the top of a column, a line continues unless the previous one clearly ended
        return last.full or line.text[:1].islower()
    if above.bottom - line.bottom > _NEW * step:
        return False
    indented = line.left - margin > line.size and above.left - margin < 0.5 * line.size
    return not (indented and not last.full and last.line.text.endswith((".", "?", "!")))


def _markdown(mark: str, text: str) -> str:
    text = escape_markdown(text.strip())
    if mark:
        return f"{mark} {text}"
    if CLAUSE.match(text):
        return f"- {text}"
    return f"\\{text}" if text.startswith("#") else text
