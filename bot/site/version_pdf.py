"""A whole version as a tagged PDF, made in a separate process. The PDF does not depend on the day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from bot.conversation.messages import capitalized, clean
from bot.policy.articles import Number, Version
from bot.policy.provisions import Kind, Layout
from bot.site.provision_pages import PolicyPages
from bot.site.timeline import dates, part_title
from bot.typesetting.typeset import typeset, typographic

TEXT: Final = "texte.pdf"
_TEMPLATE: Final = Path(__file__).with_name("version.typ")
_DEEPEST: Final = 4  # deepest level of a heading


def make_version_pdf(pages: PolicyPages, version: Version) -> bytes:
    """Return a version as a tagged PDF. Raises `TypesetError`."""
    return typeset(_TEMPLATE, page_data(pages, version), "pdf")


def page_data(pages: PolicyPages, version: Version) -> dict[str, Any]:
    """Return the data of the PDF's template, JSON-serializable."""
    policy = pages.time.policy
    return {
        "policy": str(policy.name),
        "title": typographic(pages.time.title_of_policy),
        "association": typographic(pages.facts.association),
        "dates": typographic(f"version {dates(version)}"),
        "made_at": datetime.combine(version.adopted, time(12), UTC).isoformat(),
        "parts": [_part(pages, version, number) for number in version.parts()],
    }


def _part(pages: PolicyPages, version: Version, number: Number) -> dict[str, Any]:
    policy, clause = pages.time.policy, version.clause(number)
    title = part_title(policy, version, number)
    unnumbered = version.kind(number) is Kind.UNNUMBERED
    layouts = (clause.layouts or (Layout.TEXT,) * len(clause.paragraphs)) if clause else ()
    paragraphs = zip(layouts, clause.paragraphs if clause else (), strict=True)
    force = policy.label(clause) if clause else ""
    return {
        "level": min(len(version.around(number)) + 2, _DEEPEST),
        "label": "" if unnumbered and title else version.label(number),
        "title": clean(title),
        "force": capitalized(force),
        "groups": [
            {
                "layout": str(layout),
                "texts": [clean(text) if layout is not Layout.ROW else text for _, text in group],
            }
            for layout, group in groupby(paragraphs, key=lambda pair: pair[0])
        ],
    }
