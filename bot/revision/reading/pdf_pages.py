"""A PDF's pages: its words, where they stand and how they look, as `pdf_layout` finds them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from bot.policy.articles import PolicyError

SECONDS: Final = 30  # for the process that opens the file; one of a hundred pages takes two

_LAYOUT: Final = Path(__file__).with_name("pdf_layout.py")
_PROBLEMS: Final = {
    "password": "le PDF est protégé par un mot de passe. Enregistrez-le sans.",
    "damaged": "le PDF est abîmé, ou trop complexe pour être lu. Enregistrez-le de nouveau.",
    "pages": "le PDF a plus de 200 pages, ou trop de texte.",
}


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A piece of a line, or a whole one: its words, where they stand from the bottom left, their look."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool

    @property
    def middle(self) -> float:
        """Its height on the page."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its size, whether a picture covers a good part of it, and its pieces in the file's order."""

    width: float
    height: float
    picture: bool
    pieces: tuple[PdfLine, ...]


Column: TypeAlias = list[PdfLine]  # from top to bottom


def read_pages(content: bytes, name: str) -> list[Page]:
    """Return the pages of a file. Raises `PolicyError` when it cannot be opened."""
    try:
        done = subprocess.run(  # noqa: S603 — our own file
            [sys.executable, "-I", str(_LAYOUT)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={},
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise PolicyError(name, 0, _PROBLEMS["damaged"]) from error
    if "problem" in found:
        raise PolicyError(name, 0, _PROBLEMS[found["problem"]])
    return [
        Page(
            page["width"],
            page["height"],
            page["picture"],
            tuple(PdfLine(**piece) for piece in page["pieces"]),
        )
        for page in found["pages"]
    ]
