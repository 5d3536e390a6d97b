"""What changed between two versions of a policy, clause by clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.policy.articles import Version

MOST = 0.5  # share of the clauses beyond which a revision is a new text


class Kind(StrEnum):
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

    kind: Kind
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
            if change.nature is Nature.SUBSTANTIVE or change.kind is Kind.MOVED
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
    raise NotImplementedError


def decided(comparison: Comparison, natures: Mapping[str, Nature]) -> Comparison:
    """Return the comparison with the administration's decisions, by the changes' `key`s.

    What is added or removed stays substantive, whatever is decided.
    """
    return replace(
        comparison,
        changes=tuple(
            change
            if change.kind in {Kind.ADDED, Kind.REMOVED}
            else replace(change, nature=natures.get(change.key, change.nature))
            for change in comparison.changes
        ),
    )
