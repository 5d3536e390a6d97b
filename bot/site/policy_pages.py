"""The pages of a whole policy, of its list of versions, and of the whole site. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import htpy as h

from bot.conversation.messages import capitalized
from bot.policy.articles import Number, Version
from bot.policy.provisions import Kind
from bot.policy.standing import LegalStanding
from bot.site import addresses, frame
from bot.site.addresses import up
from bot.site.frame import Leaf, SiteFacts
from bot.site.provision_pages import PolicyPages, legislation, standing_badge
from bot.site.timeline import Timeline, dates, part_title
from bot.site.words import TermMarker, clause_words
from bot.times import in_words

CONTENTS = 48  # characters of a clause's first words in the contents
_DEEPEST = 6  # deepest level of a heading in HTML
_HEADINGS = {2: h.h2, 3: h.h3, 4: h.h4, 5: h.h5, 6: h.h6}


def version_standing(time: Timeline, version: Version) -> str:
    """Return in French whether a version is in force, and its dates if it states any."""
    standing, until = time.standing(version), time.until(version)
    since = in_words(version.since)
    if standing is LegalStanding.COMING:
        return f"À venir, à compter du {since}"
    if standing is LegalStanding.IN_FORCE:
        return f"En vigueur depuis le {since}" if version.effective else f"En vigueur, {dates(version)}"
    return f"Remplacée depuis le {in_words(until)}" if until else "Remplacée"


def whole_page(pages: PolicyPages, version: Version, *, today: bool) -> bytes:
    """Return the page of a whole version, with its table of contents beside it.

    `today`: whether to return the page of the policy as in force today. Its address stays the same from
    version to version.
    """
    time = pages.time
    path = pages.paths.index if today else pages.paths.whole(version)
    root, marker = up(path), TermMarker(version)
    standing = time.standing(version)
    title = time.title_of_policy
    parts = [_part(pages, version, number, marker, root, today=today) for number in version.parts()]
    crumbs = [] if today else [frame.policy_crumb(time.policy)]
    others = [later for later in time.versions if later.since > time.today and later is not version]
    return frame.page(
        pages.facts,
        Leaf(
            path,
            title if today else f"{pages.name}, version du {in_words(version.adopted)}",
            f"{title}\u00a0: le texte entier, {version_standing(time, version).lower()}.",
            crumbs,
            linked=_linked(pages, version, path),
        ),
        h.div(".top")[
            h.h1[title],
            h.p(".badges")[standing_badge(standing, version_standing(time, version))],
            [
                h.p(".notice")[
                    f"Une version est à venir, à compter du {in_words(later.since)}.",
                    h.span(".leads")[
                        " ",
                        h.a(href=f"{root}{pages.paths.whole(later)}")["La lire"],
                        [
                            " ou voir ",
                            h.a(href=f"{root}{pages.paths.comparison(later.former, later)}")[
                                "ce qui changera"
                            ],
                        ]
                        if later.former
                        else None,
                        ".",
                    ],
                ]
                for later in others
                if today
            ],
            not today
            and standing is not LegalStanding.IN_FORCE
            and h.p(".notice")[
                "Ce n'est pas le texte en vigueur.",
                h.span(".leads")[" ", h.a(href=f"{root}{pages.paths.index}")["Lire celui-là"], "."],
            ],
            h.ul(".plain")[
                h.li[h.a(href=f"{root}{pages.paths.versions}")["Toutes les versions"]],
                h.li[h.a(href=f"{root}{addresses.SEARCH}")["Chercher un mot ou un numéro"]],
                today and h.li[h.a(href=f"{root}{pages.paths.whole(version)}")["Cette version, datée"]],
            ],
        ],
        contents(pages, version),
        h.article[parts],
        marker.foot(lambda number: f"{root}{pages.paths.dated(version, number)}", "contenu"),
        wide=True,
    )


def anchor(pages: PolicyPages, number: Number) -> str:
    """Return the anchor of a number in the page of a whole version."""
    return f"n-{pages.paths.slugs[number]}"


def contents(pages: PolicyPages, version: Version) -> h.Renderable:
    """Return the table of contents of a version, with links within the page."""
    lines = []
    for number in version.parts():
        depth = len(version.around(number))
        title = part_title(pages.time.policy, version, number)
        label = version.label(number)
        words = title or pages.time.gist(pages.time.place(version, number), CONTENTS)
        if version.kind(number) is Kind.UNNUMBERED:
            label, words = title or label, ""
        lines.append(
            h.li(class_=f"depth-{min(depth, 4)}")[
                h.a(href=f"#{anchor(pages, number)}")[label, words and h.span["\u00a0: ", words]]
            ]
        )
    return h.nav(".toc", aria_label="Table des matières")[
        h.details(open=True)[h.summary["Table des matières"], h.ul[lines]]
    ]


def _part(
    pages: PolicyPages, version: Version, number: Number, marker: TermMarker, root: str, *, today: bool
) -> h.Node:
    time = pages.time
    clause = version.clause(number)
    title = part_title(time.policy, version, number)
    level = min(len(version.around(number)) + 2, _DEEPEST)
    path = pages.paths.number(number) if today else pages.home(time.place(version, number))
    label = h.a(href=f"{root}{path}")[version.label(number)]
    if version.kind(number) is Kind.UNNUMBERED:
        label, title = h.a(href=f"{root}{path}")[title or version.label(number)], ""
    heading = _HEADINGS[level](id=anchor(pages, number))[label, title and ["\u00a0: ", title]]
    if clause is None:
        return heading
    force = time.policy.label(clause)
    return h.section[
        heading,
        force and h.p(".force")[capitalized(force)],
        h.blockquote[clause_words(clause, marker.clause(clause))],
    ]


def _linked(pages: PolicyPages, version: Version, path: str) -> dict[str, Any]:
    time = pages.time
    return {
        **legislation(version, time.standing(version), pages.facts.url(path)),
        "legislationIdentifier": f"{time.policy.id}@{version.key}",
        "name": time.title_of_policy,
        "legislationPassedBy": {"@type": "Organization", "name": pages.facts.association},
        "encoding": {
            "@type": "MediaObject",
            "encodingFormat": "application/json",
            "contentUrl": pages.facts.url(pages.paths.data),
        },
    }


def versions_page(pages: PolicyPages, forms: Sequence[tuple[str, str]]) -> bytes:
    """Return the page that lists a policy's versions, latest first. `forms`: as in `pieces.FORMS`."""
    time, path = pages.time, pages.paths.versions
    root = up(path)
    rows = []
    for at in reversed(range(len(time.versions))):
        version = time.versions[at]
        others: list[h.Node] = [
            h.li[h.a(href=f"{root}{pages.paths.whole(version, file)}")[name]] for name, file in forms
        ]
        # this version's standing then includes its dates already
        is_dated = time.standing(version) is not LegalStanding.REPLACED and version.effective is None
        rows.append(
            h.li[
                h.h2[
                    h.a(href=f"{root}{pages.paths.whole(version)}")[f"Version du {in_words(version.adopted)}"]
                ],
                h.p[
                    f"{version_standing(time, version)}.",
                    not is_dated and f" {capitalized(dates(version))}.",
                    _withdrawn(pages, version),
                ],
                h.ul(".plain")[_comparisons(pages, version, root), others],
            ]
        )
    return frame.page(
        pages.facts,
        Leaf(
            path,
            f"Versions {time.policy.name.of}",
            f"Toutes les versions {time.policy.name.of} qui ont été en vigueur, et celles qui sont à venir.",
            [frame.policy_crumb(time.policy)],
        ),
        h.h1[f"Versions {time.policy.name.of}"],
        h.ol(".history", reversed=True)[_cancelled(pages), rows],
    )


