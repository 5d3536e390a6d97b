"""The paragraphs of a Web page as blocks: headings, the numbers that a browser shows, tables, notes."""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from bot.policy.provisions import Block, Layout
from bot.policy.sentences import is_capitals
from bot.revision.reading.docx_numbering import format_number
from bot.revision.reading.html_elements import (
    BLOCKS,
    CALL,
    FORMS,
    FURNITURE,
    HEADINGS,
    LISTS,
    PARTS,
    SILENT,
    UNSEEN,
    WORD_CONTENTS,
    WORD_NUMBER,
    find_notes,
    form_of,
    integer,
    is_beside,
    is_bold,
    is_comment,
    is_contents,
    is_hidden,
    is_menu,
    lays_out,
    linked_words,
    read_margin,
    role_of,
    unfolds,
    word_label,
    words_of,
)
from bot.revision.reading.html_styles import PageStyles
from bot.revision.reading.lines import LONGEST_HEADING, plain, read_lines

# the `form` of a table of contents, whose numbers are ignored
_CONTENTS: Final = "contents"

_SPACED: Final = re.compile(r"[ \u00a0]{2,}")


@dataclass(slots=True)
class _Frame:
    """An open element, and the properties that its contents inherit.

    `form`: the form of the list's numbers (see `form_of`), "" outside lists. `number`: the number of the
    list's next item. `step`: the difference between the numbers of two items. `names`: the list's classes.
    """

    element: Element | None = None
    level: int = 0
    bold: bool = False
    indent: float = 0.0
    verbatim: bool = False
    form: str = ""
    number: int = 1
    step: int = 1
    opens_list: bool = False
    names: tuple[str, ...] = ()


