"""HTML that is made of elements: a word that was never escaped cannot reach a page by mistake.

`Html` is text that a browser may read as markup: only `element`, `escaped` and what joins them make any,
so the type checker knows of a word that was not escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import NewType

from bot.conversation.messages import clean

Html = NewType("Html", str)

NOTHING = Html("")
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})  # elements that have no end tag


def escaped(words: str) -> Html:
    """Return literal `words` as markup that shows them, without what would change their neighbours."""
    return Html(html.escape(clean(words)))


def joined(pieces: Iterable[Html]) -> Html:
    """Return pieces of markup one after the other."""
    return Html("".join(pieces))


def element(name: str, /, *children: Html, **attributes: str | bool) -> Html:
    """Return `<name …>children</name>`.

    An attribute's underscores are hyphens (`class_` is `class`). True is an attribute without a
    value; False and "" are none at all, but for `value` and `alt`, which may be empty.
    """
    opening = name
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            opening += f" {attribute}"
        elif value is not False and (value or attribute in {"value", "alt"}):
            opening += f' {attribute}="{html.escape(clean(value))}"'
    return Html(f"<{opening}>") if name in _VOID else Html(f"<{opening}>{''.join(children)}</{name}>")


def lines(words: str) -> Html:
    """Return literal `words`, their newlines breaking lines."""
    return joined(
        escaped(line) if number == 0 else joined([element("br"), escaped(line)])
        for number, line in enumerate(clean(words).split("\n"))
    )
