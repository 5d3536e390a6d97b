"""Reading and writing of Markdown, the format in which a text is stored and corrected.

`read_markdown` reads the Markdown that associations write. `write_markdown` writes a canonical form, in which
nothing is left to guess: the count of `#` is the depth, a number in bold is always a number, a backslash
before a number means that it is not one, items are indented, and a bare `##` closes the deeper parts.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.policy.furniture import looks_like_furniture
from bot.policy.labels import Marker, read_markers, read_number
from bot.policy.outline import build_outline
from bot.policy.placing import ANNEX, BEGINS_AS_NUMBERED, PREAMBLE
from bot.policy.provisions import Block, Layout, Outline, Paragraph, Provision
from bot.policy.sentences import BULLETS, is_capitals, read_bullet

_SPACE: Final = 6.0  # points of indentation per space
_STEP: Final = 4  # spaces of indentation per level of items

_RULE: Final = re.compile(r"\s*([-*_=])(\s*\1){2,}\s*$")
_UNDERLINE: Final = re.compile(r"\s{0,3}(?:(?P<high>={3,})|-{4,})\s*$")
_HEADING: Final = re.compile(r"\s{0,3}(?P<marks>#{1,12})(?:\s+(?P<text>.*?))?(?:\s+#+)?\s*$")
_TABLE_RULE: Final = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-*:?\s*)+$")
_PIPE: Final = re.compile(r"(?<!\\)\|")
_NOTE: Final = re.compile(r"\s{0,3}\s*\[\^(?P<name>[^\]\s]*)\]:\s*(?P<text>.*)$")
_NOTE_CALL: Final = re.compile(r"(?<!\\)\[\^(?P<name>[^\]\s]+)\]")
_LETTER_O: Final = re.compile(r"\s*o\s+\S")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)[\w-]*\s*$")
_ONE: Final = re.compile(r"(?P<indent>\s*)(?P<number>\d{1,3})(?P<end>[.)])\s+\S")
_BOLD: Final = re.compile(r"(?:\*\*(?:(?!\*\*).)+\*\*|__(?:(?!__).)+__)", re.DOTALL)
_BOLD_NUMBER: Final = re.compile(
    r"(?:\*\*(?P<stars>(?:(?!\*\*).)+?)\*\*|__(?P<lines>(?:(?!__).)+?)__)(?P<end>\s*[:.)–—-]+(?=\s|$))?\s*(?P<text>.*)$"
)
_FRONT: Final = re.compile(r"\s*---[ \t]*\n(?P<lines>(?:[\w-]+[ \t]*:[^\n]*\n)+)---[ \t]*(?:\n|$)")
_ESCAPED_NUMBER: Final = re.compile(r"\d{1,3}\\[.-]\d")
_ESCAPE: Final = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~&§«-])")
_SPACES: Final = re.compile(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")
_PRIVATE: Final = 0xE000  # escaped characters are moved to this private range while marks are removed
_HIDDEN: Final = re.compile("[\ue000-\ue07f]")
_LONGEST_BOLD: Final = 4  # maximum lines of a heading in bold
_MANY_O: Final = 2  # minimum lines that begin with « o » for « o » to be a bullet


def read_markdown(text: str) -> list[Block]:
    """Return the blocks of some Markdown. Never raises. Indents count 6 points for each space."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = _HIDDEN.sub(" ", text)
    before, *comments = text.split("<!--")  # comments are removed, but their lines still count
    parts = [before]
    for comment in comments:
        words, end, after = comment.partition("-->")
        parts.append("\n" * words.count("\n") + after if end else f"<!--{comment}")
    text = "".join(parts)
    front = _FRONT.match(text)
    if front:
        titles = ("title", "subtitle")
        lines = [(at, *line.split(":", 1)) for at, line in enumerate(front["lines"].splitlines(), 2)]
        lines.sort(key=lambda entry: titles.index(entry[1].strip()) if entry[1].strip() in titles else 2)
        blocks = [
            Block(_plain(value if key.strip() in titles else f"{key}:{value}"), at, escaped=True)
            for at, key, value in lines
        ]
        text = "\n" * front[0].count("\n") + text[front.end() :]
        return [*(block for block in blocks if block.text), *_Reader(text).read()]
    return _Reader(text).read()


