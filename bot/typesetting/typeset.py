"""The typesetting of pages and pictures, from a template compiled in a separate process.

The compiler treats the data as text, never as instructions.
"""

import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from bot.logs import ExplainedError
from bot.typesetting.isolated import run_isolated

SECONDS: Final = 60  # enough for a comparison of two entirely different texts; a receipt takes 0.1 s

Kind: TypeAlias = Literal["pdf", "png"]

_STARTS: Final[Mapping[Kind, bytes]] = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n"}
_PAGE: Final = Path(__file__).with_name("typeset_page.py")
_COMPILER: Final = threading.Lock()  # one compilation at a time, since each takes a hundred megabytes
_FAILED: Final = "la mise en page a échoué. Réessayez dans un moment."


class TypesetError(ExplainedError):
    """A page or a picture cannot be made. The text is one French sentence."""


def typographic(text: str) -> str:
    """Return a text of the bot with typographic apostrophes, for print.

    Do not use it for the policy's words, nor for texts that people wrote.
    """
    return text.replace("'", "’")


def typeset(template: Path, data: Mapping[str, Any], kind: Kind) -> bytes:
    """Return the bytes of a template filled with data, as a tagged PDF (PDF/UA-1) or a PNG.

    Do not call this on the storage thread. In `data`, « made_at » (ISO 8601) is the date of a PDF, and
    « images » (base64 by name) are files for the template, held in memory. For a PDF, the template also
    receives « replaced »: whether characters that the fonts lack were replaced. Raises `TypesetError`.
    """
    try:
        with _COMPILER:
            done = run_isolated(_PAGE, str(template), kind, data=json.dumps(data).encode(), seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TypesetError(_FAILED) from error
    if done.returncode or not done.stdout.startswith(_STARTS[kind]):
        raise TypesetError(_FAILED)
    return done.stdout
