"""Turns the blocks of any format into the tree of the text: headings, numbers, items and plain text.

`bot.policy.placing` decides which numbers to believe. Any other line is text of the provision around it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.policy import decisions as deciding
from bot.policy.decisions import NONE, Decisions
from bot.policy.furniture import leave_out
from bot.policy.labels import KEYWORDS, Marker
from bot.policy.placing import (
    ANNEX,
    LONGEST_TITLE,
    PREAMBLE,
    SAME,
    Node,
    NumberPlaces,
    Place,
    family_of,
    is_set_apart,
)
from bot.policy.provisions import Block, Doubt, Kind, Layout, LineReading, Outline, Paragraph, Provision
from bot.policy.sentences import begins_note, enacts, is_prose, is_unfinished, leads_in, split_note

_LONGEST_PLAIN_TITLE: Final = 100  # maximum characters of a title that nothing sets apart
_LONGEST_LIST_TITLE: Final = 60  # the same, in a list numbered 1, 2, 3, or when the text follows directly
_FEW_WORDS: Final = 3  # maximum words of a title beside « 5.1 », when the text follows directly
_LONGEST_LATE_TITLE: Final = 80  # maximum characters of a title on the line below « ARTICLE PREMIER »

_DEEPER: Final = "+"  # suffix of the family of a heading that a person placed under another of the same look

_NUMBERS: Final = (LineReading.NUMBERED, LineReading.AS_READ)  # decisions that leave a number a number
_CONTAINERS: Final = (None, Kind.TITLE, Kind.CHAPTER, Kind.SECTION)


def build_outline(blocks: Sequence[Block], decisions: Decisions = NONE) -> Outline:
    """Return the outline of a document.

    Never raises: a line that is not understood becomes text of the provision above it. `decisions`: a
    person's decisions about some lines, which then raise no doubt. The other lines keep their numbers: if 2,
    in 1, 2, 3, is decided to be only text, 1 and 3 are still numbers.
    """
    outline = _build(blocks, decisions)
    unnumbered = {key for key, reading in decisions.items() if reading not in _NUMBERS}
    if not unnumbered:
        return outline
    others = {key: reading for key, reading in decisions.items() if key not in unnumbered}
    before, after = (deciding.said_in(draft) for draft in (_build(blocks, others), outline))
    lost = {
        key: reading
        for key, reading in before.items()
        if reading is LineReading.NUMBERED and key not in decisions and after.get(key) is not reading
    }
    if not lost:
        return outline
    doubts = {doubt.key for doubt in outline.doubts}
    rebuilt = _build(blocks, {**lost, **decisions})
    return replace(rebuilt, doubts=tuple(doubt for doubt in rebuilt.doubts if doubt.key in doubts))


def _build(blocks: Sequence[Block], decisions: Decisions) -> Outline:
    blocks, doubts = leave_out(blocks, decisions)
    blocks, changed = deciding.apply(blocks, decisions)
    builder = _Builder(blocks)
    for at in range(builder.length):
        builder.take(at)
    outline = builder.outline(doubts)
    doubts = [doubt for doubt in outline.doubts if doubt.key not in decisions]
    keys = {doubt.key for doubt in doubts}
    return replace(outline, doubts=(*doubts, *(doubt for doubt in changed if doubt.key not in keys)))


def settle(blocks: Sequence[Block], decisions: Decisions, adopted: Outline | None) -> Decisions:
    """Return the decisions, with those that the adopted text implies for the lines still in doubt.

    Someone may have corrected the adopted text by hand: its headings and numbers then show what they decided.
    """
    if adopted is None:
        return decisions
    doubted = {doubt.key for doubt in build_outline(blocks, decisions).doubts}
    adopted_as = {key: reading for key, reading in deciding.said_in(adopted).items() if key in doubted}
    return {**adopted_as, **decisions}


class _Builder:
    """Builds the tree in one pass over the blocks, looking ahead at the numbers.

    `_cover`: the paragraphs of the cover, each with its line, and whether it is in bold or in capitals.
    `_last`: the list whose last paragraph a joined line continues, None when the line continues a title.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._numbers = NumberPlaces(blocks)
        self._blocks, self._stack = self._numbers.blocks, self._numbers.stack
        self._root = self._stack[0]
        self._cover: list[tuple[Paragraph, int, bool]] = []
        self._last: list[Paragraph] | None = None
        self._title_at = self._find_title()
        self._has_numbers = any(
            block.level
            or block.number
            or block.decided is LineReading.NUMBERED
            or any(marker.keyword or marker.is_multiple or is_set_apart(block) for marker in markers)
            for block, markers in zip(self._blocks, self._numbers.markers, strict=True)
        )

    @property
    def length(self) -> int:
        return len(self._blocks)

    @property
    def _before_all(self) -> bool:
        """Whether no provision has been opened yet."""
        return len(self._stack) == 1 and not self._root.children

    def _find_title(self) -> int | None:
        """Return the index of the document's title, None unless it is a heading by style."""
        styled = [at for at, block in enumerate(self._blocks) if block.level]
        if not styled:
            return None
        place = styled[0]
        first = self._blocks[place]
        if self._numbers.markers[place] or not first.text or _is_named(first):
            return None
        peers = [
            at
            for at in styled[1:]
            if self._blocks[at].text
            and self._blocks[at].level <= first.level
            and not self._numbers.markers[at]
            and not _is_named(self._blocks[at])
        ]
        directly = peers[:1] == [place + 1] and self._blocks[place + 1].level == first.level
        return place if not peers or directly else None

    # --- Each block ------------------------------------------------------------------------------

    def take(self, at: int) -> None:
        """Add one block to the tree."""
        block = self._blocks[at]
        if block.level and not block.text and not block.number:
            self._return_to(block.level)
        elif (place := self._numbers.accept(at)) is not None:
            self._open(at, place)
        elif _is_heading(block):
            self._open_heading(at)
        elif block.text and not (block.joined and self._continue(block)):
            self._add(at)

    def _return_to(self, level: int) -> None:
        """Close the provisions deeper than a level.

        The text that follows then belongs to the end of the provision at that level.
        """
        while len(self._stack) > 1 and not 0 < self._stack[-1].level <= level:
            self._stack.pop()
        self._last = None

    def _open(self, at: int, place: Place) -> None:
        block, marker = self._blocks[at], place.marker
        rest = block.text if block.number else marker.rest
        node = Node(marker, family_of(marker, block), "", block.level, block.indent, line=block.line)
        self._numbers.push(node, place.parent)
        self._last = None
        node.is_heading = is_set_apart(block) or (bool(marker.keyword) and not rest)
        if is_set_apart(block) or (self._heads(at) if block.number else self._is_title(at, marker)):
            self._entitle(node, rest)
            node.is_heading = (
                node.is_heading
                or bool(marker.keyword)
                or marker.is_multiple
                or self._holds_articles(at, marker)
            )
        elif rest:
            node.paragraphs.append(Paragraph(rest))
            self._last = node.paragraphs

    def _entitle(self, node: Node, words: str) -> None:
        """Set a provision's title, and move the notes after the title, « (Ajoutée par … ) », to the text."""
        node.title, note = split_note(words)
        if note:
            node.paragraphs.append(Paragraph(note))
            self._last = node.paragraphs

    def _heads(self, at: int) -> bool:
        """Return whether the words beside a number computed by Word are a title above deeper numbers."""
        block = self._blocks[at]
        after = next(iter(self._numbers.markers[at + 1 : at + 2]), ())
        title, _ = split_note(block.text)
        short = 0 < len(title) <= _LONGEST_LIST_TITLE and not re.search(r"[.;:,!?]$", title)
        parts = self._numbers.markers[at][0].parts
        deeper = any(marker.is_multiple and marker.parts[:-1] == parts for marker in after)
        return short and deeper and not block.escaped and block.layout is Layout.TEXT

    def _is_title(self, at: int, marker: Marker) -> bool:
        """Return whether the words after a number, without bold, are a title rather than text."""
        rest, _ = split_note(marker.rest)
        listed = not (marker.keyword or marker.is_multiple)
        longest = _LONGEST_LIST_TITLE if listed else _LONGEST_PLAIN_TITLE
        may_be = (
            0 < len(rest) <= longest
            # « Article 7 – Le vote (à main levée) » is a title; « 7. … (voir l'annexe) » may be text.
            and not re.search(r"[.;:,]$" if marker.keyword else r"[.;:,!?)»]$", rest)
            and (rest[0].isupper() or rest[0] in '«"“')
            and not is_unfinished(rest)
            and at + 1 < len(self._blocks)
            and not (listed and (marker.family[0] not in "1I" or not marker.ended))
        )
        return may_be and self._is_followed_as_title(at, marker)

    def _is_followed_as_title(self, at: int, marker: Marker) -> bool:
        """Return whether a line is followed as a title would be: by its text, or by deeper numbers."""
        after = self._after_notes(at)
        if after == self.length:
            return True
        following = self._blocks[after]
        ahead = self._numbers.markers[after]
        is_short = marker.is_multiple and len(marker.rest.split()) <= _FEW_WORDS
        if following.level or following.layout is not Layout.TEXT:
            return bool(marker.keyword) or is_short
        if following.joined:
            noted = after > at + 1
            if marker.rest.isupper() and not noted:
                return not following.text.isupper()
            short = noted or is_short or (bool(marker.keyword) and len(marker.rest) <= _LONGEST_LIST_TITLE)
            return short and following.text[:1].isupper()
        if ahead:
            return _holds(marker, ahead) or self._holds_articles(at, marker)
        return self._blocks[at].indent <= following.indent + SAME

    def _holds_articles(self, at: int, marker: Marker) -> bool:
        """Return whether a number such as « II. », which nothing sets apart, contains the article after it.

        « I. » does when it comes first and « Article 1 » follows. « II. » does if « I. » did.
        """
        after = self._numbers.markers[at + 1] if at + 1 < self.length else ()
        articles = [other for other in after if KEYWORDS.get(other.keyword) is Kind.ARTICLE]
        if marker.keyword or marker.family[0] not in "AI" or not articles:
            return False
        sisters = self._stack[-2].children[-2:-1]
        if marker.is_first:
            return articles[0].is_first and self._stack[-2] is self._root
        return any(sister.is_heading and sister.family == self._stack[-1].family for sister in sisters)

    def _after_notes(self, at: int) -> int:
        """Return the index of the first block after a line that is not a note on the history of its part."""
        after = at + 1
        while after < self.length and begins_note(self._blocks[after].text):
            while not self._blocks[after].text.endswith((")", "]", ").", "].")):
                if after + 1 == self.length or not self._blocks[after + 1].joined:
                    break
                after += 1
            after += 1
        return after

    # --- Headings --------------------------------------------------------------------------------

    def _open_heading(self, at: int) -> None:
        """Open an unnumbered provision with a heading, or add the line to the cover."""
        block = self._blocks[at]
        top = self._stack[-1]
        if self._before_all and block.decided is None and self._is_cover(at):
            self._add_to_cover(block, apart=True)
            return
        bare = top.marker is not None and top.is_heading and not (top.title or top.paragraphs or top.children)
        if bare and not block.escaped and top.level == block.level:
            self._last = None
            self._entitle(top, block.text)  # « ARTICLE PREMIER », then its title on the next line
            return
        look = "#" if block.level else "capitals" if block.text.isupper() else "bold"
        node = Node(None, look, "", block.level, block.indent, is_heading=True, line=block.line)
        self._last = None
        self._entitle(node, block.text)
        parent = self._parent_of_heading(block, look)
        if block.decided and not block.level:
            node.family = self._decided_family(block.decided, look, parent)
        self._numbers.push(node, parent)
        self._numbers.doubt_unnumbered(at)

    def _is_cover(self, at: int) -> bool:
        block = self._blocks[at]
        if _is_named(block):
            return False
        if block.level:
            return at == self._title_at
        after = self._blocks[at + 1 :]
        others = any(map(_is_heading, after))
        # a line of the document's title, unless there is one already and numbers come under this heading
        if self._has_numbers:
            under = bool(self._cover) and self._title_at is None
            return not (under and others and any(self._numbers.markers[at + 1 : at + 2]))
        return not others or _is_heading(after[0])

    def _parent_of_heading(self, block: Block, look: str) -> int:
        stack = self._stack
        at = len(self._stack) - 1
        if block.level:
            while at and not 0 < stack[at].level < block.level:
                node = stack[at]
                article = bool(node.keyword) and node.is_heading and not node.level
                if article and self._numbers.outer.get(node.family) != look:
                    break
                at -= 1
            return at
        if _is_named(block):
            return 0
        for place in range(at, 0, -1):
            alike = stack[place].family.rstrip(_DEEPER) if block.decided else stack[place].family
            if alike == look:
                at = place
                if block.decided in {LineReading.ONE_DEEPER, LineReading.ONE_HIGHER}:
                    break
                return place - 1
        while at and (not stack[at].is_heading or stack[at].family == "preamble"):
            at -= 1
        node = stack[at]
        if block.decided and at:  # only the heading above tells this heading's depth: they are siblings
            return at - {LineReading.ONE_DEEPER: 0, LineReading.ONE_HIGHER: min(at, 2)}.get(block.decided, 1)
        numbered = node.marker is None and any(child.marker for child in node.children)
        # the numbering continues under this heading, so it is a sibling
        return at - 1 if at and numbered else at

    def _decided_family(self, decided: LineReading, look: str, parent: int) -> str:
        """Return the family of a heading that a person placed: that of its siblings, or a deeper one."""
        sisters = [
            node for node in self._stack[parent + 1 : parent + 2] if node.family.rstrip(_DEEPER) == look
        ]
        if decided is not LineReading.ONE_DEEPER:
            return sisters[0].family if sisters else look
        above = self._stack[parent].family
        return f"{above if above.rstrip(_DEEPER) == look else look}{_DEEPER}"

    # --- Text ------------------------------------------------------------------------------------

    def _add_to_cover(self, block: Block, *, apart: bool) -> None:
        paragraphs = [Paragraph(block.text, block.layout)]
        self._cover.append((paragraphs[0], block.line, apart))
        self._last = paragraphs

    def _add(self, at: int) -> None:
        """Add a paragraph to the text of the innermost open provision."""
        block = self._blocks[at]
        if self._before_all:
            plain = block.layout is Layout.TEXT and not block.strong
            if not (plain and is_prose(block.text)):
                self._add_to_cover(block, apart=block.strong)
                return
            self._numbers.push(Node(None, "preamble", line=block.line), 0)
        elif len(self._stack) == 1:
            self._stack.append(self._root.children[-1])
        top = self._stack[-1]
        bare = (
            top.keyword and top.is_heading and not (top.title or top.paragraphs or top.level or top.children)
        )
        if bare and self._is_late_title(at):
            self._last = None
            self._entitle(top, block.text)
            return
        self._close_lists(block)
        top = self._stack[-1]
        paragraphs = top.closing if top.children else top.paragraphs
        paragraphs.append(Paragraph(block.text, block.layout))
        self._last = paragraphs

    def _continue(self, block: Block) -> bool:
        """Add a line to the paragraph or title that it continues. Return False when it continues none."""
        if block.layout is not Layout.TEXT:
            return False
        if self._last is None:
            top = self._stack[-1]
            if begins_note(block.text):
                return False
            if top.keyword and top.is_heading and not (top.title or top.paragraphs) and block.strong:
                self._entitle(top, block.text)  # « CHAPITRE I », then its title on the next line
                return True
            more = top.title and (
                is_unfinished(top.title)
                or block.text[0].islower()
                or (top.title.isupper() and block.text.isupper())
                or (block.strong and block.level == top.level)
            )
            if more:
                self._entitle(top, f"{top.title} {block.text}")
            return bool(more)
        last = self._last[-1]
        self._last[-1] = Paragraph(f"{last.text} {block.text}", last.layout)
        if self._before_all:
            self._cover[-1] = (self._last[-1], *self._cover[-1][1:])
        return True

    def _is_late_title(self, at: int) -> bool:
        """Return whether the line under « ARTICLE PREMIER » is the article's title."""
        block = self._blocks[at]
        after = self._blocks[at + 1 : at + 2]
        title, _ = split_note(block.text)
        return (
            block.layout is Layout.TEXT
            and not block.escaped
            and 0 < len(title) <= _LONGEST_LATE_TITLE
            and not re.search(r"[.;:,!?]$", title)
            and not any(other.joined for other in after)
            and bool(after)
            and (
                self._stack[-1].is_container
                or not any(marker.keyword for marker in self._numbers.markers[at + 1])
            )
        )

    def _close_lists(self, block: Block) -> None:
        """Close the open items that a paragraph does not belong to.

        These are the items indented more than it is, and the items of a list that has ended.
        """
        while len(self._stack) > 1 and self._stack[-1].is_plain:
            top, above = self._stack[-1], self._stack[-2]
            lead = above.paragraphs[-1].text if above.paragraphs else above.title
            after_list = (
                top.is_listed
                and block.layout is Layout.TEXT
                and block.indent <= top.indent + SAME
                and leads_in(lead)
            )
            # Under a heading without text of its own, text after a clause or an article continues that part.
            has_text = bool(above.paragraphs) or not above.is_heading
            outside = block.indent < top.indent - SAME and (has_text or top.is_listed)
            if above is self._root or not (after_list or outside):
                return
            self._stack.pop()

    # --- The result ------------------------------------------------------------------------------

    def outline(self, doubts: Sequence[Doubt]) -> Outline:
        """Return the outline of the blocks.

        `doubts`: the doubts about the lines that the outline leaves out.
        """
        cover = self._split_cover()
        provisions = tuple(_freeze(node, None) for node in self._root.children)
        # A heading with no text and no parts, before all the others, is a line of the title.
        while len(provisions) > 1 and provisions[0].kind is Kind.UNNUMBERED:
            first = provisions[0]
            if first.paragraphs or first.children or first.closing:
                break
            cover.append(Paragraph(first.title))
            provisions = provisions[1:]
        doubts = [*doubts, *self._numbers.doubts]
        if all(provision.kind is Kind.PREAMBLE for provision in provisions):
            remedy = (
                "Mettez un «\u00a0#\u00a0» devant chaque titre, et chaque numéro en gras, au début de son "
                "paragraphe."
            )
            doubts.append(Doubt("no_provision", 0, "", "Aucun titre ni numéro n'a été trouvé.", remedy))
        title = "" if self._title_at is None else " ".join(self._blocks[self._title_at].text.split())
        return Outline(tuple(cover), provisions, tuple(doubts), title)

    def _split_cover(self) -> list[Paragraph]:
        """Return the cover, up to the first sentence, and move the rest to a preamble.

        Sentences are recognized only now, once their lines are joined.
        """
        first = self._root.children[0] if self._root.children else None
        lines = self._cover
        if first is not None and first.family == "preamble":
            lines = [*lines, *((paragraph, first.line, False) for paragraph in first.paragraphs)]
            self._root.children.remove(first)
        begins = next(
            (
                at
                for at, (paragraph, _, apart) in enumerate(lines)
                if paragraph.layout is Layout.TEXT and not apart and is_prose(paragraph.text)
            ),
            len(lines),
        )
        if begins < len(lines):
            preamble = Node(None, "preamble", line=lines[begins][1])
            preamble.paragraphs = [paragraph for paragraph, _, _ in lines[begins:]]
            self._root.children.insert(0, preamble)
        return [paragraph for paragraph, _, _ in lines[:begins]]


