"""Removes the lines that are not part of the text: page numbers and typed tables of contents."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.policy.decisions import NONE, Decisions
from bot.policy.provisions import Block, Doubt, Layout, LineReading

_LEADER: Final = re.compile(r"\s*(?:\.\s?){3,}\s*\d{0,3}$|\s*…+[.…\s]*\d{0,3}$|\s*_{3,}\s*\d{1,3}$")
_CONTENTS: Final = re.compile(
    r"(?:table des mati[èe]res|sommaire|table of contents|contents)\s*:?", re.IGNORECASE
)
_PAGE: Final = re.compile(
    r"[-–—\s]*(?:p(?:age|\.)?\s*)?\d{1,4}(?:\s*(?:/|de|sur|of|[-–])\s*\d{1,4})*[-–—\s]*", re.IGNORECASE
)
_FOLIO: Final = re.compile(r"p|[-–—/]", re.IGNORECASE)  # « page 3 », « - 3 - », « 3/5 »
_FEWEST_PAGES: Final = 3  # minimum count of bare numbers for them to be page numbers
_FEWEST_LEADERS: Final = 3


def looks_like_furniture(text: str) -> bool:
    """Return whether a line may be a page number or a line of contents."""
    return bool(_LEADER.search(text) or _PAGE.fullmatch(text) or _CONTENTS.fullmatch(text))


# The codes of the doubts about contents and page numbers, and the keys of the decisions about them.
CONTENTS, PAGES = "contents_left_out", "pages_left_out"


def leave_out(blocks: Sequence[Block], decisions: Decisions = NONE) -> tuple[list[Block], list[Doubt]]:
    """Return the blocks that belong to the text, and doubts that say which ones were left out.

    Lines that a person decided to be text are kept.
    """
    lines = {CONTENTS: _contents(blocks), PAGES: _pages(blocks)}
    text = {at for code, places in lines.items() if decisions.get(code) is LineReading.TEXT for at in places}
    left = set().union(*lines.values()) - text
    reasons = {
        CONTENTS: "La table des matières, tapée dans le texte, a été laissée de côté.",
        PAGES: f"{len(lines[PAGES])} numéros de page, qui étaient dans le texte, ont été laissés de côté.",
    }
    remedies = {CONTENTS: "Si ce n'en est pas une, mettez une barre oblique inversée devant chaque ligne."}
    doubts = []
    for code, places in lines.items():
        if places and code not in decisions:
            left_out = [blocks[at] for at in sorted(places)]
            words = " · ".join(f"{block.number} {block.text}".strip() for block in left_out)
            doubts.append(
                Doubt(code, left_out[0].line, words[:80], reasons[code], remedies.get(code, ""), code)
            )
    lines_of_text = [
        replace(block, escaped=True) if at in text else block
        for at, block in enumerate(blocks)
        if at not in left
    ]
    return lines_of_text, doubts


def _pages(blocks: Sequence[Block]) -> set[int]:
    """Return the indices of the blocks that are only a page number, if there are several, in rising order."""
    folios = [
        at
        for at, block in enumerate(blocks)
        if block.layout is Layout.TEXT
        and not (block.escaped or block.number or block.level)
        and _PAGE.fullmatch(block.text)
        and block.text.strip()
    ]
    numbers = [[int(figure) for figure in re.findall(r"\d+", blocks[at].text)] for at in folios]
    rises = all(before < after for before, after in pairwise(numbers))
    fewest = 2 if all(_FOLIO.search(blocks[at].text) for at in folios) else _FEWEST_PAGES
    return set(folios) if len(folios) >= fewest and rises else set()


def _contents(blocks: Sequence[Block]) -> set[int]:
    """Return the indices of the blocks of a typed table of contents, its heading included."""
    left: set[int] = set()
    run: list[int] = []
    # a title in the contents is repeated further on
    later = {_key(block): at for at, block in enumerate(blocks)}
    heading: int | None = None
    for at, block in enumerate(blocks):
        usable = block.layout is not Layout.ROW and not block.escaped
        if usable and not run and _CONTENTS.fullmatch(block.text.strip()):
            heading = at
            continue
        leads = usable and _LEADER.search(block.text) is not None
        key = _key(block)
        repeats = usable and (heading is not None or bool(run)) and bool(key) and later[key] > at
        if (leads or repeats) and (block.text or block.number):
            run.append(at)
            continue
        if block.text or block.number:
            left |= _run(run, heading, blocks)
            run, heading = [], None
    left |= _run(run, heading, blocks)
    return left


def _run(run: Sequence[int], heading: int | None, blocks: Sequence[Block]) -> set[int]:
    if heading is not None:
        return {heading, *run} if run else set()
    leaders = sum(_LEADER.search(blocks[at].text) is not None for at in run)
    return set(run) if leaders >= _FEWEST_LEADERS else set()


def _key(block: Block) -> str:
    text = _LEADER.sub("", f"{block.number} {block.text}")
    text = re.sub(r"\s+\d{1,3}$", "", text.strip())
    return "".join(re.findall(r"[^\W_]+", text.casefold()))
