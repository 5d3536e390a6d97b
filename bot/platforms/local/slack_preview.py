"""Slack payloads as Slack shows them: Block Kit drawn in HTML, for the gallery. Pure functions.

An unknown block is marked as unknown, because an approximate preview would be misleading.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import htpy as h

from bot.platforms.line_breaks import with_breaks

Block: TypeAlias = Mapping[str, Any]

_RICH_PARTS = {"rich_text_section": h.p, "rich_text_quote": h.blockquote}
_INPUTS = {  # the types of inputs, each with the text shown while it is empty
    "plain_text_input": "",
    "datepicker": "Sélectionner une date",
    "file_input": "Ajouter un fichier",
    "static_select": "Sélectionner un élément",
    "users_select": "Sélectionner une personne",
}
_STYLE_TAGS = {"bold": h.strong, "italic": h.em, "strike": h.s, "code": h.code}


def slack_preview(payload: Sequence[Block] | Block, bot: str) -> h.Renderable:
    """Return HTML that imitates a message's blocks or a modal's view. `bot`: the bot's name."""
    if not isinstance(payload, Mapping):
        sender = h.p(".slack-sender")[h.strong[bot], h.span(".slack-app")["APPLI"]]
        return h.div(".slack")[sender, h.div(".slack-blocks")[map(_block, payload)]]
    buttons = [
        h.span(class_=["slack-button", style])[_text(payload[key])]
        for key, style in (("close", ""), ("submit", "primary"))
        if key in payload
    ]
    return h.div(".slack.slack-view")[
        h.h4[_text(payload.get("title"))],
        h.div(".slack-blocks")[map(_block, payload.get("blocks", ()))],
        h.p(".slack-foot")[buttons],
    ]


def unknown_part(part: object) -> h.Renderable:
    """Return a frame with the raw `part` and a note that it has no preview."""
    text = json.dumps(part, ensure_ascii=False, default=str)
    return h.p(".unknown")["Sans aperçu\u00a0: ", h.code[text]]


def _block(block: Block) -> h.Node:  # noqa: PLR0911 — one return for each kind of block
    match block:
        case {"type": "header", "text": text}:
            return h.h4[_text(text)]
        case {"type": "divider"}:
            return h.hr
        case {"type": "rich_text", "elements": parts}:
            return h.div(".slack-rich")[map(_rich_part, parts)]
        case {"type": "context", "elements": texts}:
            return h.p(".slack-context")[map(_text, texts)]
        case {"type": "actions", "elements": buttons}:
            return h.p(".slack-actions")[map(_block, buttons)]
        case {"type": "section", "text": text, "accessory": accessory}:
            return h.div(".slack-section")[h.p[_text(text)], _block(accessory)]
        case {"type": "button", "text": text}:
            return h.span(class_=["slack-button", block.get("style")])[_text(text)]
        case {"type": "input", "element": {"type": kind} as field} if kind in _INPUTS:
            optional = block.get("optional") and h.span(".slack-optional")[" (facultatif)"]
            picked = field.get("initial_option", {}).get("text", {}).get("text") or field.get("initial_user")
            initial = field.get("initial_value") or field.get("initial_date")
            value = initial or picked or _INPUTS[kind]
            return h.div[
                h.p[h.strong[_text(block["label"])], optional],
                h.p(class_=["slack-input", field.get("multiline") and "tall"])[with_breaks(value)],
                "hint" in block and h.p(".slack-hint")[_text(block["hint"])],
            ]
        case _:
            return unknown_part(block)


def _rich_part(part: Block) -> h.Node:
    if part["type"] not in _RICH_PARTS:
        return unknown_part(part)
    pieces: list[h.Node] = []
    for run in part["elements"]:
        if run.get("type") in {"text", "user"}:
            piece: h.Node = with_breaks(run["text"] if "text" in run else f"@{run['user_id']}")
            for style, tag in _STYLE_TAGS.items():
                if run.get("style", {}).get(style):
                    piece = tag[piece]
        else:
            piece = unknown_part(run)
        pieces.append(piece)
    return _RICH_PARTS[part["type"]][pieces]


def _text(text: Block | None) -> h.Node:
    """Return a text object as HTML. Only `plain_text` is drawn, since other types use Slack's own markup."""
    if text is None:
        return None
    return with_breaks(text["text"]) if text.get("type") == "plain_text" else unknown_part(text)
