"""A summary of a comparison: how many clauses changed and how, and the three most important changes."""

from collections import Counter
from collections.abc import Sequence

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature

MOST = 3  # changes named in a notice

# Singular and plural, in the order of the summary.
DONE: dict[ChangeKind, tuple[str, str]] = {
    ChangeKind.CHANGED: ("modifiée", "modifiées"),
    ChangeKind.ADDED: ("ajoutée", "ajoutées"),
    ChangeKind.REMOVED: ("retirée", "retirées"),
    ChangeKind.SPLIT: ("scindée", "scindées"),
    ChangeKind.MERGED: ("réunie à une autre", "réunies"),
    ChangeKind.MOVED: ("déplacée", "déplacées"),
    ChangeKind.RENUMBERED: ("renumérotée", "renumérotées"),
}
_CORRECTED = ("corrigée", "corrigées")  # an editorial change, which must not look substantive
_FIGURES = ("zéro", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_OF_FORM = (ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.MOVED, ChangeKind.CHANGED, ChangeKind.RENUMBERED)


def count_changes(comparison: Comparison) -> str:
    """Return how many clauses changed, by kind of change: « deux clauses modifiées, une ajoutée »."""
    counts = Counter[tuple[str, str]]()
    for change in comparison.changes:
        reworded = change.kind is ChangeKind.RENUMBERED and change.nature is Nature.SUBSTANTIVE
        # The change of words is more important than the new number.
        done = DONE[ChangeKind.CHANGED] if reworded else _done(change)
        counts[done] += len(change.old) if change.kind is ChangeKind.MERGED else 1
    parts: list[str] = []
    for done in (*DONE.values(), _CORRECTED):
        if count := counts[done]:
            figure = _FIGURES[count] if count < len(_FIGURES) else str(count)
            noun = "" if parts else f" clause{'s' * (count > 1)}"
            parts.append(f"{figure}{noun} {done[count > 1]}")
    return ", ".join(parts) or "aucune clause changée"


def _done(change: Change) -> tuple[str, str]:
    corrected = change.kind is ChangeKind.CHANGED and change.nature is Nature.EDITORIAL
    return _CORRECTED if corrected else DONE[change.kind]


def foremost(comparison: Comparison) -> tuple[Change, ...]:
    """Return the `MOST` most important changes, substantive if possible, in the order of the text."""

    def weight(pair: tuple[int, Change]) -> tuple[bool, int]:
        formal = pair[1].nature is Nature.EDITORIAL
        return formal, (_OF_FORM if formal else tuple(ChangeKind)).index(pair[1].kind)

    chosen = sorted(sorted(enumerate(comparison.changes), key=weight)[:MOST], key=lambda pair: pair[0])
    return tuple(change for _, change in chosen)


def change_subject(comparison: Comparison, change: Change) -> str:
    """Return the heading above a change's clause, or the title of its article."""
    version, numbers = (comparison.new, change.new) if change.new else (comparison.old, change.old)
    number = Number(numbers[0])
    clause, article = version.clause(number), version.article(number)
    return (clause.heading if clause else "") or (article.title if article else "")


def describe_change(comparison: Comparison, change: Change) -> str:
    """Describe a change in words: « 5.10, devenue 5.11 et modifiée »."""
    old, new = _listed(comparison.old, change.old), _listed(comparison.new, change.new)
    done = _done(change)[change.kind is ChangeKind.MERGED]
    match change.kind:
        case ChangeKind.ADDED | ChangeKind.CHANGED:
            return f"{new}, {done}"
        case ChangeKind.REMOVED:
            return f"{old}, {done}"
        case ChangeKind.SPLIT | ChangeKind.MERGED:
            return f"{old}, {done} en {new}"
        case ChangeKind.MOVED | ChangeKind.RENUMBERED:
            verb = "déplacée en" if change.kind is ChangeKind.MOVED else "devenue"
            return f"{old}, {verb} {new}" + (" et modifiée" if change.nature is Nature.SUBSTANTIVE else "")


def _listed(version: Version, numbers: Sequence[str]) -> str:
    names = [version.cited(Number(number)) for number in numbers]
    return " et ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def clauses_to_read(comparison: Comparison) -> tuple[Number, ...]:
    """Return the clauses of the new text whose meaning is new."""
    substantive = (change for change in comparison.changes if change.nature is Nature.SUBSTANTIVE)
    return tuple(dict.fromkeys(Number(number) for change in substantive for number in change.new))
