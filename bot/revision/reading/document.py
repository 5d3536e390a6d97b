"""What every reader of documents returns."""

from __future__ import annotations

from dataclasses import dataclass

from bot.revision.reading.lint import LintFinding


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text. `words`: all that a second, cruder reading of it found, to see what was lost."""

    markdown: str
    words: tuple[str, ...]
    findings: tuple[LintFinding, ...] = ()
