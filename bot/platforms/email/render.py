"""Messages as plain text, for e-mail. Pure: nothing here sends anything.

Every mail program shows it as it is, screen readers included, and nothing in it can be followed but
the addresses that the bot wrote itself.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from bot.conversation.messages import (
    Buttons,
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
    Text,
    clean,
)

WIDTH = 72  # RFC 5322 asks for at most 78 with what a reply adds
MENU = "vigie"


def plain_text(message: Message, quote: Quoter) -> str:
    """Return the text of `message`, `quote` giving the policy's words, unchanged and uncut."""
    parts = [part for element in message.elements if (part := _element(element, quote))]
    return "\n\n".join(parts) + "\n"


def _element(element: Element, quote: Quoter) -> str:
    match element:
        case Heading(text):
            line = clean(text).strip()
            return f"{line}\n{'=' * min(len(line), WIDTH)}"
        case Text(spans) | Note(spans):
            return _wrapped(spans)
        case Quote():
            quotation = quote(element)
            paragraphs = [_wrapped(paragraph, "> ") for paragraph in quotation.paragraphs]
            return "\n".join([_wrapped([Span(quotation.caption)]), "\n>\n".join(paragraphs)])
        case File(name, _, title):
            return f"[{title}\u00a0: {name}]"
        case Divider():
            return "-" * WIDTH
        case Buttons(buttons):
            return "\n".join(
                f"{button.label}\u00a0: {button.url}"
                if isinstance(button, Link)
                else f"{button.label}\u00a0: écrivez «\u00a0{MENU} {button.command}\u00a0» à Vigie, "
                "sur Slack ou sur Discord"
                for button in buttons
            )


def _wrapped(spans: Iterable[Span], before: str = "") -> str:
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=before,
        subsequent_indent=before,
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = clean("".join(span.text for span in spans)).split("\n")
    return "\n".join(wrapper.fill(line) or before.rstrip() for line in lines)
