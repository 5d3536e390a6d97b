"""Messages and forms as HTML, for the sandbox. Pure functions."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator

import htpy as h
from markupsafe import Markup, escape

from bot.conversation.forms import (
    DATE_EXAMPLES,
    DATE_LENGTH,
    ChoiceField,
    DateField,
    Field,
    FileField,
    Form,
    PersonField,
    TextField,
)
from bot.conversation.messages import (
    READ_ONLINE,
    SIDES,
    Button,
    Buttons,
    Choice,
    Divider,
    Element,
    File,
    Heading,
    Link,
    Message,
    Note,
    Quote,
    Quoter,
    Span,
    Style,
    Text,
    clean,
)
from bot.platforms.line_breaks import with_breaks
from bot.platforms.local.personas import PERSONAS

PLATFORM = "local"  # the platform's name in a person's account
_TAGS: dict[Style, h.Element] = {
    "bold": h.strong,
    "italic": h.em,
    "added": h.ins,
    "removed": h.del_,
    "code": h.code,
}
_GOOD, _BAD = escape(h.span(".mark.good")["✓"]), escape(h.span(".mark.bad")["✗"])
_WEB = re.compile(r"https?://", re.IGNORECASE)
_MENTION = re.compile(r"(@vigie\b)", re.IGNORECASE)
_SLASH = re.compile(r"(/\S+)(.*)", re.DOTALL)


def render(message: Message, quote: Quoter, *, live: bool = True) -> h.Renderable:
    """Return the body of `message`. `quote` returns the policy's words, and its errors are not caught.

    A button has its command in `data-command`. If not `live`, buttons and links are drawn but do nothing.
    """
    return h.fragment[[_element(part, quote, live=live) for part in message.elements]]


def _element(part: Element, quote: Quoter, *, live: bool) -> h.Renderable:  # noqa: PLR0911 — one return for each kind of element
    match part:
        case Heading(words):
            return h.h4[_marked(with_breaks(words))]
        case Text(spans):
            return h.p(dir="auto")[_spans(spans, _marked)]
        case Note(spans):
            return h.p(".note", dir="auto")[_spans(spans)]
        case Quote():
            quotation = quote(part)
            return h.figure(class_=["quote", part.side])[
                h.figcaption[
                    SIDES[part.side],
                    quotation.caption,
                    quotation.address and [" · ", h.a(href=quotation.address)[READ_ONLINE]],
                ],
                h.blockquote[[h.p[_spans(paragraph)] for paragraph in quotation.paragraphs]],
            ]
        case Divider():
            return h.hr
        case File():
            return render_file(part, live=live)
        case Choice(text, button):
            return h.div(".choice")[h.p(dir="auto")[with_breaks(text)], _button(button, live=live)]
        case Buttons(buttons):
            return h.div(".buttons")[[_button(button, live=live) for button in buttons]]


def _marked(words: Markup) -> Markup:
    """Return the bot's own words, with a style for two signs that not every font shows in colour."""
    return words.replace("✅", _GOOD).replace("❌", _BAD)


def _spans(spans: Iterable[Span], drawn: Callable[[Markup], Markup] = Markup) -> Iterator[h.Node]:
    for span in spans:
        if span.account and span.account[0] == PLATFORM:
            user = span.account[1]
            name = next((persona.name for persona in PERSONAS if persona.id == user), user)
            yield h.span(".mention")[f"@{name}"]
        else:
            words = drawn(with_breaks(span.text))
            yield _TAGS[span.style][words] if span.style in _TAGS else words


def _button(button: Button | Link, *, live: bool) -> h.Renderable:
    match button:
        case Button(label, command, style):
            classes = ["button", style != "plain" and style]
            if live:
                return h.button(type="button", class_=classes, data_command=command)[label]
            return h.span(class_=classes)[label]
        case Link(label, url) if live and _WEB.match(url):
            return h.a(".button.link", href=url, target="_blank", rel="noopener noreferrer")[label]
        case Link(label):
            return h.span(".button.link")[label]


def render_file(file: File, *, live: bool = True) -> h.Renderable:
    """Return a link that contains the file's data, below the image if it is a PNG. Nothing is stored."""
    label = f"{file.title} ({file.name})"
    if not live:
        return h.p[h.span(".button.link")[label]]
    content = base64.b64encode(file.content).decode("ascii")
    address = f"data:application/octet-stream;base64,{content}"
    link = h.p[h.a(".button.link", href=address, download=file.name)[label]]
    if not file.is_picture:
        return link
    # The page reserves the image's space before it draws the image (PNG, 11.2.2: IHDR has the size).
    width, height = (int.from_bytes(file.content[at : at + 4]) for at in (16, 20))
    source = f"data:image/png;base64,{content}"
    picture = h.img(".picture", src=source, alt=file.alternative, width=width, height=height)
    return h.fragment[h.p[picture], link]


def serialize_html(html: h.Renderable) -> str:
    """Return `html` as text, without control characters, which could change how the page looks."""
    # `str` would return a `Markup`, which would escape any text added to it later.
    return clean("".join(html.iter_chunks()))


def render_words(words: str) -> h.Renderable:
    """Return a person's words as HTML, unchanged, with commands and mentions highlighted."""
    words = clean(words)
    command = _SLASH.fullmatch(words)
    if command:
        return h.p(dir="auto")[h.code[command[1]], with_breaks(command[2])]
    pieces = _MENTION.split(words)  # every second piece is a mention
    return h.p(dir="auto")[
        [
            h.span(".mention")[piece] if number % 2 else with_breaks(piece)
            for number, piece in enumerate(pieces)
        ]
    ]


def render_fields(form: Form, prefix: str = "form") -> h.Renderable:
    """Return the fields of `form`, below its introduction.

    `prefix` starts the ids of the fields, which must be unique in a page.
    """
    return h.fragment[
        form.introduction and h.p[with_breaks(form.introduction)],
        [_field(field, f"{prefix}-{number}") for number, field in enumerate(form.fields)],
    ]


def _field(field: Field, identifier: str) -> h.Renderable:
    hint, error = f"{identifier}-aide", f"{identifier}-erreur"
    return h.div(".field")[
        h.label(for_=identifier)[field.label, not field.required and h.span(".optional")[" (facultatif)"]],
        field.hint and h.p(".hint", id=hint)[field.hint],
        _control(field, identifier, f"{hint} {error}" if field.hint else error),
        h.p(".error", id=error, hidden=True),
    ]


def _control(field: Field, identifier: str, described_by: str) -> h.Renderable:
    common: dict[str, h.Attribute] = {
        "id": identifier,
        "name": field.name,
        "required": field.required,
        "aria-describedby": described_by,
    }
    match field:
        case TextField(lines=1):
            return h.input(
                common, type="text", value=field.value, maxlength=field.max_length, autocomplete="off"
            )
        case DateField():
            return h.input(
                common,
                type="text",
                value=field.value,
                placeholder=DATE_EXAMPLES,
                maxlength=DATE_LENGTH,
                autocomplete="off",
            )
        case TextField():
            # The parser drops one newline right after the tag. This one protects a leading newline of the
            # value.
            return h.textarea(common, rows=field.lines, maxlength=field.max_length, autocomplete="off")[
                "\n", field.value
            ]
        case FileField():
            return h.input(common, type="file")
        case PersonField():
            options = [(persona.id, persona.name) for persona in PERSONAS]
        case ChoiceField():
            options = [(option.value, option.label) for option in field.options]
    return h.select(common)[
        h.option(value="")["Choisir…"],
        [h.option(value=value, selected=value == field.value)[label] for value, label in options],
    ]
