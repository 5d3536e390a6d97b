"""The comparison of two versions of a policy, clause by clause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.policy.articles import Clause, Version
from bot.policy.changes import lexicon
from bot.policy.changes.wording import Proofreader, normalized

MOST = 0.5  # share of changed clauses above which the whole text is restructured


class ChangeKind(StrEnum):
    """The kind of a change, in decreasing order of importance.

    Renumbered: a new number in the same article, which may itself be renumbered. Moved: in another article.
    In both cases the words may have changed too (see `Change.nature`).
    """

    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"
    SPLIT = "split"
    MERGED = "merged"
    MOVED = "moved"
    RENUMBERED = "renumbered"


class Nature(StrEnum):
    """The reading that a change calls for: nothing, the changed clauses, or the whole text again."""

    EDITORIAL = "editoriale"
    SUBSTANTIVE = "substantielle"
    RESTRUCTURED = "refonte"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its clauses' numbers in each version, in the order of the text.

    `nature` is never `RESTRUCTURED`, which only applies to a whole comparison.
    """

    kind: ChangeKind
    old: tuple[str, ...]
    new: tuple[str, ...]
    nature: Nature

    @property
    def key(self) -> str:
        """The change's id within a comparison: its first new number, or « -5.10 » for a removed clause."""
        return self.new[0] if self.new else f"-{self.old[0]}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions and their changes, in the order of the new text. All other clauses are unchanged."""

    old: Version
    new: Version
    changes: tuple[Change, ...]

    @property
    def nature(self) -> Nature:
        """The nature of the whole comparison: `RESTRUCTURED` when most clauses moved or changed meaning."""
        heavy = [
            change
            for change in self.changes
            if change.nature is Nature.SUBSTANTIVE or change.kind is ChangeKind.MOVED
        ]
        removed, added = sum(len(change.old) for change in heavy), sum(len(change.new) for change in heavy)
        if removed > MOST * len(self.old.clauses()) or added > MOST * len(self.new.clauses()):
            return Nature.RESTRUCTURED
        substantive = any(change.nature is Nature.SUBSTANTIVE for change in self.changes)
        return Nature.SUBSTANTIVE if substantive else Nature.EDITORIAL


def compare(old: Version, new: Version) -> Comparison:
    """Return the changes from `old` to `new`. The result is deterministic."""
    from bot.policy.changes.alignment import align  # noqa: PLC0415 — numpy takes 60 ms and 15 MB: for comparing only

    links, articles = align(old, new)
    before, after = old.clauses(), new.clauses()
    moved = dict(articles)
    for link in links:
        if len(link.new) == 1:
            moved.update({str(before[at].number): str(after[link.new[0]].number) for at in link.old})
    reader = Proofreader(lexicon.word_checker(clause.text for clause in (*before, *after)), moved)
    places: list[tuple[tuple[int, int], Change]] = []  # the place of each in the new text, then the old
    for link in links:
        left, right = [before[at] for at in link.old], [after[at] for at in link.new]
        if change := _linked_change(left, right, articles, reader):
            places.append(((link.new[0], -1), change))
    linked = {at for link in links for at in link.new}
    for at, clause in enumerate(after):
        if at not in linked:
            places.append(((at, -1), Change(ChangeKind.ADDED, (), _ids([clause]), Nature.SUBSTANTIVE)))
    last = {at: link.new[-1] for link in links for at in link.old}
    reached = -1  # a removed clause comes after those that preceded it
    for at, clause in enumerate(before):
        if at in last:
            reached = max(reached, last[at])
        else:
            change = Change(ChangeKind.REMOVED, _ids([clause]), (), Nature.SUBSTANTIVE)
            places.append(((reached, at), change))
    return Comparison(old, new, tuple(change for _, change in sorted(places, key=lambda place: place[0])))


def _linked_change(
    old: Sequence[Clause], new: Sequence[Clause], articles: Mapping[str, str], reader: Proofreader
) -> Change | None:
    """Return the change to linked clauses, or None when they are unchanged."""
    before, after = ("\n\n".join(clause.text for clause in side) for side in (old, new))
    untouched = normalized(before) == normalized(after)
    nature = Nature.EDITORIAL if untouched or reader.same(before, after) else Nature.SUBSTANTIVE
    if len(old) > 1 or len(new) > 1:
        kind = ChangeKind.MERGED if len(old) > 1 else ChangeKind.SPLIT
    elif articles.get(str(old[0].article)) != str(new[0].article):
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


def with_decisions(comparison: Comparison, natures: Mapping[str, Nature]) -> Comparison:
    """Return the comparison with the natures set by the administration, by `Change.key`.

    Added and removed clauses stay substantive in every case.
    """
    fixed = {ChangeKind.ADDED, ChangeKind.REMOVED}
    changes = (
        change if change.kind in fixed else replace(change, nature=natures.get(change.key, change.nature))
        for change in comparison.changes
    )
    return replace(comparison, changes=tuple(changes))
