"""The paragraphs of a PDF, made from its lines: a line begins a paragraph by its position and its words.

A line was wrapped if the line before it has no room for its first word. This sign, the distance between lines
and their left edges do not depend on the width of the page. A number at the beginning of a line may be there
by chance, so it begins a paragraph only if its position and its place in the sequence of numbers agree.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Final

from bot.policy.provisions import Block, Layout
from bot.policy.sentences import is_capitals
from bot.revision.reading.pdf_columns import Column, Part
from bot.revision.reading.pdf_layout import CALL, END
from bot.revision.reading.pdf_pages import SMALL, PdfLine, names_provision
from bot.revision.reading.pdf_tables import PdfTable

_MORE: Final = 1.15  # multiple of the usual distance between lines that starts a new paragraph
_CLEAR: Final = 1.35  # multiple of that distance that starts a new paragraph whatever the words are
_LARGE: Final = 1.12  # multiple of the usual size that makes a line a heading
_SAME: Final = 0.06  # share by which the sizes of lines of one paragraph may differ
# minimum share of a column's width left empty after the last line of a paragraph without a final full stop
_PLENTY: Final = 0.1
_SAME_EDGE: Final = 2.0  # points; nearer edges are the same
_SHIFT: Final = 6.0  # points between the margins of facing pages, when they are not the same
_SEVERAL: Final = 4  # minimum lines that end at a right edge
_PAIR: Final = 2  # columns of a table that may be a list, with numbers in one and text in the other
_NEAREST: Final = 5  # numbers that may be missing between two clauses
_ALL: Final = 0.95  # share of bold letters that makes a line bold

_BULLET: Final = re.compile(r"(?:[•▪◦‣■□●○◆◇❖➢➤✓✔·*\uf0a7\uf0b7\uf0d8\uf0fc]|[–—-]|o(?=\s))\s*(?=\S)")
_SIGN: Final = re.compile(r"[•▪◦‣■□●○◆◇❖➢➤✓✔\uf0a7\uf0b7\uf0d8\uf0fc]")
CUT: Final = re.compile(r"(?P<head>[^\W\d_]+)[-\u00ad\u2010]$")  # a word split at the end of a line
_ENDED: Final = re.compile(r"[.;:!?»”\")\]]$")
_BUT_ONE: Final = re.compile(
    r"[;,]\s+(?:et|ou|and|or)$", re.IGNORECASE
)  # the end of the last item but one of a list
# Endings that no paragraph has: an abbreviation, an elision, a word that needs another.
_OPEN: Final = re.compile(
    r"(?:(?<![^\W_])(?:art|al|par|no|nos|ch|let|cf|ex|p|pp|M|Mme|etc)\.|['’,(/-]|"
    r"(?<![^\W_])(?:de|du|des|la|le|les|l|d|et|ou|à|au|aux|un|une|par|pour|en|dans|sur|que|qui|n°|article|articles|"
    r"the|of|and|to|or|in|by|a|an|section|clause))$",
    re.IGNORECASE,
)
_GLUED: Final = re.compile(
    r"[:;!?»%$€\d.,)]+|[A-Z]\.?"
)  # words that a no-break space often ties to the word before
# words that a no-break space often ties to the word after
_HOLDS: Final = re.compile(r"[«(]|n[°o]\.?|[\d.,]+|(?:art|al)\.", re.IGNORECASE)
_REST: Final = re.compile(r"[^\W\d_]+")
_LEADER: Final = re.compile(r"(?:[.…_]\s?){4,}\s*\d{0,4}$")
_CALL: Final = re.compile(f"{CALL}(\\d+){END}")
_MARKS: Final = re.compile(r"(?:^|\s)(#{2,6}|(?<=[.;:]\s)#)\s+(?=\S)")
_NUMBERED: Final = re.compile(r"(?<=[.;:])\s+(?=\d{1,2}\.\s+[A-ZÀ-Ý])|\s+(?=1\.\s+[A-ZÀ-Ý])")
_LONGEST_HEADING: Final = 100  # maximum characters of a heading
_NOTE: Final = re.compile(rf"[{CALL}(\[]?(?P<number>\d{{1,3}}|\*{{1,3}})[{END})\].]?\s*(?=\S)")

_COUNTED: Final = re.compile(r"\d[\d\s.,]*\s[^\W\d_A-ZÀ-Ý]")  # a quantity: a number, then a noun

_ROMAN: Final = r"(?:x{0,3}(?:ix|iv|v?i{1,3}|v)|x{1,3})"
_KEYWORD: Final = (
    r"articles?|art\.?|titre|chapitre|section|sous-section|annexe|partie|règlement|chapter|schedule|appendix"
)
_LABEL: Final = re.compile(
    rf"(?:(?P<keyword>{_KEYWORD})\s+)?"
    r"(?P<open>\(?)"
    rf"(?:(?P<decimal>\d{{1,3}}(?:[.-]\d{{1,3}})+[a-z]?)|(?P<integer>\d{{1,3}}(?:er|e)?)|"
    rf"(?P<roman>{_ROMAN})(?![^\W_])|(?P<letter>[a-z])(?![^\W_]))"
    r"(?P<close>[.)°º:-]{0,2})(?=\s|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The edges of a column, in points."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Joiner:
    """Joins lines and words split across them.

    `known`: returns whether a word exists. `words`: the file's words, in lower case, with their inner
    hyphens. `cuts`: whether words are split at the end of lines; if not, a hyphen there belongs to the word.
    """

    known: Callable[[str], bool]
    words: frozenset[str]
    cuts: bool = True

    @classmethod
    def learn(cls, lines: Sequence[str], is_word: Callable[[str], bool]) -> "Joiner":
        """Return a joiner for a file, from all its lines in reading order."""
        words: set[str] = set()
        for line in lines:
            for match in re.finditer(r"[^\W\d_]+(?:-[^\W\d_]+)*", line.lower()):
                words.add(match[0])
                words.update(match[0].split("-"))
        joiner = cls(is_word, frozenset(words))
        pairs = ((CUT.search(line), _REST.match(after)) for line, after in pairwise(lines))
        cuts = any(
            is_word(f"{cut['head']}{rest[0]}".lower())
            and not (is_word(cut["head"].lower()) and is_word(rest[0].lower()))
            for cut, rest in pairs
            if cut and rest
        )
        return replace(joiner, cuts=cuts)

    def __call__(self, text: str, line: str) -> str:
        """Return a text with one more line appended."""
        cut, rest = CUT.search(text), _REST.match(line)
        if not (cut and rest):
            return text + line if text.endswith(("-", "/", "'", "\u2019")) else f"{text} {line}".strip()
        return (text if self._hyphenated(cut["head"], rest[0]) else text[: cut.end("head")]) + line

    def _hyphenated(self, head: str, rest: str) -> bool:
        """Return whether a hyphen at the end of a line belongs to the word."""
        whole = f"{head}{rest}".lower()
        compound = f"{head}-{rest}".lower()
        if not self.cuts or compound in self.words:
            return True
        if self.known(whole) or whole in self.words:
            return False
        return rest[0].isupper() or (self.known(head.lower()) and self.known(rest.lower()))


# --- The measures of a document ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Manner:
    """The typography of a document.

    `usual`: the font size of its text. `frames`: the edges of columns, by `_frame_key`. `steps`: the line
    spacing by font size, in points. `levels`: heading levels by font size, 1 for the largest.
    """

    usual: float
    frames: Mapping[tuple[int, ...], Frame]
    steps: Mapping[float, float]
    levels: Mapping[float, int]

    def step(self, size: float) -> float:
        """Return the usual distance from a line of this size to the next."""
        return self.steps.get(round(size, 1), 1.3 * size)


def _manner(columns: Sequence[Column]) -> _Manner:
    usual = _usual_size(columns)
    frames = _frames(columns)
    sizes = {round(line.size, 1) for column in columns for line in column.lines if line.size > _LARGE * usual}
    levels: dict[float, int] = {}
    for size in sorted(sizes, reverse=True):
        near = next((levels[larger] for larger in levels if larger - size < 0.03 * size), None)
        levels[size] = near or len(set(levels.values())) + 1
    return _Manner(usual, frames, _steps(columns, frames), levels)


def _steps(columns: Sequence[Column], frames: Mapping[tuple[int, ...], Frame]) -> dict[float, float]:
    """Return the distance between two baselines of a paragraph, by font size, both in points.

    It is measured on the wrapped lines of each size. For a size that has none, it is the smallest distance
    between two lines, unless this exceeds 1.5 times the size: the size is then left out.
    """
    wrapped: dict[float, list[float]] = defaultdict(list)
    others: dict[float, list[float]] = defaultdict(list)
    for column in columns:
        for upper, lower in pairwise(column.lines):
            size = round(upper.size, 1)
            step = upper.baseline - lower.baseline
            if abs(upper.size - lower.size) < _SAME * size and 0.9 * size < step < 3.2 * size:
                is_wrapped = _room(upper, lower, frames[_frame_key(column)]) <= 0
                (wrapped if is_wrapped else others)[size].append(step)
    steps = {size: min(seen) for size, seen in others.items() if min(seen) <= 1.5 * size}
    return steps | {size: median(sorted(seen)[: len(seen) // 2 + 1]) for size, seen in wrapped.items()}


def _usual_size(columns: Iterable[Column]) -> float:
    sizes: Counter[float] = Counter()
    for column in columns:
        for line in column.lines:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _frame_key(column: Column) -> tuple[int, ...]:
    """Return a key for grouping columns: same width, same place, and both on odd or both on even pages."""
    return round(column.width), column.of, column.index, column.page % 2


def _frames(columns: Sequence[Column]) -> dict[tuple[int, ...], Frame]:
    """Return the edges of columns. Odd and even pages share them, unless their margins are mirrored."""
    lines: dict[tuple[int, ...], list[PdfLine]] = defaultdict(list)
    for column in columns:
        lines[_frame_key(column)] += column.lines
    frames = {}
    for key, side in lines.items():
        other = lines.get((*key[:3], 1 - key[3]), [])
        left = _left(side)
        other_left = _left(other) if other else None
        shift = abs(left - other_left) if other_left is not None else 0.0
        mirrored = (
            shift > _SHIFT and abs(_right(side) - _right(other) - (left - (other_left or 0))) < _SHIFT / 2
        )
        both = side if mirrored or min(len(side), len(other)) == 0 else side + other
        frames[key] = Frame(_left(both), _edge(both, key[0], key[1]))
    return frames


def _left(lines: Sequence[PdfLine]) -> float:
    """Return the left edge of lines, without the few that may stray further left."""
    lefts = sorted(line.left for line in lines)
    return lefts[len(lefts) // 40]


def _right(lines: Sequence[PdfLine]) -> float:
    rights = sorted(line.right for line in lines)
    return rights[-1 - len(rights) // 40]


def _edge(lines: Sequence[PdfLine], width: float, columns: int) -> float:
    """Return the right edge, where long lines end. If few lines are long, assume equal margins."""
    furthest = _right(lines)
    left = _left(lines)
    near = sum(line.right > furthest - 0.08 * (furthest - left) for line in lines)
    if near >= _SEVERAL or columns > 1:
        return furthest
    return max(furthest, width - left)


def _room(line: PdfLine, following: PdfLine, frame: Frame) -> float:
    """Return the width, in points, that would be left on a line if the next line's first word were added."""
    if _LEADER.search(line.text):
        return frame.right - frame.left
    if CUT.search(line.text):
        return -1.0
    first, last = following.words[0], following.words[0]
    for word in following.words[1:4]:
        if not (_GLUED.fullmatch(word.text) or _HOLDS.fullmatch(last.text)):
            break
        last = word
    needed = last.right - first.left + 0.75 * line.size
    centre = line.left + line.right - frame.left - frame.right
    centred = abs(centre) < line.size and line.left > frame.left + line.size
    width = line.right - line.left if centred else line.right - frame.left
    return frame.right - frame.left - width - needed


