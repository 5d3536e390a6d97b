"""Neutral messages and forms in HTML, for the sandbox. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence

from bot.conversation.forms import ChoiceField, Field, Form, PersonField, TextField
from bot.conversation.messages import (
    Button,
    Buttons,
    ButtonStyle,
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
    Span,
    Style,
    Text,
)
from bot.platforms.local.personas import PERSONAS, persona_name
from bot.platforms.markup import NOTHING, Html, element, escaped, joined, lines

PLATFORM = "local"  # in a person's account
_TAGS: dict[Style, str] = {"bold": "strong", "italic": "em", "struck": "s", "code": "code"}
_BUTTON_CLASSES: dict[ButtonStyle, str] = {
    "plain": "button",
    "primary": "button primary",
    "danger": "button danger",
}
_WEB = re.compile(r"https?://", re.IGNORECASE)
_MENTION = re.compile(r"(@vigie\b)", re.IGNORECASE)
_SLASH = re.compile(r"(/\S+)(.*)", re.DOTALL)


def render(message: Message, quote: Quoter, *, live: bool = True) -> Html:
    """Return the body of `message`, `quote` giving the policy's words.

    A button carries its command in `data-command`. When not `live`, buttons and links are pictures
    of themselves, for a page where they lead nowhere.
    """
    return joined(_element(part, quote, live=live) for part in message.elements)


def _element(part: Element, quote: Quoter, *, live: bool) -> Html:  # noqa: PLR0911 — one for each kind of element
    match part:
        case Heading(words):
            return element("h4", escaped(words))
        case Text(spans):
            return element("p", _spans(spans), dir="auto")
        case Note(spans):
            return element("p", _spans(spans), class_="note", dir="auto")
        case Quote():
            return _quotation(quote(part))
        case Divider():
            return element("hr")
        case File():
            return _file(part, live=live)
        case Buttons(items):
            return element("div", *(_button(item, live=live) for item in items), class_="buttons")


def _spans(spans: Iterable[Span]) -> Html:
    return joined(_span(span) for span in spans)


def _span(span: Span) -> Html:
    if span.account and span.account[0] == PLATFORM:
        return element("span", escaped(f"@{persona_name(span.account[1])}"), class_="mention")
    return element(_TAGS[span.style], lines(span.text)) if span.style in _TAGS else lines(span.text)


def _quotation(quotation: Quotation) -> Html:
    words = (element("p", _spans(paragraph)) for paragraph in quotation.paragraphs)
    return element(
        "figure",
        element("figcaption", escaped(quotation.caption)),
        element("blockquote", *words),
        class_="quote",
    )


def _button(item: Button | Link, *, live: bool) -> Html:
    match item:
        case Button(label, command, style) if live:
            classes = _BUTTON_CLASSES[style]
            return element("button", escaped(label), type="button", class_=classes, data_command=command)
        case Link(label, url) if live and _WEB.match(url):
            return element(
                "a",
                escaped(label),
                class_="button link",
                href=url,
                target="_blank",
                rel="noopener noreferrer",
            )
        case Button(label, _, style):
            return element("span", escaped(label), class_=_BUTTON_CLASSES[style])
        case Link(label, _):
            return element("span", escaped(label), class_="button link")


def _file(file: File, *, live: bool) -> Html:
    """Return a link that holds the file itself, under it when it is a picture; the server keeps nothing."""
    label = escaped(f"{file.title} ({file.name})")
    if not live:
        return element("p", element("span", label, class_="button link"))
    content = base64.b64encode(file.content).decode("ascii")
    address = f"data:application/octet-stream;base64,{content}"
    link = element("p", element("a", label, class_="button link", href=address, download=file.name))
    if not file.name.endswith(".png"):
        return link
    # Its size is told (PNG, 11.2.2: IHDR), so that its place is kept before it is drawn.
    width, height = (str(int.from_bytes(file.content[at : at + 4])) for at in (16, 20))
    source = f"data:image/png;base64,{content}"
    picture = element("img", src=source, alt=file.title, class_="picture", width=width, height=height)
    return joined([element("p", picture), link])


def said(words: str) -> Html:
    """Return what a person wrote, word for word; a command and a mention stand out."""
    command = _SLASH.fullmatch(words)
    if command:
        return element("p", element("code", escaped(command[1])), lines(command[2]), dir="auto")
    pieces = _MENTION.split(words)  # every second piece is a mention
    return element(
        "p",
        *(
            element("span", escaped(piece), class_="mention") if number % 2 else lines(piece)
            for number, piece in enumerate(pieces)
        ),
        dir="auto",
    )


def render_fields(form: Form, prefix: str = "form") -> Html:
    """Return the fields of `form`; `prefix` begins their ids, which a page holds once each."""
    return joined(_field(field, f"{prefix}-{number}") for number, field in enumerate(form.fields))


def _field(field: Field, identifier: str) -> Html:
    hint, error = f"{identifier}-aide", f"{identifier}-erreur"
    optional = NOTHING if field.required else element("span", escaped(" (facultatif)"), class_="optional")
    return element(
        "div",
        element("label", escaped(field.label), optional, for_=identifier),
        element("p", escaped(field.hint), class_="hint", id=hint) if field.hint else NOTHING,
        _control(field, identifier, f"{hint} {error}" if field.hint else error),
        element("p", class_="error", id=error, hidden=True),
        class_="field",
    )


def _control(field: Field, identifier: str, described_by: str) -> Html:
    match field:
        case TextField():
            return _typed(field, identifier, described_by)
        case PersonField():
            options = [(persona.id, f"{persona.name}, {persona.role}") for persona in PERSONAS]
        case ChoiceField():
            options = [(option.value, option.label) for option in field.options]
    return _select(field, options, identifier, described_by)


def _select(
    field: PersonField | ChoiceField, options: Sequence[tuple[str, str]], identifier: str, described_by: str
) -> Html:
    return element(
        "select",
        element("option", escaped("Choisir…"), value=""),
        *(
            element("option", escaped(label), value=value, selected=value == field.value)
            for value, label in options
        ),
        id=identifier,
        name=field.name,
        required=field.required,
        aria_describedby=described_by,
    )


def _typed(field: TextField, identifier: str, described_by: str) -> Html:
    if field.lines == 1:
        return element(
            "input",
            type="text",
            id=identifier,
            name=field.name,
            value=field.value,
            required=field.required,
            maxlength=str(field.max_length),
            aria_describedby=described_by,
            autocomplete="off",
        )
    # The parser drops one newline right after the tag: this one, and not the value's own first.
    return element(
        "textarea",
        Html("\n"),
        escaped(field.value),
        id=identifier,
        name=field.name,
        rows=str(field.lines),
        required=field.required,
        maxlength=str(field.max_length),
        aria_describedby=described_by,
        autocomplete="off",
    )
