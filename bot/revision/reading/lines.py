"""The lines of a paragraph as blocks: manual line breaks, bullets, pasted Markdown headings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from bot.policy.provisions import Block, Layout
from bot.policy.sentences import read_bullet

LONGEST_HEADING: Final = 200  # characters; a longer paragraph is not a heading, whatever its style

_SPACE: Final = 6.0  # points of indent per space before a line
_TAB: Final = 36.0  # points of indent per tab before a line
_MARKED_HEADING: Final = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>.+)")  # Markdown that was pasted
_SPACES: Final = re.compile(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")


def read_lines(lines: Sequence[str], first: Block) -> Iterator[Block]:
    """Yield the lines of a paragraph, except the blank ones.

    `lines`: each ends with a newline if the author broke it there, with a vertical tab if it was wrapped.
    `first`: the block of the first line, without its text.
    """
    block, joined, wrapped = first, False, False
    for line in lines:
        text = plain(line)
        if not text:
            joined = joined and not line.endswith("\n")
            continue
        before = line[: len(line) - len(line.lstrip())]
        margin = _SPACE * before.count(" ") + _TAB * before.count("\t")
        block = replace(block, text=text, indent=block.indent + margin, joined=joined)
        heading = _MARKED_HEADING.fullmatch(text) if not (block.level or block.strong) else None
        if heading:
            level = len(heading["marks"]) + 1
            block = replace(block, text=heading["text"], level=level, joined=False, layout=Layout.TEXT)
        elif not joined or wrapped:
            block = _bulleted(block)
        yield block
        wrapped = line.endswith("\n")
        block = replace(first, number="", layout=Layout.TEXT)
        joined = not heading


def _bulleted(block: Block) -> Block:
    """Return a block as a list's item if it begins with a typed bullet, else unchanged."""
    if block.number or block.level or block.layout is Layout.BULLET:
        return block
    bullet = read_bullet(block.text)
    if not bullet or (block.text[0] == "o" and bullet[:1].islower()):
        return block
    return replace(block, text=bullet, layout=Layout.BULLET, strong=False, joined=False)


def plain(text: str) -> str:
    """Return a text in one line, its white space collapsed but for no-break spaces."""
    return _SPACES.sub(" ", text).strip()
