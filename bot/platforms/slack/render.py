"""Messages and forms as Slack's Block Kit.

Pure functions. Every text goes in a `rich_text` or a `plain_text`, which Slack shows literally, so that no
text can notify a person, become a link or change how the rest of the message is read.

Limits: docs.slack.dev/reference/block-kit. Those pages omit the size of a whole message, which comes from
slackapi/bolt-js issues 2509 and 2867.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, groupby
from typing import Any, TypeAlias

from bot.conversation.forms import (
    FORM_TITLE_LENGTH,
    ChoiceField,
    DateField,
    Field,
    FileField,
    Form,
    Option,
    PersonField,
    TextField,
)
from bot.conversation.messages import (
    COLOURED_SIDES,
    READ_ONLINE,
    Button,
    Buttons,
    ButtonStyle,
    Choice,
    Divider,
    Element,
    File,
    Heading,
    Link,
    Message,
    Note,
    Quotation,
    Quote,
    Quoter,
    Side,
    Span,
    Style,
    Text,
    TooLong,
    clean,
    excerpt,
    summary,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# Slack refuses messages from about 13,200 characters and does not say how it counts. Counting the whole JSON
# is safe.
MESSAGE_SIZE = 13_000
VIEW_SIZE = 250_000  # bytes
CONTEXT_LENGTH = 3_000  # characters in one text object of a context block
METADATA_LENGTH = 3_000  # characters of a modal's private metadata, which Slack sends back with the form

PLATFORM = "slack"  # the platform's name in a person's account
FORM_CALLBACK = "form"  # callback_id of every modal
WINDOW_CALLBACK = "message"  # callback_id of a modal without fields
FIELD_ACTION = "value"  # action_id of every field; its block_id is the field's name
# The prefixes of a button's action_id, which tell whether everyone sees the button's message. Slack sends the
# identifier back with each press, on every surface and after a restart.
PUBLIC_ACTION = "public-"
PRIVATE_ACTION = "private-"

Json: TypeAlias = dict[str, Any]

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")  # a date as Slack writes it

_STYLES: dict[Style, Json] = {
    "plain": {},
    "bold": {"style": {"bold": True}},
    "italic": {"style": {"italic": True}},
    "added": {"style": {"bold": True}},
    "removed": {"style": {"strike": True}},
    "code": {"style": {"code": True}},
}
_BUTTON_STYLES: dict[ButtonStyle, Json] = {
    "plain": {},
    "primary": {"style": "primary"},
    "danger": {"style": "danger"},
}


def render(message: Message, quote: Quoter) -> list[Json]:
    """Return the blocks of `message`. `quote` returns the policy's words.

    Raises `TooLong` if the quotations make the message exceed Slack's limits.
    """
    blocks = _blocks(message, quote)
    size = len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le")) // 2
    if len(blocks) > MESSAGE_BLOCKS or size > MESSAGE_SIZE:
        raise TooLong(f"Slack: {len(blocks)} blocks of {MESSAGE_BLOCKS}, size {size} of {MESSAGE_SIZE}")
    return blocks


def fallback(message: Message, quote: Quoter) -> str:
    """Return the line shown in place of the blocks in notifications, screen readers and search."""
    return escaped(summary(message, quote))


def home_tab(message: Message, quote: Quoter, back: Button | None = None) -> Json:
    """Return `message` as the App Home tab, with the button `back` below it, if any.

    Raises `TooLong` if Slack would refuse it.
    """
    return _checked({"type": "home", "blocks": _blocks(message, quote) + _way_back(back, message)})


def message_window(message: Message, quote: Quoter, title: str, back: Button | None) -> Json:
    """Return `message` as a modal, with the button `back` below it. Slack keeps no modal once it is closed.

    `title`: the modal's title, which is cut to fit. Raises `TooLong` if Slack would refuse the modal.
    """
    return _checked(
        {
            "type": "modal",
            "callback_id": WINDOW_CALLBACK,
            "title": _plain(excerpt(title, FORM_TITLE_LENGTH)),
            "close": _plain("Fermer"),
            "blocks": _blocks(message, quote) + _way_back(back, message),
        }
    )


def form_window(form: Form, origin: Mapping[str, str] | None = None, back: Button | None = None) -> Json:
    """Return `form` as a modal, with the button `back` below its fields, if any.

    The modal's `private_metadata` is a JSON object with `command` and the entries of `origin`, which tell
    where to answer. Raises `TooLong` if Slack would refuse the modal.
    """
    metadata = json.dumps({"command": form.command, **(origin or {})}, ensure_ascii=False)
    if len(metadata) > METADATA_LENGTH:
        raise TooLong(f"Slack: {len(metadata)} characters of metadata, {METADATA_LENGTH} allowed")
    introduction = _rich("rich_text_section", [Span(form.introduction)])
    blocks: list[Json] = [{"type": "rich_text", "elements": introduction}] if introduction else []
    for field in form.fields:
        hint = excerpt(field.hint, len(field.hint) + 1)
        blocks.append(
            {
                "type": "input",
                "block_id": field.name,
                "label": _plain(field.label),
                "element": _control(field),
                "optional": not field.required,
                **({"hint": _plain(hint)} if hint else {}),
            }
        )
    return _checked(
        {
            "type": "modal",
            "callback_id": FORM_CALLBACK,
            "private_metadata": metadata,
            "title": _plain(form.title),
            "submit": _plain(form.submit),
            "close": _plain("Annuler"),
            "blocks": blocks + _way_back(back),
        }
    )


def escaped(text: str) -> str:
    """Return literal `text` escaped for a place where Slack reads mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _way_back(back: Button | None, below: Message | None = None) -> list[Json]:
    """Return the blocks of a button that leads back, or none if the message `below` has the same button."""
    buttons = below.buttons() if below else ()
    if back is None or back.command in {getattr(button, "command", "") for button in buttons}:
        return []
    return [{"type": "divider"}, {"type": "actions", "elements": [_button(back, f"{PRIVATE_ACTION}back")]}]


