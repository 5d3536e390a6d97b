"""The result of reading a file in any format, and the escaping that readers share."""

import re
from dataclasses import dataclass
from typing import Final

from bot.revision.reading.lint import LintFinding

MOST_CHARACTERS: Final = 1_500_000  # of a file, whether in its text or on its pages


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text. `words`: the words found by a second, cruder reading, used to detect lost text."""

    markdown: str
    words: tuple[str, ...]
    findings: tuple[LintFinding, ...] = ()


def escape_markdown(text: str) -> str:
    """Escape characters that the Markdown parser of `bot.policy.articles` would read as markup."""
    text = re.sub(r"\\|\*\*|__", lambda mark: "".join(f"\\{sign}" for sign in mark[0]), text)
    return text.replace("&", "&amp;").replace("<", "&lt;")
