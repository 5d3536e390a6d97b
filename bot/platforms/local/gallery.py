"""The gallery: every message that the bot can send, by name, as each platform shows it.

The Slack and Discord previews are drawn from the exact payloads that would be sent, built by the
application's own renderers.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import htpy as h
from markupsafe import Markup

from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Quoter
from bot.platforms.local.discord_preview import discord_preview
from bot.platforms.local.render import render, render_fields, serialize_html
from bot.platforms.local.slack_preview import slack_preview

# A message's components or a modal, as JSON types, and the function that builds it from a reply.
Payload: TypeAlias = Sequence[Mapping[str, Any]] | Mapping[str, Any]
Renderer: TypeAlias = Callable[[Reply], Payload]

_PREVIEWS: Mapping[str, Callable[[Payload], h.Renderable]] = {
    "Slack": slack_preview,
    "Discord": discord_preview,
}
_INTRODUCTION = (
    "Chaque message que Vigie peut envoyer, dans ses trois rendus. Les aperçus de Slack et de Discord "
    "sont dessinés à partir des données mêmes qui seraient envoyées."
)


@dataclass(frozen=True, slots=True)
class Gallery:
    """The messages and forms of the gallery, by name, and the renderers of the other platforms.

    `renderers`: for each platform's name (« Slack », « Discord »), a function that renders a reply's payload.
    """

    examples: Mapping[str, Reply]
    renderers: Mapping[str, Renderer] = field(default_factory=dict)


def gallery_page(gallery: Gallery, quote: Quoter) -> str:
    """Return the whole page of the gallery. `quote` returns the policy's words."""
    anchors = _anchors(gallery)
    articles = _articles(gallery, anchors, quote)
    names = {anchor: name for name, anchor in anchors.items()}
    return sandbox_page(
        "Tous les messages de Vigie", _INTRODUCTION, "Messages", names, articles, style="previews"
    )


def sandbox_page(
    heading: str, introduction: str, label: str, contents: Mapping[str, str], main: h.Node, *, style: str
) -> str:
    """Return a whole page of the sandbox, with a table of contents.

    `label`: the name of the table of contents, for screen readers. `contents`: its entries, by anchor in
    `main`. `style`: the name of the page's own style sheet.
    """
    links = [h.li[h.a(href=f"#{anchor}")[entry]] for anchor, entry in contents.items()]
    body = h.body[
        h.header(".head")[
            h.p(".back")[h.a(href="/")["Retour au clavardage"]], h.h1[heading], h.p[introduction]
        ],
        links and h.nav(".contents", aria_label=label)[h.ul[links]],
        main,
    ]
    sheets = [h.link(rel="stylesheet", href=f"/static/{name}.css") for name in ("base", "gallery", style)]
    icon = h.link(rel="icon", href="/static/icon.svg", type="image/svg+xml")
    return _document(f"{heading} (bac à sable)", [icon, *sheets], body)


def standalone_page(title: str, gallery: Gallery, quote: Quoter, css: str) -> str:
    """Return a self-contained page of the messages in `gallery`. `css`: a trusted style sheet."""
    style = h.style[Markup(css)]  # noqa: S704 — our own files; HTML escapes do not work in a style
    body = h.body[h.header(".head")[h.h1[title]], _articles(gallery, _anchors(gallery), quote)]
    return _document(title, style, body)


def _document(title: str, style: h.Node, body: h.Renderable) -> str:
    head = h.head[
        h.meta(charset="utf-8"),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="color-scheme", content="light dark"),
        h.title[title],
        style,
    ]
    return serialize_html(h.html(lang="fr-CA")[head, body])


def _anchors(gallery: Gallery) -> dict[str, str]:
    """Return a unique identifier for each name."""
    anchors = {}
    for number, name in enumerate(gallery.examples):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        anchors[name] = f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-') or 'message'}-{number}"
    return anchors


def _articles(gallery: Gallery, anchors: Mapping[str, str], quote: Quoter) -> h.Renderable:
    return h.main[
        [_article(name, reply, anchors[name], gallery, quote) for name, reply in gallery.examples.items()]
    ]


def _article(name: str, reply: Reply, anchor: str, gallery: Gallery, quote: Quoter) -> h.Renderable:
    if isinstance(reply, Message):
        kind = "message public" if reply.public else "message privé"
        sheet = h.div(".sheet.body")[render(reply, quote, live=False)]
    else:
        kind = "formulaire"
        sheet = h.div(".sheet.form")[
            h.h4[reply.title],
            render_fields(reply, anchor),
            h.div(".buttons")[h.span(".button.primary")[reply.submit]],
        ]
    renderings = [h.section[h.h3["Bac à sable"], sheet]]
    for platform, renderer in gallery.renderers.items():
        payload = renderer(reply)
        source = json.dumps(payload, ensure_ascii=False, indent=2, default=str)
        label = f"Données envoyées à {platform}\u00a0: {name}"
        details = h.details[
            h.summary["Données envoyées"],
            h.pre(tabindex="0", role="region", aria_label=label)[h.code[source]],
        ]
        preview = _PREVIEWS[platform](payload) if platform in _PREVIEWS else None
        renderings.append(h.section[h.h3[platform], preview, details])
    return h.article(id=anchor, aria_labelledby=f"{anchor}-titre")[
        h.header[h.h2(id=f"{anchor}-titre")[h.a(href=f"#{anchor}")[name]], h.p[kind]],
        h.div(".renderings")[renderings],
    ]