class PageReader:
    """A reader of the part of a page that is the policy's text.

    `unread`: every text left out, numbers of lists included. `beside`: the texts left out that are not mostly
    links. `removed`: whether the page marks words as deleted.
    """

    def __init__(self, root: Element, sheet: PageStyles) -> None:
        self._root = root
        self._sheet = sheet
        # the last number of each list numbered by the style sheet, by the list's class
        self._counts: dict[str, int] = {}
        self._notes = find_notes(root)
        self._holders = {holder for _, holder in self._notes.values()}
        self._called: list[str] = []  # the text of each note referred to since the last paragraph
        self._pieces: list[tuple[str, bool]] = []  # the open paragraph: words, and whether they are in bold
        self._label: tuple[str, Layout] = ("", Layout.TEXT)  # the label and layout of the next paragraph
        self._line = 0
        self._size = len(words_of(root))
        # Word writes the document's title as a paragraph, and its first headings as « h1 ».
        self._highest = 2 if root.find(".//p[@class='MsoTitle']") is not None else 1
        self._titled = any(
            all(role_of(above) != "header" for above in heading.iterancestors())
            for heading in root.iter("h1")
        )
        self.unread: list[str] = []
        self.beside: list[str] = []
        self.removed = False

    def read(self) -> Iterator[Block]:
        """Yield the blocks, in order."""
        yield from self._read(self._root, _Frame())

    def leave_out(self, text: str, linked: str = "") -> None:
        """Record words that are not part of the text. `linked`: the words among them that are links."""
        self.unread.append(text)
        if len(linked) * 2 < len(text):
            self.beside.append(plain(text))

    def _read(self, root: Element, base: _Frame) -> Iterator[Block]:
        """Yield the blocks of an element.

        A page may be deeply nested, so this uses a stack, not recursion.
        """
        stack = [base]
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if element.tag in BLOCKS:
                yield from self._flush(stack[-1])
            if event == "end":
                if stack[-1].element is element:
                    stack.pop()
                if element is not root:
                    self._add(element.tail, stack[-1])
            elif element is not root and (yield from self._pass_over(element, stack[-1])):
                walk.skip_subtree()
            else:
                if element.tag == "li":
                    yield from self._begin_item(element, stack)
                stack.append(_open(element, stack[-1], self._highest))
                self._add(element.text, stack[-1])

    # --- The kinds of elements ----------------------------------------------------------------------

    def _pass_over(self, element: Element, frame: _Frame) -> Generator[Block, None, bool]:
        """Read an element that is handled as a whole, such as a table. Return False for another element."""
        if self._leaves_out(element, frame):
            return True
        if role_of(element) in FURNITURE or is_beside(element):
            return (yield from self._furniture(element, frame))
        if element.tag == "br":
            self._pieces.append(("\n", frame.bold))
        elif element in self._notes:
            self._call(element)
        elif element.tag == "table" and not lays_out(element):
            yield from self._rows(element)
        else:
            return False
        return True

    def _leaves_out(self, element: Element, frame: _Frame) -> bool:
        """Return whether an element is not part of the text. If it is not, record its words as left out."""
        if element.tag in SILENT or element in self._holders:
            return True
        if is_hidden(element):
            self.leave_out(words_of(element), linked_words(element))
            return True
        if WORD_NUMBER.search(element.get("style", "")):
            self._label = word_label(words_of(element))
            self.unread.append(words_of(element))
            return True
        leaves = (
            element.tag == "del"
            or (element.tag == "button" and not frame.level and not _titles_fold(element))
            or (element.tag == "a" and frame.level > 0 and words_of(element) in {"#", "¶"})
            or is_menu(element)
            or is_comment(element)
            or WORD_CONTENTS.search(element.get("class", "")) is not None
        )
        self.removed |= element.tag == "del"
        if leaves:
            self.unread.append(words_of(element))
        return leaves

    def _furniture(self, element: Element, frame: _Frame) -> Generator[Block, None, bool]:
        """Leave out an element around the text, except a header's headings.

        Return whether the element was left out.
        """
        role, text = role_of(element), words_of(element)
        if role not in {"nav", "footer", "header"} and len(text) * 2 > self._size:
            return False  # some sites put the whole page in a form, or give it any name
        headings: list[Element] = []
        if role == "header" and any(role_of(above) in PARTS for above in element.iterancestors()):
            headings = list(element.iter(*HEADINGS))
        elif role == "header" and not self._titled:
            headings = list(element.iter("h1"))
        for heading in headings:
            yield from self._read(heading, replace(frame))
        left = words_of(element, without=frozenset(headings))
        self.leave_out(left, linked=left if role == "nav" else linked_words(element))
        return True

    def _rows(self, table: Element) -> Iterator[Block]:
        """Yield the caption of a data table, then its rows."""
        for caption in table.iterchildren("caption"):
            yield from self._read(caption, _Frame())
        for row in table.iter("tr"):
            cells = [
                " ".join(block.text for block in self._read(cell, _Frame()))
                for cell in row.iterchildren("td", "th")
            ]
            if any(cells):
                yield Block("\t".join(cells), self._line, layout=Layout.ROW)

    def _begin_item(self, item: Element, stack: Sequence[_Frame]) -> Iterator[Block]:
        """Count an item, and keep its number, as a browser shows it, for its first paragraph."""
        if self._label[0]:  # the label of the outer item, which has no text before this item
            self._line += 1
            yield Block("", self._line, 0, self._label[0], indent=stack[-1].indent)
        opened = next((frame for frame in reversed(stack) if frame.opens_list), stack[0])
        form = form_of(item, opened.form)
        self._label = ("", Layout.BULLET if form in {"", "bullet"} else Layout.TEXT)
        value = integer(item.get("value"), opened.number)
        opened.number = value + opened.step
        name = next(iter(self._sheet.items.keys() & opened.names), "")
        if name and form != _CONTENTS:
            self._counts[name] = value
            label = self._sheet.label(name, self._counts, FORMS)
            bullet = all(isinstance(part, str) for part in self._sheet.items[name])
            self._label = ("", Layout.BULLET) if bullet else (label, Layout.TEXT)
            self.unread += [] if bullet else [label]
        elif form not in {"", "bullet", "none", _CONTENTS}:
            self._label = (f"{format_number(value, form)}.", Layout.TEXT)
            self.unread.append(self._label[0])

    def _call(self, link: Element) -> None:
        """Add the reference mark of a note, whose words will follow the paragraph."""
        label, holder = self._notes.pop(link)
        self._pieces.append((f"[{label}]", False))
        text = plain(words_of(holder)).strip("↩︎ ")
        match = CALL.match(text)
        if match and match["label"] == label:
            text = text[match.end() :].lstrip(" .\u00a0")
        self._called.append(f"[{label}] {text}")

    # --- Paragraphs ------------------------------------------------------------------------------

    def _add(self, text: str | None, frame: _Frame) -> None:
        if text:
            text = UNSEEN.sub("", text)
            text = text if frame.verbatim else _SPACED.sub(" ", plain(f"|{text}|")[1:-1])
            self._pieces.append((text, frame.bold))

    def _flush(self, frame: _Frame) -> Iterator[Block]:
        """Yield the open paragraph, then the notes that it refers to."""
        lines = _split(self._pieces)
        self._pieces = []
        if not any(plain(text) for text, _ in lines):
            return
        self._line += 1
        number, layout = self._label
        self._label = ("", Layout.TEXT)
        for bold, group in groupby(lines, key=lambda line: line[1]):
            texts = [text if frame.verbatim else text.lstrip(" \t") for text, _ in group]
            whole = plain(" ".join(texts))
            if not whole:
                continue
            level = frame.level if len(whole) <= LONGEST_HEADING else 0
            strong = bold or is_capitals(whole)
            first = Block("", self._line, level, number, strong, frame.indent, layout)
            yield from read_lines([whole] if level or strong else texts, first)
            number, layout = "", Layout.TEXT
        called, self._called = self._called, []
        for text in called:
            yield Block(text, self._line, indent=frame.indent, layout=Layout.NOTE)