class _Reader:
    """Reads the lines in order.

    `_notes`: by name, the footnotes to add after the block that refers to them. `_moved`: the indices of the
    footnotes' lines.
    """

    def __init__(self, text: str) -> None:
        self._lines = [line.replace("\f", "").expandtabs(_STEP) for line in text.split("\n")]
        self._automatic = _automatic(self._lines)
        self._o_is_bullet = sum(bool(_LETTER_O.match(line)) for line in self._lines) >= _MANY_O
        self._blocks: list[Block] = []
        self._notes = self._find_notes()
        self._waiting: list[Block] = []
        self._follows = False  # whether the line before belongs to the same paragraph
        self._number = 0  # the number of the list item before

    def _find_notes(self) -> dict[str, tuple[int, str]]:
        """Return, by name, the line and the words of each footnote that the text refers to."""
        defined = [(at, match) for at, line in enumerate(self._lines) if (match := _NOTE.match(line))]
        lines = {at for at, _ in defined}
        calls = {
            call["name"]
            for at, line in enumerate(self._lines)
            if at not in lines
            for call in _NOTE_CALL.finditer(line)
        }
        notes: dict[str, tuple[int, str]] = {}
        for at, match in defined:
            if match["name"] in calls:
                notes.setdefault(match["name"], (at, match["text"]))
        self._moved = {at for at, _ in notes.values()}
        return notes

    def read(self) -> list[Block]:
        at = 0
        while at < len(self._lines):
            at = self._read_line(at)
        self._blocks += self._waiting
        return self._blocks

    def _emit(self, block: Block, *, source: str = "") -> None:
        if not block.joined:
            self._blocks += self._waiting
            self._waiting = []
        self._blocks.append(block)
        for call in _NOTE_CALL.finditer(source):
            if call["name"] in self._notes:
                line, text = self._notes.pop(call["name"])
                note = Block(
                    _plain(f"[{call['name']}] {text}"), line + 1, layout=Layout.NOTE, indent=block.indent
                )
                self._waiting.append(note)

    def _read_line(self, at: int) -> int:
        """Read the line at an index, and the lines that belong with it. Return the index of the next line."""
        line = re.sub(r"^(\s*)(?:>\s?)+", r"\1", self._lines[at])
        number = at + 1
        if not line.strip() or _FENCE.match(line) or _TABLE_RULE.match(line.strip()):
            self._follows = False
        elif match := _HEADING.match(line):
            self._read_heading(match["text"] or "", number, len(match["marks"]))
            self._follows = False
        elif _RULE.match(line):
            self._read_rule(line, at)
            self._follows = False
        elif match := _NOTE.match(line):
            name, words = match["name"], match["text"]
            if at not in self._moved:
                text = _plain(f"[{name}] {words}" if name else words)
                self._emit(Block(text, number, layout=Layout.NOTE, indent=_indent(line)))
            self._follows = False
        elif _is_row(line):
            cells = [_plain(cell) for cell in _PIPE.split(re.sub(r"^\s*\||(?<!\\)\|\s*$", "", line))]
            if any(cells):
                self._emit(
                    Block("\t".join(cells), number, layout=Layout.ROW, indent=_indent(line)), source=line
                )
            self._follows = False
        else:
            return self._read_text(at, line)
        return at + 1

    def _read_heading(self, text: str, line: int, level: int) -> None:
        match = _BOLD_NUMBER.match(text)
        if match and (label := _bold_label(match)):
            self._emit(Block(_plain(match["text"]), line, level, label, escaped=_escaped(match["text"])))
        else:
            self._emit(Block(_plain(text), line, level, escaped=_escaped(text)), source=text)

    def _read_rule(self, line: str, at: int) -> None:
        """Turn the line above an underline into a heading. Any other rule counts as a blank line."""
        match = _UNDERLINE.match(line)
        after = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        if not (match and self._follows and self._blocks) or _is_row(after):
            return
        last = self._blocks[-1]
        if last.layout is Layout.TEXT and not (last.joined or last.number or last.level):
            level = 1 if match["high"] else 2
            self._blocks[-1] = Block(last.text, last.line, level, escaped=last.escaped)

    def _read_text(self, at: int, line: str) -> int:
        """Read a line of text, or all the lines of a heading in bold. Return the index of the next line."""
        content, end = self._bold_lines(at, line.strip())
        layout, joined = Layout.TEXT, self._follows
        bullet = read_bullet(content)
        if bullet and (self._o_is_bullet or not content.startswith("o")):
            content = bullet
            layout = Layout.BULLET
            joined = False
        if not joined:
            self._number = 0
        joined = not self._is_next_item(at, line) and joined
        number, content = self._number_of(at, content, layout)
        text = _plain(content)
        # a number in bold, for example, is certain
        certain = bool(number) and at not in self._automatic
        escaped = _escaped(content)
        bold = bool(text) and _BOLD.fullmatch(content.strip()) is not None
        strong = bold or (is_capitals(text) and not escaped)
        block = Block(
            *(text, at + 1, 0, number, strong, _indent(line), layout),
            escaped=escaped or certain,
            joined=joined and not number,
        )
        self._emit(block, source=line)
        self._follows = True
        return end

    def _bold_lines(self, at: int, content: str) -> tuple[str, int]:
        """Join a line with the rest of the same bold text. Return it, and the index of the line after."""
        if content.startswith(("**", "__")) and not _BOLD.fullmatch(content):
            lines = [content]
            for after in self._lines[at + 1 : at + _LONGEST_BOLD]:
                if not after.strip():
                    break
                lines.append(after.strip())
                if _BOLD.fullmatch("\n".join(lines)):
                    return " ".join(lines), at + len(lines)
        return content, at + 1

    def _is_next_item(self, at: int, line: str) -> bool:
        """Return whether a line is the first, or the next, item of a Markdown list."""
        match = _ONE.match(line)
        if match is None:
            return False
        figure = int(match["number"])
        before = self._number
        self._number = figure
        return at in self._automatic or figure in {1, before + 1}

    def _number_of(self, at: int, content: str, layout: Layout) -> tuple[str, str]:
        """Return the number that a line's markup sets apart, "" for none, and the rest of the line."""
        if at in self._automatic:
            return self._automatic[at], re.sub(r"^\d+[.)]\s+", "", content)
        match = _BOLD_NUMBER.match(content)
        label = _bold_label(match) if match else ""
        if match and label and not (layout is Layout.BULLET and label.isdecimal()):
            return label, match["text"]
        return "", content


