"""Neutral messages as plain text, for e-mail. Pure: nothing here sends anything.

Every mail program shows it as it is, screen readers included, and nothing in it can be followed but
the addresses that the bot wrote itself.
"""

from __future__ import annotations

import textwrap

from bot.conversation.messages import (
    Button,
    Buttons,
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
    Text,
    clean,
    summary,
)

WIDTH = 72  # RFC 5322 asks for at most 78 with what a reply adds
MENU = "vigie"


def subject(message: Message, quote: Quoter) -> str:
    """Return the subject: what the message says first, on one line."""
    return summary(message, quote)


def body(message: Message, quote: Quoter) -> str:
    """Return the text of `message`, `quote` giving the policy's words, which are never cut nor changed."""
    parts = [part for element in message.elements if (part := _element(element, quote))]
    return "\n\n".join(parts) + "\n"


def _element(element: Element, quote: Quoter) -> str:
    match element:
        case Heading(text):
            line = clean(text).strip()
            return f"{line}\n{'=' * min(len(line), WIDTH)}"
        case Text(spans) | Note(spans):
            return _wrapped(_said(spans))
        case Quote():
            return _quotation(quote(element))
        case File(name, _, title):
            return f"[{title}\u00a0: {name}]"
        case Divider():
            return "-" * WIDTH
        case Buttons(items):
            return "\n".join(_button(item) for item in items)


def _said(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans)


def _quotation(quotation: Quotation) -> str:
    paragraphs = [_wrapped(_said(tuple(paragraph)), "> ") for paragraph in quotation.paragraphs]
    return "\n".join([_wrapped(quotation.caption), "\n>\n".join(paragraphs)])


def _wrapped(text: str, before: str = "") -> str:
    lines = clean(text).split("\n")
    return "\n".join(
        textwrap.fill(
            line,
            WIDTH,
            initial_indent=before,
            subsequent_indent=before,
            break_long_words=False,
            break_on_hyphens=False,
        )
        or before.rstrip()
        for line in lines
    )


def _button(item: Button | Link) -> str:
    match item:
        case Link(label, url):
            return f"{label}\u00a0: {url}"
        case Button(label, command):
            return f"{label}\u00a0: écrivez «\u00a0{MENU} {command}\u00a0» à Vigie, sur Slack ou sur Discord"
