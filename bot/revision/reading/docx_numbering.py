"""Automatic paragraph numbers, which the file does not contain, computed as Word does.

ECMA-376-1 (5th edition), 17.9: a paragraph, or its style, names a list (`w:num`) and a level. The list names
an abstract list, whose levels define how a number starts, is formatted and restarts. Lists based on the same
abstract list share its count, unless they override the start.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml.etree import _Element as Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS: Final = 9
_TAB: Final = 36.0  # points; the width of Word's default indent per level

_PLACE: Final = re.compile(r"%([1-9])")


def find(element: Element | None, path: str) -> Element | None:
    """Return the element at a path of Word names, such as « pPr/numPr », or None."""
    if element is None:
        return None
    return element.find("/".join(f"{W}{name}" for name in path.split("/")))


def value(element: Element | None, path: str) -> str | None:
    """Return the `w:val` of the element at a path, or None."""
    target = find(element, path)
    return None if target is None else target.get(f"{W}val")


def is_on(element: Element | None) -> bool:
    """Return whether an on-off property (17.17.4) is present and on."""
    return element is not None and element.get(f"{W}val", "1") not in {"0", "false", "off"}


def read_indent(indent: Element | None) -> float | None:
    """Return the indent of a paragraph's first line, in points, None if it is not set."""
    if indent is None:
        return None

    def points(*names: str) -> float:
        values = (indent.get(f"{W}{name}") for name in names)
        text = next((text for text in values if text is not None), "0")
        return float(text) / 20 if re.fullmatch(r"-?\d+(\.\d+)?", text) else 0.0

    return points("left", "start") + points("firstLine") - points("hanging")


@dataclass(frozen=True, slots=True)
class Label:
    """The label that Word shows before a paragraph. `bullet`: whether it is a symbol, not a number.

    `assumed`: whether a level above has no paragraph yet, in which case Word shows that level's start.
    `indent`: the distance of the label from the margin, in points.
    """

    text: str
    level: int
    bullet: bool
    assumed: bool = False
    indent: float = 0.0


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    text: str
    legal: bool
    restart: int  # number of levels above that restart this one; 0 if none does
    style: str | None
    indent: float


@dataclass(frozen=True, slots=True)
class _List:
    """A list. `starts`: its overridden starts, by level."""

    abstract: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]


@dataclass(slots=True)
class Counters:
    """The counters of a document's lists. Call `label` on each paragraph, from the first to the last."""

    lists: Mapping[str, _List]
    styles: Styles
    _values: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def label(self, paragraph: Element) -> Label | None:
        """Count a paragraph and return its label, None if it has none."""
        place = self._place(paragraph)
        if place is None:
            return None
        number, at = place
        numbered = self.lists[number]
        level = self.lists[number].levels[at]
        values = self._values[numbered.abstract]
        if at in numbered.starts and (number, at) not in self._begun:
            values[at] = numbered.starts[at]
        else:
            values[at] = values[at] + 1 if at in values else level.start
        self._begun.add((number, at))
        for below in range(at + 1, LEVELS):
            if below in numbered.levels and at < numbered.levels[below].restart:
                values.pop(below, None)
        if level.form == "bullet":
            # Symbol and Wingdings use private-use characters, which no other font can show.
            sign = level.text.strip()
            private = any("\ue000" <= character <= "\uf8ff" for character in sign)
            sign = "\u2022" if private or sign in {"", "o"} else sign
            return Label(sign, at, bullet=True, indent=level.indent)

        def number_of(match: re.Match[str]) -> str:
            above = int(match[1]) - 1
            if above not in numbered.levels:
                return ""
            form = numbered.levels[above].form
            style = "decimal" if level.legal and form != "none" else form
            return format_number(values.get(above, numbered.levels[above].start), style)

        text = _PLACE.sub(number_of, level.text).strip()
        places = [int(place) - 1 for place in _PLACE.findall(level.text)]
        assumed = any(above < at and above not in values for above in places)
        return Label(text, at, bullet=False, assumed=assumed, indent=level.indent) if text else None

    def _place(self, paragraph: Element) -> tuple[str, int] | None:
        """Return the list and level set by a paragraph or else by its style, None if neither sets them."""
        numbering = find(paragraph, "pPr/numPr")
        style = value(paragraph, "pPr/pStyle") or self.styles.default
        number, level = value(numbering, "numId"), value(numbering, "ilvl")
        if number is None:
            number, inherited = self.styles.numbering(style)
            level = level or self._level_of_style(number, style) or inherited
        if number is None or number == "0" or number not in self.lists:
            return None
        at = int(level or 0)
        return (number, at) if at in self.lists[number].levels else None

    def _level_of_style(self, number: str | None, style: str | None) -> str | None:
        """Return the level of a list that is linked to a style, or else to its nearest base style."""
        levels = self.lists[number].levels if number and number in self.lists else {}
        for name in self.styles.chain(style):
            for at, level in levels.items():
                if level.style == name:
                    return str(at)
        return None


