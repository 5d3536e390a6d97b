"""What Slack shows of a payload: Block Kit drawn in HTML, for the gallery. Pure.

A block that is not known here is shown as such: an approximate preview would be a false one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import htpy as h

from bot.platforms.line_breaks import with_breaks

Block: TypeAlias = Mapping[str, Any]

_RICH_PARTS = {"rich_text_section": h.p, "rich_text_quote": h.blockquote}
_INPUTS = {  # and what an empty one shows
    "plain_text_input": "",
    "static_select": "Sélectionner un élément",
    "users_select": "Sélectionner une personne",
}
_STYLE_TAGS = {"bold": h.strong, "italic": h.em, "strike": h.s, "code": h.code}
_SENDER = h.p(".slack-sender")[h.strong["Vigie"], h.span(".slack-app")["APPLI"]]


def slack_preview(payload: object) -> h.Renderable:
    """Return a picture of a message's blocks, or of a modal's view."""
    if isinstance(payload, Mapping):
        return _view(payload)
    if not isinstance(payload, list):
        return h.div(".slack")[unknown(payload)]
    return h.div(".slack")[_SENDER, h.div(".slack-blocks")[map(_block, payload)]]


def unknown(part: object) -> h.Renderable:
    """Return a frame that says that this part of a payload has no preview."""
    text = json.dumps(part, ensure_ascii=False, default=str)
    return h.p(".unknown")["Sans aperçu\u00a0: ", h.code[text]]


def _view(view: Block) -> h.Renderable:
    return h.div(".slack.slack-view")[
        h.h4[_text(view.get("title"))],
        h.div(".slack-blocks")[map(_block, view.get("blocks", ()))],
        h.p(".slack-foot")[
            [
                h.span(class_=["slack-button", style])[_text(view[key])]
                for key, style in (("close", ""), ("submit", "primary"))
                if key in view
            ]
        ],
    ]


def _block(block: Block) -> h.Node:
    draw = _BLOCKS.get(str(block.get("type")))
    return draw(block) if draw else unknown(block)


def _header(block: Block) -> h.Node:
    return h.h4[_text(block["text"])]


def _divider(_: Block) -> h.Node:
    return h.hr


def _rich_text(block: Block) -> h.Node:
    return h.div(".slack-rich")[
        [
            _RICH_PARTS[part["type"]][map(_run, part["elements"])]
            if part["type"] in _RICH_PARTS
            else unknown(part)
            for part in block["elements"]
        ]
    ]


def _run(run: Block) -> h.Node:
    if run.get("type") not in {"text", "user"}:
        return unknown(run)
    shown: h.Node = with_breaks(run["text"] if "text" in run else f"@{run['user_id']}")
    for style, tag in _STYLE_TAGS.items():
        if run.get("style", {}).get(style):
            shown = tag[shown]
    return shown


def _context(block: Block) -> h.Node:
    return h.p(".slack-context")[map(_text, block["elements"])]


def _actions(block: Block) -> h.Node:
    return h.p(".slack-actions")[map(_button, block["elements"])]


def _button(button: Block) -> h.Node:
    if button.get("type") != "button":
        return unknown(button)
    return h.span(class_=["slack-button", button.get("style")])[_text(button["text"])]


def _input(block: Block) -> h.Node:
    field = block["element"]
    if field.get("type") not in _INPUTS:
        return unknown(block)
    optional = block.get("optional") and h.span(".slack-optional")[" (facultatif)"]
    picked = field.get("initial_option", {}).get("text", {}).get("text") or field.get("initial_user")
    value = field.get("initial_value", "") or picked or _INPUTS[field["type"]]
    return h.div[
        h.p[h.strong[_text(block["label"])], optional],
        h.p(class_=["slack-input", field.get("multiline") and "tall"])[with_breaks(value)],
        "hint" in block and h.p(".slack-hint")[_text(block["hint"])],
    ]


def _text(text: Block | None) -> h.Node:
    """Return a text object. Only `plain_text` is drawn: the others are read by Slack's own language."""
    if text is None:
        return None
    return with_breaks(text["text"]) if text.get("type") == "plain_text" else unknown(text)


_BLOCKS: Mapping[str, Callable[[Block], h.Node]] = {
    "header": _header,
    "divider": _divider,
    "rich_text": _rich_text,
    "context": _context,
    "actions": _actions,
    "input": _input,
}
