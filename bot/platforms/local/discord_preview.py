"""Discord payloads as Discord shows them: components and Markdown drawn in HTML, for the gallery.

The Markdown is parsed as in Discord's own client, so that text that was not escaped looks the same here as
there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import groupby
from typing import Any, TypeAlias

import htpy as h

from bot.platforms.local.slack_preview import unknown_part

Component: TypeAlias = Mapping[str, Any]


# The types are listed at discord.com/developers/docs/components/reference.
class _Kind(IntEnum):
    ROW = 1
    BUTTON = 2
    SELECT = 3
    INPUT = 4
    USER_SELECT = 5
    SECTION = 9
    TEXT = 10
    GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    UPLOAD = 19
    RADIO = 21


_FIELDS = {_Kind.SELECT, _Kind.INPUT, _Kind.USER_SELECT, _Kind.UPLOAD, _Kind.RADIO}
_BUTTON_STYLES = {1: "primary", 2: "", 3: "success", 4: "danger", 5: "link"}
_PARAGRAPH = 2  # the style of a text input with several lines


def discord_preview(payload: Sequence[Component] | Component, bot: str) -> h.Renderable:
    """Return HTML that imitates a message's components or a modal. `bot`: the bot's name."""
    if not isinstance(payload, Mapping):
        sender = h.p(".discord-sender")[h.strong[bot], h.span(".discord-app")["APPLI"]]
        return h.div(".discord")[sender, map(_component, payload)]
    return h.div(".discord.discord-modal")[
        h.h4[payload.get("title", "")],
        map(_component, payload.get("components", ())),
        h.p(".discord-row")[
            h.span(".discord-button")["Annuler"], h.span(".discord-button.primary")["Envoyer"]
        ],
    ]


def _component(component: Component) -> h.Node:  # noqa: PLR0911 — one return for each kind of component
    match component:
        case {"type": _Kind.ROW, "components": components}:
            return h.div(".discord-row")[map(_component, components)]
        case {"type": _Kind.SECTION, "components": components, "accessory": accessory}:
            return h.div(".discord-section")[h.div[map(_component, components)], _component(accessory)]
        case {"type": _Kind.BUTTON, "style": style, "label": label} if style in _BUTTON_STYLES:
            return h.span(class_=["discord-button", _BUTTON_STYLES[style]])[label]
        case {"type": _Kind.TEXT, "content": content}:
            return markdown(content)
        case {"type": _Kind.FILE, "file": {"url": url}} | {
            "type": _Kind.GALLERY,
            "items": [{"media": {"url": url}}],
        }:
            return h.p(".discord-file")[url.removeprefix("attachment://")]
        case {"type": _Kind.SEPARATOR}:
            return h.hr if component.get("divider", True) else h.div(".discord-space")
        case {"type": _Kind.CONTAINER, "components": components}:
            colour = component.get("accent_color")
            return h.div(".discord-container")[
                # An SVG, because the colour comes from the payload and our pages forbid inline styles.
                colour is not None
                and h.svg(".discord-accent", aria_hidden="true")[
                    h.rect(width="4", height="100%", fill=f"#{colour:06x}")
                ],
                map(_component, components),
            ]
        case {"type": _Kind.LABEL, "component": {"type": kind} as field} if kind in _FIELDS:
            return _labelled(component, field)
        case _:
            return unknown_part(component)


def _labelled(label: Component, field: Component) -> h.Node:
    needed = field.get("required", True) and h.span(".discord-needed")[" *"]
    description = label.get("description")
    options = field.get("options", ())
    picked = [option["label"] for option in options if option.get("default")]
    picked += [f"@{default['id']}" for default in field.get("default_values", ())]
    empty = {_Kind.INPUT: field.get("placeholder", ""), _Kind.UPLOAD: "Déposer un fichier"}
    value = field.get("value") or next(iter(picked), empty.get(field["type"], "Faire un choix"))
    control: h.Node = h.p(class_=["discord-input", field.get("style") == _PARAGRAPH and "tall"])[value]
    if field["type"] == _Kind.RADIO:
        control = [h.p(".discord-radio")["◉ " if o.get("default") else "○ ", o["label"]] for o in options]
    return h.div(".discord-label")[
        h.p[h.strong[label["label"]], needed],
        description and h.p(".discord-hint")[description],
        control,
    ]


# ---- Markdown ----

_QUOTED = re.compile(r"> ?(?P<text>.*)")
_LINES: tuple[tuple[re.Pattern[str], h.Element], ...] = (
    (re.compile(r"### +(?P<text>\S.*)"), h.h4(".discord-h3")),
    (re.compile(r"## +(?P<text>\S.*)"), h.h4(".discord-h2")),
    (re.compile(r"# +(?P<text>\S.*)"), h.h4(".discord-h1")),
    (re.compile(r"-# +(?P<text>\S.*)"), h.p(".discord-small")),
    (re.compile(r"\s*[-*] +(?P<text>\S.*)"), h.p(".discord-item")),
)
_INLINE = re.compile(
    r"\\(?P<literal>[^0-9A-Za-z\s])"
    r"|(?P<fence>`+)(?P<code>.*?[^`])(?P=fence)(?!`)"
    r"|\*\*(?P<strong>(?:\\.|[^\\])+?)\*\*(?!\*)"
    r"|__(?P<u>(?:\\.|[^\\])+?)__(?!_)"
    r"|\b_(?P<em>(?:__|\\.|[^\\_])+?)_\b"
    r"|\*(?=\S)(?P<i>(?:\*\*|\\.|\s+(?:\\.|[^*\s\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
    r"|~~(?P<s>.+?)~~(?!_)"
    r"|\|\|(?P<spoiler>.+?)\|\|"
    r"|\[(?P<link>(?:\\.|[^\]\\])+)\]\(https?://[^\s)]+\)"
    r"|(?P<address>https?://[^\s<]+[^\s<.,:;\"')\]])"
    r"|(?P<mention>@everyone|@here|<(?:@[!&]?|#)\d+>)",
    re.DOTALL,
)
_TAGS = {
    "strong": h.strong,
    "u": h.u,
    "em": h.em,
    "i": h.em,
    "s": h.s,
    "spoiler": h.span(".discord-spoiler"),
    "link": h.span(".discord-link"),
}


def markdown(content: str) -> h.Renderable:
    """Return the Markdown of a text display as HTML, the way Discord shows it."""
    blocks: list[h.Node] = []
    for is_quoted, group in groupby(content.split("\n"), key=lambda line: bool(_QUOTED.match(line))):
        if is_quoted:
            blocks.append(h.blockquote[[_line(_QUOTED.sub(r"\g<text>", line)) for line in group]])
        else:
            blocks += map(_line, group)
    return h.div(".discord-text")[blocks]


def _line(line: str) -> h.Node:
    for pattern, element in _LINES:
        if match := pattern.fullmatch(line):
            return element[_runs(match["text"])]
    return h.p[_runs(line) if line else h.br]


def _runs(text: str) -> Iterator[h.Node]:
    """Yield the styled pieces of one line, without Markdown marks."""
    end = 0
    for match in _INLINE.finditer(text):
        yield text[end : match.start()]
        kind = match.lastgroup or ""
        inner = match[kind]
        if kind in _TAGS:
            yield _TAGS[kind][_runs(inner)]
        elif kind == "literal":
            yield inner
        elif kind == "mention":  # Discord shows a name in place of the number
            yield h.span(".discord-mention")[inner.strip("<>")]
        else:
            yield h.code[inner] if kind == "code" else h.span(class_=f"discord-{kind}")[inner]
        end = match.end()
    yield text[end:]