@dataclass(frozen=True, slots=True)
class Styles:
    """The styles by id, and the id of the default paragraph style."""

    elements: Mapping[str, Element]
    default: str | None

    @classmethod
    def read(cls, styles: Element | None) -> Styles:
        """Read `w:styles`."""
        elements = [] if styles is None else list(styles.iter(f"{W}style"))
        defaults = (
            style.get(f"{W}styleId", "")
            for style in elements
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in {"1", "true", "on"}
        )
        return cls({style.get(f"{W}styleId", ""): style for style in elements}, next(defaults, None))

    def chain(self, style: str | None) -> list[str]:
        """Return a style and the styles that it is based on, nearest first."""
        names: list[str] = []
        while style is not None and style in self.elements and style not in names:
            names.append(style)
            style = value(self.elements[style], "basedOn")
        return names

    def first(self, chain: Sequence[str], path: str) -> Element | None:
        """Return the element at a path, from the first style that has one, if any."""
        elements = (find(self.elements[name], path) for name in chain)
        return next((element for element in elements if element is not None), None)

    def numbering(self, style: str | None) -> tuple[str | None, str | None]:
        """Return the list and the level set by a style, each None if it is not set."""
        level = None
        for name in self.chain(style):
            properties = find(self.elements[name], "pPr/numPr")
            level = level or value(properties, "ilvl")
            if number := value(properties, "numId"):
                return number, level
        return None, None


def read_lists(numbering: Element | None, styles: Styles) -> dict[str, _List]:
    """Read `w:numbering` and return the lists by id."""
    if numbering is None:
        return {}
    abstracts = {
        element.get(f"{W}abstractNumId", ""): element for element in numbering.iter(f"{W}abstractNum")
    }
    nums = {num.get(f"{W}numId", ""): num for num in numbering.iter(f"{W}num")}
    lists = {}
    for number, num in nums.items():
        abstract = value(num, "abstractNumId") or ""
        seen = set[str]()
        while abstract in abstracts and abstract not in seen:  # through a list style (17.9.21)
            seen.add(abstract)
            target, _ = styles.numbering(value(abstracts[abstract], "numStyleLink"))
            if target is None or target not in nums:
                break
            abstract = value(nums[target], "abstractNumId") or ""
        if abstract not in abstracts:
            continue
        levels = {
            int(lvl.get(f"{W}ilvl", "0")): _level(lvl) for lvl in abstracts[abstract].findall(f"{W}lvl")
        }
        starts = {}
        for override in num.findall(f"{W}lvlOverride"):
            at = int(override.get(f"{W}ilvl", "0"))
            whole, start = find(override, "lvl"), value(override, "startOverride")
            if whole is not None:
                levels[at] = _level(whole)
                starts[at] = levels[at].start
            if start is not None:
                starts[at] = int(start)
        lists[number] = _List(abstract, levels, starts)
    return lists


def _level(level: Element) -> _Level:
    at = int(level.get(f"{W}ilvl", "0"))
    restart = value(level, "lvlRestart")
    return _Level(
        start=int(value(level, "start") or 0),
        form=value(level, "numFmt") or "decimal",
        text=value(level, "lvlText") or "",
        legal=is_on(find(level, "isLgl")),
        restart=at if restart is None else min(int(restart), at),
        style=value(level, "pStyle"),
        indent=_TAB * at if (indent := read_indent(find(level, "pPr/ind"))) is None else indent,
    )


# --- Number formats -----------------------------------------------------------------------------

_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def format_number(number: int, form: str) -> str:
    """Return a number in one of Word's formats (17.18.59), in digits if the format is not supported."""
    match form:
        case "none":
            return ""
        case "lowerLetter" | "upperLetter":
            text = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else ""
        case "lowerRoman" | "upperRoman":
            text, rest = "", max(number, 0)
            for figure, sign in _ROMAN:
                text, rest = text + sign * (rest // figure), rest % figure
        case "decimalZero":
            return f"{number:02}"
        case "ordinal":
            return f"{number}{'er' if number == 1 else 'e'}"
        case _:
            return str(number)
    return text.upper() if form.startswith("upper") else text
