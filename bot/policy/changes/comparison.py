"""What changed between two versions of a policy, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.policy.articles import Clause, Version
from bot.policy.changes import lexicon
from bot.policy.changes.wording import Proofreader, form

if TYPE_CHECKING:
    from bot.policy.changes.alignment import ClauseLink

MOST = 0.5  # share of the clauses beyond which a revision is a new text


class ChangeKind(StrEnum):
    """What happened to clauses.

    Renumbered: a new number in the same article, which may itself have a new number. Moved: to
    another article. Both may have changed too: see `Change.nature`.
    """

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    RENUMBERED = "renumbered"
    SPLIT = "split"
    MERGED = "merged"


class Nature(StrEnum):
    """What a change asks of people: nothing, reading the clauses, or learning the text anew."""

    EDITORIAL = "editoriale"
    SUBSTANTIVE = "substantielle"
    RESTRUCTURED = "refonte"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact: the clauses that it is about, by their numbers in each version, in the text's order.

    `nature` is never `RESTRUCTURED`, which only a whole comparison can be.
    """

    kind: ChangeKind
    old: tuple[str, ...]
    new: tuple[str, ...]
    nature: Nature

    @property
    def key(self) -> str:
        """What names this change in a comparison: its first new number, or « -5.10 » for a removed one."""
        return self.new[0] if self.new else f"-{self.old[0]}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions and what changed, in the order of the new text; what is not listed is untouched."""

    old: Version
    new: Version
    changes: tuple[Change, ...]

    @property
    def nature(self) -> Nature:
        """The nature of the whole: `RESTRUCTURED` when most clauses say something new or were moved."""
        heavy = [
            change
            for change in self.changes
            if change.nature is Nature.SUBSTANTIVE or change.kind is ChangeKind.MOVED
        ]
        before, after = len(self.old.clauses()), len(self.new.clauses())
        gone = sum(len(change.old) for change in heavy)
        come = sum(len(change.new) for change in heavy)
        if gone > MOST * before or come > MOST * after:
            return Nature.RESTRUCTURED
        if any(change.nature is Nature.SUBSTANTIVE for change in self.changes):
            return Nature.SUBSTANTIVE
        return Nature.EDITORIAL


def compare(old: Version, new: Version) -> Comparison:
    """Return what changed from `old` to `new`; the same two versions always give the same changes."""
    from bot.policy.changes.alignment import align  # noqa: PLC0415 — numpy: 60 ms and 15 MB, for who compares only

    found = align(old, new)
    before, after = old.clauses(), new.clauses()
    moved = dict(found.articles)
    for link in found.links:
        if len(link.new) == 1:
            moved.update({str(before[at].number): str(after[link.new[0]].number) for at in link.old})
    reader = Proofreader(lexicon.known(clause.text for clause in (*before, *after)), moved)
    changes = [
        (link.new[0], -1, change)
        for link in found.links
        if (change := _change(link, before, after, found.articles, reader))
    ]
    changes += _added(found.links, after)
    changes += _removed(found.links, before)
    return Comparison(old, new, tuple(change for _, _, change in sorted(changes, key=lambda one: one[:2])))


def _added(links: Sequence[ClauseLink], after: Sequence[Clause]) -> Iterator[tuple[int, int, Change]]:
    """Yield what came, and where it stands among the changes."""
    linked = {at for link in links for at in link.new}
    for at, clause in enumerate(after):
        if at not in linked:
            yield at, -1, Change(ChangeKind.ADDED, (), _ids([clause]), Nature.SUBSTANTIVE)


def _removed(links: Sequence[ClauseLink], before: Sequence[Clause]) -> Iterator[tuple[int, int, Change]]:
    """Yield what went, and where it stands among the changes: after what came before it."""
    stands = {at: link.new[-1] for link in links for at in link.old}
    for at, clause in enumerate(before):
        if at not in stands:
            where = max((stands[one] for one in stands if one < at), default=-1)
            yield where, at, Change(ChangeKind.REMOVED, _ids([clause]), (), Nature.SUBSTANTIVE)


def _change(
    link: ClauseLink,
    before: Sequence[Clause],
    after: Sequence[Clause],
    articles: Mapping[str, str],
    reader: Proofreader,
) -> Change | None:
    """Return what happened to linked clauses, None when nothing did."""
    old, new = [before[at] for at in link.old], [after[at] for at in link.new]
    text_then, text_now = ("\n\n".join(clause.text for clause in side) for side in (old, new))
    untouched = form(text_then) == form(text_now)
    nature = Nature.EDITORIAL if untouched or reader.same(text_then, text_now) else Nature.SUBSTANTIVE
    if len(old) > 1 or len(new) > 1:
        kind = ChangeKind.MERGED if len(old) > 1 else ChangeKind.SPLIT
    elif articles.get(str(old[0].number.article)) != str(new[0].number.article):
        kind = ChangeKind.MOVED
    elif old[0].number != new[0].number:
        kind = ChangeKind.RENUMBERED
    elif untouched:
        return None
    else:
        kind = ChangeKind.CHANGED
    return Change(kind, _ids(old), _ids(new), nature)


def _ids(clauses: Sequence[Clause]) -> tuple[str, ...]:
    return tuple(str(clause.number) for clause in clauses)


def decided(comparison: Comparison, natures: Mapping[str, Nature]) -> Comparison:
    """Return the comparison with the administration's decisions, by the changes' `key`s.

    What is added or removed stays substantive, whatever is decided.
    """
    return replace(
        comparison,
        changes=tuple(
            change
            if change.kind in {ChangeKind.ADDED, ChangeKind.REMOVED}
            else replace(change, nature=natures.get(change.key, change.nature))
            for change in comparison.changes
        ),
    )
