"""The policy's words, read from its file without any code of the bot's."""

from __future__ import annotations

import re
from pathlib import Path

_TEXT = Path(__file__).resolve().parents[2] / "data" / "politique" / "pa20" / "2015-12-13.md"


def clause(number: str) -> str:
    """Return a clause that stands on one line, as the association wrote it."""
    [words] = re.findall(rf"^- {re.escape(number)} (.+)$", _TEXT.read_text(), re.MULTILINE)
    return str(words).strip()
