"""The frame of every page: its head, breadcrumbs and foot. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import htpy as h
from markupsafe import Markup, escape

from bot.conversation.messages import clean
from bot.policy.library import Policy
from bot.site import addresses
from bot.site.addresses import up

# The policy's words cannot run as a script, and nothing is loaded from other sites, even if a host sends no
# headers of its own.
CONTENT_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Door:
    """A place to ask a question or to report: its name and its address."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The facts that the site's pages state about the association and the bot.

    `address`: the site's own address, without a final slash, or "" if unknown. `doors`: the places to ask the
    bot a question. `reports`: the address of the Web form for reports, or "" if there is none.
    """

    association: str
    bot: str
    address: str = ""
    doors: tuple[Door, ...] = ()
    reports: str = ""

    def url(self, path: str) -> str:
        """Return the whole address of a file, or its path if the site's address is unknown."""
        # Hosts serve a folder's index at the folder's address.
        short = path.removesuffix("index.html") if f"/{path}".endswith("/index.html") else path
        return f"{self.address}/{short}" if self.address else path


@dataclass(frozen=True, slots=True)
class Leaf:
    """The data of a page's head.

    `crumbs`: the name and path of each page above this one, from the top. `canonical`: the path of this page,
    or of another page with the same words. `linked`: the page's JSON-LD data.
    """

    path: str
    title: str
    description: str
    crumbs: Sequence[tuple[str, str]] = ()
    canonical: str = ""
    linked: Mapping[str, Any] | None = None
    scripts: Sequence[str] = (addresses.SCRIPT,)


def page(facts: SiteFacts, leaf: Leaf, *content: h.Node, wide: bool = False) -> bytes:
    """Return a whole page. `wide`: whether a table of contents stands beside the text."""
    root = up(leaf.path)
    canonical = leaf.canonical or leaf.path
    head = h.head[
        h.meta(charset="utf-8"),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(http_equiv="Content-Security-Policy", content=CONTENT_POLICY),
        h.meta(name="referrer", content="no-referrer"),
        h.meta(name="description", content=leaf.description),
        h.title[f"{leaf.title} – {facts.association}" if leaf.path != addresses.HOME else leaf.title],
        h.link(rel="canonical", href=facts.url(canonical) if facts.address else f"{root}{canonical}"),
        h.link(rel="stylesheet", href=f"{root}{addresses.STYLE}"),
        h.link(
            rel="alternate", type="application/atom+xml", title="Révisions", href=f"{root}{addresses.FEED}"
        ),
        leaf.linked and h.script(type="application/ld+json")[_for_machines(leaf.linked)],
        [h.script(src=f"{root}{script}", defer=True) for script in leaf.scripts],
    ]
    crumbs = (facts.association, addresses.HOME), *leaf.crumbs
    trail = h.nav(".crumbs", aria_label="Fil d'Ariane")[
        h.ol[[h.li[h.a(href=f"{root}{path}")[name]] for name, path in crumbs]]
    ]
    body = h.body(class_="wide" if wide else None)[
        h.a(".skip", href="#contenu")["Aller au texte"],
        h.header[trail, h.a(".find", href=f"{root}{addresses.SEARCH}")["Chercher"]],
        h.main(id="contenu")[content],
        _foot(facts, root),
    ]
    # `clean` removes the characters that HTML forbids or that change the direction of text
    return clean("".join(h.html(lang="fr-CA")[head, body].iter_chunks())).encode()


def moved(facts: SiteFacts, path: str, target: str, words: str) -> bytes:
    """Return a page that redirects to `target`, a path with a fragment if any. `words`: the link's text.

    Most pages of a site are redirections, so they are written as text, which is faster than as a tree of
    elements.
    """
    root, name = up(path), escape(words)
    to = escape(f"{root}{target}")
    canonical = target.partition("#")[0]
    known_as = escape(facts.url(canonical) if facts.address else f"{root}{canonical}")
    whole = (
        f'<!doctype html><html lang="fr-CA"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="0; url={to}"><meta name="robots" content="noindex">'
        f'<link rel="canonical" href="{known_as}">'
        f'<link rel="stylesheet" href="{root}{addresses.STYLE}"></head>'
        f'<body><main><h1>{name}</h1><p>Cette page est à <a href="{to}">{name}</a>.</p></main></body></html>'
    )
    return clean(whole).encode()


def policy_crumb(policy: Policy) -> tuple[str, str]:
    """Return the breadcrumb of a policy."""
    return str(policy.name), f"{policy.id}/index.html"


@lru_cache(maxsize=16)
def _foot(facts: SiteFacts, root: str) -> Markup:
    """Return the foot of a page. `root`: the relative path from the page to the site's root."""
    links = [
        ("Ce qui change (fil Atom)", f"{root}{addresses.FEED}"),
        ("Calendrier", f"{root}{addresses.CALENDAR}"),
        ("Format des données", f"{root}{addresses.SCHEMA}"),
    ]
    reports = Door("Par le formulaire, pour signaler une publication négative", facts.reports)
    doors = [*facts.doors, *([reports] if facts.reports else [])]
    heading = "Poser la question" if facts.doors else "Signaler"
    ask = h.section(aria_labelledby="poser")[
        h.h2(id="poser")[heading],
        h.ul[[h.li[h.a(href=door.address, rel="external")[door.label]] for door in doors]],
    ]
    foot = h.footer[
        ask if doors else None,
        h.ul(".plain")[[h.li[h.a(href=path)[words]] for words, path in links]],
        h.p[
            "Les textes sont cités mot à mot. Ce site ne garde rien de votre passage\u00a0: ni témoin, ni "
            "compteur."
        ],
    ]
    return Markup("".join(foot.iter_chunks()))  # noqa: S704 — htpy escaped it


def _for_machines(data: Mapping[str, Any]) -> Markup:
    """Encode data as JSON that cannot close the HTML element around it."""
    json_text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(json_text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 — escaped just before
