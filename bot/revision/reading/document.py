"""The result of reading a file in any format, and the escaping that readers share."""

import re
from dataclasses import dataclass
from typing import Final

from bot.policy.provisions import Block
from bot.revision.reading.lint import LintFinding

# Of a file, in its text or on its pages. A text that repeats the former one is then compared in two seconds.
MOST_CHARACTERS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text, in Markdown: its own, or the canonical one of what was read in another format.

    `words`: those found by a second, cruder reading, used to detect lost text. `blocks`: what its outline is
    made from.
    """

    markdown: str
    words: tuple[str, ...]
    findings: tuple[LintFinding, ...] = ()
    blocks: tuple[Block, ...] = ()


def escape_markdown(text: str) -> str:
    """Escape characters that the Markdown parser of `bot.policy.articles` would read as markup."""
    text = re.sub(r"\\|\*\*|__", lambda mark: "".join(f"\\{sign}" for sign in mark[0]), text)
    return text.replace("&", "&amp;").replace("<", "&lt;")
