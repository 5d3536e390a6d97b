"""Plain text as HTML with line breaks, which htpy does not make."""

from typing import Final

import htpy as h
from markupsafe import Markup, escape

_BREAK: Final = escape(h.br)


def with_breaks(words: str) -> Markup:
    """Return `words`, escaped, with a `br` for each newline."""
    return _BREAK.join(words.split("\n"))
