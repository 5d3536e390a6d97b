"""Messages as plain text, for e-mail. Pure: nothing here sends anything.

Every mail program and screen reader shows the text unchanged. Its only links are the addresses that the
bot wrote itself.
"""

import textwrap
from collections.abc import Iterable

from bot.conversation import messages

WIDTH = 72  # RFC 5322 asks for at most 78, including the marks that a reply adds
MENU = "vigie"


def plain_text(message: messages.Message, quote: messages.Quoter) -> str:
    """Return the text of `message`. `quote` returns the policy's words, shown unchanged and uncut."""
    parts = [part for element in message.elements if (part := _element(element, quote))]
    return "\n\n".join(parts) + "\n"


def _element(element: messages.Element, quote: messages.Quoter) -> str:
    match element:
        case messages.Heading(text):
            line = messages.clean(text).strip()
            return f"{line}\n{'=' * min(len(line), WIDTH)}"
        case messages.Text(spans) | messages.Note(spans):
            return _wrapped(spans)
        case messages.Quote():
            quotation = quote(element)
            paragraphs = [_wrapped(paragraph, "> ") for paragraph in quotation.paragraphs]
            return "\n".join([_wrapped([messages.Span(quotation.caption)]), "\n>\n".join(paragraphs)])
        case messages.File(name, _, title):
            return f"[{title}\u00a0: {name}]"
        case messages.Divider():
            return "-" * WIDTH
        case messages.Buttons(buttons):
            return "\n".join(
                f"{button.label}\u00a0: {button.url}"
                if isinstance(button, messages.Link)
                else f"{button.label}\u00a0: écrivez «\u00a0{MENU} {button.command}\u00a0» à Vigie, "
                "sur Slack ou sur Discord"
                for button in buttons
            )


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