def _titles_fold(button: Element) -> bool:
    """Return whether a button is the title of the content that it unfolds."""
    parent = button.getparent()
    return unfolds(button) or (parent is not None and unfolds(parent))


def _open(element: Element, outer: _Frame, highest: int) -> _Frame:
    """Return the frame of an element. `highest`: the level of « h1 »."""
    tag = element.tag
    frame = replace(outer, element=element, opens_list=tag in LISTS)
    if tag in HEADINGS:
        frame.level = HEADINGS.index(tag) + highest
        frame.bold = False
    elif tag == "p" and element.get("class") == "MsoTitle":
        frame.level = 1
    elif tag in LISTS:
        form = form_of(element, "decimal" if tag == "ol" else "bullet")
        frame.form = _CONTENTS if outer.form == _CONTENTS or is_contents(element) else form
        frame.names = tuple(element.get("class", "").split())
        frame.step = -1 if element.get("reversed") is not None else 1
        frame.number = integer(element.get("start"), len(element.findall("li")) if frame.step < 0 else 1)
    frame.bold = is_bold(element, frame.bold)
    frame.verbatim |= tag == "pre"
    frame.indent = max(outer.indent + read_margin(element), 0.0)
    return frame


def _split(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Split a paragraph into lines. Return each line, and whether all its words are bold.

    A blank line is bold if the line before it is.
    """
    lines: list[tuple[str, bool]] = []
    line, bold = "", True
    for text, strong in [*pieces, ("\n", True)]:
        *ended, rest = text.split("\n")
        for part in ended:
            bold = bold and (strong or not plain(part))
            line += part
            blank = not plain(line)
            lines.append((f"{line}\n", (bool(lines) and lines[-1][1]) if blank else bold))
            line, bold = "", True
        bold = bold and (strong or not plain(rest))
        line += rest
    return lines
