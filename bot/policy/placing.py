"""Decides which numbers are provisions' numbers, and the place of each provision in the tree.

A number is never believed for its form alone: it must follow another number of its family, begin a family, or
be set apart by the format (a style, bold, Word's own numbering).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from bot.policy.decisions import begins_with_number
from bot.policy.labels import KEYWORDS, RANKS, Marker, label_at, read_markers, read_number
from bot.policy.provisions import Block, Doubt, Kind, Layout, Paragraph
from bot.policy.sentences import (
    ends,
    is_capitals,
    is_closed,
    is_measure,
    is_unfinished,
    leads_in,
    runs_on,
    split_note,
)

PREAMBLE: Final = re.compile(r"pr[ée]ambule|preamble|considérants?\b", re.IGNORECASE)
ANNEX: Final = re.compile(r"(?:annexes?|appendi(?:ce|x|ces)|schedules?)\b", re.IGNORECASE)
# Titles of parts that say when and by whom a text was adopted, and contain none of it.
_HISTORY: Final = re.compile(
    r"(?:dates? d['’])?(?:adopt(?:ion|ée?s?)|approbation|historique|modifications?|r[ée]visions?)\b"
    r"[^.]{0,40}$",
    re.IGNORECASE,
)
BEGINS_AS_NUMBERED: Final = re.compile(
    r"(?:article|chapitre|titre|règle|chapter|title|rule)\s+\S", re.IGNORECASE
)
LONGEST_TITLE: Final = 160  # characters; a longer line that looks like a heading is a sentence
SAME: Final = 1.0  # points; indents closer than that are equal
_AHEAD: Final = 80  # how many blocks to search for the next number of a sequence
_WIDEST_GAP: Final = 3  # numbers that may be missing from a sequence
_DOCUMENTS: Final = ("règlement", "bylaw")  # words that may number the whole text
_DEEPEST: Final = 20  # levels; a provision that would be deeper becomes a sibling
_LOWEST: Final = 99  # the rank or level below all others


@dataclass(eq=False, slots=True)
class Node:
    """A provision under construction.

    `family`: the series that its number belongs to. `is_heading`: whether its line is a heading.
    """

    marker: Marker | None
    family: str
    title: str = ""
    level: int = 0
    indent: float = 0.0
    is_heading: bool = False
    line: int = 0
    paragraphs: list[Paragraph] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    closing: list[Paragraph] = field(default_factory=list)

    @property
    def keyword(self) -> str:
        """The word before the provision's number, « article », "" when there is none."""
        return self.marker.keyword if self.marker else ""

    @property
    def is_multiple(self) -> bool:
        """Whether the provision's number has several parts, « 5.01 »."""
        return self.marker is not None and self.marker.is_multiple

    @property
    def is_plain(self) -> bool:
        """Whether the provision is a numbered paragraph, without a heading."""
        return self.marker is not None and not self.is_heading

    @property
    def is_listed(self) -> bool:
        """Whether the provision's number is from a plain list: « a) », not « 5.1 » or « article 5 »."""
        return self.is_plain and not self.keyword and not self.is_multiple

    @property
    def is_container(self) -> bool:
        """Whether the provision is a title, a chapter or a section."""
        return self.is_heading and KEYWORDS.get(self.keyword) in {Kind.TITLE, Kind.CHAPTER, Kind.SECTION}

    @property
    def last_text(self) -> str:
        """The provision's last paragraph read so far, or its title."""
        paragraphs = self.closing or self.paragraphs
        return paragraphs[-1].text if paragraphs else self.title

    def is_before(self, marker: Marker) -> bool:
        """Return whether a number comes immediately after the provision's number."""
        return self.marker is not None and marker.follows(self.marker)