def _holds(marker: Marker, ahead: Sequence[Marker]) -> bool:
    """Return whether a number may contain the next one. `ahead`: the readings of the next number."""
    if not marker.keyword and any(
        other.family == marker.family or (other.keyword and not other.is_first) for other in ahead
    ):
        return False  # the next item of the list, or the article after the last one
    if KEYWORDS.get(marker.keyword) in _CONTAINERS:
        return True
    if any(other.is_multiple and other.parts[:-1] == marker.parts for other in ahead):
        return True
    if any(other.family == marker.family for other in ahead):
        return bool(marker.keyword)
    deeper = any(len(other.parts) > len(marker.parts) or other.is_first for other in ahead)
    return deeper and (bool(marker.keyword) or marker.is_multiple)


def _is_heading(block: Block) -> bool:
    """Return whether a block without a number is a heading."""
    if block.layout is not Layout.TEXT or block.number:
        return False
    if block.decided and block.decided.is_heading:
        return True
    title, _ = split_note(block.text)
    if not title:
        return False
    short = len(title) <= LONGEST_TITLE and not re.search(r"[.;,]$", title)
    short = short and not (not block.level and enacts(block.text))
    return block.level > 0 or (block.strong and short and not (block.joined or block.escaped))


def _is_named(block: Block) -> bool:
    """Return whether a heading without a number is a known part: a preamble, an annex."""
    return not block.escaped and bool(PREAMBLE.match(block.text) or ANNEX.match(block.text))