def _bold_label(match: re.Match[str]) -> str:
    """Return the number in bold at the start of a line, "" when the bold text is not a number."""
    bold = match["stars"] or match["lines"] or ""
    if _escaped(bold):
        return ""
    inner = _plain(bold)
    label = (
        inner + (match["end"] or "").strip()
        if not (match["end"] or "").startswith(" ")
        else (f"{inner}{match['end'].rstrip()}")
    )
    is_number = any(not marker.rest for marker in read_markers(label))
    return label if is_number or any(marker.until for marker in read_number(label)) else ""


def _automatic(lines: Sequence[str]) -> dict[int, str]:
    """Return, by line index, the numbers of the items of lists in which every item is typed « 1. »."""
    numbers: dict[int, str] = {}
    counts: dict[int, list[int]] = {}  # by indent, the lines of the open list

    def close(deeper_than: int) -> None:
        for indent in [indent for indent in counts if indent > deeper_than]:
            places = counts.pop(indent)
            if len(places) > 1:
                for count, place in enumerate(places, 1):
                    match = _ONE.match(lines[place])
                    numbers[place] = f"{count}{match['end'] if match else '.'}"

    follows = False
    for at, line in enumerate(lines):
        match = _ONE.match(line)
        if match and match["number"] == "1":
            indent = len(match["indent"])
            close(indent)
            counts.setdefault(indent, []).append(at)
        elif match:
            counts.pop(len(match["indent"]), None)
        elif line.strip() and not follows:
            close(-1 if line.lstrip().startswith("#") else len(line) - len(line.lstrip()) - 1)
        elif line.lstrip().startswith("#"):
            close(-1)
        follows = bool(line.strip())
    close(-1)
    return numbers


