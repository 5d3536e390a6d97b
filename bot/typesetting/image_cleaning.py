"""An image of which only the pixels are left: no place, no author, no comment, nothing hidden behind.

What decodes it is another process (`image_cleaning_page.py`), with limits of memory and time, since the
bytes may come from anyone. The original is not kept, only its SHA-256. What the pixels show (a name on a
screen, a watermark) stays: nobody can take that out without looking at it.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.logs import ExplainedError

LARGEST: Final = 10 * 1024 * 1024  # bytes of an original
SECONDS: Final = 30.0

_PAGE: Final = Path(__file__).with_name("image_cleaning_page.py")
_TAIL: Final = 66_000  # where a ZIP's end may be: its record and the longest comment
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_RECORD: Final = 22
_PDF_START: Final = 1_024  # bytes within which readers of PDF look for its beginning
# What makes of an image something else too, for a program that is told to read it so.
_OTHER_LANGUAGE: Final = re.compile(
    rb"<script|<html|<!doctype|<\?php|<svg[\s>]|Rar!\x1a\x07|7z\xbc\xaf\x27", re.IGNORECASE
)
_REASONS: Final = {
    "large": "l'image a trop de pixels. Réduisez-la, ou faites-en une capture d'écran.",
    "truncated": "l'image est incomplète ou abîmée. Faites-en une capture d'écran, et joignez celle-ci.",
}
_NOT_READ: Final = "seuls les formats PNG, JPEG et WebP sont acceptés. Faites une capture d'écran de l'image."


class ImageError(ExplainedError):
    """The image cannot be taken; the text is one French line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean image: its bytes, what they are, a name that tells nothing, and the original's SHA-256."""

    content: bytes
    media_type: str
    name: str
    width: int
    height: int
    original_sha256: str


def clean(original: bytes) -> Cleaned:
    """Return the image of `original`, rebuilt from its pixels. It takes a while: not for the event loop.

    Its name and its type, which the sender chose, are not asked: what it is is read in it.
    Raises `ImageError` for what is too large, is not whole, or is not an image that is accepted.
    """
    if len(original) > LARGEST:
        raise ImageError(f"l'image dépasse {LARGEST // 1024 // 1024} Mo. Faites-en une capture d'écran.")
    kind = _kind(original)
    _refuse_polyglots(original)
    head, content = _rebuilt(kind, original)
    extension = str(head["kind"])
    return Cleaned(
        content,
        f"image/{extension}",
        f"capture.{extension}",
        int(str(head["width"])),
        int(str(head["height"])),
        hashlib.sha256(original).hexdigest(),
    )


def _kind(content: bytes) -> str:
    """Return the format that a file begins as. Raises `ImageError` for one that is not accepted."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        raise ImageError(
            "le format HEIC des téléphones n'est pas accepté. Faites une capture d'écran de la photo, "
            "ou enregistrez-la en JPEG."
        )
    raise ImageError(_NOT_READ)


def _refuse_polyglots(content: bytes) -> None:
    """Raise `ImageError` for an image that is also an archive, a document or a page."""
    end = content.rfind(_ZIP_END, max(0, len(content) - _TAIL))
    archive = end != -1 and (
        end + _ZIP_RECORD + int.from_bytes(content[end + 20 : end + 22], "little") == len(content)
    )
    if archive or b"%PDF-" in content[:_PDF_START] or _OTHER_LANGUAGE.search(content):
        raise ImageError("ce fichier n'est pas seulement une image. Faites-en une capture d'écran.")


def _rebuilt(kind: str, original: bytes) -> tuple[dict[str, object], bytes]:
    try:
        done = subprocess.run(  # noqa: S603 — our own file
            [sys.executable, "-I", str(_PAGE), kind],
            input=original,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired as error:
        raise ImageError(_REASONS["large"]) from error
    except OSError as error:
        raise ImageError("l'image n'a pas pu être nettoyée. Réessayez, ou envoyez sans elle.") from error
    if done.returncode:
        reason = done.stderr.decode("ascii", "replace")
        raise ImageError(_REASONS.get(reason, _REASONS["large" if done.returncode < 0 else "truncated"]))
    head, _, content = done.stdout.partition(b"\n")
    return json.loads(head), content
