"""The draft of a report between two pages of the form: its picture and its code, sealed in the page.

The browser sends the page back, but cannot change them. No part of a draft stays on the server. A code is
derived from a random number, issued with the empty form, and from the form's content. A browser that goes
back and sends a page again thus sends the same report, not a second one.
"""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from bot.reports.codes import code_from
from bot.reports.drafts import SENT_AGAIN
from bot.reports.filing import Report
from bot.times import Clock
from bot.typesetting import image_cleaning
from bot.typesetting.image_cleaning import ImageError

DRAFT_SECONDS: Final = SENT_AGAIN.total_seconds()
LARGEST_PICTURE: Final = 4 * 1024 * 1024  # bytes once redrawn; a page contains the picture twice


@dataclass(frozen=True, slots=True)
class DraftPicture:
    """A redrawn picture. `media_type`: « image/png »… `original`: SHA-256 of the uploaded file."""

    content: bytes = field(repr=False)
    media_type: str
    original: str

    @property
    def base64(self) -> str:
        """The content, encoded in base64."""
        return base64.b64encode(self.content).decode("ascii")


def new_number() -> str:
    """Return the number of an empty form: random, as text."""
    return secrets.token_urlsafe(12)


def redraw(upload: bytes) -> DraftPicture:
    """Return an uploaded picture, redrawn without metadata. Raises `ImageError`."""
    cleaned = image_cleaning.clean(upload)
    if len(cleaned.content) > LARGEST_PICTURE:
        raise ImageError("l'image redessinée est trop lourde. Coupez-la, ou faites-en une capture d'écran.")
    return DraftPicture(cleaned.content, cleaned.media_type, cleaned.original_sha256)


class DraftSeals:
    """Seals and opens drafts, with a key that only this process has."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._box = SecretBox(random(SecretBox.KEY_SIZE))
        self._code_key = random(hashlib.blake2b.MAX_KEY_SIZE)

    def code(self, number: str, report: Report, picture: DraftPicture | None) -> str:
        """Return the code of a report, which the form's number and the content determine."""
        content = [number, asdict(report), picture.base64 if picture else ""]
        digest = hashlib.blake2b(json.dumps(content).encode("ascii"), key=self._code_key, digest_size=32)
        return code_from(digest.digest())

    def seal(self, picture: DraftPicture | None, code: str) -> str:
        """Return a picture and a code, sealed, in base64. The seal expires after `DRAFT_SECONDS` seconds."""
        content = {"code": code, "until": self._clock().timestamp() + DRAFT_SECONDS}
        if picture is not None:
            content |= {"image": picture.base64, "media": picture.media_type, "original": picture.original}
        return base64.b64encode(self._box.encrypt(json.dumps(content).encode("ascii"))).decode("ascii")

    def open(self, sealed: str) -> tuple[DraftPicture | None, str] | None:
        """Open a seal: return its picture and code, None if it is damaged, expired or of another process."""
        try:
            content: dict[str, Any] = json.loads(self._box.decrypt(base64.b64decode(sealed, validate=True)))
        except (binascii.Error, CryptoError, ValueError):
            return None
        if content["until"] < self._clock().timestamp():
            return None
        picture = None
        if "image" in content:
            image = base64.b64decode(content["image"])
            picture = DraftPicture(image, content["media"], content["original"])
        return picture, content["code"]
