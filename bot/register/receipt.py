"""The receipt of an attestation: a one-page PDF that can be verified with the public keys alone.

The page is followed by comments, which PDF readers skip (ISO 32000-1, 7.2.4). They hold the register entry,
the person's name and the salt of its commitment, then a signature of the page and this data, so that no
change goes undetected. A file that another program saves again is no longer a valid receipt.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot.conversation.requests import PLATFORMS
from bot.register import chain, signing
from bot.register.attestations import Attestation, Issuer
from bot.register.chain import ChainEntry
from bot.register.signing import Ring, Signer
from bot.times import in_words, utc
from bot.typesetting.typeset import TypesetError, typeset, typographic

LARGEST: Final = 1_000_000  # bytes; a receipt has about forty thousand

_MARK: Final = b"%vigie-recu-1\n"
_LINE: Final = 72  # bytes of data per line, out of the 255 that a PDF line may have
_TAIL: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_TEMPLATE: Final = Path(__file__).with_name("receipt.typ")
_NO_RECEIPT: Final = (
    "ce fichier n'est pas un reçu de Vigie, ou un autre programme l'a enregistré de nouveau. "
    "Demandez le fichier tel qu'il a été reçu."
)


class ReceiptError(Exception):
    """A receipt cannot be made, or is not genuine. The text is one French sentence."""


# --- Making a receipt -------------------------------------------------------------------------


def make_receipt(attestation: Attestation, issuer: Issuer, signer: Signer) -> bytes:
    """Return an attestation's receipt as a PDF. It takes a second or two, in a separate process.

    Raises `ReceiptError` when the person's name was erased, or the page cannot be typeset.
    """
    if attestation.name is None or attestation.name_salt is None:
        raise ReceiptError("le nom de cette personne a été effacé du registre.")
    content = {"entry": asdict(attestation.entry), "name": attestation.name, "salt": attestation.name_salt}
    try:
        page = typeset(_TEMPLATE, page_data(attestation, issuer), "pdf")
    except TypesetError as error:
        raise ReceiptError("le reçu n'a pas pu être composé.") from error
    return page + _trailer(page, content, signer)


def page_data(attestation: Attestation, issuer: Issuer) -> dict[str, str]:
    """Return the texts of the page, by their field names in `receipt.typ`."""
    entry = attestation.entry
    name, title = issuer.policy(entry.policy)
    version = chain.adopted(entry)
    return {
        "association": typographic(issuer.association),
        "number": str(entry.number),
        "policy": name,
        "of": name.of,
        "title": typographic(title),
        "statement": typographic(entry.statement),
        "name": attestation.name or "Nom non précisé",
        "version": version,
        "when": local_time(entry.attested_at, issuer.zone),
        "made_at": entry.attested_at,  # the entry's time, so that the same page is made every time
        "platform": PLATFORMS.get(entry.platform, entry.platform),
        "text": entry.text_sha256,
        "digest": entry.digest,
        "key": entry.key_id,
    }


def local_time(moment: str, zone: ZoneInfo) -> str:
    """Format a register time in French: « 24 novembre 2026, 10 h 04 (UTC−5) »."""
    local = utc(moment).astimezone(zone)
    shift = local.utcoffset()
    minutes = round(shift.total_seconds() / 60) if shift else 0
    hours, rest = divmod(abs(minutes), 60)
    offset = f"{'−' if minutes < 0 else '+'}{hours}" if minutes else ""
    offset += f":{rest:02}" if rest else ""
    return f"{in_words(local.date())}, {local.hour}\u00a0h\u00a0{local.minute:02} (UTC{offset})"


def _trailer(page: bytes, content: Mapping[str, object], signer: Signer) -> bytes:
    """Return the comments to append to the page, then a second end of file for PDF readers."""
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


# --- Verifying a receipt ----------------------------------------------------------------------


def verify_receipt(content: bytes, ring: Ring) -> Attestation:
    """Return the attestation of a receipt, verified with the trusted keys in `ring`.

    `content`: the whole file. Raises `ReceiptError`, with the problem in French, when it is not genuine.
    """
    page, mark, trailer = content.rpartition(_MARK)
    lines = [line.removeprefix(b"%") for line in trailer.split(b"\n") if line.startswith(b"%")]
    if not mark or len(content) > LARGEST or len(lines) < 3 or not _TAIL.search(page):  # noqa: PLR2004 — data, signature, end of file
        raise ReceiptError(_NO_RECEIPT)
    data = b"".join(lines[:-2])
    key, _, signature = lines[-2].partition(b" ")
    key_id = key.decode("ascii", "replace")
    if key_id not in ring:
        raise ReceiptError(
            f"ce reçu est signé d'une clé inconnue ({key_id[: signing.ID_LENGTH]}). "
            "Donnez la liste des clés publiques\u00a0: --cles."
        )
    untouched = _written(page, data, key, signature) == mark + trailer
    signed = _sealed(page, data)
    if not (untouched and signing.genuine(ring, key_id, signed, signature.decode("ascii", "replace"))):
        raise ReceiptError("ce reçu a été modifié depuis qu'il a été remis.")
    try:
        fields = json.loads(base64.b64decode(data, validate=True))
        entry = ChainEntry(**fields["entry"])
        name, salt = str(fields["name"]), str(fields["salt"])
    except (ValueError, binascii.Error, KeyError, TypeError) as error:
        raise ReceiptError(_NO_RECEIPT) from error
    problem = next(chain.problems(entry, ring), "")
    if not problem and chain.commitment("name", name, salt) != entry.name_commitment:
        problem = "le nom n'est pas celui qui a été attesté"
    if problem:
        raise ReceiptError(f"l'inscription que ce reçu contient n'est pas valable\u00a0: {problem}.")
    return Attestation(entry, name, salt)