def _checked(surface: Json) -> Json:
    blocks = len(surface["blocks"])
    size = len(json.dumps(surface).encode())
    if not 1 <= blocks <= VIEW_BLOCKS or size > VIEW_SIZE:
        raise TooLong(f"Slack: {blocks} blocks of {VIEW_BLOCKS}, {size} bytes of {VIEW_SIZE}")
    return surface


def _blocks(message: Message, quote: Quoter) -> list[Json]:
    prefix = PUBLIC_ACTION if message.public else PRIVATE_ACTION
    names = (f"{prefix}{number}" for number in count())
    return [block for element in message.elements for block in _block(element, quote, names)]


def _block(element: Element, quote: Quoter, names: Iterator[str]) -> list[Json]:  # noqa: PLR0911 — one return for each kind of element
    """Return one block, or none for an element without visible characters, which Slack refuses."""
    match element:
        case Heading(text):
            return [{"type": "header", "text": _plain(text)}]
        case Text(spans):
            section = _rich("rich_text_section", spans)
            return [{"type": "rich_text", "elements": section}] if section else []
        case Note(spans):
            return _context("".join(span.text for span in spans))
        case Quote():
            return [{"type": "rich_text", "elements": _quotation(quote(element), element.side)}]
        case File(name, _, title):  # a file is not a block; the adapter sends it separately
            return _context(f"{title} ({name})")
        case Divider():
            return [{"type": "divider"}]
        case Choice(text, button):
            accessory = _button(button, next(names))
            return [{"type": "section", "text": _plain(text), "accessory": accessory}]
        case Buttons(items):
            # `names` comes second, since `zip` would take a name too many if it came first.
            buttons = [_button(button, name) for button, name in zip(items, names, strict=False)]
            return [{"type": "actions", "elements": buttons}]


