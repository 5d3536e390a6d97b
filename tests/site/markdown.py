"""Markdown as the pages are written: tables whose cells hold anything, lists of words, code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """Return a text as it is typed."""
    return f"`{text}`"


def cell(text: str) -> str:
    """Return a text on one line, as a cell of a table holds it. A bar cannot be in code: it is escaped."""
    return " ".join(text.split(" ")).replace("\n", "<br>").replace("|", "\\|")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [headings, ["---"] * len(headings), *([cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter and ends with a period."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!", ":", "…")) else f"{text}."