def _is_open(text: str) -> bool:
    """Return whether a text's last word cannot end a paragraph."""
    return _OPEN.search(text) is not None and not _BUT_ONE.search(text)


def _is_ended(text: str) -> bool:
    """Return whether a text may be the end of a paragraph."""
    return (_ENDED.search(text) is not None or _BUT_ONE.search(text) is not None) and not _is_open(text)


# --- From lines to paragraphs -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line in its column. `top`: whether it is the column's first line."""

    line: PdfLine
    frame: Frame
    page: int
    top: bool

    @property
    def at(self) -> float:
        """The distance, in points, from the left edge of the column to the line."""
        return self.line.left - self.frame.left


@dataclass(frozen=True, slots=True)
class _Signs:
    """The signs that a line begins a paragraph, compared with the line before it.

    `styled`: it has another size or weight. `spaced`: it has more space above. `division`: it is a heading
    that names a part of the document. `labelled`, `bullet`, `lower`: it begins with a number, a bullet, a
    lower-case letter. `ended`: the words before it may end a paragraph. `short`: the line before it ends
    early. `moved`: the shift of its left edge, in points, 0 if the edge is as expected.
    """

    styled: bool
    spaced: bool
    division: bool
    labelled: bool
    bullet: bool
    lower: bool
    ended: bool
    short: bool
    moved: float