def _indent(line: str) -> float:
    return _SPACE * (len(line) - len(line.lstrip(" ")))


def _is_row(line: str) -> bool:
    stripped = line.strip()
    pipes = len(_PIPE.findall(stripped))
    return (pipes > 1 and stripped.startswith("|")) or (" | " in stripped and pipes > 0)


def _escaped(markdown: str) -> bool:
    """Return whether a backslash marks that a line is not a heading and begins with no number."""
    bare = markdown.lstrip().lstrip("*_")
    return bare.startswith("\\") or _ESCAPED_NUMBER.match(bare) is not None


def _plain(markdown: str) -> str:
    """Return the words of some Markdown, without marks and tags, white space collapsed."""
    text = re.sub(r"^((?:\*\*|__)?)\\(?![\\`*_{}\[\]()#+.!|<>~&§«-])", r"\1", markdown.strip())
    # Hide escaped characters from the steps that remove marks.
    text = _ESCAPE.sub(lambda match: chr(_PRIVATE + ord(match[1])) if match[1].isascii() else match[1], text)
    text = re.sub(r"!?\[([^\[\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)", r"\1", text)
    text = _NOTE_CALL.sub(lambda match: f"[{match['name']}]", text)
    text = re.sub(r"<((?:https?|mailto):[^>\s]*)>", r"\1", text)
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"</?[A-Za-z][^<>\n]*>", "", text)
    text = re.sub(r"\*\*|__", "", text)
    text = re.sub(r"(?<![\w*])\*(?=[^\s*])([^*\n]*?[^\s*])\*(?![\w*])", r"\1", text)
    text = re.sub(r"(?<![\w_])_(?=[^\s_])([^_\n]*?[^\s_])_(?![\w_])", r"\1", text)
    text = re.sub(r"`([^`\n]+)`", r"\1", text)
    text = re.sub(r"\\$", "", text)
    text = html.unescape(text)
    text = _HIDDEN.sub(lambda match: chr(ord(match[0]) - _PRIVATE), text)
    return _SPACES.sub(" ", text).strip()


# --- Writing ------------------------------------------------------------------------------------------------


def write_markdown(outline: Outline) -> str:
    """Return the canonical Markdown of an outline, from which `build_outline` makes the same outline again.

    Line numbers and doubts are not written.
    """
    certain: frozenset[str] = frozenset()
    text = ""
    for every_end in (False, False, True, True):
        text = "\n\n".join(_lines(outline, _Form(every_end, certain))) + "\n"
        again = build_outline(read_markdown(text))
        uncertain = [doubt.words for doubt in again.doubts if doubt.code == "uncertain_number"]
        doubted = {next((marker.opening for marker in read_markers(words)), "") for words in uncertain}
        if same_text(again, outline) and not doubted:
            return text
        certain |= doubted
    return text


@dataclass(frozen=True, slots=True)
class _Form:
    """How to write an outline. `every_end`: whether to mark the end of every provision with a bare `##`.

    `certain`: the openings to write in bold, because they would otherwise raise a doubt.
    """

    every_end: bool
    certain: frozenset[str]


def same_text(one: Outline, other: Outline) -> bool:
    """Return whether two outlines are the same tree, apart from their line numbers and doubts."""

    def bare(provisions: Sequence[Provision]) -> tuple[Provision, ...]:
        return tuple(
            replace(provision, line=0, children=bare(provision.children)) for provision in provisions
        )

    return (one.cover, bare(one.provisions)) == (other.cover, bare(other.provisions))


