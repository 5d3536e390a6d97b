"""The paragraphs of a Word file as blocks: headings, the numbers that Word shows, tables, notes, boxes."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from lxml.etree import _Element as Element

from bot.policy.labels import read_markers, read_number
from bot.policy.provisions import Block, Layout
from bot.policy.sentences import is_capitals
from bot.revision.reading.docx_numbering import Counters, Styles, W, find, is_on, read_indent, value
from bot.revision.reading.lines import LONGEST_HEADING, plain, read_lines

FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
REMOVED: Final = (f"{W}del", f"{W}moveFrom")
_SKIPPED: Final = frozenset(
    (FALLBACK, *REMOVED, *(f"{W}{name}" for name in ("instrText", "delText", "pPr", "rPr", "txbxContent")))
)
_SIGNS: Final = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
    f"{W}sym": "\u2022",
}
_NOTES: Final = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
CONTENTS: Final = re.compile(r"(?:toc|tm) ?(?:\d|heading)|table of (?:contents|figures)", re.IGNORECASE)
_TITLE: Final = re.compile(r"(?:title|titre)$", re.IGNORECASE)
_HEADING: Final = re.compile(r"(?:heading|titre|vigie fin de titre) (?P<level>\d)$", re.IGNORECASE)


# The names, in Word, of the styles of a text that Vigie gave to be revised (see `model_document`). They are
# the canonical Markdown's marks: a number in bold, a backslash, a note, and a bare « ## » (before its level).
NUMBER_STYLE: Final = "Vigie numéro"
TEXT_STYLE: Final = "Vigie texte"
NOTE_STYLE: Final = "Vigie note"
END_STYLE: Final = "Vigie fin de titre"


class BlockReader:
    """A reader of a document's body. `notes`: the parts of the file with footnotes and endnotes, if any.

    `assumed`: the numbers that imply a higher-level number that no line has. `unnumbered`: the paragraphs
    with an obsolete kind of automatic number, which cannot be computed.
    """

    def __init__(self, styles: Styles, counters: Counters, notes: Mapping[str, Element | None]) -> None:
        self._styles = styles
        self._counters = counters
        self._notes = {
            (kind, note.get(f"{W}id", "")): note
            for kind, part in notes.items()
            if part is not None
            for note in part.iter(f"{W}{kind}")
        }
        self._called: list[str] = []  # the text of each note referred to since the last paragraph
        self._calls = 0
        self._line = 0
        self.assumed: list[str] = []
        self.unnumbered: list[str] = []

    def read(self, body: Element) -> Iterator[Block]:
        """Yield the blocks of a body, a cell or a text box, in order."""
        for child in body:
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                yield from self._table(child)
            elif child.tag == f"{W}sdt" and _is_gallery_of_contents(child):
                continue
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                yield from self.read(child)

    def _paragraph(self, paragraph: Element) -> Iterator[Block]:
        self._line += 1
        label = self._counters.label(paragraph)
        if self._is_contents(paragraph):
            return
        text = self._text(paragraph)
        number, shielded = self._marks(paragraph)
        if number:
            text = text.lstrip().removeprefix(number)
        if label and label.assumed:
            self.assumed.append(label.text)
        if any("AUTONUM" in (field.text or "") for field in paragraph.iter(f"{W}instrText")):
            self.unnumbered.append(plain(text))
        lines = re.split(r"(?<=\n)|(?<=\v)(?<!#\v)", text)
        whole = plain(text)
        strong = bool(whole) and not shielded and (self._is_bold(paragraph) or is_capitals(whole))
        level = self._level(paragraph) if len(whole) <= LONGEST_HEADING else 0
        if level or strong:
            lines = [whole]
        indent = self._indent(paragraph) if label is None else label.indent
        layout = Layout.BULLET if label is not None and label.bullet else Layout.TEXT
        first = Block(
            "",
            self._line,
            level,
            number or ("" if label is None or label.bullet else label.text),
            strong,
            indent,
            Layout.NOTE if NOTE_STYLE in map(self._name, self._chain(paragraph)) else layout,
            escaped=shielded or bool(number and not level),
        )
        yield from read_lines(lines, first)
        if not whole and (
            # « ANNEXE A », computed by Word, above a title on the next line; or a heading that is its number
            any(marker.keyword for marker in read_number(first.number))
            or number
            or (level and self._name(self._chain(paragraph)[0]).startswith(END_STYLE))
        ):
            yield first
        yield from self._called_notes(indent)
        for box in paragraph.iter(f"{W}txbxContent"):
            outer = next(box.iterancestors(f"{W}p", FALLBACK), None)
            if outer is paragraph:
                yield from self.read(box)

    def _called_notes(self, indent: float) -> Iterator[Block]:
        called, self._called = self._called, []
        for text in called:
            yield Block(text, self._line, indent=indent, layout=Layout.NOTE)

    def _table(self, table: Element) -> Iterator[Block]:
        """Yield the rows of a table or, if it is only for layout, the paragraphs of its cells."""
        rows = [list(row.iter(f"{W}tc")) for row in table.iterchildren(f"{W}tr", f"{W}sdt")]
        if self._lays_out(table):
            for row in rows:
                for cell in row:
                    yield from self.read(cell)
            return
        for row in rows:
            self._line += 1
            cells = [plain(" ".join(map(self._text, cell.iter(f"{W}p")))) for cell in row]
            if any(cells):
                yield Block("\t".join(cells), self._line, layout=Layout.ROW)
            yield from self._called_notes(0.0)

    def _lays_out(self, table: Element) -> bool:
        """Return whether a table is only for layout: such tables contain headings or automatic numbers."""
        return any(
            self._level(paragraph) or find(paragraph, "pPr/numPr") is not None
            for paragraph in table.iter(f"{W}p")
        )

    # --- The parts of a paragraph ---------------------------------------------------------------------

    def _chain(self, paragraph: Element) -> list[str]:
        return self._styles.chain(value(paragraph, "pPr/pStyle") or self._styles.default)

    def _name(self, style: str) -> str:
        return value(self._styles.elements[style], "name") or style

    def _is_contents(self, paragraph: Element) -> bool:
        return any(CONTENTS.match(self._name(style)) for style in self._chain(paragraph))

    def _level(self, paragraph: Element) -> int:
        """Return a heading's level: 1 for the document's title, 2 for top-level headings, 0 for text."""
        level = value(paragraph, "pPr/outlineLvl")
        if level is not None:
            return _outline(level)
        for style in self._chain(paragraph):
            if _TITLE.match(self._name(style)):
                return 1
            if match := _HEADING.match(self._name(style)):
                return int(match["level"]) + 1
            outline = value(self._styles.elements[style], "pPr/outlineLvl")
            if outline is not None:
                return _outline(outline)
        return 0

    def _marks(self, paragraph: Element) -> tuple[str, bool]:
        """Return the number that a style sets apart, "" for none, and whether none begins the rest."""
        number, shielded = "", False
        for run in paragraph.iter(f"{W}r"):
            if not _has_words(run):
                continue
            name = value(self._styles.elements.get(value(run, "rPr/rStyle") or ""), "name")
            if name != NUMBER_STYLE:
                shielded = name == TEXT_STYLE
                break
            number += self._text(run)
        number = number.strip()
        if any(not marker.rest for marker in read_markers(number)) or any(
            marker.until for marker in read_number(number)
        ):
            return number, shielded
        return "", shielded and not number

    def _indent(self, paragraph: Element) -> float:
        indent = read_indent(find(paragraph, "pPr/ind"))
        if indent is None:
            indent = read_indent(self._styles.first(self._chain(paragraph), "pPr/ind"))
        return max(indent or 0.0, 0.0)

    def _is_bold(self, paragraph: Element) -> bool:
        """Return whether every visible run is bold, directly or through its style."""
        chain = self._chain(paragraph)
        runs = [run for run in paragraph.iter(f"{W}r") if _has_words(run)]
        for run in runs:
            bold = find(run, "rPr/b")
            if bold is None:
                bold = self._styles.first([*self._styles.chain(value(run, "rPr/rStyle")), *chain], "rPr/b")
            if not is_on(bold):
                return False
        return bool(runs)

    def _text(self, element: Element) -> str:
        """Return the visible words of an element, without its text boxes, with its line breaks and tabs."""
        parts = []
        for child in element:
            if child.tag in _SKIPPED or (child.tag == f"{W}r" and is_on(find(child, "rPr/vanish"))):
                continue
            if _is_space(child):
                parts.append("\v")
            elif child.tag in _NOTES:
                parts.append(self._call(_NOTES[child.tag], child.get(f"{W}id", "")))
            elif child.tag == f"{W}t":
                parts.append(child.text or "")
            elif child.tag == f"{W}br":
                parts.append("\n" if child.get(f"{W}type") in {None, "textWrapping"} else " ")
            elif child.tag in _SIGNS:
                parts.append(_SIGNS[child.tag])
            elif isinstance(child.tag, str):
                parts.append(self._text(child))
        return "".join(parts)

    def _call(self, kind: str, identifier: str) -> str:
        """Return the mark of a note, whose words will follow the paragraph."""
        note = self._notes.pop((kind, identifier), None)
        if note is None:
            return ""
        self._calls += 1
        mark = f"[{self._calls}]"
        words = " ".join(self._text(paragraph) for paragraph in note.iter(f"{W}p"))
        self._called.append(plain(f"{mark} {words}"))
        return mark


def _is_space(run: Element) -> bool:
    """Return whether a run is a single space, which converters to Word put at the end of a wrapped line."""
    words = [child for child in run if child.tag != f"{W}rPr"]
    return run.tag == f"{W}r" and [(word.tag, word.text) for word in words] == [(f"{W}t", " ")]


def _has_words(run: Element) -> bool:
    hidden = is_on(find(run, "rPr/vanish")) or next(run.iterancestors(FALLBACK, *REMOVED), None) is not None
    return not hidden and any((text.text or "").strip() for text in run.iterchildren(f"{W}t"))


def _outline(level: str) -> int:
    """Return a heading's level from Word's outline level, 0 to 8, or 9 for text."""
    return int(level) + 2 if level in "012345678" else 0


def _is_gallery_of_contents(block: Element) -> bool:
    """Return whether a block is a table of contents that Word made."""
    gallery = value(block, "sdtPr/docPartObj/docPartGallery") or ""
    return gallery.casefold() == "table of contents"
