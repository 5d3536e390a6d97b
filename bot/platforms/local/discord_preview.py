"""What Discord shows of a payload: its components and its Markdown drawn in HTML, for the gallery. Pure.

The Markdown is read as Discord's own client reads it, so that a text that was not escaped shows here
what it would show there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeAlias

from bot.platforms.local.slack_preview import unknown
from bot.platforms.markup import NOTHING, Html, element, escaped, joined

Component: TypeAlias = Mapping[str, Any]

# discord.com/developers/docs/components/reference
_ACTION_ROW, _BUTTON, _SELECT, _TEXT_INPUT, _USER_SELECT = 1, 2, 3, 4, 5
_TEXT_DISPLAY, _FILE, _SEPARATOR, _CONTAINER, _LABEL = 10, 13, 14, 17, 18
_BUTTON_STYLES = {1: "primary", 2: "", 3: "success", 4: "danger", 5: "link"}
_PARAGRAPH = 2  # style of a text input that has several lines


def discord_preview(payload: object) -> Html:
    """Return a picture of a message's components, or of a modal."""
    if isinstance(payload, Mapping):
        return _modal(payload)
    if not isinstance(payload, list):
        return element("div", unknown(payload), class_="discord")
    sender = element(
        "p",
        element("strong", escaped("Vigie")),
        element("span", escaped("APPLI"), class_="discord-app"),
        class_="discord-sender",
    )
    return element("div", sender, *map(_component, payload), class_="discord")


def _modal(modal: Component) -> Html:
    return element(
        "div",
        element("h4", escaped(modal.get("title", ""))),
        *map(_component, modal.get("components", ())),
        element(
            "p",
            element("span", escaped("Annuler"), class_="discord-button"),
            element("span", escaped("Envoyer"), class_="discord-button primary"),
            class_="discord-row",
        ),
        class_="discord discord-modal",
    )


def _component(component: Component) -> Html:
    draw = _COMPONENTS.get(component.get("type", 0))
    return draw(component) if draw else unknown(component)


def _container(container: Component) -> Html:
    colour = container.get("accent_color")
    # A picture, since its colour comes from the payload and a page of ours has no inline style.
    bar = NOTHING
    if colour is not None:
        bar = element(
            "svg",
            element("rect", width="4", height="100%", fill=f"#{colour:06x}"),
            class_="discord-accent",
            aria_hidden="true",
        )
    return element("div", bar, *map(_component, container["components"]), class_="discord-container")


def _separator(separator: Component) -> Html:
    return element("hr") if separator.get("divider", True) else element("div", class_="discord-space")


def _row(row: Component) -> Html:
    return element("div", *map(_component, row["components"]), class_="discord-row")


def _button(button: Component) -> Html:
    style = _BUTTON_STYLES.get(button.get("style", 0))
    if style is None:
        return unknown(button)
    return element("span", escaped(button["label"]), class_=f"discord-button {style}".strip())


def _label(label: Component) -> Html:
    field = label["component"]
    if field.get("type") not in {_TEXT_INPUT, _SELECT, _USER_SELECT}:
        return unknown(label)
    needed = (
        element("span", escaped(" *"), class_="discord-needed") if field.get("required", True) else NOTHING
    )
    tall = "discord-input tall" if field.get("style") == _PARAGRAPH else "discord-input"
    return element(
        "div",
        element("p", element("strong", escaped(label["label"])), needed),
        element("p", escaped(label["description"]), class_="discord-hint")
        if label.get("description")
        else NOTHING,
        element("p", escaped(_value(field)), class_=tall),
        class_="discord-label",
    )


def _value(field: Component) -> str:
    if field["type"] == _TEXT_INPUT:
        return str(field.get("value") or "")
    picked = [option["label"] for option in field.get("options", ()) if option.get("default")]
    picked += [f"@{default['id']}" for default in field.get("default_values", ())]
    return str(picked[0]) if picked else "Faire un choix"


def _file(file: Component) -> Html:
    return element("p", escaped(file["file"]["url"].removeprefix("attachment://")), class_="discord-file")


def _display(display: Component) -> Html:
    return markdown(display["content"])


_COMPONENTS: Mapping[int, Callable[[Component], Html]] = {
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
_LINES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"### +(?P<text>\S.*)"), "h4", "discord-h3"),
    (re.compile(r"## +(?P<text>\S.*)"), "h4", "discord-h2"),
    (re.compile(r"# +(?P<text>\S.*)"), "h4", "discord-h1"),
    (re.compile(r"-# +(?P<text>\S.*)"), "p", "discord-small"),
    (re.compile(r"\s*[-*] +(?P<text>\S.*)"), "p", "discord-item"),
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
_TAGS = {"strong": "strong", "u": "u", "em": "em", "i": "em", "s": "s"}
_CLASSES = {"spoiler": "discord-spoiler", "link": "discord-link"}


def markdown(content: str) -> Html:
    """Return what Discord makes of a text display."""
    blocks = []
    for is_quoted, group in groupby(content.split("\n"), key=lambda line: bool(_QUOTED.match(line))):
        if is_quoted:
            blocks.append(element("blockquote", *(_line(_QUOTED.sub(r"\g<text>", line)) for line in group)))
        else:
            blocks += map(_line, group)
    return element("div", *blocks, class_="discord-text")


def _line(line: str) -> Html:
    for pattern, tag, name in _LINES:
        found = pattern.fullmatch(line)
        if found:
            return element(tag, joined(_runs(found["text"])), class_=name)
    return element("p", joined(_runs(line)) if line else element("br"))


def _runs(text: str) -> Iterator[Html]:
    """Yield the pieces of one line, marks read and gone."""
    end = 0
    for found in _INLINE.finditer(text):
        yield escaped(text[end : found.start()])
        yield _run(found.lastgroup or "", found)
        end = found.end()
    yield escaped(text[end:])


def _run(kind: str, found: re.Match[str]) -> Html:
    inner = found[kind]
    if kind in _TAGS:
        return element(_TAGS[kind], joined(_runs(inner)))
    if kind in _CLASSES:
        return element("span", joined(_runs(inner)), class_=_CLASSES[kind])
    if kind == "literal":
        return escaped(inner)
    if kind == "code":
        return element("code", escaped(inner))
    return element("span", escaped(inner), class_=f"discord-{kind}")