def _lines(outline: Outline, form: _Form) -> Iterator[str]:
    """Yield the paragraphs of the document in Markdown."""
    titled = bool(outline.cover) and outline.cover[0].layout is Layout.TEXT
    first = outline.provisions[0] if outline.provisions else None
    for at, paragraph in enumerate(outline.cover):
        if paragraph.layout is not Layout.TEXT:
            yield from _paragraphs([paragraph], 0)
        else:
            shielded = _shield(paragraph.text, capitals=False, heading=True)
            yield f"# {shielded}" if at == 0 else f"**{shielded}**"
    if not titled and (outline.cover or (first is not None and not first.label and first.title)):
        yield "#"  # the document has no title: all the headings are provisions'
    yield from _children(outline.provisions, 0, form)


def _children(provisions: Sequence[Provision], depth: int, form: _Form) -> Iterator[str]:
    headed = any(provision.label and _is_headed(provision) for provision in provisions)
    before, untitled = "", False
    for provision in provisions:
        headed = headed or _is_headed(provision)
        if headed and not _is_bare(provision):
            if form.every_end and before:
                yield "#" * (depth + 1)
            before = before or "heading"
            yield from _headed(provision, depth, form, shielded=untitled)
            untitled = not (provision.title or provision.paragraphs or provision.children)
            continue
        family = _family(provision)
        if before and (family != before or form.every_end):
            yield "#" * (depth + 1)  # else the provision would be read as part of the one before
        before = family
        yield from _listed(provision, 0)


def _marker(provision: Provision) -> Marker | None:
    return next(iter(read_number(provision.opening)), None)


def _family(provision: Provision) -> str:
    """Return the series that a provision's number belongs to."""
    marker = _marker(provision)
    return marker.family if marker else ""


def _keyword(provision: Provision) -> str:
    marker = _marker(provision)
    return marker.keyword if marker else ""


def _is_bare(provision: Provision) -> bool:
    """Return whether a provision is a preamble without a heading: paragraphs, after the cover."""
    return not provision.label and not provision.title


def _is_headed(provision: Provision) -> bool:
    """Return whether a provision is written as a heading."""
    if _is_bare(provision):
        return False
    starts = bool(provision.paragraphs) and provision.paragraphs[0].layout is Layout.TEXT
    marker = _marker(provision)
    children = [_marker(child) for child in provision.children]
    foreign = any(child and child.is_multiple for child in children) and not (marker and marker.is_multiple)
    return (
        bool(provision.title)
        or (bool(_keyword(provision)) and not starts)
        or foreign
        or len({_family(child) for child in provision.children}) > 1
        or any(_is_headed(child) or _keyword(child) for child in provision.children)
    )


def _headed(provision: Provision, depth: int, form: _Form, *, shielded: bool) -> Iterator[str]:
    """Yield the Markdown of a provision with a heading.

    `shielded`: whether the heading must be escaped, lest the provision before take it as its own title.
    """
    marks = "#" * (depth + 2)
    title = _inline(provision.title)
    if not provision.label:
        title = _shield(provision.title, capitals=False)
        shielded = shielded or BEGINS_AS_NUMBERED.match(provision.title) is not None
        yield f"{marks} {title}" if not shielded or title.startswith("\\") else f"{marks} \\{title}"
    else:
        whole = f"{provision.opening} {provision.title}".strip()
        plain = [
            marker
            for marker in read_markers(whole)[:1]
            if marker.opening == provision.opening
            and marker.label == provision.label
            and (marker.keyword or marker.ended or len(marker.parts) > 1)
        ]
        opening = _inline(provision.opening)
        if not plain or provision.title[:1] in _OPENERS or provision.opening in form.certain:
            opening = f"**{opening}**"
            title = _after_number(provision.title)
        yield f"{marks} {opening} {title}".rstrip()
    yield from _paragraphs(provision.paragraphs, 0)
    yield from _children(provision.children, depth + 1, form)
    if provision.closing:
        yield marks
        yield from _paragraphs(provision.closing, 0)


