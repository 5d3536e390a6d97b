"""A comparison as a tagged PDF that shows the words of every change, made in a separate process."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from bot.policy.articles import Number
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature
from bot.policy.changes.redline import Passage
from bot.policy.library import Policy
from bot.times import in_words
from bot.typesetting.typeset import typeset, typographic

NATURES: Final = {
    Nature.EDITORIAL: "de forme",
    Nature.SUBSTANTIVE: "de fond",
    Nature.RESTRUCTURED: "refonte",
}
_ASKED: Final = {
    Nature.EDITORIAL: "Elle ne change que la forme\u00a0: rien n'est demandé aux personnes visées.",
    Nature.SUBSTANTIVE: "Elle demande aux personnes visées de lire ce qui change.",
    Nature.RESTRUCTURED: "C'est une refonte\u00a0: elle demande aux personnes visées de tout relire.",
}
_TEMPLATE: Final = Path(__file__).with_name("comparison.typ")


def make_comparison_pdf(policy: Policy, comparison: Comparison) -> bytes:
    """Return a comparison as a tagged PDF. It takes about a second, so keep it off the storage thread.

    Raises `TypesetError`.
    """
    return typeset(_TEMPLATE, page_data(policy, comparison), "pdf")


def page_data(policy: Policy, comparison: Comparison) -> dict[str, Any]:
    """Return the template's data, JSON-serializable."""
    passages = [(change, redline.passages(comparison, change)) for change in comparison.changes]
    return {
        "policy": policy.name,
        "the_policy": policy.name.the,
        "title": typographic(policy.annotations.title),
        "old": in_words(comparison.old.adopted),
        "new": in_words(comparison.new.adopted),
        # A fixed time, so that the same comparison always produces the same file.
        "made_at": datetime.combine(comparison.new.adopted, time(12), UTC).isoformat(),
        "summary": f"{summary.count_changes(comparison).capitalize()}.",
        "asked": typographic(_ASKED[comparison.nature]) if comparison.changes else "",
        "nature": NATURES[comparison.nature],
        "rows": [
            {
                "old": _numbers([change.old for change in run]),
                "new": _numbers([change.new for change in run]),
                "kind": summary.NOUNS[run[0].kind],
                "nature": NATURES[run[0].nature],
            }
            for run in _runs(comparison, passages)
        ],
        "titles": [
            typographic(f"{words[:1].upper()}{words[1:]}.")
            for heading in comparison.headings
            if (words := summary.describe_heading(comparison, heading))
        ],
        "changes": [
            {
                "title": summary.describe_change(comparison, change),
                "nature": NATURES[change.nature],
                "passages": [
                    {
                        "number": number if len(texts) > 1 else "",
                        "paragraphs": [
                            [{"op": op, "text": text} for op, text in paragraph] for paragraph in paragraphs
                        ],
                    }
                    for number, paragraphs in texts
                ],
            }
            for change, texts in passages
            if texts
        ],
    }


def _runs(comparison: Comparison, passages: Sequence[tuple[Change, Sequence[Passage]]]) -> list[list[Change]]:
    """Return groups of consecutive clauses that were only renumbered. Any other change is its own group."""
    previous: Change | None = None  # the preceding change, if it was only a renumbering
    runs: list[list[Change]] = []
    for change, texts in passages:
        formal = change.kind is ChangeKind.RENUMBERED and change.nature is Nature.EDITORIAL
        current = change if formal and not texts else None
        if current and previous and _follows(comparison, previous, current):
            runs[-1].append(change)
        else:
            runs.append([change])
        previous = current
    return runs


def _follows(comparison: Comparison, before: Change, after: Change) -> bool:
    """Return whether `after` comes right after `before`, in the same article, in both versions."""
    for version, number, following in (
        (comparison.old, before.old[0], after.old[0]),
        (comparison.new, before.new[0], after.new[0]),
    ):
        clause, next_clause = version.clause(Number(number)), version.neighbours(Number(number))[1]
        if not clause or not next_clause or next_clause.article != clause.article:
            return False
        if str(next_clause.number) != following:
            return False
    return True


def _numbers(run: Sequence[tuple[str, ...]]) -> str:
    return f"{run[0][0]} à {run[-1][0]}" if len(run) > 1 else ", ".join(run[0]) or "–"
