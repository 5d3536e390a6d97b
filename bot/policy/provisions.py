"""The tree of a policy's text, for any association's document.

The model is Akoma Ntoso's: numbers are strings, and containers hold provisions. A line that is not understood
is text of the provision above it, never an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kind of a provision. The values appear in the output of `vigie importer --json`."""

    PREAMBLE = "preambule"
    TITLE = "titre"
    CHAPTER = "chapitre"
    SECTION = "section"
    ARTICLE = "article"
    CLAUSE = "clause"
    ITEM = "alinea-lettre"
    ANNEX = "annexe"
    UNNUMBERED = "sans-numero"


class Layout(StrEnum):
    """How a paragraph is laid out. `ROW`: a table's row, its cells separated by tabs."""

    TEXT = "text"
    BULLET = "bullet"
    ROW = "row"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a provision's own text, without markup."""

    text: str
    layout: Layout = Layout.TEXT


@dataclass(frozen=True, slots=True)
class Provision:
    """A part of the text that can be cited, with the parts that it holds.

    `label`: its number as written, without keyword or final dot (« 5.01 », « 2 bis », « PREMIER », « II »,
    « a »), "" when it has none. `opening`: the written words that come before the title or the text,
    « ARTICLE 5 : », « a) », "" when it has none. `closing`: its own text after its last child. `line`: the
    line of its source where it begins, from 1.
    """

    kind: Kind
    label: str
    opening: str = ""
    title: str = ""
    paragraphs: tuple[Paragraph, ...] = ()
    children: tuple[Provision, ...] = ()
    closing: tuple[Paragraph, ...] = ()
    line: int = 0

    def walk(self) -> Iterator[Provision]:
        """Yield this provision and all those it holds, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line that was read in one way but may mean something else. `line`: where it is (see `Block.line`).

    `words`: the line's first words, as written. `reason`: how it was understood and why, in French. `remedy`:
    what to write in Markdown. `key`: the key of a decision about it (see `decisions`), "" when none can be
    taken.
    """

    code: str
    line: int
    words: str
    reason: str
    remedy: str = ""
    key: str = ""

    @property
    def message(self) -> str:
        """How the line was understood, and what to do, in French."""
        return f"{self.reason} {self.remedy}".rstrip()

    def placed(self, unit: str) -> str:
        """Return the message after its location. `unit`: what `line` counts, « Page 3 : … »."""
        return f"{unit} {self.line}\u00a0: {self.message}" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole document. `cover`: the paragraphs before the first provision, including the document's title.

    `title`: the document's title, "" when it cannot be told from the rest of the cover.
    """

    cover: tuple[Paragraph, ...]
    provisions: tuple[Provision, ...]
    doubts: tuple[Doubt, ...] = ()
    title: str = ""

    def walk(self) -> Iterator[Provision]:
        """Yield every provision, in the order of the text."""
        for provision in self.provisions:
            yield from provision.walk()


class LineReading(StrEnum):
    """A decision about a line. `JOINED`: it continues the line above. `AS_READ`: it was read correctly.

    `HEADING`: at the level of its style or, without one, of the heading above. `SAME_LEVEL`, `ONE_DEEPER`
    and `ONE_HIGHER`: a heading at the level of the one above, one level deeper or one level higher, whatever
    its style.
    """

    HEADING = "titre"
    SAME_LEVEL = "titre-egal"
    ONE_DEEPER = "sous-titre"
    ONE_HIGHER = "titre-haut"
    NUMBERED = "numero"
    TEXT = "texte"
    JOINED = "suite"
    AS_READ = "tel"

    @property
    def is_heading(self) -> bool:
        """Whether the line is a heading, at any level."""
        return self in {
            LineReading.HEADING,
            LineReading.SAME_LEVEL,
            LineReading.ONE_DEEPER,
            LineReading.ONE_HIGHER,
        }


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph of a document, as read from its file. Outlines are made from blocks.

    `level`: the level of a heading style, 1 for the highest, 0 without such a style. `number`: the number
    that Word computed, "" when the number, if any, is typed in `text`. `strong`: all bold or in capitals.
    `indent`: distance from the margin, in points, comparable within a document. `line`: line of Markdown,
    paragraph of Word, or page of PDF, from 1. `escaped`: a person marked that the beginning is not a number.
    `joined`: it is the next line of the previous block's paragraph, and belongs to it unless a provision
    begins here. `decided`: a person's decision that it is a heading or numbered, if any. `key`: the key of
    that decision (see `decisions`).
    """

    text: str
    line: int
    level: int = 0
    number: str = ""
    strong: bool = False
    indent: float = 0.0
    layout: Layout = Layout.TEXT
    escaped: bool = False
    joined: bool = False
    decided: LineReading | None = None
    key: str = ""
