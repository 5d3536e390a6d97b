"""What Slack shows of a payload: Block Kit drawn in HTML, for the gallery. Pure.

A block that is not known here is shown as such: an approximate preview would be a false one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bot.platforms.markup import NOTHING, Html, element, escaped, lines

Block: TypeAlias = Mapping[str, Any]

_RICH_PARTS = {"rich_text_section": "p", "rich_text_quote": "blockquote"}
_INPUTS = {  # and what an empty one shows
    "plain_text_input": "",
    "static_select": "Sélectionner un élément",
    "users_select": "Sélectionner une personne",
}
_STYLE_TAGS = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}


def slack_preview(payload: object) -> Html:
    """Return a picture of a message's blocks, or of a modal's view."""
    if isinstance(payload, Mapping):
        return _view(payload)
    if not isinstance(payload, list):
        return element("div", unknown(payload), class_="slack")
    return element(
        "div", _sender(), element("div", *map(_block, payload), class_="slack-blocks"), class_="slack"
    )


def unknown(part: object) -> Html:
    """Return a frame that says that this part of a payload has no preview."""
    text = json.dumps(part, ensure_ascii=False, default=str)
    return element("p", escaped("Sans aperçu\u00a0: "), element("code", escaped(text)), class_="unknown")


def _sender() -> Html:
    return element(
        "p",
        element("strong", escaped("Vigie")),
        element("span", escaped("APPLI"), class_="slack-app"),
        class_="slack-sender",
    )


def _view(view: Block) -> Html:
    return element(
        "div",
        element("h4", _text(view.get("title"))),
        element("div", *map(_block, view.get("blocks", ())), class_="slack-blocks"),
        element(
            "p",
            *(
                element("span", _text(view[key]), class_=f"slack-button {style}")
                for key, style in (("close", ""), ("submit", "primary"))
                if key in view
            ),
            class_="slack-foot",
        ),
        class_="slack slack-view",
    )


def _block(block: Block) -> Html:
    draw = _BLOCKS.get(str(block.get("type")))
    return draw(block) if draw else unknown(block)


def _header(block: Block) -> Html:
    return element("h4", _text(block["text"]))


def _divider(_: Block) -> Html:
    return element("hr")


def _rich_text(block: Block) -> Html:
    parts = (
        element(_RICH_PARTS[part["type"]], *map(_run, part["elements"]))
        if part["type"] in _RICH_PARTS
        else unknown(part)
        for part in block["elements"]
    )
    return element("div", *parts, class_="slack-rich")


def _run(run: Block) -> Html:
    if run.get("type") not in {"text", "user"}:
        return unknown(run)
    shown = lines(run["text"] if "text" in run else f"@{run['user_id']}")
    for style, tag in _STYLE_TAGS.items():
        if run.get("style", {}).get(style):
            shown = element(tag, shown)
    return shown


def _context(block: Block) -> Html:
    return element("p", *map(_text, block["elements"]), class_="slack-context")


def _actions(block: Block) -> Html:
    return element("p", *map(_button, block["elements"]), class_="slack-actions")


def _button(button: Block) -> Html:
    if button.get("type") != "button":
        return unknown(button)
    return element("span", _text(button["text"]), class_=f"slack-button {button.get('style', '')}".strip())


def _input(block: Block) -> Html:
    field = block["element"]
    if field.get("type") not in _INPUTS:
        return unknown(block)
    optional = (
        element("span", escaped(" (facultatif)"), class_="slack-optional")
        if block.get("optional")
        else NOTHING
    )
    picked = field.get("initial_option", {}).get("text", {}).get("text") or field.get("initial_user")
    value = field.get("initial_value", "") or picked or _INPUTS[field["type"]]
    return element(
        "div",
        element("p", element("strong", _text(block["label"])), optional),
        element("p", lines(value), class_=f"slack-input {'tall' if field.get('multiline') else ''}".strip()),
        element("p", _text(block["hint"]), class_="slack-hint") if "hint" in block else NOTHING,
    )


def _text(text: Block | None) -> Html:
    """Return a text object. Only `plain_text` is drawn: the others are read by Slack's own language."""
    if text is None:
        return NOTHING
    return lines(text["text"]) if text.get("type") == "plain_text" else unknown(text)


_BLOCKS: Mapping[str, Callable[[Block], Html]] = {
    "header": _header,
    "divider": _divider,
    "rich_text": _rich_text,
    "context": _context,
    "actions": _actions,
    "input": _input,
}
