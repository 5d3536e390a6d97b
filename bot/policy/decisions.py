"""A person's decisions about how to read the lines of a document, and their application to its blocks.

A decision is tied to a line's words, not to its place or format, so it applies again when the document is
read again. When the words of a line have changed, the person is asked again.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from bot.policy.labels import read_markers
from bot.policy.provisions import Block, Doubt, Layout, LineReading, Outline
from bot.policy.sentences import begins_note

# rapidfuzz ratio, 0 to 100, at or above which a line is taken for a decided line that was reworded
_ALIKE: Final = 85
_LONGEST: Final = 80  # characters of a line that a doubt quotes

# Keyed by a line's words (see `line_key`) or, for all the lines that one doubt is about, by the doubt's code.
Decisions: TypeAlias = Mapping[str, LineReading]
NONE: Final[Decisions] = MappingProxyType({})

NAMES: Final[Mapping[LineReading, str]] = {
    LineReading.HEADING: "un titre",
    LineReading.SAME_LEVEL: "un titre, du même niveau que celui au-dessus",
    LineReading.ONE_DEEPER: "un titre, sous celui au-dessus",
    LineReading.ONE_HIGHER: "un titre, un niveau plus haut que celui au-dessus",
    LineReading.NUMBERED: "une disposition numérotée",
    LineReading.TEXT: "du texte, et non une disposition",
    LineReading.JOINED: "la suite de la ligne au-dessus",
    LineReading.AS_READ: "bien lu",
}


def line_key(words: str) -> str:
    """Return the key of a decision about a line: its words, without regard to case or spaces."""
    return " ".join(unicodedata.normalize("NFKC", words).replace("\u00ad", "").casefold().split())


def line_words(block: Block) -> str:
    """Return the words of a block's line, its number included."""
    return f"{block.number} {block.text}".strip()


def begins_with_number(text: str) -> bool:
    """Return whether a line begins with a number that cannot be a quantity, unlike « 12 mois de congé »."""
    return any(marker.ended or marker.is_multiple or marker.keyword for marker in read_markers(text))


def apply(blocks: Sequence[Block], decisions: Decisions) -> tuple[list[Block], list[Doubt]]:
    """Return the blocks with the decisions applied, and a doubt for each decision whose line has changed."""
    decided: list[Block] = []
    levels: list[int] = []  # the levels of the styled headings so far
    above: int | None = None  # the index, in the result, of the last line with words
    keys: dict[str, Block] = {}
    for block in blocks:
        key = line_key(line_words(block))
        keys.setdefault(key, block)
        reading = decisions.get(key) if key else None  # a line without words is only Markdown markup
        if reading is LineReading.JOINED and above is not None:
            whole = decided[above]
            gap = "" if whole.text.endswith("\t") else " "  # the last cell of a row may be empty
            decided[above] = replace(whole, text=f"{whole.text}{gap}{_in_one(line_words(block))}".strip())
            continue
        line = _decided(block, reading, key, levels) if reading else replace(block, key=key)
        if line_words(line):
            above = len(decided)
        if line.level:
            levels.append(line.level)
        decided.append(line)
    return decided, _changed(keys, decisions)


def said_in(outline: Outline) -> Decisions:
    """Return how an outline reads each line of its text, as decisions keyed by `line_key`."""
    readings: dict[str, LineReading] = {}
    for provision in outline.walk():
        paragraphs = [paragraph.text for paragraph in (*provision.paragraphs, *provision.closing)]
        if provision.title:
            title = f"{provision.opening} {provision.title}"
            readings[line_key(title)] = LineReading.HEADING
            if paragraphs and begins_note(paragraphs[0]):  # the note may be on the title's own line
                readings[line_key(f"{title} {paragraphs[0]}")] = LineReading.HEADING
        elif provision.label and paragraphs:
            readings[line_key(f"{provision.opening} {paragraphs.pop(0)}")] = LineReading.NUMBERED
        for text in paragraphs:
            readings.setdefault(line_key(text), LineReading.TEXT)
    return readings


def _in_one(text: str) -> str:
    """Return the words of a table's row, without the tabs between cells."""
    return " ".join(filter(None, (cell.strip() for cell in text.split("\t"))))


def _decided(block: Block, reading: LineReading, key: str, levels: Sequence[int]) -> Block:
    """Return a block with a decision applied. `levels`: the levels of the styled headings before it."""
    if reading is LineReading.AS_READ:
        return replace(block, key=key)
    if reading in {LineReading.TEXT, LineReading.JOINED}:
        text = line_words(block)
        return replace(block, key=key, text=text, number="", level=0, strong=False, escaped=True)
    return replace(
        block,
        level=_level(block, reading, levels),
        key=key,
        text=_in_one(block.text),
        decided=reading,
        strong=reading.is_heading or (block.strong and not block.joined),
        layout=Layout.TEXT,
        escaped=False,
        joined=False,
    )


def _level(block: Block, reading: LineReading, levels: Sequence[int]) -> int:
    """Return the level of a line that a person called a heading or numbered, 0 if no style gives one."""
    open_levels = levels[1:]  # the first is the document's title
    if reading is LineReading.NUMBERED or not open_levels:
        return block.level
    if reading is LineReading.ONE_DEEPER:
        return open_levels[-1] + 1
    if reading is LineReading.ONE_HIGHER:
        return max(open_levels[-1] - 1, min(open_levels))
    if block.level:
        return open_levels[-1] if reading is LineReading.SAME_LEVEL else block.level
    # Without a style, the number itself tells the depth.
    return 0 if block.number or begins_with_number(block.text) else open_levels[-1]


def _changed(keys: Mapping[str, Block], decisions: Decisions) -> list[Doubt]:
    """Return a doubt for each line that resembles a line with a decision but no longer has its words."""
    gone = [key for key in decisions if " " in key and key not in keys]
    if not gone:
        return []
    from rapidfuzz import fuzz, process  # noqa: PLC0415 — 2 MB, for a text whose lines changed

    others = [key for key in keys if key not in decisions]
    doubts: list[Doubt] = []
    for key in gone:
        near = process.extractOne(key, others, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if near is not None:
            block = keys[near[0]]
            reason = (
                f"Une ligne presque pareille était {NAMES[decisions[key]]}, quelqu'un l'avait dit. "
                "Ses mots ont changé."
            )
            remedy = "Vérifiez comment celle-ci est lue."
            doubts.append(
                Doubt("changed_line", block.line, line_words(block)[:_LONGEST], reason, remedy, near[0])
            )
    return doubts
