"""A comparison in a few words: how many clauses changed and how, and the three that matter most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.policy.articles import Number
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature

MOST = 3  # changes named in a notice

# One clause, several; in the order in which they are told.
_DONE: dict[ChangeKind, tuple[str, str]] = {
    ChangeKind.CHANGED: ("modifiée", "modifiées"),
    ChangeKind.ADDED: ("ajoutée", "ajoutées"),
    ChangeKind.REMOVED: ("retirée", "retirées"),
    ChangeKind.SPLIT: ("scindée", "scindées"),
    ChangeKind.MERGED: ("réunie à une autre", "réunies"),
    ChangeKind.MOVED: ("déplacée", "déplacées"),
    ChangeKind.RENUMBERED: ("renumérotée", "renumérotées"),
}
_CORRECTED = ("corrigée", "corrigées")  # of a change of form: nobody is to take it for one of substance
_FIGURES = ("zéro", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_GRAVEST = (
    ChangeKind.REMOVED,
    ChangeKind.ADDED,
    ChangeKind.CHANGED,
    ChangeKind.SPLIT,
    ChangeKind.MERGED,
    ChangeKind.MOVED,
    ChangeKind.RENUMBERED,
)
_OF_FORM = (ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.MOVED, ChangeKind.CHANGED, ChangeKind.RENUMBERED)


def counted(comparison: Comparison) -> str:
    """Return how many clauses changed, by what happened to them: « deux clauses modifiées, une ajoutée »."""
    counts = Counter[tuple[str, str]]()
    for change in comparison.changes:
        reworded = change.kind is ChangeKind.RENUMBERED and change.nature is Nature.SUBSTANTIVE
        done = _DONE[ChangeKind.CHANGED] if reworded else _done(change)  # its new number is the lesser news
        counts[done] += len(change.old) if change.kind is ChangeKind.MERGED else 1
    told = [(counts[done], done) for done in (*_DONE.values(), _CORRECTED) if counts[done]]
    if not told:
        return "aucune clause changée"
    (most, first), *others = told
    parts = [f"{_figure(count)} {done[count > 1]}" for count, done in others]
    return ", ".join([f"{_figure(most)} clause{'s' * (most > 1)} {first[most > 1]}", *parts])


def _done(change: Change) -> tuple[str, str]:
    """Return what happened to the clauses of a change, of one and of several."""
    corrected = change.kind is ChangeKind.CHANGED and change.nature is Nature.EDITORIAL
    return _CORRECTED if corrected else _DONE[change.kind]


def _figure(count: int) -> str:
    return _FIGURES[count] if count < len(_FIGURES) else str(count)


def foremost(comparison: Comparison, most: int = MOST) -> tuple[Change, ...]:
    """Return the changes that matter most: of substance first, then what adds or takes away."""

    def weight(pair: tuple[int, Change]) -> tuple[bool, int, int]:
        at, change = pair
        formal = change.nature is Nature.EDITORIAL
        return formal, (_OF_FORM if formal else _GRAVEST).index(change.kind), at

    chosen = sorted(sorted(enumerate(comparison.changes), key=weight)[:most])
    return tuple(change for _, change in chosen)


def subject(comparison: Comparison, change: Change) -> str:
    """Return the heading that a change's clause stands under, or the title of its article."""
    version, numbers = (comparison.new, change.new) if change.new else (comparison.old, change.old)
    number = Number.parse(numbers[0])
    clause = version.clause(number)
    article = next((one for one in version.articles if one.number == number.article), None)
    return (clause.heading if clause else "") or (article.title if article else "")


def named(change: Change) -> str:
    """Return what happened to a change's clauses, in words: « 5.10, devenue 5.11 et modifiée »."""
    old, new = _listed(change.old), _listed(change.new)
    substance = change.nature is Nature.SUBSTANTIVE
    what = _done(change)[change.kind is ChangeKind.MERGED]
    match change.kind:
        case ChangeKind.ADDED | ChangeKind.CHANGED:
            return f"{new}, {what}"
        case ChangeKind.REMOVED:
            return f"{old}, {what}"
        case ChangeKind.SPLIT | ChangeKind.MERGED:
            return f"{old}, {what} en {new}"
        case ChangeKind.MOVED | ChangeKind.RENUMBERED:
            moved = "déplacée en" if change.kind is ChangeKind.MOVED else "devenue"
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
