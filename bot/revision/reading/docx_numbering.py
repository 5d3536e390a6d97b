"""The numbers that Word shows before paragraphs, which are in no paragraph: worked out as Word does.

ECMA-376-1 (5th edition), 17.9: a paragraph, or its style, names a list (`w:num`) and a level; the list
names an abstract one, whose levels say how a number starts, is written and starts again. Lists made
from one abstract list go on counting where the others stopped, unless they override the start.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml.etree import _Element as Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS: Final = 9

_PLACE: Final = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Label:
    """What Word shows before a paragraph. `bullet`: a sign that counts nothing.

    `assumed`: a number above it was never given to any paragraph, so that what Word shows is its start.
    """

    text: str
    level: int
    bullet: bool
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    text: str
    legal: bool
    restart: int  # how many levels above have this one start again; 0: it never does
    style: str | None


@dataclass(frozen=True, slots=True)
class _List:
    """A list. `starts`: the levels whose start it overrides, with the number."""

    abstract: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]


@dataclass(slots=True)
class Counters:
    """Counts from the first paragraph of the document to the last: ask for each in turn."""

    lists: Mapping[str, _List]
    styles: Styles
    _values: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def label(self, paragraph: Element) -> Label | None:
        """Return what stands before a paragraph, None when it has no number."""
        place = self._place(paragraph)
        if place is None:
            return None
        number, level = place
        known = self.lists[number]
        values = self._values[known.abstract]
        definition = known.levels[level]
        self._count(number, known, level, values)
        if definition.form == "bullet":
            return Label(_bullet(definition.text), level, bullet=True)
        shown = [int(one) - 1 for one in _PLACE.findall(definition.text)]
        text = _PLACE.sub(
            lambda one: self._written(known, int(one[1]) - 1, definition, values), definition.text
        )
        assumed = any(above < level and above not in values for above in shown)
        return Label(text.strip(), level, bullet=False, assumed=assumed) if text.strip() else None

    def _count(self, number: str, known: _List, level: int, values: dict[int, int]) -> None:
        start = known.levels[level].start
        if level in known.starts and (number, level) not in self._begun:
            values[level] = known.starts[level]
        else:
            values[level] = values[level] + 1 if level in values else start
        self._begun.add((number, level))
        for below in range(level + 1, LEVELS):
            if below in known.levels and level < known.levels[below].restart:
                values.pop(below, None)

    def _written(self, known: _List, at: int, shown: _Level, values: Mapping[int, int]) -> str:
        definition = known.levels.get(at)
        if definition is None:
            return ""
        form = "decimal" if shown.legal and definition.form != "none" else definition.form
        return written(values.get(at, definition.start), form)

    def _place(self, paragraph: Element) -> tuple[str, int] | None:
        """Return the list and the level of a paragraph: its own, else those of its style."""
        own = paragraph.find(f"{W}pPr/{W}numPr")
        style = _value(paragraph.find(f"{W}pPr/{W}pStyle")) or self.styles.default
        number, level = _value(_child(own, "numId")), _value(_child(own, "ilvl"))
        if number is None:
            number, inherited = self.styles.numbering(style)
            level = level or self._level_of_style(number, style) or inherited
        if number in {None, "0"} or number not in self.lists:
            return None
        at = int(level or 0)
        return (number, at) if at in self.lists[number].levels else None

    def _level_of_style(self, number: str | None, style: str | None) -> str | None:
        """Return the level that says that it is a style's, or one's that the style is made from."""
        known = self.lists.get(number or "")
        levels = known.levels if known else {}
        for one in self.styles.chain(style):
            for at, level in levels.items():
                if level.style == one:
                    return str(at)
        return None


@dataclass(frozen=True, slots=True)
class Styles:
    """The paragraph styles: what each is made from, and its list."""

    elements: Mapping[str, Element]
    default: str | None

    @classmethod
    def read(cls, styles: Element | None) -> Styles:
        """Read `w:styles`."""
        found = (
            {} if styles is None else {one.get(f"{W}styleId", ""): one for one in styles.iter(f"{W}style")}
        )
        defaults = (
            name
            for name, one in found.items()
            if one.get(f"{W}type") == "paragraph" and one.get(f"{W}default") in {"1", "true", "on"}
        )
        return cls(found, next(defaults, None))

    def chain(self, style: str | None) -> list[str]:
        """Return a style, then those it is made from, nearest first."""
        found: list[str] = []
        while style is not None and style in self.elements and style not in found:
            found.append(style)
            style = _value(self.elements[style].find(f"{W}basedOn"))
        return found

    def numbering(self, style: str | None) -> tuple[str | None, str | None]:
        """Return the list and the level that a style gives, each None when it gives none."""
        level = None
        for one in self.chain(style):
            properties = self.elements[one].find(f"{W}pPr/{W}numPr")
            level = level or _value(_child(properties, "ilvl"))
            if number := _value(_child(properties, "numId")):
                return number, level
        return None, None


def read_lists(numbering: Element | None, styles: Styles) -> dict[str, _List]:
    """Read `w:numbering`."""
    if numbering is None:
        return {}
    abstracts = {one.get(f"{W}abstractNumId", ""): one for one in numbering.iter(f"{W}abstractNum")}
    nums = {one.get(f"{W}numId", ""): one for one in numbering.iter(f"{W}num")}
    found = {}
    for number, num in nums.items():
        abstract = _followed(_value(num.find(f"{W}abstractNumId")) or "", abstracts, nums, styles)
        if abstract not in abstracts:
            continue
        levels = {
            int(one.get(f"{W}ilvl", "0")): _level(one) for one in abstracts[abstract].findall(f"{W}lvl")
        }
        starts = {}
        for override in num.findall(f"{W}lvlOverride"):
            at = int(override.get(f"{W}ilvl", "0"))
            whole, start = override.find(f"{W}lvl"), _value(override.find(f"{W}startOverride"))
            if whole is not None:
                levels[at] = _level(whole)
                starts[at] = levels[at].start
            if start is not None:
                starts[at] = int(start)
        found[number] = _List(abstract, levels, starts)
    return found


def _followed(
    abstract: str, abstracts: Mapping[str, Element], nums: Mapping[str, Element], styles: Styles
) -> str:
    """Return the abstract list that one stands for, by way of a style of lists (17.9.21)."""
    seen = set()
    while abstract in abstracts and abstract not in seen:
        seen.add(abstract)
        link = _value(abstracts[abstract].find(f"{W}numStyleLink"))
        number, _ = styles.numbering(link) if link else (None, None)
        if number is None or number not in nums:
            break
        abstract = _value(nums[number].find(f"{W}abstractNumId")) or ""
    return abstract


def _level(level: Element) -> _Level:
    at = int(level.get(f"{W}ilvl", "0"))
    restart = _value(level.find(f"{W}lvlRestart"))
    legal = level.find(f"{W}isLgl")
    form = level.find(f"{W}numFmt")
    return _Level(
        start=int(_value(level.find(f"{W}start")) or 0),
        form=_value(form) or "decimal",
        text=_value(level.find(f"{W}lvlText")) or "",
        legal=legal is not None and legal.get(f"{W}val", "1") not in {"0", "false", "off"},
        restart=at if restart is None else min(int(restart), at),
        style=_value(level.find(f"{W}pStyle")),
    )


def _child(element: Element | None, name: str) -> Element | None:
    return None if element is None else element.find(f"{W}{name}")


def _value(element: Element | None) -> str | None:
    return None if element is None else element.get(f"{W}val")


# --- How numbers are written --------------------------------------------------------------------

_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def written(number: int, form: str) -> str:
    """Return a number in one of Word's forms (17.18.59); in figures when the form is not one that counts."""
    match form:
        case "none":
            return ""
        case "lowerLetter" | "upperLetter":
            letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else ""
            return letter.upper() if form.startswith("upper") else letter
        case "lowerRoman" | "upperRoman":
            roman = _roman(number)
            return roman.upper() if form.startswith("upper") else roman
        case "decimalZero":
            return f"{number:02}"
        case "ordinal":
            return f"{number}{'er' if number == 1 else 'e'}"
        case _:
            return str(number)


def _roman(number: int) -> str:
    found = ""
    for value, sign in _ROMAN:
        while number >= value:
            found, number = found + sign, number - value
    return found


def _bullet(text: str) -> str:
    """Return a bullet as any font shows it: those of Symbol and Wingdings are private characters."""
    sign = text.strip()
    return "\u2022" if not sign or any("\ue000" <= one <= "\uf8ff" for one in sign) or sign == "o" else sign