class Fit(IntEnum):
    """How well a number follows those before it."""

    CONTRADICTS = 1
    EXCERPT = 2  # the first of its family, but not a first number
    GAP = 3
    BEGINS = 4  # a first number, or one that resumes in another container
    FOLLOWS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A possible place for a number. `parent`: the stack index of the provision that would contain it.

    `fit`: how well the number follows `before`, the last number of its series, if any.
    """

    marker: Marker
    fit: Fit
    parent: int
    before: Marker | None = None


class NumberPlaces:
    """The numbers of a document, placed as its blocks are read in order.

    `blocks`: the document's lines. `markers`: for each block, the readings of its number. `stack`: the open
    provisions, from the whole document to the innermost.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = [_with_number(block) for whole in blocks for block in _split(whole)]
        self.markers = [_read(block) for block in self.blocks]
        self._name_document()
        self.stack = [Node(None, "root", is_heading=True)]
        self.outer: dict[str, str] = {}  # the family that contains each family
        self.doubts: list[Doubt] = []
        self._latest: dict[str, Marker] = {}  # the last number of each family
        self._levels_hold = self._check_levels()
        self._front = self._find_front()

    @property
    def top(self) -> Node:
        """The innermost open provision."""
        return self.stack[-1]

    def _name_document(self) -> None:
        """Read « BY-LAW NO. 1 » at the head of a text, if it occurs only there, as the name of the text."""
        for at, block in enumerate(self.blocks[:1]):
            for marker in self.markers[at][:1]:
                rest = block.text if block.number else marker.rest
                others = [other.keyword for markers in self.markers[at + 1 :] for other in markers]
                if marker.keyword in _DOCUMENTS and not rest and marker.keyword not in others:
                    self.blocks[at] = replace(block, text=block.number or block.text, number="", strong=True)
                    self.markers[at] = ()

    def push(self, node: Node, parent: int) -> None:
        """Put `node` under the open provision at stack index `parent`, and close the provisions below it."""
        del self.stack[min(parent, _DEEPEST) + 1 :]
        above = self.top
        if above.closing:  # text between two children goes into the first, to keep its position
            last = above.children[-1]
            (last.closing if last.children else last.paragraphs).extend(above.closing)
            above.closing = []
        above.children.append(node)
        self.outer.setdefault(node.family, above.family)
        self.stack.append(node)
        if node.marker is not None:
            self._latest[node.family] = node.marker
            if node.is_multiple:
                self._latest["multiple"] = node.marker
                self._latest[f"multiple {node.marker.parts[:-1]}"] = node.marker

    def _check_levels(self) -> bool:
        """Return whether the levels of headings agree with their numbers: no article 3 in article 2."""
        latest: dict[str, tuple[Marker, int]] = {}
        highest: dict[str, int] = {}  # the highest level met since the last number of each family
        for block, markers in zip(self.blocks, self.markers, strict=True):
            if not block.level:
                continue
            for family, level in highest.items():
                highest[family] = min(level, block.level)
            for marker in markers[:1]:
                if not marker.keyword:
                    continue
                before, level = latest.get(marker.family, (marker, block.level))
                if marker.follows(before) and level < block.level and highest[marker.family] > level:
                    return False
                latest[marker.family] = (marker, block.level)
                highest[marker.family] = _LOWEST
        return True

    def _find_front(self) -> int:
        """Return the line of a heading before all numbers, « Adoption » with its dates, 0 if there is none.

        By its style alone, this heading would contain the whole text, since no later one has as high a level.
        """
        headings = [
            at
            for at, block in enumerate(self.blocks)
            if block.text and (block.level or (self.markers[at] and is_set_apart(block)))
        ]
        first = next((place for place, at in enumerate(headings) if self.markers[at]), 0)
        if not first:
            return 0
        at = headings[first - 1]
        numbered = headings[first]
        level = self.blocks[at].level
        peers = (
            other
            for other in headings[first:]  # in a PDF, headings as large as the text have no level
            if 0 < self.blocks[other].level <= level and not ANNEX.match(self.blocks[other].text)
        )
        history = _HISTORY.match(self.blocks[at].text) is not None
        begins = history and self.markers[numbered][0].is_first and numbered > at + 1
        return self.blocks[at].line if begins and not any(True for _ in peers) else 0

    # --- Whether to believe ----------------------------------------------------------------------

    def accept(self, at: int) -> Place | None:
        """Return the place of a block's number, None when the block has no number or none to believe."""
        block, markers = self.blocks[at], self.markers[at]
        if not markers:
            return None
        places = [self._place(marker, block) for marker in markers]
        best = max(places, key=lambda place: (place.fit, -places.index(place)))
        if best.fit is Fit.BEGINS and len(places) > 1:
            # « i) » may be a letter or a Roman number: keep the reading whose sequence goes on.
            beginning = [place for place in places if place.fit is Fit.BEGINS]
            best = next((place for place in beginning if self._goes_on(at, place.marker)), best)
        if block.number or block.decided:
            return best
        apart = is_set_apart(block)
        believed = self._is_heading_number(at, best) if apart else self._believes(at, best)
        if believed:
            if best.fit in {Fit.GAP, Fit.CONTRADICTS, Fit.EXCERPT}:
                self._doubt_kept(at, best)
            return best
        marker = best.marker
        if not (apart or block.joined or marker.keyword) and (marker.ended or marker.is_multiple):
            self._doubt_refused(at, best)
        return None

    def _is_heading_number(self, at: int, place: Place) -> bool:
        marker = place.marker
        if marker.keyword or marker.ended or marker.is_multiple or place.fit is Fit.FOLLOWS:
            return True
        return place.fit is Fit.BEGINS and self._goes_on(at, marker)

    def _believes(self, at: int, place: Place) -> bool:
        """Return whether a number that nothing sets apart is a provision's."""
        block, marker = self.blocks[at], place.marker
        before = self.blocks[at - 1].text if block.joined and at else None  # None: it begins a paragraph
        if before is not None and is_unfinished(before):
            directly = place.fit is Fit.FOLLOWS and self._opened(at - 1) and self.top.is_before(marker)
            if not (directly and marker.ended and marker.rest[:1].isupper()):
                return False
        if before is not None and marker.keyword and self._heads(at - 1):
            before = None
        if marker.keyword:
            return _believes_keyword(block, place, before)
        if marker.is_multiple:
            return self._believes_multiple(at, place, before)
        if marker.ended:
            return self._believes_item(at, place, before)
        if not marker.rest or is_measure(marker.rest) or (before is not None and not ends(before)):
            return False
        return place.fit is Fit.FOLLOWS or (place.fit is Fit.BEGINS and self._goes_on(at, marker))

    def _opened(self, at: int) -> bool:
        """Return whether a block holds all the words of the innermost open provision."""
        top = self.top
        words = " ".join((top.title, *(paragraph.text for paragraph in top.paragraphs))).strip()
        return top.marker is not None and self.blocks[at].text == f"{top.marker.opening} {words}"

    def _heads(self, at: int) -> bool:
        """Return whether the line just above another is a heading, of a chapter or of the document."""
        if self._opened(at) and not self.top.paragraphs:
            return bool(self.top.keyword)
        block = self.blocks[at]
        return (is_set_apart(block) or is_capitals(block.text)) and not block.number

    def _believes_multiple(self, at: int, place: Place, before: str | None) -> bool:
        """Return whether « 5.01 » is the number of a clause. `before`: as in `_believes`."""
        marker, fit = place.marker, place.fit
        listed = fit is Fit.BEGINS and leads_in(self.top.last_text)  # « … à : 1.2.1 aux personnes »
        apart = before is None and (fit is Fit.FOLLOWS or listed)
        if is_measure(marker.rest) or (runs_on(marker.rest) and not apart):
            return False
        if before is not None:
            whole = bool(marker.rest) and (_is_capital(marker.rest) or ends(before))
            return fit >= Fit.BEGINS and whole
        if fit is Fit.EXCERPT and (_is_capital(marker.rest) or self._goes_on(at, marker)):
            return True
        return fit >= Fit.GAP or self._is_new(place)

    def _believes_item(self, at: int, place: Place, before: str | None) -> bool:
        """Return whether « a) » or « 1. » is the number of an item. `before`: as in `_believes`."""
        marker, fit = place.marker, place.fit
        if fit is Fit.BEGINS and marker.family[0] in "AI1" and not self._goes_on(at, marker):
            # « A. », « I. » and « 1. » alone are initials, centuries, or ends of sentences.
            return before is None and marker.family[0] == "1" and bool(marker.rest)
        if before is None:
            return fit >= Fit.GAP
        return fit is Fit.FOLLOWS or (fit is Fit.BEGINS and ends(before))

    def _is_new(self, place: Place) -> bool:
        """Return whether a number that was used already begins again in another container."""
        parent = self.stack[place.parent]
        return parent.is_heading and not any(
            child.marker and child.marker.parts == place.marker.parts for child in parent.children
        )

    def _goes_on(self, at: int, marker: Marker) -> bool:
        """Return whether the next number of the series appears later, before any number of a higher rank."""
        for ahead in range(at + 1, min(at + 1 + _AHEAD, len(self.blocks))):
            block, others = self.blocks[ahead], self.markers[ahead]
            if any(other.family == marker.family and other.follows(marker) for other in others):
                return True
            if block.level and block.level <= self.blocks[at].level:
                return False
            listed = not marker.keyword and not marker.is_multiple
            if listed and is_set_apart(block) and any(other.keyword for other in others):
                return False
        return False

    def _doubt_kept(self, at: int, place: Place) -> None:
        opening = place.marker.opening
        self._doubt(
            "uncertain_number",
            at,
            f"{_expectation(place)} «\u00a0{opening}\u00a0» a été lu comme un numéro.",
            f"Si c'en est bien un, mettez-le en gras\u00a0: **{opening}**. Sinon, mettez une barre oblique "
            f"inversée devant\u00a0: \\{opening}",
        )

    def _doubt_refused(self, at: int, place: Place) -> None:
        opening = place.marker.opening
        self._doubt(
            "not_a_number",
            at,
            f"{_expectation(place)} «\u00a0{opening}\u00a0» n'a pas été lu comme un numéro.",
            f"Si c'en est un, mettez-le en gras\u00a0: **{opening}**",
        )

    def doubt_unnumbered(self, at: int) -> None:
        """Record a doubt about a heading that begins like a numbered one but has no readable number."""
        if (
            self.blocks[at].escaped
            or self.blocks[at].decided
            or not BEGINS_AS_NUMBERED.match(self.blocks[at].text)
        ):
            return
        word = self.blocks[at].text.split()[0]
        latest = self._latest.get(word.casefold())
        expected = label_at(latest, latest.last + 1) if latest else "1"
        before = f"Après «\u00a0{latest.label}\u00a0»," if latest else "Rien ne vient avant\u00a0:"
        self._doubt(
            "unread_number",
            at,
            f"{before} «\u00a0{expected}\u00a0» était attendu. Ce titre commence par «\u00a0{word}\u00a0», "
            "mais aucun numéro n'y a été lu.",
            "S'il en a un, mettez-le en gras. S'il n'en a pas, mettez une barre oblique inversée devant le "
            "titre.",
        )

    def _doubt(self, code: str, at: int, reason: str, remedy: str) -> None:
        block = self.blocks[at]
        self.doubts.append(Doubt(code, block.line, block.text[:80], reason, remedy, block.key))

    # --- Where it stands -------------------------------------------------------------------------

    def _place(self, marker: Marker, block: Block) -> Place:
        """Return the place that a number would have, and how well it follows the numbers before it."""
        if marker.is_multiple:
            return self._place_multiple(marker, block)
        family = family_of(marker, block)
        new = self._parent(marker, block)
        beside = self._beside(marker, block, family, new)
        if beside is not None:
            before = self.stack[beside].marker
            return Place(marker, _fit(marker, before), beside - 1, before)
        if marker.is_first:
            return Place(marker, Fit.BEGINS, new)
        latest = self._latest.get(family)
        if latest is None:
            return Place(marker, Fit.EXCERPT, new)
        fit = _fit(marker, latest)
        return Place(marker, Fit.BEGINS if fit is Fit.FOLLOWS else fit, new, latest)

    def _beside(self, marker: Marker, block: Block, family: str, new: int) -> int | None:
        """Return the stack index of the open sibling of a number, None when the number begins a list.

        `new`: the stack index of the provision under which the number would begin a list.
        """
        stack = self.stack
        open_at = [at for at, node in enumerate(stack) if node.family == family and node.marker]
        if block.level and self._levels_hold:
            alike = [at for at in open_at if stack[at].level in {0, block.level} and at > new]
            return alike[-1] if alike else None
        if block.number and not block.level and not marker.keyword:  # Word indents its lists by level
            alike = [at for at in open_at if abs(stack[at].indent - block.indent) <= SAME]
            outer = [at for at in open_at if stack[at].indent > block.indent + SAME]
            typed = [at for at in open_at if stack[at].is_before(marker)]  # « 2bis » typed amid Word's
            return next((at for at in (*alike[-1:], *outer, *typed[-1:])), None)
        following = [at for at in open_at if stack[at].is_before(marker)]
        if following:
            apart = {at: abs(stack[at].indent - block.indent) // (2 * SAME) for at in following}
            return min(reversed(following), key=apart.__getitem__)
        if not open_at or (marker.is_first and self._nests(open_at[-1], block)):
            return None
        return open_at[-1]

    def _nests(self, at: int, block: Block) -> bool:
        """Return whether a list that restarts is nested in the open list of the same form."""
        node = self.stack[at]
        if block.level and node.level:
            return block.level > node.level
        if abs(block.indent - node.indent) > SAME:
            return block.indent > node.indent
        return leads_in(self.top.last_text)

    def _place_multiple(self, marker: Marker, block: Block) -> Place:
        """Place a number like « 5.01 »: beside its siblings, else in its article, else after similar ones."""
        prefix = marker.parts[:-1]
        depth = len(marker.parts)
        at = self._last(lambda other: other.is_multiple and other.parts[:-1] == prefix)
        if at is not None:
            node = self.stack[at]
            later = node.marker is not None and marker.after(node.marker)
            fit = Fit.FOLLOWS if node.is_before(marker) else Fit.GAP if later else Fit.CONTRADICTS
            inside = self._is_whole(at) and marker.is_first
            return Place(marker, fit, self._within(at, block) if inside else at - 1, node.marker)
        at = self._last(lambda other: other.parts == prefix)
        if at is not None:
            parent = self._within(at, block)
            latest = self._latest.get(f"multiple {prefix}")
            if latest is not None and marker.follows(latest):
                return Place(marker, Fit.FOLLOWS, parent)
            return Place(marker, Fit.BEGINS if marker.is_first else Fit.GAP, parent, latest)
        at = self._last(
            lambda other: other.is_multiple and (len(other.parts) == depth or other.parts[:-1] == prefix[:-1])
        )
        latest = self._latest.get("multiple")
        if at is not None and self._is_whole(at - 1) and marker.parts[-1] == 0:
            at -= 1
        if at is not None:
            before = self.stack[at].marker
            later = before is not None and marker.parts > before.parts
            begins = Fit.FOLLOWS if marker.is_first else Fit.GAP
            near = before if before and before.parts[:-1] == prefix else None
            return Place(marker, begins if later else Fit.CONTRADICTS, at - 1, near)
        parent = self._parent(marker, block)
        if latest is None:
            return Place(marker, Fit.BEGINS if marker.is_first else Fit.EXCERPT, parent)
        return Place(marker, Fit.BEGINS if marker.parts > latest.parts else Fit.CONTRADICTS, parent)

    def _is_whole(self, at: int) -> bool:
        """Return whether an open number is « 3.0 », which contains 3.1 and 3.2."""
        marker = self.stack[at].marker
        above = self.stack[at - 1].marker
        if marker is None or not marker.is_multiple or marker.parts[-1] != 0:
            return False
        return above is None or above.parts != marker.parts[:-1]

    def _last(self, matches: Callable[[Marker], bool]) -> int | None:
        """Return the stack index of the innermost open provision whose number matches."""
        for at in range(len(self.stack) - 1, 0, -1):
            marker = self.stack[at].marker
            if marker is not None and matches(marker):
                return at
        return None

    def _within(self, above: int, block: Block) -> int:
        """Return the stack index of the innermost heading that can contain « 5.4 », else `above`."""
        for at in range(len(self.stack) - 1, above, -1):
            node = self.stack[at]
            shallower = 0 < block.level <= node.level
            if not shallower and (node.marker is None or node.keyword):
                return at
        return above

    def _parent(self, marker: Marker, block: Block) -> int:
        """Return the stack index of the provision under which a number would begin a new list or series."""
        at = len(self.stack) - 1
        if self.top.family == "preamble" and not self.top.title:
            at -= 1
        if block.level:
            return self._parent_by_level(at, marker, block)
        listed = not (marker.keyword or marker.is_multiple)
        if block.number and listed:
            # An escaped number comes from Markdown, where the indent is the depth.
            sister = block.indent - SAME if block.escaped else block.indent + SAME
            return self._climb(at, lambda node: node.is_plain and node.indent > sister)
        if marker.is_multiple:
            return self._climb(at, lambda node: node.is_plain and not node.keyword)
        if marker.keyword or is_set_apart(block):
            if self.top.marker is None and PREAMBLE.match(self.top.title):
                at -= 1
            return self._parent_by_family(at, marker, block)
        return self._parent_of_item(at, block)

    def _parent_by_family(self, at: int, marker: Marker, block: Block) -> int:
        """Return the stack index of the provision that held a number's family so far.

        For the first number of its family, return the index of the innermost provision that outranks it.
        """
        family = family_of(marker, block)
        outer = self.outer.get(family)
        ranks = [RANKS.get(node.keyword) for node in self.stack]
        # an annex belongs to the document, or to the heading of the annexes
        if RANKS.get(marker.keyword) == 0:
            return self._climb(at, lambda node: node.marker is not None or not ANNEX.match(node.title))
        if 0 in ranks and marker.is_first:
            return ranks.index(0)  # an annex, in which the articles begin again
        places = [place for place in range(at + 1) if self.stack[place].family == outer]
        if places:  # in a chapter, if this container has chapters even though the one before had none
            inner = places[-1]
            for place in range(inner + 1, at + 1):
                node = self.stack[place]
                if node.family == family or not (node.marker and node.is_heading and _outranks(node, marker)):
                    break
                inner = place
            return inner
        return self._climb(
            at,
            lambda node: (
                self._is_front(node) or not (_outranks(node, marker) if marker.keyword else node.is_heading)
            ),
        )

    def _is_front(self, node: Node) -> bool:
        return node.marker is None and 0 < node.line == self._front

    def _parent_of_item(self, at: int, block: Block) -> int:
        if self.stack[at].is_plain and leads_in(self.stack[at].last_text):
            return at  # « … a pour but : 1° », however little the list is indented
        at = self._climb(at, lambda node: node.is_plain and block.indent < node.indent - SAME)
        node = self.stack[at]
        over = node.is_listed and is_closed(node.last_text) and block.indent <= node.indent + SAME
        return at - 1 if over else at

    def _parent_by_level(self, at: int, marker: Marker, block: Block) -> int:
        return self._climb(
            at,
            lambda node: (
                (not 0 < node.level < block.level or self._is_front(node))
                and not (node.is_container and not node.level and _outranks(node, marker))
            ),
        )

    def _climb(self, at: int, leaves: Callable[[Node], bool]) -> int:
        """Return the nearest stack index, from `at` to the root, for which `leaves` is false."""
        while at and leaves(self.stack[at]):
            at -= 1
        return at


def _expectation(place: Place) -> str:
    """Return a French sentence that says which number came before and which one was expected."""
    marker, before = place.marker, place.before
    if before is None:
        if marker.is_first:
            return "Rien ne vient avant, ni après."
        first = re.sub(r"^\d+", "1", marker.label) if marker.parts[-1] == 0 else label_at(marker, 1)
        return f"«\u00a0{first}\u00a0» était attendu avant."
    if marker.parts == before.parts and marker.suffix > before.suffix:
        expected = label_at(before, before.parts[-1], before.suffix + 1)
    else:
        expected = label_at(before, before.last + 1)
    return f"Après «\u00a0{before.label}\u00a0», «\u00a0{expected}\u00a0» était attendu."


def is_set_apart(block: Block) -> bool:
    """Return whether a style, bold or capitals set a block apart from the text around it."""
    if block.level or not block.strong or block.joined:
        return block.level > 0
    return len(block.text) <= LONGEST_TITLE or len(split_note(block.text)[0]) <= LONGEST_TITLE


def family_of(marker: Marker, block: Block) -> str:
    """Return the series that a number belongs to. Headings and list items are never in the same series."""
    apart = is_set_apart(block) and not (marker.keyword or marker.is_multiple)
    return f"{marker.family}#" if apart else marker.family


def _split(block: Block) -> Iterator[Block]:
    """Yield a block, cut in two when « § 1er » begins on the line of its article."""
    for marker in _read(block)[:1]:
        rest = block.text if block.number else marker.rest  # Word numbers the article, and « § 1er » is typed
        for inner in read_markers(rest)[:1]:
            apart = marker.keyword == "article" and (marker.ended or bool(block.number)) and inner.ended
            if apart and inner.keyword == "paragraphe" and inner.is_first and not runs_on(inner.rest):
                yield replace(block, text="" if block.number else marker.opening)
                yield replace(block, text=rest, level=0, number="", strong=False, joined=False)
                return
    yield block


def _with_number(block: Block) -> Block:
    """Return the block. If its `number` cannot be read as a number, it is moved to the text."""
    if not block.number or read_number(block.number):
        return block
    return replace(block, text=f"{block.number} {block.text}".strip(), number="", escaped=True)


def _read(block: Block) -> tuple[Marker, ...]:
    if block.number:
        return read_number(block.number)
    if block.escaped or block.layout in {Layout.ROW, Layout.NOTE}:
        return ()
    if block.decided and block.decided.is_heading and not begins_with_number(block.text):
        return ()
    markers = read_markers(block.text)
    if block.layout is Layout.BULLET:
        return tuple(marker for marker in markers if marker.ended or marker.is_multiple)
    return markers


def _believes_keyword(block: Block, place: Place, before: str | None) -> bool:
    """Return whether « Article 5 » opens an article rather than mentions one. `before`: as in `_believes`."""
    marker, fit = place.marker, place.fit
    if runs_on(marker.rest) or not (marker.ended or _is_capital(marker.rest)):
        return False
    if before is None:
        return fit >= Fit.EXCERPT or marker.ended
    if not marker.rest and not marker.ended and not block.text.isupper():
        return False
    return fit >= Fit.EXCERPT and (ends(before) or marker.opening.isupper() or fit is Fit.FOLLOWS)


def _is_capital(text: str) -> bool:
    return not text[:1].islower()


def _fit(marker: Marker, before: Marker | None) -> Fit:
    if before is None or not marker.after(before):
        return Fit.CONTRADICTS
    if marker.follows(before):
        return Fit.FOLLOWS
    near = marker.parts[:-1] == before.parts[:-1] and marker.parts[-1] - before.parts[-1] <= _WIDEST_GAP
    return Fit.GAP if near else Fit.CONTRADICTS


def _outranks(node: Node, marker: Marker) -> bool:
    """Return whether an open provision can contain a number of a family that is met for the first time."""
    if not node.keyword:
        return node.is_heading and not node.is_multiple
    rank = RANKS[node.keyword]
    other = RANKS.get(marker.keyword, _LOWEST)
    if rank == 0:  # an annex holds whatever begins again in it
        return other > 0 and marker.is_first
    # « ARTICLE I … Section 1 »: the section is in the article, when no section was met outside of an article.
    return rank < other or (node.keyword == "article" and marker.keyword == "section" and marker.is_first)
