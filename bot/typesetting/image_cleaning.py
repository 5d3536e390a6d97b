"""The cleaning of images: only the pixels are kept, without location, author, comments or hidden data.

A separate process (`image_cleaning_page.py`) decodes the images, with limits on memory and time, since their
bytes are untrusted. Only the SHA-256 of the original is kept. Names or watermarks visible in the pixels
remain.
"""

import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.logs import ExplainedError
from bot.typesetting.image_cleaning_page import MOST_PIXELS
from bot.typesetting.isolated import read_isolated

LARGEST: Final = 8 * 1024 * 1024  # maximum bytes of an original
SECONDS: Final = 30.0

_PAGE: Final = Path(__file__).with_name("image_cleaning_page.py")
_TAIL: Final = 66_000  # bytes at the end of a ZIP that may hold its final record and the longest comment
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_RECORD: Final = 22  # bytes of that record, without the comment
_PDF_START: Final = 1_024  # bytes at the start in which PDF readers look for a header
_FORMATS: Final = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
# Signs of other formats, as which some programs would open an image file.
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
    """The image is refused. The text is one French line: the reason and what to do."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean image. `media_type`: « image/png » or « image/jpeg ». `original_sha256`: in hexadecimal."""

    content: bytes
    media_type: str
    original_sha256: str


def clean(original: bytes) -> Cleaned:
    """Return an image rebuilt from the pixels of `original`.

    It waits up to 30 s for its turn and takes up to 30 s more, so do not call it on the event loop. The
    format is detected from the bytes, never from a name or type chosen by the sender. Raises `ImageError`
    when the file is too large, incomplete or not an accepted image, or when it cannot be cleaned now.
    """
    if len(original) > LARGEST:
        raise ImageError(f"l'image dépasse {LARGEST // 1024 // 1024} Mo. Faites-en une capture d'écran.")
    kind = next((name for name, start in _FORMATS.items() if start.match(original)), None)
    if kind is None:
        raise ImageError(_HEIC if original[4:8] == b"ftyp" else _NOT_READ)
    if _is_something_else(original):
        raise ImageError("ce fichier n'est pas seulement une image. Faites-en une capture d'écran.")
    # the size declared by a PNG's header
    pixels = int.from_bytes(original[16:20]) * int.from_bytes(original[20:24])
    if kind == "PNG" and pixels > MOST_PIXELS[kind]:
        raise ImageError(_REASONS["large"])  # a few kilobytes may declare gigabytes of pixels
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


def _is_something_else(content: bytes) -> bool:
    """Return whether an image is also an archive, a document or a web page."""
    end = content.rfind(_ZIP_END, max(0, len(content) - _TAIL))
    comment = int.from_bytes(content[end + 20 : end + 22], "little")
    archive = end != -1 and end + _ZIP_RECORD + comment == len(content)
    return archive or b"%PDF-" in content[:_PDF_START] or bool(_OTHER_LANGUAGE.search(content))