@dataclass(slots=True)
class _Draft:
    """A paragraph or a table's row. `at`: its distance from the left edge. `bold`: whether it is all bold."""

    text: str
    pages: list[int]
    at: float = 0.0
    size: float = 0.0
    bold: bool = False
    layout: Layout = Layout.TEXT


@dataclass(slots=True)
class _Reader:
    """Joins lines, added in reading order, into paragraphs, which are in `drafts`."""

    manner: _Manner
    join: Joiner
    drafts: list[_Draft] = field(default_factory=list)
    _lines: list[_Placed] = field(default_factory=list)
    _table: PdfTable | None = None
    _sequence: "_Sequence" = field(default_factory=lambda: _Sequence({}))

    def add(self, placed: _Placed) -> None:
        """Add a line to the open paragraph, or begin another paragraph with it."""
        if self._lines and self._begins(placed):
            self.close()
        if not self._lines:
            self._sequence.accept(placed.line.text)
        self._lines.append(placed)

    def table(self, table: PdfTable) -> None:
        """Add a table, or the continuation of the table of the page before."""
        self.close()
        rows = [[self._cell(lines) for lines in row] for row in table.rows]
        before = self._table
        if before is not None and self.drafts[-1].layout is Layout.ROW and _same_edges(before, table):
            first = [self._cell(lines) for lines in before.rows[0]]
            if rows[0] == first:
                del rows[0]  # a table's header is repeated on each page
            elif not rows[0][0]:
                last = self.drafts[-1]
                cells = zip(last.text.split("\t"), rows[0], strict=True)
                last.text = "\t".join(self.join(cell, more) if more else cell for cell, more in cells)
                del rows[0]
        numbered = len(table.across) == _PAIR and all(
            not row[0] or next(_values(f"{row[0]} {row[1]}"), None) for row in rows
        )
        for row in rows:
            text, layout = "\t".join(row), Layout.ROW
            if numbered:  # numbers in one column, and the text in the other
                text = " ".join(row).strip()
                layout = Layout.TEXT
            self.drafts.append(_Draft(text, [table.page], layout=layout))
        self._table = table

    def _cell(self, lines: Sequence[str]) -> str:
        text = ""
        for line in lines:
            text = self.join(text, line)
        return text

    def close(self) -> None:
        """End the open paragraph, if any."""
        if not self._lines:
            return
        text = ""
        for placed in self._lines:
            text = self.join(text, placed.line.text)
        first = self._lines[0]
        letters = sum(word.letters for placed in self._lines for word in placed.line.words)
        bold = sum(word.bold for placed in self._lines for word in placed.line.words) >= _ALL * letters
        pages = sorted({placed.page for placed in self._lines})
        bullet = _SIGN.match(text) or (_BULLET.match(text) and first.line.text_left > first.line.left)
        layout = Layout.BULLET if bullet else Layout.TEXT
        if bullet:
            text = _BULLET.sub("", text, count=1)
        self.drafts.append(_Draft(text, pages, first.at, first.line.size, bold, layout))
        self._lines = []

    def _begins(self, placed: _Placed) -> bool:
        seen = self._look(placed)
        if len(self._lines) == 1 and _SIGN.fullmatch(self._lines[0].line.text):
            return False  # the line before is a bullet apart from its text
        return seen.styled or seen.spaced or seen.division or self._is_set_apart(placed, seen)

    def _look(self, placed: _Placed) -> "_Signs":
        last, line = self._lines[-1], placed.line
        before = last.line
        size = max(line.size, before.size)
        labelled = next(_values(line.text), None) is not None
        bullet = _BULLET.match(line.text) is not None
        lower = line.text[0].islower() and not labelled and not bullet
        tail = " ".join(placed.line.text for placed in self._lines[-2:])
        ended = _is_ended(tail)
        plenty = 0.0 if ended else _PLENTY * (last.frame.right - last.frame.left)
        has_room = _room(before, line, last.frame) > plenty
        short = has_room and not _is_open(tail)
        flows = lower and not short
        becomes_plain = before.bold >= _ALL and line.bold < _ALL / 2 and not flows
        becomes_bold = line.bold >= _ALL and before.bold < _ALL / 2 and not lower and (has_room or ended)
        resized = abs(line.size - before.size) > _SAME * size and not lower
        # Centred headings may be as wide as the column, and follow one another without any space.
        headed = line.bold >= _ALL or (is_capitals(line.text) and is_capitals(before.text))
        division = headed and line.text[0].isupper() and names_provision(line.text) and not _is_open(tail)
        gap = 0.0 if placed.top else before.baseline - line.baseline
        step = self.manner.step(before.size)
        body = last.at if len(self._lines) > 1 else self._expected(placed)
        moved = placed.at - body
        return _Signs(
            styled=resized or becomes_plain or becomes_bold,
            spaced=gap > _CLEAR * step or gap < -step or (gap > _MORE * step and not flows),
            division=division,
            labelled=labelled,
            bullet=bullet,
            lower=lower,
            ended=ended,
            short=short,
            moved=moved if abs(moved) > max(_SAME_EDGE, 0.3 * size) else 0.0,
        )

    def _is_set_apart(self, placed: _Placed, seen: "_Signs") -> bool:
        """Return whether a line begins a paragraph by its edges and its words."""
        line, first = placed.line, self._lines[0]
        if seen.bullet:
            sibling = line.text[0] == first.line.text[0] and abs(placed.at - first.at) < _SAME_EDGE
            return seen.short or seen.moved != 0 or (sibling and seen.ended)
        if seen.labelled:
            follows = self._sequence.follows(line.text)
            agrees = (seen.ended or follows) if seen.moved else (seen.ended and follows)
            return seen.short or agrees
        if seen.short:
            starts = line.text[0].isalnum() or line.text[0] in '«“"'
            if len(self._lines) > 1 and _COUNTED.match(line.text):
                starts = False  # « au moins », then « 30 jours à l'avance » after a manual line break
            return (seen.ended and seen.moved != 0) if seen.lower else (seen.ended or starts)
        outside = seen.moved > 0 or (seen.moved < 0 and len(self._lines) > 1)
        return outside and seen.ended and not seen.lower

    def _expected(self, placed: _Placed) -> float:
        """Return the expected left edge of the second line of a paragraph that has one line."""
        first = self._lines[0]
        text = first.line.text_left - first.frame.left
        is_marked = next(_values(first.line.text), None) or _BULLET.match(first.line.text)
        if is_marked and abs(placed.at - text) < max(_SAME_EDGE, 0.3 * placed.line.size):
            return text
        return first.at


