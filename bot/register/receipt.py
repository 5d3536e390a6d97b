"""The receipt of an attestation: one page in PDF, that proves itself with the public keys alone.

After the page come comments, which PDF readers skip (ISO 32000-1, 7.2.4): the entry of the register and
the name that opens it, then a signature of everything before it, page included. So neither the data nor
what the page shows can be changed. A copy that another program saved anew is not the receipt any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot.policy.library import in_words
from bot.register import chain, signing
from bot.register.attestations import Attestation
from bot.register.chain import ChainEntry
from bot.register.signing import Ring, Signer
from bot.times import utc
from bot.typesetting.typeset import TypesetError, typeset

LARGEST: Final = 1_000_000  # bytes: a receipt has about forty thousand
PLATFORMS: Final = {"slack": "Slack", "discord": "Discord", "local": "le bac à sable"}

_MARK: Final = b"%vigie-recu-1\n"
_LINE: Final = 72  # of the 255 bytes that a line may have
_TAIL: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_TEMPLATE: Final = Path(__file__).with_name("receipt.typ")


class ReceiptError(Exception):
    """A receipt cannot be made, or is not genuine; the text is one French sentence."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: the entry, and the name that the person wrote."""

    entry: ChainEntry
    name: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who gives receipts: the association's name, what the policies are called, where it is."""

    association: str
    policy: Callable[[str], tuple[str, str]]  # from an identifier, « PA20 » and its whole title
    zone: ZoneInfo


# --- Making one -------------------------------------------------------------------------------


def make(attestation: Attestation, issuer: Issuer, signer: Signer) -> bytes:
    """Return the receipt of an attestation, as a PDF. It takes a second or two, in a process of its own.

    Raises `ReceiptError` when the person's fields were erased, or the page cannot be made.
    """
    if attestation.name is None or attestation.name_salt is None:
        raise ReceiptError("le nom de cette personne a été effacé du registre.")
    content = {"entry": asdict(attestation.entry), "name": attestation.name, "salt": attestation.name_salt}
    page = compiled(page_data(Receipt(attestation.entry, attestation.name), issuer))
    return page + _trailer(page, content, signer)


def page_data(receipt: Receipt, issuer: Issuer) -> dict[str, str]:
    """Return what the page shows, word by word."""
    entry = receipt.entry
    name, title = issuer.policy(entry.policy)
    version = in_words(date.fromisoformat(entry.version))
    whole = version.replace(" ", "\u00a0")  # a date that is not cut at the end of a line
    return {
        "association": _printed(issuer.association),
        "number": str(entry.number),
        "policy": name,
        "title": _printed(title),
        "statement": _printed(entry.statement).replace(version, whole),
        "name": receipt.name or "Nom non précisé",
        "version": version,
        "when": local(entry.attested_at, issuer.zone),
        "utc": entry.attested_at,
        "made_at": entry.attested_at,  # of the entry: made again, the receipt is the same
        "platform": PLATFORMS.get(entry.platform, entry.platform),
        "text": entry.text_sha256,
        "digest": entry.digest,
        "key": entry.key_id,
    }


def _printed(text: str) -> str:
    """Return our own words with the apostrophe of print; a person's name stays as they write it."""
    return text.replace("'", "’")


def local(moment: str, zone: ZoneInfo) -> str:
    """Return a time of the register as one reads it: « 24 novembre 2026, 10 h 04 (UTC−5) »."""
    here = utc(moment).astimezone(zone)
    return f"{in_words(here.date())}, {here.hour}\u00a0h\u00a0{here.minute:02} ({_offset(here)})"


def _offset(here: datetime) -> str:
    shift = here.utcoffset()
    minutes = round(shift.total_seconds() / 60) if shift else 0
    hours, rest = divmod(abs(minutes), 60)
    return (
        "UTC" + (f"{'−' if minutes < 0 else '+'}{hours}" if minutes else "") + (f":{rest:02}" if rest else "")
    )


def compiled(data: dict[str, str]) -> bytes:
    """Return the page as a PDF. Raises `ReceiptError`."""
    try:
        return typeset(_TEMPLATE, data, "pdf")
    except TypesetError as error:
        raise ReceiptError("le reçu n'a pas pu être composé.") from error


def _trailer(page: bytes, content: Mapping[str, object], signer: Signer) -> bytes:
    """Return what follows the page: comments, then the end of file once more, so that a reader finds it."""
    data = base64.b64encode(chain.canonical(content))
    signature = signer.sign(_sealed(page, data)).encode("ascii")
    return _written(page, data, signer.id.encode("ascii"), signature)


def _written(page: bytes, data: bytes, key: bytes, signature: bytes) -> bytes:
    tail = _TAIL.search(page)
    if not tail:
        raise ReceiptError(_NO_RECEIPT)
    lines = b"".join(b"%" + data[at : at + _LINE] + b"\n" for at in range(0, len(data), _LINE))
    return _MARK + lines + b"%" + key + b" " + signature + b"\nstartxref\n" + tail[1] + b"\n%%EOF\n"


def _sealed(page: bytes, data: bytes) -> bytes:
    return _MARK + hashlib.sha256(page).digest() + hashlib.sha256(data).digest()


# --- Verifying one ----------------------------------------------------------------------------


def read(content: bytes, ring: Ring) -> Receipt:
    """Return what a receipt says, once everything in it is verified with the keys that are trusted.

    Raises `ReceiptError`, that says what is wrong.
    """
    page, mark, trailer = content.rpartition(_MARK)
    lines = [line.removeprefix(b"%") for line in trailer.split(b"\n") if line.startswith(b"%")]
    if not mark or len(content) > LARGEST or len(lines) < 3 or not _TAIL.search(page):  # noqa: PLR2004 — data, signature, end of file
        raise ReceiptError(_NO_RECEIPT)
    data = b"".join(lines[:-2])
    key, _, signature = lines[-2].partition(b" ")
    if key.decode("ascii", "replace") not in ring:
        raise ReceiptError(_NO_KEY.format(key=key.decode("ascii", "replace")[: len(signing.key_id(b""))]))
    untouched = _written(page, data, key, signature) == mark + trailer
    signed = signing.genuine(
        ring, key.decode("ascii"), _sealed(page, data), signature.decode("ascii", "replace")
    )
    if not (untouched and signed):
        raise ReceiptError("ce reçu a été modifié depuis qu'il a été remis.")
    return _opened(data, ring)


def _opened(data: bytes, ring: Ring) -> Receipt:
    """Read the signed data, and check that the entry is itself signed and is about that name."""
    try:
        content = json.loads(base64.b64decode(data, validate=True))
        entry = ChainEntry(**content["entry"])
        name, salt = str(content["name"]), str(content["salt"])
    except (ValueError, binascii.Error, KeyError, TypeError) as error:
        raise ReceiptError(_NO_RECEIPT) from error
    problem = next(chain.problems(entry, ring), "")
    if not problem and chain.commitment("name", name, salt) != entry.name_commitment:
        problem = "le nom n'est pas celui qui a été attesté"
    if problem:
        raise ReceiptError(f"l'inscription que ce reçu contient n'est pas valable\u00a0: {problem}.")
    return Receipt(entry, name)


_NO_RECEIPT: Final = (
    "ce fichier n'est pas un reçu de Vigie, ou un autre programme l'a enregistré de nouveau. "
    "Demandez le fichier tel qu'il a été reçu."
)
_NO_KEY: Final = (
    "ce reçu est signé d'une clé inconnue ({key}). Donnez la liste des clés publiques\u00a0: --cles."
)
