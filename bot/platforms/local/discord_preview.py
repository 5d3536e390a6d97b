"""What Discord shows of a payload: its components and its Markdown drawn in HTML, for the gallery. Pure.

The Markdown is read as Discord's own client reads it, so that a text that was not escaped shows here
what it would show there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeAlias

import htpy as h

from bot.platforms.local.slack_preview import unknown

Component: TypeAlias = Mapping[str, Any]

# discord.com/developers/docs/components/reference
_ACTION_ROW, _BUTTON, _SELECT, _TEXT_INPUT, _USER_SELECT = 1, 2, 3, 4, 5
_TEXT_DISPLAY, _FILE, _SEPARATOR, _CONTAINER, _LABEL = 10, 13, 14, 17, 18
_BUTTON_STYLES = {1: "primary", 2: "", 3: "success", 4: "danger", 5: "link"}
_PARAGRAPH = 2  # style of a text input that has several lines
_SENDER = h.p(".discord-sender")[h.strong["Vigie"], h.span(".discord-app")["APPLI"]]


def discord_preview(payload: object) -> h.Renderable:
    """Return a picture of a message's components, or of a modal."""
    if isinstance(payload, Mapping):
        return _modal(payload)
    if not isinstance(payload, list):
        return h.div(".discord")[unknown(payload)]
    return h.div(".discord")[_SENDER, map(_component, payload)]


def _modal(modal: Component) -> h.Renderable:
    return h.div(".discord.discord-modal")[
        h.h4[modal.get("title", "")],
        map(_component, modal.get("components", ())),
        h.p(".discord-row")[
            h.span(".discord-button")["Annuler"], h.span(".discord-button.primary")["Envoyer"]
        ],
    ]


def _component(component: Component) -> h.Node:
    draw = _COMPONENTS.get(component.get("type", 0))
    return draw(component) if draw else unknown(component)


def _container(container: Component) -> h.Node:
    colour = container.get("accent_color")
    return h.div(".discord-container")[
        # A picture, since its colour comes from the payload and a page of ours has no inline style.
        colour is not None
        and h.svg(".discord-accent", aria_hidden="true")[
            h.rect(width="4", height="100%", fill=f"#{colour:06x}")
        ],
        map(_component, container["components"]),
    ]


def _separator(separator: Component) -> h.Node:
    return h.hr if separator.get("divider", True) else h.div(".discord-space")


def _row(row: Component) -> h.Node:
    return h.div(".discord-row")[map(_component, row["components"])]


def _button(button: Component) -> h.Node:
    style = _BUTTON_STYLES.get(button.get("style", 0))
    if style is None:
        return unknown(button)
    return h.span(class_=["discord-button", style])[button["label"]]


def _label(label: Component) -> h.Node:
    field = label["component"]
    if field.get("type") not in {_TEXT_INPUT, _SELECT, _USER_SELECT}:
        return unknown(label)
    needed = field.get("required", True) and h.span(".discord-needed")[" *"]
    description = label.get("description")
    return h.div(".discord-label")[
        h.p[h.strong[label["label"]], needed],
        description and h.p(".discord-hint")[description],
        h.p(class_=["discord-input", field.get("style") == _PARAGRAPH and "tall"])[_value(field)],
    ]


def _value(field: Component) -> str:
    if field["type"] == _TEXT_INPUT:
        return str(field.get("value") or "")
    picked = [option["label"] for option in field.get("options", ()) if option.get("default")]
    picked += [f"@{default['id']}" for default in field.get("default_values", ())]
    return str(picked[0]) if picked else "Faire un choix"


def _file(file: Component) -> h.Node:
    return h.p(".discord-file")[file["file"]["url"].removeprefix("attachment://")]


def _display(display: Component) -> h.Node:
    return markdown(display["content"])


_COMPONENTS: Mapping[int, Callable[[Component], h.Node]] = {
    _ACTION_ROW: _row,
    _BUTTON: _button,
    _TEXT_DISPLAY: _display,
    _FILE: _file,
    _SEPARATOR: _separator,
    _CONTAINER: _container,
    _LABEL: _label,
}

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
    """Return what Discord makes of a text display."""
    blocks: list[h.Node] = []
    for is_quoted, group in groupby(content.split("\n"), key=lambda line: bool(_QUOTED.match(line))):
        if is_quoted:
            blocks.append(h.blockquote[[_line(_QUOTED.sub(r"\g<text>", line)) for line in group]])
        else:
            blocks += map(_line, group)
    return h.div(".discord-text")[blocks]


def _line(line: str) -> h.Node:
    for pattern, element in _LINES:
        found = pattern.fullmatch(line)
        if found:
            return element[_runs(found["text"])]
    return h.p[_runs(line) if line else h.br]


def _runs(text: str) -> Iterator[h.Node]:
    """Yield the pieces of one line, marks read and gone."""
    end = 0
    for found in _INLINE.finditer(text):
        yield text[end : found.start()]
        yield _run(found.lastgroup or "", found)
        end = found.end()
    yield text[end:]


def _run(kind: str, found: re.Match[str]) -> h.Node:
    inner = found[kind]
    if kind in _TAGS:
        return _TAGS[kind][_runs(inner)]
    if kind == "literal":
        return inner
    if kind == "code":
        return h.code[inner]
    return h.span(class_=f"discord-{kind}")[inner]
