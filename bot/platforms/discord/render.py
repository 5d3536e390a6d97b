"""Messages and forms as Discord's components.

Pure functions. Every character that Discord would read as formatting, a mention, a link or an emoji is
escaped, so that a text always looks as it was written.

Limits: discord.com/developers/docs/components/reference. That page omits the limit of 4,000 characters, which
is documented in the pull request discord/discord-api-docs 8562.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeAlias, TypeVar, cast

import discord

from bot.conversation.forms import (
    DATE_EXAMPLES,
    DATE_LENGTH,
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
)

MESSAGE_TEXT = 4_000  # total characters in the text displays of a message
MESSAGE_COMPONENTS = 40  # components of a message, nested ones included
RADIO_OPTIONS = (2, 10)  # minimum and maximum options of radio buttons; a longer choice is a select menu
PLATFORM = "discord"  # the platform's name in a person's account
CUSTOM_ID_PREFIX = "v1:"  # followed by a command; a later version may change the format
QUOTE_COLOUR = 0x1B7F5C  # the bar at the side of a card that quotes the policy

Component: TypeAlias = dict[str, Any]
_Built = TypeVar("_Built")

# An invisible character that fills a line that may not be empty, or separates two characters.
_NOTHING = "\u200b"
# Marks that format anywhere in a line. A colon may begin an emoji or an address unless a space follows it.
# Alternatives are used rather than a class, so that `re` jumps to the first match.
_INLINE = re.compile("|".join(map(re.escape, "\\*_~|`<>[]")) + r"|:(?!\s)")
# The start of a line that is a heading, small print, a list or a numbered list.
_LINE_START = re.compile(r"^(\s*)(#|[-+](?=[\s#]|$)|(?P<number>\d+)(?=\.(?:\s|$)))")
# `AllowedMentions.none()` prevents these from notifying anyone. Escaping prevents them from being mentions at
# all.
_MENTION = re.compile(r"@(?=everyone|here|[!&]?\d)")
_MARKERS: dict[Style, str] = {
    "plain": "",
    "bold": "**",
    "italic": "_",
    "added": "**",
    "removed": "~~",
    "code": "`",
}
_STYLES: dict[ButtonStyle, int] = {
    "plain": discord.ButtonStyle.secondary.value,
    "primary": discord.ButtonStyle.primary.value,
    "danger": discord.ButtonStyle.danger.value,
}
_LINK = discord.ButtonStyle.link.value
_SECTION = discord.ComponentType.section.value
_TEXT = discord.ComponentType.text_display.value
_ROW = discord.ComponentType.action_row.value
_BUTTON = discord.ComponentType.button.value
_SEPARATOR = discord.ComponentType.separator.value
_CONTAINER = discord.ComponentType.container.value
_FILE = discord.ComponentType.file.value
_GALLERY = discord.ComponentType.media_gallery.value


class View(discord.ui.LayoutView):
    """Components ready to send, in the form that discord.py accepts.

    The view is stopped from the start and contains none of discord.py's items. The library thus keeps neither
    a timer nor the buttons once the view is sent. A press of a button is answered from the button's
    identifier alone.
    """

    def __init__(self, components: list[Component]) -> None:
        super().__init__(timeout=None)
        self.stop()
        self._components = components

    def to_components(self) -> list[Component]:
        """Return the components' payload."""
        return self._components

    def has_components_v2(self) -> bool:
        """Return True, since these components replace the message's content."""
        return True


def render(message: Message, quote: Quoter) -> View:
    """Return `message` as a view. `quote` returns the policy's words.

    Raises `TooLong` if the quotations make the message exceed Discord's limits.
    """
    quotations = tuple(map(quote, message.quotes()))
    return View((_lasting_components if message.lasting else _components)(message, quotations))


