"""The comparison of two versions of a policy, clause by clause."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from bot.policy.articles import Clause, Number, Version
from bot.policy.changes import lexicon
from bot.policy.changes.items import ItemChange, item_changes, match_items
from bot.policy.changes.wording import Proofreader, normalized
from bot.policy.provisions import Kind

MOST = 0.5  # share of changed clauses above which the whole text is restructured


class ChangeKind(StrEnum):
    """The kind of a change, in decreasing order of importance.

    `RENUMBERED`: a new number within the same article or, for an article, the same container, which may
    itself be renumbered. `MOVED`: to another article or container. In both cases the words may have changed
    too (see `Change.nature`).
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
class HeadingChange:
    """A part that holds clauses and was added, removed or renumbered, or any part whose title changed.

    `old`, `new`: its number in each version, "" in a version that lacks it. `before`, `after`: its titles.
    """

    old: str
    new: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions and their changes, in the order of the new text. All other clauses are unchanged.

    `headings`: the changes in titles, and in the numbers of the containers of clauses. `items`: the changes
    in the items of clauses that both versions have. `parts`: from the old number to the new number of each
    part and item that both versions have.
    """

    old: Version
    new: Version
    changes: tuple[Change, ...]
    headings: tuple[HeadingChange, ...] = ()
    items: tuple[ItemChange, ...] = ()
    parts: Mapping[Number, Number] = field(default_factory=dict, repr=False, hash=False)

    @property
    def is_empty(self) -> bool:
        """Whether the two versions say the same thing, with the same numbers and titles."""
        return not (self.changes or self.headings)

    @property
    def nature(self) -> Nature:
        """The nature of the whole comparison: `RESTRUCTURED` when most clauses moved or changed meaning."""
        heavy = [
            change
            for change in self.changes
            if change.nature is Nature.SUBSTANTIVE or change.kind is ChangeKind.MOVED
        ]
        removed = sum(len(change.old) for change in heavy)
        added = sum(len(change.new) for change in heavy)
        if removed > MOST * len(self.old.clauses()) or added > MOST * len(self.new.clauses()):
            return Nature.RESTRUCTURED
        substantive = any(change.nature is Nature.SUBSTANTIVE for change in self.changes)
        return Nature.SUBSTANTIVE if substantive else Nature.EDITORIAL


@lru_cache(maxsize=32)
def compare(old: Version, new: Version) -> Comparison:
    """Return the changes from `old` to `new`. The result is deterministic."""
    from bot.policy.changes.alignment import align  # noqa: PLC0415 — numpy takes 60 ms and 15 MB: for comparing only

    links, parts = align(old, new)
    before, after = old.clauses(), new.clauses()
    headings = tuple(_heading_changes(old, new, parts)) if before else ()  # none is reported for a first text
    bare = Comparison(old, new, (), headings, parts=parts)
    numbers = {str(former): str(latter) for former, latter in parts.items()}
    for link in links:
        if len(link.new) == 1:
            numbers.update({str(before[at].number): str(after[link.new[0]].number) for at in link.old})
    reader = Proofreader(lexicon.word_checker(clause.text for clause in (*before, *after)), numbers)
    places: list[tuple[tuple[int, int], Change]] = []  # each with its place in the new text and the old
    items: list[tuple[int, ItemChange]] = []
    followed: dict[Number, Number] = {}
    for link in links:
        left, right = [before[at] for at in link.old], [after[at] for at in link.new]
        matched = match_items(left, right)
        followed |= matched
        items += ((link.new[0], change) for change in item_changes(left, right, matched))
        moved = _has_moved(bare, left[0], right[0])
        if change := _linked_change(left, right, reader, moved=moved):
            places.append(((link.new[0], -1), change))
    linked = {at for link in links for at in link.new}
    for at, clause in enumerate(after):
        if at not in linked:
            places.append(((at, -1), Change(ChangeKind.ADDED, (), _ids([clause]), Nature.SUBSTANTIVE)))
    last = {at: link.new[-1] for link in links for at in link.old}
    reached = -1  # a removed clause comes after the clauses that preceded it
    for at, clause in enumerate(before):
        if at in last:
            reached = max(reached, last[at])
        else:
            change = Change(ChangeKind.REMOVED, _ids([clause]), (), Nature.SUBSTANTIVE)
            places.append(((reached, at), change))
    changes = tuple(change for _, change in sorted(places, key=lambda place: place[0]))
    in_order = tuple(change for _, change in sorted(items, key=lambda item: item[0]))
    return replace(bare, changes=changes, items=in_order, parts={**parts, **followed})


def _has_moved(comparison: Comparison, old: Clause, new: Clause) -> bool:
    """Return whether a clause left its article or container.

    Adding or removing the heading of a container moves no clause. A clause that left its article has moved.
    """
    parts = comparison.parts
    former = comparison.old.home(old)
    latter = comparison.new.home(new)
    if (parts.get(former) if former else None) == latter and (former is None or former in parts):
        return False
    lasting = (former is None or former in parts) and (latter is None or latter in parts.values())
    kinds = comparison.old.kind(old.article), comparison.old.kind(old.number)
    return lasting or (kinds[0] is Kind.ARTICLE and kinds[1] is not Kind.ARTICLE)


def _heading_changes(old: Version, new: Version, parts: Mapping[Number, Number]) -> Iterator[HeadingChange]:
    """Yield the changes of titles, and of the numbers of parts that are not clauses, removed parts last."""
    formers = {latter: former for former, latter in parts.items()}
    for latter in new.parts():
        former = formers.get(latter)
        after = _title(new, latter)
        before = _title(old, former) if former else ""
        # A part without a number has its title as its number, and a clause's title is shown with its words.
        named = former is not None and not old.part(former).label and not new.part(latter).label
        retitled = former is not None and normalized(before) != normalized(after)
        retitled = retitled and (former == latter or not named)
        silent = new.clause(latter) is not None and (former is None or old.clause(former) is not None)
        if retitled or (former != latter and not silent):
            yield HeadingChange(str(former or ""), str(latter), before, after)
    for former in old.parts():
        if former not in parts and old.clause(former) is None:
            yield HeadingChange(str(former), "", _title(old, former), "")


def _title(version: Version, number: Number) -> str:
    """Return the title of a part, "" when the title is all the text of its clause."""
    title = version.part(number).title
    clause = version.clause(number)
    return "" if clause and clause.text == title else title


def _linked_change(
    old: Sequence[Clause], new: Sequence[Clause], reader: Proofreader, *, moved: bool
) -> Change | None:
    """Return the change to linked clauses, or None when they are unchanged. `moved`: see `_has_moved`."""
    before, after = ("\n\n".join(clause.text for clause in side) for side in (old, new))
    untouched = normalized(before) == normalized(after)
    nature = Nature.EDITORIAL if untouched or reader.same(before, after) else Nature.SUBSTANTIVE
    if len(old) > 1 or len(new) > 1:
        kind = ChangeKind.MERGED if len(old) > 1 else ChangeKind.SPLIT
    elif moved:
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
