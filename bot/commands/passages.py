"""Cuts what is too long for a message: lists into pages, and long clauses into parts, between words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from bot.conversation.messages import MESSAGE_WEIGHT, weight
from bot.policy.search import Hit

PAGE_WEIGHT = MESSAGE_WEIGHT - 700  # leaves 700 for headings, captions and notes

_Row = TypeVar("_Row")


def page_of(rows: Sequence[_Row], page: int, size: int) -> tuple[Sequence[_Row], int, int]:
    """Return the rows of the page nearest to `page`, the number of that page (from 1), and the page count."""
    pages = max(1, -(-len(rows) // size))
    page = min(max(page, 1), pages)
    return rows[(page - 1) * size : page * size], page, pages


def packed_page(parts: Iterable[tuple[_Row, int]], page: int, most: int) -> tuple[Sequence[_Row], int, int]:
    """Return the parts of the page nearest to `page`, its number and the page count, as `page_of` does.

    `parts`: each with its weight. `most`: the maximum weight of a page. A heavier part is alone on its page.
    There is always at least one page, maybe empty.
    """
    pages: list[list[_Row]] = [[]]
    room = most
    for part, need in parts:
        if pages[-1] and need > room:
            pages.append([])
            room = most
        pages[-1].append(part)
        room -= need
    page = min(max(page, 1), len(pages))
    return pages[page - 1], page, len(pages)


def page_number(text: str) -> int:
    """Parse a page number, from 0 to 999. Return 1 for any other text."""
    return int(text) if text.isdecimal() and len(text) < len("1000") else 1


def split_text(text: str, most: int = PAGE_WEIGHT - 300) -> Iterator[tuple[int, int]]:
    """Yield the start and end of parts of `text`, cut after a paragraph, a sentence or else a word.

    `most`: the maximum weight of a part.
    """
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
    """Return the start and end of what to show of a clause: all of it, or the part with the first match.

    `most`: the maximum weight of that text.
    """
    first = hit.spans[0][0] if hit.spans else 0
    return next((start, end) for start, end in split_text(hit.clause.text, most) if first < end)
