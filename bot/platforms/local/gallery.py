"""The gallery: every message that the bot can send, by group and by name, as each platform shows it.

The first page lists the names, and each group's page draws its messages: drawing all of them takes seconds.
The Slack and Discord previews are drawn from the exact payloads that would be sent, made by the application's
own renderers.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import htpy as h
from markupsafe import Markup

from bot.conversation.forms import ChoiceField, Reply
from bot.conversation.messages import Message, Quoter
from bot.platforms.local.discord_preview import discord_preview
from bot.platforms.local.render import render, render_fields, serialize_html
from bot.platforms.local.slack_preview import slack_preview

# A message's components or a modal, as JSON types; and the function that makes it from a reply.
Payload: TypeAlias = Sequence[Mapping[str, Any]] | Mapping[str, Any]
Renderer: TypeAlias = Callable[[Reply], Payload]
Group: TypeAlias = tuple[str, Mapping[str, Reply]]  # a title, and the messages and forms by name

ADDRESS = "/galerie"
SOUGHT_LENGTH = 200  # characters of a search
FIRST = 3  # names shown of each group, as a sample

_PREVIEWS: Mapping[str, Callable[[Payload, str], h.Renderable]] = {
    "Slack": slack_preview,
    "Discord": discord_preview,
}
_TITLE = "Tous les messages de {}"
_INTRODUCTION = (
    "Chaque message que {} peut envoyer, dans ses trois rendus. Les aperçus de Slack et de Discord "
    "sont dessinés à partir des données mêmes qui seraient envoyées."
)


@dataclass(frozen=True)
class Gallery:
    """The messages and forms of the gallery, by group then by name, and the renderers of other platforms.

    `renderers`: by platform name (« Slack », « Discord »), the function that makes a reply's payload. `bot`:
    the bot's name.
    """

    groups: Mapping[str, Mapping[str, Reply]]
    renderers: Mapping[str, Renderer]
    bot: str

    @cached_property
    def by_anchor(self) -> Mapping[str, Group]:
        """The groups, by the last part of their pages' addresses."""
        return {_folded(title).replace(" ", "-"): (title, group) for title, group in self.groups.items()}


def gallery_page(gallery: Gallery, quote: Quoter, sought: str = "") -> str:
    """Return the first page: the groups or, for a search, the names of the matching messages.

    `sought`: the words to look for in messages and their names. `quote`: returns the policy's words.
    """
    words = _folded(sought).split()
    matches = {
        anchor: [name for name, reply in group.items() if _contains(name, reply, quote, words)]
        for anchor, (_, group) in gallery.by_anchor.items()
    }
    count = sum(map(len, matches.values()))
    status = f"{count or 'Aucun'} message{'s' * (count > 1)}"
    search = h.form(".search", role="search", method="get", action=ADDRESS)[
        h.label(for_="mots")["Chercher un message"],
        h.div(".search-row")[
            h.input(
                "#mots",
                type="search",
                name="q",
                value=sought,
                autocomplete="off",
                maxlength=str(SOUGHT_LENGTH),
                aria_describedby="mots-aide",
            ),
            h.button(".button.primary", type="submit")["Chercher"],
        ],
        h.p("#mots-aide.hint")["Par son nom, ou par ce qui y est écrit."],
    ]
    groups = [
        h.section[
            h.h2[
                h.a(href=f"{ADDRESS}/{anchor}")[gallery.by_anchor[anchor][0]],
                h.span(".size")[str(len(names))],
            ],
            h.ul[[h.li[h.a(href=f"{ADDRESS}/{anchor}#{_anchor(name)}")[name]] for name in names]]
            if words
            else h.p[" · ".join(names[:FIRST]), "…"],
        ]
        for anchor, names in matches.items()
        if names
    ]
    main = h.main[search, h.p("#compte", role="status")[status], h.div(".groups")[groups]]
    return sandbox_page(
        _TITLE.format(gallery.bot),
        _INTRODUCTION.format(gallery.bot),
        main,
        style="previews",
        script="gallery",
    )