def _same_edges(table: PdfTable, other: PdfTable) -> bool:
    return len(table.across) == len(other.across) and all(
        abs(x - y) < _SAME_EDGE for x, y in zip(table.across, other.across, strict=True)
    )


@dataclass(slots=True)
class _Sequence:
    """The latest label of each style, to tell whether another label may come next."""

    _last: dict[str, tuple[int, ...]]

    def accept(self, text: str) -> None:
        """Record the label that a paragraph begins with, if any."""
        for style, value in _values(text):
            self._last[style] = value

    def follows(self, text: str) -> bool:
        """Return whether the label at the beginning of a text can come after the accepted labels."""
        return any(self._is_next(style, value) for style, value in _values(text))

    def _is_next(self, style: str, value: tuple[int, ...]) -> bool:
        last = self._last.get(style)
        if value[-1] == 1 and style != "bare":
            return True
        if last is None:
            return False
        if style == "decimal" and value[:-1] == last[:-1] and 0 <= value[-1] - last[-1] <= _NEAREST:
            return True
        return value == (*last, 1) or any(value == (*last[:at], last[at] + 1) for at in range(len(last)))


def _values(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the possible readings of the label at the beginning of a text: its style, and its number."""
    label = _LABEL.match(text)
    if label is None:
        return
    close = label["open"] + label["close"]
    style = f"{(label['keyword'] or '').lower()} {close}"
    if label["decimal"]:
        yield style if label["keyword"] else "decimal", tuple(map(int, re.findall(r"\d+", label["decimal"])))
    elif label["integer"]:
        number = (int(re.findall(r"\d+", label["integer"])[0]),)
        if close or label["keyword"]:
            yield style, number
        elif re.match(r"\s+[«“\"(]?\s*[A-ZÀ-Ý]", text[label.end() :]):
            yield "bare", number
    else:
        letters = label["letter"] or label["roman"]
        case = "upper" if letters.isupper() else "lower"
        if not (close or label["keyword"]):
            return
        if label["roman"]:
            yield f"{style} {case} roman", (_roman(letters),)
        if len(letters) == 1:
            yield f"{style} {case} letter", (ord(letters.lower()) - 96,)


def _roman(letters: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in letters.lower()]
    return sum(
        -value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)
    )


def paragraphs(parts: Sequence[Part], join: Joiner) -> Iterator[Block]:
    """Yield the paragraphs and table rows of a document, with each note after the paragraph that cites it."""
    usual = _usual_size(part for part in parts if isinstance(part, Column))
    notes: dict[int, dict[str, str]] = defaultdict(dict)
    bodies = [
        _without_notes(part, usual, notes, join) if isinstance(part, Column) else part for part in parts
    ]
    manner = _manner([part for part in bodies if isinstance(part, Column)])
    reader = _Reader(manner, join)
    for part in bodies:
        if isinstance(part, PdfTable):
            reader.table(part)
        else:
            frame = manner.frames[_frame_key(part)]
            for at, line in enumerate(part.lines):
                reader.add(_Placed(line, frame, part.page, at == 0))
    reader.close()
    pasted = any(_MARKS.search(draft.text) for draft in reader.drafts)
    calls = {
        (page, number)
        for draft in reader.drafts
        for number in _CALL.findall(draft.text)
        for page in draft.pages
    }
    for draft in reader.drafts:
        pieces = _CALL.split(draft.text)
        text, called = pieces[0], []
        for number, after in zip(pieces[1::2], pieces[2::2], strict=True):
            after_it = draft.pages[-1] + 1  # the next page, where a note may continue
            on = [*draft.pages, *([] if (after_it, number) in calls else [after_it])]
            page = next((page for page in on if number in notes[page]), None)
            if page is None:
                text += number
            else:
                called.append(f"[{number}] {notes[page].pop(number)}")
                text += f"[{number}]"
            text += after
        block = Block(
            text.strip(),
            draft.pages[0],
            level=0 if draft.layout is Layout.ROW else manner.levels.get(round(draft.size, 1), 0),
            strong=draft.bold or is_capitals(text),
            indent=round(max(draft.at, 0.0), 1),
            layout=draft.layout,
        )
        yield from _pasted(block) if pasted else [block]
        for note in called:
            yield Block(note, draft.pages[-1], layout=Layout.NOTE)
    for page in sorted(notes):
        for number, note in notes[page].items():
            yield Block(f"[{number}] {note}", page, layout=Layout.NOTE)


def _pasted(block: Block) -> Iterator[Block]:
    """Yield the parts of a one-line paragraph that contains the marks of pasted Markdown headings.

    A number after a sentence also begins a part, and the outline decides whether it begins a provision.
    """
    first, *parts = _MARKS.split(block.text)
    headed = [
        (0, first),
        *((len(marks) + 1, text) for marks, text in zip(parts[::2], parts[1::2], strict=True)),
    ]
    for level, text in headed:
        joined = False
        for at, line in enumerate(_NUMBERED.split(text)):
            is_heading = at == 0 and level > 0 and len(line) <= _LONGEST_HEADING and not _is_ended(line)
            layout = block.layout if at == 0 and not level else Layout.TEXT
            if line.strip():
                yield replace(
                    block,
                    text=line.strip(),
                    level=level if is_heading else block.level,
                    joined=joined,
                    layout=layout,
                )
                joined = not is_heading


def _without_notes(column: Column, usual: float, notes: dict[int, dict[str, str]], join: Joiner) -> Column:
    """Return a column without the notes at its foot, which are added to `notes`, by page and by number."""
    at = len(column.lines)
    while at and column.lines[at - 1].size < SMALL * usual:
        at -= 1
    lines = column.lines[at:]
    first = _NOTE.match(lines[0].text) if lines else None
    if first is None or at == 0:
        return column
    number, page_notes = "", notes[column.page]
    for line in lines:
        match = _NOTE.match(line.text)
        follows = match and (
            not number or (match["number"].isdigit() and int(match["number"]) == int(number) + 1)
        )
        if match and follows:
            number = match["number"]
            page_notes[number] = line.text[match.end() :]
        else:
            page_notes[number] = join(page_notes[number], line.text)
    return replace(column, lines=column.lines[:at])
