"""A comparison in a few words: how many clauses changed and how, and the three that matter most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.policy.articles import Number
from bot.policy.comparison import Change, Comparison, Kind, Nature

MOST = 3  # changes named in a notice

# One clause, several; in the order in which they are told.
_DONE: dict[Kind, tuple[str, str]] = {
    Kind.CHANGED: ("modifiée", "modifiées"),
    Kind.ADDED: ("ajoutée", "ajoutées"),
    Kind.REMOVED: ("retirée", "retirées"),
    Kind.SPLIT: ("scindée", "scindées"),
    Kind.MERGED: ("réunie à une autre", "réunies"),
    Kind.MOVED: ("déplacée", "déplacées"),
    Kind.RENUMBERED: ("renumérotée", "renumérotées"),
}
_FIGURES = ("zéro", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_GRAVEST = (Kind.REMOVED, Kind.ADDED, Kind.CHANGED, Kind.SPLIT, Kind.MERGED, Kind.MOVED, Kind.RENUMBERED)


def counted(comparison: Comparison) -> str:
    """Return how many clauses changed, by what happened to them: « deux clauses modifiées, une ajoutée »."""
    counts = Counter[Kind]()
    for change in comparison.changes:
        reworded = change.kind is Kind.RENUMBERED and change.nature is Nature.SUBSTANTIVE
        kind = Kind.CHANGED if reworded else change.kind  # its new number is the lesser news
        counts[kind] += len(change.old) if kind is Kind.MERGED else 1
    parts = [f"{_figure(counts[kind])} {_DONE[kind][counts[kind] > 1]}" for kind in _DONE if counts[kind]]
    if not parts:
        return "aucune clause changée"
    first, *others = parts
    figure, _, done = first.partition(" ")
    plural = next(counts[kind] for kind in _DONE if counts[kind]) > 1
    return ", ".join([f"{figure} clause{'s' * plural} {done}", *others])


def _figure(count: int) -> str:
    return _FIGURES[count] if count < len(_FIGURES) else str(count)


def foremost(comparison: Comparison, most: int = MOST) -> tuple[Change, ...]:
    """Return the changes that matter most: of substance first, then what adds or takes away."""
    ranked = sorted(
        enumerate(comparison.changes),
        key=lambda pair: (pair[1].nature is Nature.EDITORIAL, _GRAVEST.index(pair[1].kind), pair[0]),
    )
    chosen = sorted(ranked[:most])
    return tuple(change for _, change in chosen)


def named(change: Change) -> str:
    """Return what happened to a change's clauses, in words: « 5.10, devenue 5.11 et modifiée »."""
    old, new = _listed(change.old), _listed(change.new)
    substance = change.nature is Nature.SUBSTANTIVE
    what = _DONE[change.kind][change.kind is Kind.MERGED]
    match change.kind:
        case Kind.ADDED | Kind.CHANGED:
            return f"{new}, {what}"
        case Kind.REMOVED:
            return f"{old}, {what}"
        case Kind.SPLIT | Kind.MERGED:
            return f"{old}, {what} en {new}"
        case Kind.MOVED | Kind.RENUMBERED:
            moved = "déplacée en" if change.kind is Kind.MOVED else "devenue"
            return f"{old}, {moved} {new}" + (" et modifiée" if substance else "")


def _listed(numbers: Sequence[str]) -> str:
    *others, last = [one if "." in one else f"article {one}" for one in numbers] or [""]
    return f"{', '.join(others)} et {last}" if others else last


def to_read(comparison: Comparison) -> tuple[Number, ...]:
    """Return the clauses of the new text that say something new."""
    return tuple(
        dict.fromkeys(
            Number.parse(number)
            for change in comparison.changes
            if change.nature is Nature.SUBSTANTIVE
            for number in change.new
        )
    )