def _freeze(node: Node, above: Provision | None) -> Provision:
    """Return a node and its descendants as provisions. `above`: its container, without its children."""
    marker = node.marker
    provision = Provision(
        _kind(node, above),
        marker.label if marker else "",
        marker.opening if marker else "",
        node.title,
        tuple(node.paragraphs),
        (),
        tuple(node.closing),
        node.line,
    )
    return replace(provision, children=tuple(_freeze(child, provision) for child in node.children))


def _kind(node: Node, above: Provision | None) -> Kind:
    """Return a provision's kind, from its words and its place alone."""
    parent = above.kind if above else None
    if node.marker is None:
        if node.family == "preamble" or (parent is None and PREAMBLE.match(node.title)):
            return Kind.PREAMBLE
        return Kind.ANNEX if ANNEX.match(node.title) else Kind.UNNUMBERED
    if node.keyword:
        return KEYWORDS[node.keyword]
    if node.is_multiple:
        return Kind.ARTICLE if parent in _CONTAINERS[1:] else Kind.CLAUSE
    if node.marker.label[:1].isdigit() and not (above and _introduces(above)):
        return Kind.ARTICLE if parent in _CONTAINERS else Kind.CLAUSE
    outermost = parent in {None, Kind.TITLE, Kind.ANNEX, Kind.UNNUMBERED}
    return Kind.TITLE if outermost and node.marker.label[:1].isupper() and node.title else Kind.ITEM


def _introduces(provision: Provision) -> bool:
    """Return whether the numbers inside a provision are the items of its own sentence."""
    if provision.kind is Kind.ITEM:
        return True
    paragraphs = provision.paragraphs
    return provision.kind in {Kind.ARTICLE, Kind.CLAUSE} and leads_in(
        paragraphs[-1].text if paragraphs else provision.title
    )
