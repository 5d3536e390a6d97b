"""Sealed pages: a PDF, then data in PDF comments, and a signature of both that anyone can verify.

PDF readers skip the comments (ISO 32000-1, 7.2.4). The signature covers the page and the data, so that no
change goes undetected. A page that another program saves again is no longer valid.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.register import chain, signing
from bot.register.signing import Ring, Signer

LARGEST: Final = 1_000_000  # bytes; a page usually has about 40,000

_LINE: Final = 72  # bytes of data per line, out of the 255 that a PDF line may have
_TAIL: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")


class ReceiptError(Exception):
    """A sealed page cannot be made, or is not genuine. The text is one French sentence."""


@dataclass(frozen=True, slots=True)
class PageForm:
    """A kind of sealed page. `mark`: the comment that begins its data. `name`: its French name, « reçu »."""

    mark: bytes
    name: str

    @property
    def unsealed_error(self) -> ReceiptError:
        """The error for a file that is not a sealed page."""
        return ReceiptError(
            f"ce fichier n'est pas un {self.name} de Vigie, ou un autre programme l'a enregistré de nouveau. "
            "Demandez le fichier tel qu'il a été reçu."
        )


def seal(page: bytes, content: Mapping[str, object], signer: Signer, form: PageForm) -> bytes:
    """Return a page with its data and their signature, then a second end of file for PDF readers."""
    data = base64.b64encode(chain.canonical(content))
    signature = signer.sign(_signed(page, data, form)).encode("ascii")
    return page + _written(page, data, signer.id.encode("ascii") + b" " + signature, form)


def unseal(content: bytes, ring: Ring, form: PageForm) -> Mapping[str, Any]:
    """Return the data of a page, verified with the trusted keys in `ring`.

    `content`: the whole file. Raises `ReceiptError`, with the problem in French, when it is not genuine.
    """
    page, mark, trailer = content.rpartition(form.mark)
    lines = [line.removeprefix(b"%") for line in trailer.split(b"\n") if line.startswith(b"%")]
    if not mark or len(content) > LARGEST or len(lines) < 3 or not _TAIL.search(page):  # noqa: PLR2004 — data, signature, end of file
        raise form.unsealed_error
    data = b"".join(lines[:-2])
    key, _, signature = lines[-2].partition(b" ")
    key_id = key.decode("ascii", "replace")
    if key_id not in ring:
        raise ReceiptError(
            f"ce {form.name} est signé d'une clé inconnue ({key_id[: signing.ID_LENGTH]}). "
            "Donnez la liste des clés publiques\u00a0: --cles."
        )
    untouched = _written(page, data, lines[-2], form) == mark + trailer
    signed = _signed(page, data, form)
    if not (untouched and signing.genuine(ring, key_id, signed, signature.decode("ascii", "replace"))):
        raise ReceiptError(f"ce {form.name} a été modifié depuis qu'il a été remis.")
    try:
        fields = json.loads(base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error) as error:
        raise form.unsealed_error from error
    if not isinstance(fields, dict):
        raise form.unsealed_error
    return fields


def _written(page: bytes, data: bytes, signature: bytes, form: PageForm) -> bytes:
    tail = _TAIL.search(page)
    if not tail:
        raise form.unsealed_error
    lines = b"".join(b"%" + data[at : at + _LINE] + b"\n" for at in range(0, len(data), _LINE))
    return form.mark + lines + b"%" + signature + b"\nstartxref\n" + tail[1] + b"\n%%EOF\n"


def _signed(page: bytes, data: bytes, form: PageForm) -> bytes:
    return form.mark + hashlib.sha256(page).digest() + hashlib.sha256(data).digest()