def _context(text: str) -> list[Json]:
    """Return `text` as small print. Small print takes no rich text, so styles are dropped."""
    if not text.strip():
        return []
    pieces = [text[start : start + CONTEXT_LENGTH] for start in range(0, len(text), CONTEXT_LENGTH)]
    return [
        {"type": "context", "elements": [{"type": "plain_text", "text": p, "emoji": False} for p in pieces]}
    ]


def _quotation(quotation: Quotation, side: Side) -> list[Json]:
    """Return the caption in bold, then the words in a quote with blank lines between paragraphs."""
    caption = _rich("rich_text_section", [Span(f"{COLOURED_SIDES[side]}{quotation.caption}", "bold")])
    if quotation.address:
        online = {"type": "link", "url": quotation.address, "text": READ_ONLINE}
        caption[-1]["elements"] += [{"type": "text", "text": " · "}, online]
    words: list[Span] = []
    for number, paragraph in enumerate(quotation.paragraphs):
        words += [Span("\n\n"), *paragraph] if number else paragraph
    return caption + _rich("rich_text_quote", words)


def _rich(kind: str, spans: Iterable[Span]) -> list[Json]:
    """Return one part of a rich text, or none if `spans` contains no characters."""
    elements = []
    for (style, account), run in groupby(spans, key=lambda span: (span.style, span.account)):
        text = "".join(span.text for span in run)
        if account and account[0] == PLATFORM:
            elements.append({"type": "user", "user_id": account[1], **_STYLES[style]})
        elif text:
            elements.append({"type": "text", "text": text, **_STYLES[style]})
    return [{"type": kind, "elements": elements}] if elements else []


def _button(button: Button | Link, name: str) -> Json:
    element = {"type": "button", "text": _plain(button.label), "action_id": name}
    match button:
        case Button(_, command, style):
            return {**element, "value": command, **_BUTTON_STYLES[style]}
        case Link(_, url):
            return {**element, "url": url}


def form_answers(values: Mapping[str, Mapping[str, Json]]) -> dict[str, str]:
    """Return a form's answers by field. `values`: Slack's `view.state.values`."""
    answers = {}
    for name, value in values.items():
        state = value[FIELD_ACTION]
        picked = state.get("selected_option") or {}
        chosen = state.get("selected_user") or state.get("selected_date") or picked.get("value")
        [file, *_] = state.get("files") or [{}]
        answers[name] = state.get("value") or chosen or str(file.get("name") or "")
    return answers


def form_file(values: Mapping[str, Mapping[str, Json]]) -> Json | None:
    """Return Slack's description of the file attached to a form, or None. `values`: `view.state.values`."""
    return next((file for value in values.values() for file in value[FIELD_ACTION].get("files") or ()), None)


def _control(field: Field) -> Json:
    match field:
        case TextField():
            value = clean(field.value)
            return {
                "type": "plain_text_input",
                "action_id": FIELD_ACTION,
                "multiline": field.lines > 1,
                "max_length": field.max_length,
                **({"initial_value": value} if value else {}),
            }
        case DateField():
            initial_date: Json = {"initial_date": field.value} if _ISO_DATE.fullmatch(field.value) else {}
            return {"type": "datepicker", "action_id": FIELD_ACTION, **initial_date}
        case FileField():
            return {"type": "file_input", "action_id": FIELD_ACTION, "max_files": 1}
        case PersonField():
            picked: Json = {"initial_user": field.value} if field.value else {}
            return {"type": "users_select", "action_id": FIELD_ACTION, **picked}
        case ChoiceField():
            initial = [_option(option) for option in field.options if option.value == field.value]
            return {
                "type": "static_select",
                "action_id": FIELD_ACTION,
                "options": [_option(option) for option in field.options],
                **({"initial_option": initial[0]} if initial else {}),
            }


def _option(option: Option) -> Json:
    return {"text": _plain(option.label), "value": option.value}


def _plain(text: str) -> Json:
    """Return one line of literal `text`. It is never blank, since Slack refuses blank text."""
    return {"type": "plain_text", "text": excerpt(text, len(text) + 1) or "…", "emoji": False}
