"""A comparison as one reads it: each change with its words, what went and what came told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Change, ChangeKind, Comparison
from bot.policy.changes.wording import Op, form, words


@dataclass(frozen=True, slots=True)
class RedlinePassage:
    """A clause of the new text, or one that was removed: its number, and its paragraphs in runs."""

    number: str
    paragraphs: tuple[tuple[tuple[Op, str], ...], ...]


def passages(comparison: Comparison, change: Change) -> tuple[RedlinePassage, ...]:
    """Return the words of a change, clause by clause of the new text; of a removed clause, its own.

    None where the words are the same under another number of the same article.
    """
    old, new = _texts(comparison.old, change.old), _texts(comparison.new, change.new)
    before, after = "\n\n".join(old), "\n\n".join(new)
    if change.kind is ChangeKind.RENUMBERED and form(before) == form(after):
        return ()
    runs = words(before, after)
    if not new:
        return tuple(
            RedlinePassage(number, tuple(_paragraphs([("delete", text)])))
            for number, text in zip(change.old, old, strict=True)
        )
    return tuple(
        RedlinePassage(number, tuple(_paragraphs(part)))
        for number, part in zip(change.new, _shared_out(runs, new), strict=True)
    )


def _texts(version: Version, numbers: Sequence[str]) -> list[str]:
    clauses = [version.clause(Number.parse(number)) for number in numbers]
    return [clause.text for clause in clauses if clause]


def _shared_out(runs: Sequence[tuple[Op, str]], texts: Sequence[str]) -> Iterator[list[tuple[Op, str]]]:
    """Yield the runs that make each text of the new version; what went stays with the text before it."""
    left = list(runs)
    for at, text in enumerate(texts):
        room = len(text) + (len("\n\n") if at < len(texts) - 1 else 0)
        part: list[tuple[Op, str]] = []
        while left and (room > 0 or left[0][0] == "delete" or at == len(texts) - 1):
            op, run = left.pop(0)
            if op != "delete" and len(run) > room and at < len(texts) - 1:
                left.insert(0, (op, run[room:]))
                run = run[:room]
            if op != "delete":
                room -= len(run)
            part.append((op, run))
        yield part


def _paragraphs(runs: Sequence[tuple[Op, str]]) -> Iterator[tuple[tuple[Op, str], ...]]:
    """Yield runs, paragraph by paragraph."""
    paragraph: list[tuple[Op, str]] = []
    for op, run in runs:
        first, *others = run.split("\n\n")
        if first:
            paragraph.append((op, first))
        for other in others:
            if paragraph:
                yield tuple(paragraph)
            paragraph = [(op, other)] if other else []
    if paragraph:
        yield tuple(paragraph)


def retitled(comparison: Comparison) -> tuple[tuple[str, str, str], ...]:
    """Return the articles whose title was changed: the new number, the former title, the new one."""
    clauses = {
        (Number.parse(before).article, Number.parse(after).article)
        for change in comparison.changes
        for before, after in zip(change.old[:1], change.new[:1], strict=False)
        if change.kind is not ChangeKind.MOVED
    }
    changed = {number for change in comparison.changes for number in change.old}
    clauses |= {
        (clause.number.article, clause.number.article)
        for clause in comparison.old.clauses()
        if str(clause.number) not in changed
    }
    titles = {article.number: article.title for article in comparison.old.articles}
    found = []
    for article in comparison.new.articles:
        was = {titles[before] for before, after in clauses if after == article.number and before in titles}
        if was and not any(form(one) == form(article.title) for one in was):
            found.append((str(article.number), min(was), article.title))
    return tuple(found)
