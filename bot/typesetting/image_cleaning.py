"""Images of which only the pixels are left: no place, no author, no comment, nothing hidden behind.

Another process decodes them (`image_cleaning_page.py`), with limits of memory and time, since the bytes may
come from anyone. The original is not kept, only its SHA-256. What the pixels show (a name on a screen, a
watermark) stays: nobody can take that out without looking at it.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.logs import ExplainedError
from bot.typesetting.image_cleaning_page import MOST_PIXELS
from bot.typesetting.isolated import read_isolated

LARGEST: Final = 10 * 1024 * 1024  # bytes of an original
SECONDS: Final = 30.0

_PAGE: Final = Path(__file__).with_name("image_cleaning_page.py")
_TAIL: Final = 66_000  # where a ZIP's end may be: its record and the longest comment
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_RECORD: Final = 22
_PDF_START: Final = 1_024  # bytes within which readers of PDF look for its beginning
_FORMATS: Final = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
# What makes an image something else too, for a program that is told to read it so.
_OTHER_LANGUAGE: Final = re.compile(
    rb"<script|<html|<!doctype|<\?php|<svg[\s>]|Rar!\x1a\x07|7z\xbc\xaf\x27", re.IGNORECASE
)
_REASONS: Final = {
    "large": "l'image a trop de pixels. Réduisez-la, ou faites-en une capture d'écran.",
    "truncated": "l'image est incomplète ou abîmée. Faites-en une capture d'écran, et joignez celle-ci.",
}
_NOT_READ: Final = "seuls les formats PNG, JPEG et WebP sont acceptés. Faites une capture d'écran de l'image."
_HEIC: Final = (
    "le format HEIC des téléphones n'est pas accepté. Faites une capture d'écran de la photo, "
    "ou enregistrez-la en JPEG."
)


class ImageError(ExplainedError):
    """The image is refused; the text is one French line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean image: its bytes, « image/png » or « image/jpeg », the original's SHA-256 in hexadecimal."""

    content: bytes
    media_type: str
    original_sha256: str


def clean(original: bytes) -> Cleaned:
    """Return the image of `original`, rebuilt from its pixels. Takes up to 30 s: not on the event loop.

    Its format is read in its bytes, never in a name or a type that the sender chose.
    Raises `ImageError` for what is too large, is not whole, or is not an image that is accepted.
    """
    if len(original) > LARGEST:
        raise ImageError(f"l'image dépasse {LARGEST // 1024 // 1024} Mo. Faites-en une capture d'écran.")
    kind = next((name for name, start in _FORMATS.items() if start.match(original)), None)
    if kind is None:
        raise ImageError(_HEIC if original[4:8] == b"ftyp" else _NOT_READ)
    if _is_something_else(original):
        raise ImageError("ce fichier n'est pas seulement une image. Faites-en une capture d'écran.")
    if kind == "PNG" and _declared_pixels(original) > MOST_PIXELS[kind]:
        raise ImageError(_REASONS["large"])  # kilobytes may declare gigabytes
    try:
        done = read_isolated(_PAGE, kind, data=original, seconds=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ImageError(_REASONS["large"]) from error
    except OSError as error:
        raise ImageError("l'image n'a pas pu être nettoyée. Réessayez, ou envoyez sans elle.") from error
    if done.returncode:
        reason = done.stderr.decode("ascii", "replace")
        raise ImageError(_REASONS.get(reason, _REASONS["large" if done.returncode < 0 else "truncated"]))
    extension, _, content = done.stdout.partition(b"\n")
    return Cleaned(content, f"image/{extension.decode('ascii')}", hashlib.sha256(original).hexdigest())


def _declared_pixels(png: bytes) -> int:
    """Return how many pixels a PNG says that it has."""
    return int.from_bytes(png[16:20]) * int.from_bytes(png[20:24])


def _is_something_else(content: bytes) -> bool:
    """Return whether an image is also an archive, a document or a web page."""
    end = content.rfind(_ZIP_END, max(0, len(content) - _TAIL))
    comment = int.from_bytes(content[end + 20 : end + 22], "little")
    archive = end != -1 and end + _ZIP_RECORD + comment == len(content)
    return archive or b"%PDF-" in content[:_PDF_START] or bool(_OTHER_LANGUAGE.search(content))
