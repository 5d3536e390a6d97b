"""The pages that compare two versions, clause by clause, as one text or side by side. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import htpy as h

from bot.conversation.messages import capitalized
from bot.policy.articles import Number, Version
from bot.policy.changes import redline, summary
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, compare
from bot.policy.changes.wording import Run
from bot.site import frame
from bot.site.addresses import up
from bot.site.frame import Leaf
from bot.site.provision_pages import PolicyPages
from bot.site.timeline import Timeline
from bot.site.words import redlined
from bot.times import in_words

# if the changed clauses have more characters than this, the two texts are not also shown side by side
LONG: Final = 16_000


def compared_pairs(time: Timeline) -> list[tuple[Version, Version]]:
    """Return the pairs of versions to compare, each pair older version first.

    Each version is compared with the next one, then the version in force with all the others.
    """
    current = time.current
    others = [
        (version, current)
        if time.versions.index(version) < time.versions.index(current)
        else (current, version)
        for version in time.versions
        if version is not current
    ]
    return list(dict.fromkeys([*pairwise(time.versions), *others]))


def comparison_page(pages: PolicyPages, old: Version, new: Version) -> bytes:
    """Return the page that compares two versions. The same two versions give the same page on any day."""
    comparison = compare(old, new)
    policy, path = pages.time.policy, pages.paths.comparison(old, new)
    root = up(path)
    redlines = [(change, redline.passages(comparison, change)) for change in comparison.changes]
    size = sum(len(text) for change, _ in redlines for text in redline.clause_texts(new, change.new))
    reworded = [
        _change(pages, comparison, change, passages, root, sides=size <= LONG)
        for change, passages in redlines
        if passages
    ]
    renumbered = [change for change, passages in redlines if not passages]
    headings = [
        words for heading in comparison.headings if (words := summary.describe_heading(comparison, heading))
    ]
    days = f"du {in_words(old.adopted)} au {in_words(new.adopted)}"
    link = {
        version: h.a(href=f"{root}{pages.paths.whole(version)}")[in_words(version.adopted)]
        for version in (old, new)
    }
    count = summary.count_changes(comparison)
    return frame.page(
        pages.facts,
        Leaf(
            path,
            f"Ce qui change dans {policy.name.the}, {days}",
            f"Ce qui change dans {policy.name.the}, {days}\u00a0: {count}.",
            [frame.policy_crumb(policy), ("Versions", pages.paths.versions)],
        ),
        h.article(".views")[
            h.h1[f"Ce qui change dans {policy.name.the}"],
            h.p["De la version du ", link[old], " à celle du ", link[new], f"\u00a0: {count}."],
            bool(reworded) and _choice(sides=size <= LONG),
            bool(headings)
            and h.section(aria_labelledby="titres")[
                h.h2(id="titres")["Titres et numéros"],
                h.ul[[h.li[f"{capitalized(words)}."] for words in headings]],
            ],
            *reworded,
            bool(renumbered) and _renumbered(pages, comparison, renumbered, root),
        ],
    )


def _choice(*, sides: bool) -> h.Node:
    """Return the controls that choose how the changes are shown. They work without a script."""
    return [
        h.p(".hint")[
            "Les mots ", h.del_["retirés"], " sont barrés, les mots ", h.ins["ajoutés"], " sont soulignés."
        ],
        sides
        and h.fieldset(".choice")[
            h.legend["Voir les changements"],
            h.label[h.input(type="radio", name="vue", id="un-texte", checked=True), " En un seul texte"],
            h.label[h.input(type="radio", name="vue", id="cote-a-cote"), " Côte à côte"],
        ],
    ]


def _change(
    pages: PolicyPages,
    comparison: Comparison,
    change: Change,
    passages: Sequence[redline.Passage],
    root: str,
    *,
    sides: bool,
) -> h.Renderable:
    version, numbers = (comparison.new, change.new) if change.new else (comparison.old, change.old)
    place = pages.time.place(version, Number(numbers[0]))
    words = summary.describe_change(comparison, change)
    both = sides and change.kind not in {ChangeKind.ADDED, ChangeKind.REMOVED}
    merged = [h.blockquote[[h.p[redlined(runs)] for runs in paragraphs]] for _, paragraphs in passages]
    return h.section[
        h.h2[capitalized(words)],
        h.div(".one")[merged] if both else merged,
        both
        and h.div(".sides")[
            h.blockquote[_side(passages, "insert")],
            h.blockquote[_side(passages, "delete")],
        ],
        h.p(".hint.onward")[h.a(href=f"{root}{pages.paths.provision(place.identity)}")["Son histoire"]],
    ]


def _side(passages: Sequence[redline.Passage], left_out: str) -> list[h.Renderable]:
    """Return the words of one version, in which the words that the other version lacks are marked.

    `left_out`: the kind of runs that belong only to the other version.
    """
    paragraphs: list[tuple[Run, ...]] = [
        tuple(run for run in runs if run[0] != left_out) for _, every in passages for runs in every
    ]
    return [h.p[redlined(runs)] for runs in paragraphs if runs]


def _renumbered(
    pages: PolicyPages, comparison: Comparison, changes: Sequence[Change], root: str
) -> h.Renderable:
    rows = [
        h.tr[
            [
                h.td[
                    h.a(href=f"{root}{pages.home(pages.time.place(version, Number(numbers[0])))}")[
                        ", ".join(numbers)
                    ]
                ]
                for version, numbers in ((comparison.old, change.old), (comparison.new, change.new))
            ]
        ]
        for change in changes
    ]
    return h.section(aria_labelledby="numeros")[
        h.h2(id="numeros")["Mêmes mots, autre numéro"],
        h.table[h.thead[h.tr[h.th(scope="col")["Avant"], h.th(scope="col")["Après"]]], h.tbody[rows]],
    ]
