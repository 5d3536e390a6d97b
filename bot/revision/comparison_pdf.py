"""A comparison on paper: every change with its words, as a tagged PDF made in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from bot.policy.articles import Number
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature
from bot.policy.changes.redline import RedlinePassage
from bot.policy.library import Policy
from bot.times import in_words
from bot.typesetting.typeset import typeset

NATURES: Final = {
    Nature.EDITORIAL: "éditoriale",
    Nature.SUBSTANTIVE: "substantielle",
    Nature.RESTRUCTURED: "refonte",
}
KINDS: Final = {
    ChangeKind.ADDED: "ajoutée",
    ChangeKind.REMOVED: "retirée",
    ChangeKind.CHANGED: "modifiée",
    ChangeKind.MOVED: "déplacée",
    ChangeKind.RENUMBERED: "renumérotée",
    ChangeKind.SPLIT: "scindée",
    ChangeKind.MERGED: "réunies",
}
_ASKED: Final = {
    Nature.EDITORIAL: "Elle ne change que la forme\u00a0: rien n'est demandé aux personnes visées.",
    Nature.SUBSTANTIVE: "Elle demande aux personnes visées de lire ce qui change.",
    Nature.RESTRUCTURED: "C'est une refonte\u00a0: elle demande aux personnes visées de tout relire.",
}
_TEMPLATE: Final = Path(__file__).with_name("comparison.typ")


def make_comparison_pdf(policy: Policy, comparison: Comparison) -> bytes:
    """Return a comparison as a PDF. It takes a second or so: not for the storage thread.

    Raises `TypesetError`.
    """
    return typeset(_TEMPLATE, page_data(policy, comparison), "pdf")


def page_data(policy: Policy, comparison: Comparison) -> dict[str, Any]:
    """Return what the pages show, word by word."""
    old, new = comparison.old, comparison.new
    return {
        "policy": policy.name,
        "title": policy.annotations.title,
        "old": _whole(in_words(old.adopted)),
        "new": _whole(in_words(new.adopted)),
        # Made again, it is the same file.
        "made_at": datetime.combine(new.adopted, time(12), UTC).isoformat(),
        "summary": f"{summary.count_changes(comparison).capitalize()}.",
        "asked": _ASKED[comparison.nature] if comparison.changes else "",
        "nature": NATURES[comparison.nature],
        "rows": [_row(run) for run in _runs(comparison)],
        "titles": [
            {"number": number, "old": before, "new": after}
            for number, before, after in redline.retitled(comparison)
        ],
        "changes": [
            {
                "title": summary.describe_change(change),
                "nature": NATURES[change.nature],
                "passages": _passages(found),
            }
            for change in comparison.changes
            if (found := redline.passages(comparison, change))
        ],
    }


def _passages(found: Sequence[RedlinePassage]) -> list[dict[str, Any]]:
    return [
        {
            "number": passage.number if len(found) > 1 else "",
            "paragraphs": [
                [{"op": op, "text": text} for op, text in paragraph] for paragraph in passage.paragraphs
            ],
        }
        for passage in found
    ]


def _runs(comparison: Comparison) -> list[list[Change]]:
    """Return the changes, those that do nothing but follow one another to new numbers put together."""
    found: list[list[Change]] = []
    for change in comparison.changes:
        if found and _follows(found[-1][-1], change, comparison):
            found[-1].append(change)
        else:
            found.append([change])
    return found


def _follows(before: Change, change: Change, comparison: Comparison) -> bool:
    alike = (
        before.kind is change.kind is ChangeKind.RENUMBERED
        and before.nature is change.nature is Nature.EDITORIAL
    )
    pairs = ((before.old, change.old), (before.new, change.new))
    return (
        alike
        and all(_next(one[0]) == other[0] for one, other in pairs)
        and not any(redline.passages(comparison, one) for one in (before, change))
    )


def _next(number: str) -> str:
    *above, last = Number.parse(number).parts
    return str(Number((*above, last + 1)))


def _row(run: Sequence[Change]) -> dict[str, str]:
    first, last = run[0], run[-1]

    def numbers(ends: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
        return f"{ends[0][0]} à {ends[1][0]}" if len(run) > 1 else ", ".join(ends[0]) or "–"

    return {
        "old": numbers((first.old, last.old)),
        "new": numbers((first.new, last.new)),
        "kind": KINDS[first.kind] + ("s" if len(run) > 1 else ""),
        "nature": NATURES[first.nature],
    }


def _whole(date: str) -> str:
    """Return a date that is not cut at the end of a line."""
    return date.replace(" ", "\u00a0")
