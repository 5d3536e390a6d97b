"""The gallery: every message that the bot can send, by name, as each platform shows it.

The previews of Slack and Discord are drawn from the very payloads that would be sent, which the
application's own renderers give: what is seen here is what is sent.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message, Quoter
from bot.platforms.local.discord_preview import discord_preview
from bot.platforms.local.render import render, render_fields
from bot.platforms.local.slack_preview import slack_preview
from bot.platforms.markup import Html, element, escaped, joined

# A reply made into the payload of a platform: something that JSON can write.
Renderer: TypeAlias = Callable[[Reply], object]

_PREVIEWS: Mapping[str, Callable[[object], Html]] = {"Slack": slack_preview, "Discord": discord_preview}
_INTRODUCTION = (
    "Chaque message que Vigie peut envoyer, dans ses trois rendus. Les aperçus de Slack et de Discord "
    "sont dessinés à partir des données mêmes qui seraient envoyées."
)


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the gallery shows.

    `examples`: the messages and forms, by name. `renderers`: for each other platform, by its name
    (« Slack », « Discord »), what makes its payload of a message or a form.
    """

    examples: Mapping[str, Reply]
    renderers: Mapping[str, Renderer] = field(default_factory=dict)


def page(gallery: Gallery, quote: Quoter) -> str:
    """Return the whole page, `quote` giving the policy's words."""
    anchors = dict(zip(gallery.examples, _anchors(gallery.examples), strict=True))
    contents = (
        element("li", element("a", escaped(name), href=f"#{anchor}")) for name, anchor in anchors.items()
    )
    articles = (
        _article(name, reply, anchors[name], gallery, quote) for name, reply in gallery.examples.items()
    )
    body = element(
        "body",
        element(
            "header",
            element("p", element("a", escaped("Retour au clavardage"), href="/"), class_="back"),
            element("h1", escaped("Tous les messages de Vigie")),
            element("p", escaped(_INTRODUCTION)),
            class_="head",
        ),
        element("nav", element("ul", *contents), class_="contents", aria_label="Messages"),
        element("main", *articles),
    )
    return "<!doctype html>\n" + element("html", _head(), body, lang="fr-CA")


def alone(title: str, gallery: Gallery, quote: Quoter, css: str) -> str:
    """Return a page of some messages that needs no other file. `css`: what it is to look like."""
    anchors = dict(zip(gallery.examples, _anchors(gallery.examples), strict=True))
    articles = (
        _article(name, reply, anchors[name], gallery, quote) for name, reply in gallery.examples.items()
    )
    body = element(
        "body",
        element("header", element("h1", escaped(title)), class_="head"),
        element("main", *articles),
    )
    head = Html(
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escaped(title)}</title>'
        f"<style>{css}</style></head>"
    )
    return "<!doctype html>\n" + element("html", head, body, lang="fr-CA")


def _head() -> Html:
    styles = (
        f'<link rel="stylesheet" href="/static/{name}.css">' for name in ("base", "gallery", "previews")
    )
    return Html(
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<title>Tous les messages de Vigie (bac à sable)</title>"
        f'<link rel="icon" href="/static/icon.svg" type="image/svg+xml">{"".join(styles)}</head>'
    )


def _anchors(names: Mapping[str, Reply]) -> Iterator[str]:
    """Yield an identifier for each name, all different."""
    for number, name in enumerate(names):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        yield f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-') or 'message'}-{number}"


def _article(name: str, reply: Reply, anchor: str, gallery: Gallery, quote: Quoter) -> Html:
    renderings = [_rendering("Bac à sable", _own(reply, quote, anchor))]
    for platform, renderer in gallery.renderers.items():
        payload = renderer(reply)
        preview = _PREVIEWS[platform](payload) if platform in _PREVIEWS else None
        renderings.append(_rendering(platform, preview, _source(payload, platform, name)))
    kind = "formulaire" if isinstance(reply, Form) else "message public" if reply.public else "message privé"
    return element(
        "article",
        element(
            "header",
            element("h2", element("a", escaped(name), href=f"#{anchor}"), id=f"{anchor}-titre"),
            element("p", escaped(kind)),
        ),
        element("div", *renderings, class_="renderings"),
        id=anchor,
        aria_labelledby=f"{anchor}-titre",
    )


def _rendering(platform: str, preview: Html | None, source: Html | None = None) -> Html:
    parts = [element("h3", escaped(platform)), preview, source]
    return element("section", *(part for part in parts if part is not None))


def _own(reply: Reply, quote: Quoter, anchor: str) -> Html:
    """Return what the sandbox itself shows, buttons being pictures of themselves."""
    if isinstance(reply, Message):
        return element("div", render(reply, quote, live=False), class_="sheet body")
    return element(
        "div",
        element("h4", escaped(reply.title)),
        render_fields(reply, anchor),
        element("div", element("span", escaped(reply.submit), class_="button primary"), class_="buttons"),
        class_="sheet form",
    )


def _source(payload: object, platform: str, name: str) -> Html:
    text = json.dumps(payload, ensure_ascii=False, indent=2, default=str)
    label = f"Données envoyées à {platform}\u00a0: {name}"
    return element(
        "details",
        element("summary", escaped("Données envoyées")),
        element(
            "pre", joined([element("code", escaped(text))]), tabindex="0", role="region", aria_label=label
        ),
    )
