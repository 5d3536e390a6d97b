"""What a revision changed, on pages: each change named, its former words struck, its new ones in bold."""

from __future__ import annotations

from collections.abc import Iterator

from bot.commands.passages import PAGE_WEIGHT, parts
from bot.conversation.messages import Element, Mark, Quote, Style, Text, bold, weight
from bot.policy.articles import Number, Version
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.changes.wording import words

MARKS = 16  # in one quotation; each costs Slack a hundred characters
_ELEMENTS = 20  # on one page; a message holds 38 components
_CAPTION = 100  # what the caption of a quotation weighs


def pages(comparison: Comparison) -> list[list[Element]]:
    """Return the changes on as many pages as it takes, each of which fits in a message."""
    found: list[list[Element]] = []
    page: list[Element] = []
    room = PAGE_WEIGHT
    for elements in map(list, _blocks(comparison)):
        need = sum(_weight(comparison, element) for element in elements)
        if page and (need > room or len(page) + len(elements) > _ELEMENTS):
            found.append(page)
            page, room = [], PAGE_WEIGHT
        page += elements
        room -= need
    return [*found, page] if page else found


def _blocks(comparison: Comparison) -> Iterator[tuple[Element, ...]]:
    """Yield what must stay on one page: a change's name with the quotation that follows, then the others."""
    for change in comparison.changes:
        nature = "" if change.nature is Nature.SUBSTANTIVE else " (forme)"
        named = summary.named(change)
        title = Text(bold(f"{named[:1].upper()}{named[1:]}{nature}"))
        if not redline.passages(comparison, change):  # the same words under another number
            yield (title,)
            continue
        quotes: list[Element] = [
            *_quoted(comparison.old, change.old, comparison.new, change.new, "struck"),
            *_quoted(comparison.new, change.new, comparison.old, change.old, "bold"),
        ]
        together: tuple[Element, ...] = (title, *quotes)
        if sum(_weight(comparison, one) for one in together) <= PAGE_WEIGHT:
            yield together
            continue
        yield title, quotes[0]
        yield from ((one,) for one in quotes[1:])


def _quoted(
    version: Version, numbers: tuple[str, ...], other: Version, others: tuple[str, ...], style: Style
) -> Iterator[Quote]:
    """Yield clauses, what the other version has not marked, or whole where it has nothing of them."""
    against = "\n\n".join(_text(other, number) for number in others)
    for number in numbers:
        text = _text(version, number)
        marks = _marks(against, text, style) if others else (Mark(0, len(text), style),)
        for start, end in parts(text):
            whole = None if end == len(text) else end
            yield Quote(version.policy, version.key, number, start, whole, marks)


def _marks(other: str, text: str, style: Style) -> tuple[Mark, ...]:
    found, at = [], 0
    for op, run in words(other, text):
        if op == "insert":
            found.append(Mark(at, at + len(run), style))
        if op != "delete":
            at += len(run)
    if len(found) > MARKS:
        return (Mark(found[0].start, found[-1].end, style),)
    return tuple(found)


def _text(version: Version, number: str) -> str:
    clause = version.clause(Number.parse(number))
    return clause.text if clause else ""


def _weight(comparison: Comparison, element: Element) -> int:
    match element:
        case Quote(_, key, clause, start, end, _):
            version = comparison.old if key == comparison.old.key else comparison.new
            return weight(_text(version, clause)[start:end]) + _CAPTION
        case Text(spans):
            return weight("".join(span.text for span in spans))
        case _:
            return 0