def cancelled_anchor(version: Version) -> str:
    """Return the anchor, in the list of versions, of a version that was withdrawn before it took effect."""
    return f"retiree-{version.key}"


def _cancelled(pages: PolicyPages) -> list[h.Node]:
    """Return the list of the versions that were announced and never took effect."""
    time = pages.time
    return [
        h.li(id=cancelled_anchor(version))[
            h.h2[f"Version du {in_words(text.adopted)}"],
            h.p[
                f"Retirée le {in_words(text.withdrawn)}, avant de prendre effet. Elle avait été annoncée le "
                f"{in_words(text.announced)} pour le {in_words(text.effective)}."
            ],
        ]
        for text, version in time.listed_cancelled
    ]


def _comparisons(pages: PolicyPages, version: Version, root: str) -> h.Node:
    """Return links to the changes that a version made, and to its differences from the version in force."""
    time = pages.time
    links = []
    if version.former:
        links.append(("Ce qu'elle a changé", pages.paths.comparison(version.former, version)))
    if version is not time.current:
        pair = (version, time.current)
        older, newer = sorted(pair, key=time.versions.index)
        if older is not version.former:
            links.append(("Comparée à celle en vigueur", pages.paths.comparison(older, newer)))
    return [h.li[h.a(href=f"{root}{path}")[words]] for words, path in links]


