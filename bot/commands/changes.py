"""Pages of a revision's changes. Each change has a name, old words struck through, new words in bold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.commands.passages import PAGE_WEIGHT, packed_page, split_text
from bot.conversation.messages import (
    Element,
    Mark,
    Note,
    Quote,
    Side,
    Style,
    Text,
    bold,
    capitalized,
    excerpt,
    weight,
)
from bot.policy.articles import Version
from bot.policy.changes import redline, renumbering, summary
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.changes.redline import clause_texts
from bot.policy.changes.renumbering import Renumbering, condense
from bot.policy.changes.wording import word_diff
from bot.times import in_words

_STYLES: Mapping[Side, Style] = {"before": "removed", "after": "added"}
MARKS = 16  # maximum marks in one quotation; each costs a hundred characters on Slack
_ELEMENTS = 20  # maximum elements on one page; a message holds 38 components
_HEADING = 400  # maximum characters of a title
_NUMBERS = 50  # maximum renumbered clauses in one list
_CAPTION = 100  # the weight of a quotation's caption


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """A page of changes, numbered from 1 to `pages`. `note`: explains the bold and struck-through words."""

    number: int
    pages: int
    elements: Sequence[Element]
    note: Note


def changes_page(comparison: Comparison, number: int) -> ChangesPage:
    """Return the page of changes with this number, or the nearest page. It is empty if nothing changed."""
    pages: list[list[Element]] = [[]]
    room = PAGE_WEIGHT
    for block in _blocks(comparison):
        need = sum(_weight(comparison, element) for element in block)
        if pages[-1] and (need > room or len(pages[-1]) + len(block) > _ELEMENTS):
            pages.append([])
            room = PAGE_WEIGHT
        pages[-1] += block
        room -= need
    at = min(max(number, 1), len(pages))
    place = f" · page {at} sur {len(pages)}" if len(pages) > 1 else "."
    since = f"Depuis la version du {in_words(comparison.old.adopted)}"
    note = Note(f"{since}. Les mots retirés sont barrés, les nouveaux en gras{place}")
    return ChangesPage(at, len(pages), pages[at - 1], note)


def text_page(comparison: Comparison, number: int) -> ChangesPage:
    """Return a page of a policy's first text, without the marks of a comparison."""
    text = comparison.new
    quotes = [
        Quote(text.policy, text.key, str(clause.number), start, None if end == len(clause.text) else end)
        for clause in text.clauses()
        for start, end in split_text(clause.text)
    ]
    parts = ((quote, max(_weight(comparison, quote), PAGE_WEIGHT // _ELEMENTS)) for quote in quotes)
    on_page, at, pages = packed_page(parts, number, PAGE_WEIGHT)
    return ChangesPage(at, pages, on_page, Note(f"Page {at} sur {pages}."))


def _blocks(comparison: Comparison) -> Iterator[list[Element]]:
    """Yield the blocks that must stay on one page.

    A block is a change's name with all its quotations. When the quotations are too long, the block has only
    the first one, and each of the others is a block of its own.
    """
    old = comparison.old
    new = comparison.new
    condensed = condense(comparison)
    for change in condensed.changes:
        nature = "" if change.nature is Nature.SUBSTANTIVE else " (forme)"
        name = summary.describe_change(comparison, change)
        named = Text(bold(f"{capitalized(name)}{nature}"))
        quotes: list[Element] = []
        if redline.passages(comparison, change):  # otherwise, only the number changed
            quotes += _quotes(old, change.old, clause_texts(new, change.new), "before")
            quotes += _quotes(new, change.new, clause_texts(old, change.old), "after")
        if sum(_weight(comparison, element) for element in (named, *quotes)) <= PAGE_WEIGHT:
            yield [named, *quotes]
        else:
            yield [named, quotes[0]]
            yield from ([quote] for quote in quotes[1:])
    for heading in condensed.headings:
        words = summary.describe_heading(comparison, heading)
        yield [Text(bold(excerpt(capitalized(words), _HEADING)))]
    for run in condensed.runs:
        words = renumbering.describe(comparison, run)
        title: list[Element] = [Text(bold(capitalized(words)))]
        several = run.old if len(run.old) > 1 else ()
        for at in range(0, len(several), _NUMBERS):
            part = Renumbering(run.old[at : at + _NUMBERS], run.new[at : at + _NUMBERS])
            yield [*title, Text(renumbering.listed(part))]
            title = []
        if title:
            yield title


def _quotes(version: Version, numbers: Sequence[str], opposite: Sequence[str], side: Side) -> Iterator[Quote]:
    """Yield quotations of clauses, marking the words that are absent from the `opposite` texts."""
    against = "\n\n".join(opposite)
    style = _STYLES[side]
    for number, text in zip(numbers, clause_texts(version, numbers), strict=True):
        marks, at = [], 0
        for op, run in word_diff(against, text):
            if op == "insert":
                marks.append(Mark(at, at + len(run), style))
            if op != "delete":
                at += len(run)
        if len(marks) > MARKS:
            marks = [Mark(marks[0].start, marks[-1].end, style)]
        for start, end in split_text(text):
            last = None if end == len(text) else end
            yield Quote(version.policy, version.key, number, start, last, tuple(marks), side)


def _weight(comparison: Comparison, element: Element) -> int:
    match element:
        case Quote(_, key, number, start, end):
            version = comparison.old if key == comparison.old.key else comparison.new
            return weight(clause_texts(version, [number])[0][start:end]) + _CAPTION
        case Text(spans):
            return weight("".join(span.text for span in spans))
        case _:
            return 0
