"""The part of a long clause that fits in a message: a text is never cut inside a word."""

from __future__ import annotations

from collections.abc import Iterator

from bot.conversation.messages import MESSAGE_WEIGHT, weight
from bot.policy.search import Hit

PAGE_WEIGHT = MESSAGE_WEIGHT - 700  # what is left for headings, captions and notes


def split_text(text: str, most: int = PAGE_WEIGHT - 300) -> Iterator[tuple[int, int]]:
    """Yield spans of `text` that weigh at most `most`, cut at a paragraph, a sentence or else a space."""
    start = 0
    while weight(text[start:]) > most:
        end = start + most
        while weight(text[start:end]) > most:
            end -= -(-(weight(text[start:end]) - most) // 2)  # no character weighs more than two
        cut = next(
            (at for mark in ("\n\n", ". ", " ") if (at := text.rfind(mark, start + 1, end)) > start), end
        )
        yield start, cut + 1 if text[cut : cut + 2] == ". " else cut
        start = cut + (2 if text[cut : cut + 2] in {"\n\n", ". "} else int(text[cut : cut + 1] == " "))
    yield start, len(text)


def part_around(hit: Hit, most: int) -> tuple[int, int]:
    """Return the part of a clause to show: all of it, or the first part that holds a word of the search."""
    first = hit.spans[0][0] if hit.spans else 0
    return next((start, end) for start, end in split_text(hit.clause.text, most) if first < end)