def _withdrawn(pages: PolicyPages, version: Version) -> str:
    """Return in French which version this version withdrew by restoring an earlier text, or ""."""
    withdrew = pages.time.chronicle.withdrawals.get(version.key)
    if withdrew is None:
        return ""
    day = in_words(pages.time.policy.version(withdrew).adopted)
    return f" Elle retire la version du {day} et ramène un texte antérieur."


def home_page(facts: SiteFacts, policies: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the site's home page. `policies`: each policy's data (see `data.policy_data`)."""
    entries = []
    for policy in policies:
        current = policy["current"]
        entries.append(
            h.li[
                h.h2[h.a(href=f"{policy['id']}/index.html")[policy["title"]]],
                h.p[current["standing"], "."],
                [
                    h.p[h.a(href=version["path"])[version["standing"]], "."]
                    for version in policy["versions"]
                    if version["status"] == LegalStanding.COMING and version is not current
                ],
                h.p(".hint")[
                    h.a(href=f"{policy['id']}/versions.html")[
                        f"{len(policy['versions'])} versions"
                        if len(policy["versions"]) > 1
                        else "Une version"
                    ]
                ],
            ]
        )
    return frame.page(
        facts,
        Leaf(
            addresses.HOME,
            f"Les politiques, {facts.association}",
            f"{facts.association}\u00a0: les textes en vigueur, mot à mot, avec leur date et leurs versions.",
        ),
        h.h1[facts.association],
        h.p(".lead")["Les textes en vigueur, mot à mot, et tout ce qu'ils ont dit avant."],
        h.p[h.a(href=addresses.SEARCH)["Chercher un mot ou un numéro"]],
        h.ul(".policies")[entries],
    )


def search_page(facts: SiteFacts, policies: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the search page. For browsers without scripts, it links to the contents of each policy."""
    scripts = (*(f"{policy['id']}/{addresses.SEARCHER}" for policy in policies), addresses.SEARCHER)
    return frame.page(
        facts,
        Leaf(
            addresses.SEARCH,
            "Chercher",
            f"{facts.association}\u00a0: chercher dans les politiques.",
            scripts=scripts,
        ),
        h.h1["Chercher"],
        h.search(id="chercher", hidden=True)[
            h.label(for_="mots")["Un mot, un numéro, quelques mots"],
            h.input(type="search", id="mots", autocomplete="off", spellcheck="false"),
            h.p(".hint", id="combien", role="status"),
        ],
        h.div(id="resultats"),
        h.section(aria_labelledby="tables")[
            h.h2(id="tables")["Toutes les clauses"],
            h.p["Chaque politique commence par sa table des matières\u00a0:"],
            h.ul[[h.li[h.a(href=f"{policy['id']}/index.html")[policy["title"]]] for policy in policies]],
            h.p["Pour ce qu'un texte disait une autre année, ses versions\u00a0:"],
            h.ul[
                [
                    h.li[h.a(href=f"{policy['id']}/versions.html")["Versions\u00a0: ", policy["title"]]]
                    for policy in policies
                ]
            ],
        ],
    )
