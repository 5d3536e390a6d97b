"""A comparison as a tagged PDF that shows the words of every change, made in a separate process."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from bot.conversation.messages import capitalized
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.changes.renumbering import condense
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
    """Return a comparison as a tagged PDF. Raises `TypesetError`.

    Do not call this on the storage thread, since it takes about a second.
    """
    return typeset(_TEMPLATE, page_data(policy, comparison), "pdf")


def page_data(policy: Policy, comparison: Comparison) -> dict[str, Any]:
    """Return the template's data, JSON-serializable."""
    condensed = condense(comparison)
    passages = [(change, redline.passages(comparison, change)) for change in condensed.changes]
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
                "old": old,
                "new": new,
                "kind": summary.NOUNS[kind],
                "nature": NATURES[nature],
            }
            for old, new, kind, nature in summary.rows(comparison)
        ],
        "titles": [
            typographic(f"{capitalized(words)}.")
            for heading in condensed.headings
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
