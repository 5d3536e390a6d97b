"""Pages and pictures: a template compiled in a process of its own.

Whatever the data holds is text, never instructions to the compiler.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from bot.logs import ExplainedError
from bot.typesetting.isolated import run_isolated

SECONDS: Final = 60  # for a text that is all changed; a receipt takes a tenth of one

Kind: TypeAlias = Literal["pdf", "png"]

_STARTS: Final[Mapping[Kind, bytes]] = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n"}
_PAGE: Final = Path(__file__).with_name("typeset_page.py")
_COMPILER: Final = threading.Lock()  # one at a time: each takes a hundred megabytes
_FAILED: Final = "la mise en page a échoué. Réessayez dans un moment."


class TypesetError(ExplainedError):
    """A page or a picture cannot be made; the text is one French sentence."""


def typeset(template: Path, data: Mapping[str, Any], kind: Kind) -> bytes:
    """Return a template filled with data, as tagged PDF/UA-1 or as PNG. Not for the storage thread.

    The template reads `data`, and « replaced »: whether characters that cannot be drawn were replaced. In
    `data`, « made_at » (ISO 8601) dates the file, and « images » (name → base64) are files for the template,
    in memory only. Raises `TypesetError`.
    """
    try:
        with _COMPILER:
            done = run_isolated(_PAGE, str(template), kind, data=json.dumps(data).encode(), seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TypesetError(_FAILED) from error
    if done.returncode or not done.stdout.startswith(_STARTS[kind]):
        raise TypesetError(_FAILED)
    return done.stdout