def _components(message: Message, quotations: Sequence[Quotation]) -> list[Component]:
    remaining = iter(quotations)
    parts = [_component(element, remaining) for element in message.elements]
    nested = [*parts, *(component for part in parts for component in part.get("components", ()))]
    length = sum(len(child["content"].encode("utf-16-le")) // 2 for child in nested if "content" in child)
    count = 1 + len(nested) + sum("accessory" in part for part in parts)  # the container too
    if length > MESSAGE_TEXT and any(quotation.address for quotation in quotations):
        return _components(message, [replace(quotation, address="") for quotation in quotations])
    if length > MESSAGE_TEXT or count > MESSAGE_COMPONENTS:
        raise TooLong(
            f"Discord: {length} characters of {MESSAGE_TEXT}, {count} components of {MESSAGE_COMPONENTS}"
        )
    if len(parts) == 1:
        return parts
    colour = QUOTE_COLOUR if quotations else None
    return [{"type": _CONTAINER, "accent_color": colour, "components": parts}]


# The policy has few words, and people ask for them again and again.
_lasting_components = lru_cache(maxsize=256)(_components)


def attached_files(message: Message) -> list[discord.File]:
    """Return the files of `message`, created again on each call because sending uses them up."""
    return [
        discord.File(io.BytesIO(file.content), file.name, description=file.alternative)
        for file in message.elements
        if isinstance(file, File)
    ]


def render_form(form: Form) -> discord.ui.Modal:
    """Return `form` as a modal, stopped from the start like a `View`."""
    modal = discord.ui.Modal(title=_line(form.title), custom_id=CUSTOM_ID_PREFIX + form.command, timeout=None)
    modal.stop()
    if form.introduction:
        modal.add_item(discord.ui.TextDisplay("\n".join(_lines([Span(form.introduction)]))))
    for field in form.fields:
        label = _line(field.label)
        hint = _line(field.hint, "") or None
        modal.add_item(discord.ui.Label(text=label, description=hint, component=_control(field)))
    return modal


def _component(element: Element, quotations: Iterator[Quotation]) -> Component:
    """Return an element as a component. `quotations` yields the words of each quotation in turn."""
    lines: Sequence[str]
    match element:
        case File(name) if element.is_picture:  # a file component shows a name, not a picture
            item = {"media": {"url": f"attachment://{name}"}, "description": element.alternative}
            return {"type": _GALLERY, "items": [item]}
        case File(name):
            return {"type": _FILE, "file": {"url": f"attachment://{name}"}}
        case Divider():
            return {"type": _SEPARATOR}
        case Choice(text, button):
            text_display = {"type": _TEXT, "content": "\n".join(_lines([Span(text)]))}
            return {"type": _SECTION, "components": [text_display], "accessory": _button(button)}
        case Buttons(buttons):
            return {"type": _ROW, "components": [_button(button) for button in buttons]}
        case Heading(text):
            lines = [f"## {_start_escaped(_inline_escaped(_line(text)))}"]
        case Text(spans):
            lines = _lines(spans)
        case Note(spans):
            lines = [f"-# {line}" if line.strip() else "" for line in _lines(spans)]
        case Quote(side=side):
            lines = _quotation(next(quotations), side)
    content = "\n".join(lines)
    return {"type": _TEXT, "content": content if content.strip() else _NOTHING}


@lru_cache(maxsize=256)  # for the same reason as `_lasting_components`
def _quotation(quotation: Quotation, side: Side) -> Sequence[str]:
    """Return the caption in bold, then the words in a block quote with blank lines between paragraphs."""
    lines = [*_lines([Span(f"{COLOURED_SIDES[side]}{quotation.caption}", "bold")])]
    if quotation.address:
        lines[-1] += f" · [{READ_ONLINE}]({quotation.address})"
    for number, paragraph in enumerate(quotation.paragraphs):
        lines += [f"> {_NOTHING}"] if number else []
        lines += [f"> {line or _NOTHING}" for line in _lines(paragraph)]
    return lines


def _button(button: Button | Link) -> Component:
    button_fields = {"type": _BUTTON, "label": _line(button.label)}
    match button:
        case Button(_, command, style):
            return {**button_fields, "style": _STYLES[style], "custom_id": CUSTOM_ID_PREFIX + command}
        case Link(_, url):
            return {**button_fields, "style": _LINK, "url": url}


def _control(field: Field) -> discord.ui.Item[Any]:
    match field:
        case TextField():
            style = discord.TextStyle.short if field.lines == 1 else discord.TextStyle.paragraph
            return discord.ui.TextInput(
                custom_id=field.name,
                style=style,
                default=clean(field.value) or None,
                required=field.required,
                max_length=field.max_length,
            )
        case DateField():  # Discord has no calendar
            return discord.ui.TextInput(
                custom_id=field.name,
                style=discord.TextStyle.short,
                default=clean(field.value) or None,
                placeholder=DATE_EXAMPLES,
                required=field.required,
                max_length=DATE_LENGTH,
            )
        case PersonField():
            has_default = field.value.isdecimal()
            user = discord.SelectDefaultValueType.user
            # Discord's schema has identifiers as text, and the library sends the value unchanged.
            chosen = cast("int", field.value)
            default = [discord.SelectDefaultValue(id=chosen, type=user)] if has_default else []
            return discord.ui.UserSelect(
                custom_id=field.name,
                default_values=default,
                required=field.required,
                min_values=int(field.required),
            )
        case FileField():
            return discord.ui.FileUpload(
                custom_id=field.name, required=field.required, min_values=int(field.required), max_values=1
            )
        case ChoiceField():
            fewest, most = RADIO_OPTIONS
            if fewest <= len(field.options) <= most:
                return discord.ui.RadioGroup(
                    custom_id=field.name,
                    options=[_option(discord.RadioGroupOption, option, field) for option in field.options],
                    required=field.required,
                )
            return discord.ui.Select(
                custom_id=field.name,
                options=[_option(discord.SelectOption, option, field) for option in field.options],
                required=field.required,
                min_values=int(field.required),
            )


def _option(build: Callable[..., _Built], option: Option, field: ChoiceField) -> _Built:
    return build(label=_line(option.label), value=option.value, default=option.value == field.value)


def _line(text: str, when_blank: str = "…") -> str:
    """Return `text` on one line, for a place without formatting that must not be blank."""
    line = clean(text).replace("\n", " ").strip(" ")
    return line if line.strip() else when_blank


def _lines(spans: Iterable[Span]) -> list[str]:
    """Return the lines that show `spans`. A style never continues past the end of a line."""
    lines = [""]
    nonempty = (span for span in spans if span.text)
    for (style, account), run in groupby(nonempty, key=lambda span: (span.style, span.account)):
        if account and account[0] == PLATFORM and account[1].isdecimal():
            lines[-1] += f"<@{account[1]}>"
            continue
        first, *rest = "".join(span.text for span in run).split("\n")
        lines[-1] += _styled(first, style)
        lines += [_styled(line, style) for line in rest]
    return [_start_escaped(line) for line in lines]


def _styled(text: str, style: Style) -> str:
    """Return one line of `text` in `style`, with surrounding white space outside the markers."""
    inner = text.strip()
    if style == "plain" or not inner or (style == "code" and "`" in inner):  # no fence is safe around a "`"
        return _inline_escaped(text)
    before, after = text.split(inner)
    marker = _MARKERS[style]
    if style == "code":
        return before + marker + _MENTION.sub(f"@{_NOTHING}", inner) + marker + after
    escaped = _start_escaped(_inline_escaped(inner))
    if escaped.endswith(marker[0]):  # Discord would read it as a part of the closing marker
        escaped += _NOTHING
    # Discord closes italics only at the end of a word, and struck words only if no underscore follows.
    return before + marker + escaped + marker + ("" if marker == "**" else _NOTHING) + after


def _inline_escaped(text: str) -> str:
    if "@" in text:
        text = _MENTION.sub(f"@{_NOTHING}", text)
    return _INLINE.sub(lambda mark: f"\\{mark[0]}", text)


def _start_escaped(line: str) -> str:
    """Escape the start of `line` so that it is not a heading, a list or small print."""
    return _LINE_START.sub(lambda m: m[0] + "\\" if m["number"] else f"{m[1]}\\{m[2]}", line)