def _listed(provision: Provision, indent: int) -> Iterator[str]:
    paragraphs = list(provision.paragraphs)
    if _is_bare(provision):
        yield from _paragraphs(paragraphs, indent)
        return
    margin = " " * indent
    first = paragraphs.pop(0).text if paragraphs and paragraphs[0].layout is Layout.TEXT else ""
    yield f"{margin}**{_inline(provision.opening)}** {_after_number(first)}".rstrip()
    yield from _paragraphs(paragraphs, indent + _STEP)
    for child in provision.children:
        yield from _listed(child, indent + _STEP)
    yield from _paragraphs(provision.closing, indent + _STEP // 2)


def _paragraphs(paragraphs: Sequence[Paragraph], indent: int) -> Iterator[str]:
    """Yield paragraphs as Markdown. The rows of a table, or the items of a list, are written together."""
    margin = " " * indent
    lines = list[str]()
    layout = Layout.TEXT
    for paragraph in paragraphs:
        if lines and (paragraph.layout is not layout or layout not in {Layout.BULLET, Layout.ROW}):
            yield "\n".join(lines)
            lines = []
        if paragraph.layout is Layout.ROW:
            cells = [_inline(cell) for cell in paragraph.text.split("\t")]
            lines.append(f"{margin}| {' | '.join(cells)} |")
            if len(lines) == 1:
                lines.append(f"{margin}|{' --- |' * len(cells)}")
        elif paragraph.layout is Layout.BULLET:
            lines.append(f"{margin}- {_shield(paragraph.text)}")
        elif paragraph.layout is Layout.NOTE:
            match = re.match(r"\[([^\]\s]+)\] ", paragraph.text)
            name, text = (match[1], paragraph.text[match.end() :]) if match else ("", paragraph.text)
            lines.append(f"{margin}[^{name}]: {_inline(text)}")
        else:
            lines.append(f"{margin}{_shield(paragraph.text)}")
        layout = paragraph.layout
    if lines:
        yield "\n".join(lines)


_OPENERS: Final = (":", ".", ")", "-", "–", "—", "\\", "/", "°", "º")
_MARKED: Final = re.compile(rf"[#>|=~+:\\]|[{BULLETS}]|o\s|`|\[\^|_")


def _shield(text: str, *, capitals: bool = True, heading: bool = False) -> str:
    """Return a paragraph's text, with a backslash before it when it would be read as something else."""
    escaped = _inline(text)
    if escaped.startswith("\\"):
        return escaped
    looks = (
        _MARKED.match(text)
        or read_markers(text)
        or looks_like_furniture(text)
        or _RULE.match(text)
        or _is_row(text)
        or (capitals and is_capitals(text))
        or (heading and (ANNEX.match(text) or PREAMBLE.match(text)))
    )
    return f"\\{escaped}" if looks else escaped


def _after_number(text: str) -> str:
    """Return the text after a bold number, escaped so as not to be read as part of the number or a title."""
    escaped = _inline(text)
    shielded = text[:1] in _OPENERS or is_capitals(text)
    return f"\\{escaped}" if shielded and not escaped.startswith("\\") else escaped


def _inline(text: str) -> str:
    """Return words with Markdown's marks escaped."""
    text = re.sub(
        r"\\|\*|`|(?<!\w)_|_(?!\w)|__|(?<=_)_", lambda mark: "".join(f"\\{sign}" for sign in mark[0]), text
    )
    text = text.replace("|", "\\|")
    text = re.sub(r"&(?=#?\w+;?)", "&amp;", text)
    text = re.sub(r"<(?=[A-Za-z/!])", "&lt;", text)
    text = re.sub(r"\[(?=[^\[\]\n]*\]\()|\[(?=\^)", r"\\[", text)
    return re.sub(r"(?:^|(?<=\s))(#+)$", lambda mark: "".join(f"\\{sign}" for sign in mark[0]), text)
