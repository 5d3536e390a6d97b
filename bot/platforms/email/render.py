"""Messages as plain text, for e-mail. Pure functions.

Every mail program and screen reader shows the text unchanged. Its only links are addresses that the bot
itself wrote.
"""

import textwrap
from collections.abc import Iterable

from bot.conversation import messages

WIDTH = 72  # RFC 5322 allows 78 characters; a reply adds marks to each line
MENU = "vigie"


def plain_text(message: messages.Message, quote: messages.Quoter) -> str:
    """Return the text of `message`. `quote` returns the policy's words, shown whole and unchanged."""
    parts = [part for element in message.elements if (part := _element(element, quote))]
    return "\n\n".join(parts) + "\n"


def _element(element: messages.Element, quote: messages.Quoter) -> str:  # noqa: PLR0911 — one return for each kind of element
    match element:
        case messages.Heading(text):
            line = messages.clean(text).strip()
            return f"{line}\n{'=' * min(len(line), WIDTH)}"
        case messages.Text(spans) | messages.Note(spans):
            return _wrapped(spans)
        case messages.Quote():
            quotation = quote(element)
            paragraphs = [_wrapped(paragraph, "> ") for paragraph in quotation.paragraphs]
            caption = messages.SIDES[element.side] + quotation.caption
            where = f"{messages.READ_ONLINE.capitalize()}\u00a0: {quotation.address}"
            online = [where] if quotation.address else []
            return "\n".join([_wrapped([messages.Span(caption)]), "\n>\n".join(paragraphs), *online])
        case messages.File(name, _, title):
            return f"[{title}\u00a0: {name}]"
        case messages.Divider():
            return "-" * WIDTH
        case messages.Choice(text, button):
            return "\n".join([_wrapped([messages.Span(text)]), _button_line(button)])
        case messages.Buttons(buttons):
            return "\n".join(map(_button_line, buttons))


def _button_line(button: messages.Button | messages.Link) -> str:
    if isinstance(button, messages.Link):
        return f"{button.label}\u00a0: {button.url}"
    line = f"{MENU} {button.command}"
    return f"{button.label}\u00a0: écrivez «\u00a0{line}\u00a0», sur Slack ou sur Discord"


def _wrapped(spans: Iterable[messages.Span], before: str = "") -> str:
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=before,
        subsequent_indent=before,
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = messages.clean("".join(span.text for span in spans)).split("\n")
    return "\n".join(wrapper.fill(line) or before.rstrip() for line in lines)
