"""Permanent identities: where a clause went, from one version to the next and along several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from bot.policy.comparison import Comparison

Trail: TypeAlias = Mapping[str, tuple[str, ...]]  # from a clause's number to its numbers in a later version


def follow(comparison: Comparison) -> Trail:
    """Return where each clause of the old version is in the new one; nowhere, `()`, when it was removed."""
    trail = {str(clause.number): (str(clause.number),) for clause in comparison.old.clauses()}
    for change in comparison.changes:
        trail.update(dict.fromkeys(change.old, change.new))
    return trail


def along(trails: Iterable[Trail]) -> Trail:
    """Return where each clause of the first version is after the last, `trails` being in order."""
    whole: dict[str, tuple[str, ...]] | None = None
    for trail in trails:
        if whole is None:
            whole = dict(trail)
            continue
        whole = {
            number: tuple(dict.fromkeys(later for one in now for later in trail.get(one, ())))
            for number, now in whole.items()
        }
    return whole or {}