def group_page(gallery: Gallery, anchor: str, quote: Quoter) -> str:
    """Return the page that draws a group's messages. Raises `KeyError` if no group has this `anchor`."""
    title, group = gallery.by_anchor[anchor]
    every = list(gallery.by_anchor)
    place = every.index(anchor)
    around = [
        (words, every[at])
        for words, at in (("Groupe précédent", place - 1), ("Groupe suivant", place + 1))
        if 0 <= at < len(every)
    ]
    main = h.main[
        _articles(group, gallery.renderers, quote, gallery.bot),
        around
        and h.nav(".around", aria_label="Autres groupes")[
            h.ul[
                [
                    h.li[
                        h.span[f"{words}\u00a0: "],
                        h.a(href=f"{ADDRESS}/{other}")[gallery.by_anchor[other][0]],
                    ]
                    for words, other in around
                ]
            ]
        ],
    ]
    contents = table_of_contents("Messages", {_anchor(name): name for name in group})
    introduction = _INTRODUCTION.format(gallery.bot)
    back = (ADDRESS, _TITLE.format(gallery.bot))
    return sandbox_page(title, introduction, contents, main, style="previews", back=back)


def table_of_contents(label: str, entries: Mapping[str, str]) -> h.Renderable:
    """Return links to parts of the page, by anchor. `label`: the list's name, for screen readers."""
    links = [h.li[h.a(href=f"#{anchor}")[entry]] for anchor, entry in entries.items()]
    return h.nav(".contents", aria_label=label)[h.ul[links]]


def sandbox_page(
    heading: str,
    introduction: str,
    *content: h.Node,
    style: str,
    script: str = "",
    back: tuple[str, str] = ("/", "Retour au clavardage"),
) -> str:
    """Return a whole page of the sandbox. `style`, `script`: the names of the page's own files.

    `back`: the address and the label of the link to the previous page.
    """
    address, label = back
    body = h.body[
        h.header(".head")[h.p(".back")[h.a(href=address)[label]], h.h1[heading], h.p[introduction]], content
    ]
    sheets = [h.link(rel="stylesheet", href=f"/static/{name}.css") for name in ("base", "gallery", style)]
    icon = h.link(rel="icon", href="/static/icon.svg", type="image/svg+xml")
    module = script and h.script(type="module", src=f"/static/{script}.js")
    return _document(f"{heading} (bac à sable)", [icon, *sheets, module], body)


def standalone_page(title: str, gallery: Gallery, quote: Quoter, css: str) -> str:
    """Return a self-contained page of the gallery's group named `title`. `css`: a trusted style sheet."""
    style = h.style[Markup(css)]  # noqa: S704 — our own files; HTML escapes do not work in a style element
    articles = _articles(gallery.groups[title], gallery.renderers, quote, gallery.bot)
    body = h.body[h.header(".head")[h.h1[title]], h.main[articles]]
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


def _folded(text: str) -> str:
    """Return the words of a text without accents, capitals or punctuation, for addresses and searches."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def _anchor(name: str) -> str:
    """Return the identifier of a message in its group's page."""
    return "message-" + _folded(name).replace(" ", "-")


def _contains(name: str, reply: Reply, quote: Quoter, words: Iterable[str]) -> bool:
    """Return whether each of `words` begins a word of the message or of its name."""
    if not words:
        return True
    texts = [name]
    if isinstance(reply, Message):
        texts += [*reply.own_words(), *(button.label for button in reply.buttons())]
        for quotation in map(quote, reply.quotes()):
            texts += [quotation.caption]
            texts += [span.text for paragraph in quotation.paragraphs for span in paragraph]
    else:
        texts += [reply.title, reply.introduction, reply.submit]
        for field in reply.fields:
            options = field.options if isinstance(field, ChoiceField) else ()
            texts += [field.label, field.hint, *(option.label for option in options)]
    text = f" {_folded(' '.join(texts))}"
    return all(f" {word}" in text for word in words)


def _articles(
    messages: Mapping[str, Reply], renderers: Mapping[str, Renderer], quote: Quoter, bot: str
) -> list[h.Renderable]:
    return [_article(name, reply, renderers, quote, bot) for name, reply in messages.items()]


def _article(
    name: str, reply: Reply, renderers: Mapping[str, Renderer], quote: Quoter, bot: str
) -> h.Renderable:
    anchor = _anchor(name)
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
    for platform, renderer in renderers.items():
        payload = renderer(reply)
        source = json.dumps(payload, ensure_ascii=False, indent=2, default=str)
        label = f"Données envoyées à {platform}\u00a0: {name}"
        details = h.details[
            h.summary["Données envoyées"],
            h.pre(tabindex="0", role="region", aria_label=label)[h.code[source]],
        ]
        preview = _PREVIEWS[platform](payload, bot) if platform in _PREVIEWS else None
        renderings.append(h.section[h.h3[platform], preview, details])
    return h.article(id=anchor, aria_labelledby=f"{anchor}-titre")[
        h.header[h.h2(id=f"{anchor}-titre")[h.a(href=f"#{anchor}")[name]], h.p[kind]],
        h.div(".renderings")[renderings],
    ]
