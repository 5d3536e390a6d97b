"""A comparison as a redline: the words of each change, with deletions and insertions."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Change, ChangeKind, Comparison
from bot.policy.changes.wording import Run, normalized, word_diff

# A clause of the new text, or a removed one: its number, and the runs of each paragraph.
Passage: TypeAlias = tuple[str, tuple[tuple[Run, ...], ...]]


def passages(comparison: Comparison, change: Change) -> tuple[Passage, ...]:
    """Return the words of a change, by clause of the new text. A removed clause is a passage of its own.

    The result is empty when only the number changed, within the same article.
    """
    old, new = clause_texts(comparison.old, change.old), clause_texts(comparison.new, change.new)
    before, after = "\n\n".join(old), "\n\n".join(new)
    if change.kind is ChangeKind.RENUMBERED and normalized(before) == normalized(after):
        return ()
    runs: list[list[Run]]
    if new:
        numbers = change.new
        runs = list(_runs_by_text(word_diff(before, after), new))
    else:
        numbers, runs = change.old, [[("delete", text)] for text in old]
    return tuple((number, tuple(_paragraphs(part))) for number, part in zip(numbers, runs, strict=True))


def clause_texts(version: Version, numbers: Sequence[str]) -> list[str]:
    """Return the texts of the clauses with these numbers in a version."""
    return [clause.text for number in numbers if (clause := version.clause(Number(number)))]


def _runs_by_text(runs: Sequence[Run], texts: Sequence[str]) -> Iterator[list[Run]]:
    """Yield, for each of `texts`, the runs of a diff that make it up. A deletion ends the text before it."""
    left = list(runs)
    for text in texts[:-1]:
        room = len(text) + len("\n\n")
        part: list[Run] = []
        while left and (room > 0 or left[0][0] == "delete"):
            op, run = left.pop(0)
            if op != "delete":
                if len(run) > room:
                    left.insert(0, (op, run[room:]))
                    run = run[:room]
                room -= len(run)
            part.append((op, run))
        yield part
    yield left


def _paragraphs(runs: Sequence[Run]) -> Iterator[tuple[Run, ...]]:
    """Yield the runs of each non-empty paragraph."""
    paragraph: list[Run] = []
    for op, run in runs:
        for at, text in enumerate(run.split("\n\n")):
            if at and paragraph:
                yield tuple(paragraph)
                paragraph = []
            if text:
                paragraph.append((op, text))
    if paragraph:
        yield tuple(paragraph)
