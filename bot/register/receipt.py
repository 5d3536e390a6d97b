"""The receipt of an attestation: a one-page PDF that can be verified with the public keys alone.

It is a sealed page (see `sealed_pages`). Its data is the register entry, the person's name and the salt of
the commitment to that name.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot.conversation.requests import PLATFORMS
from bot.register import chain
from bot.register.attestations import Attestation, Issuer
from bot.register.chain import ChainEntry
from bot.register.sealed_pages import PageForm, ReceiptError, seal, unseal
from bot.register.signing import Ring, Signer
from bot.times import in_words, utc
from bot.typesetting.typeset import TypesetError, typeset, typographic

RECEIPT: Final = PageForm(b"%vigie-recu-1\n", "reçu")
_TEMPLATE: Final = Path(__file__).with_name("receipt.typ")


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
    return seal(page, content, signer, RECEIPT)


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


# --- Verifying a receipt ----------------------------------------------------------------------


def verify_receipt(content: bytes, ring: Ring) -> Attestation:
    """Return the attestation of a receipt, verified with the trusted keys in `ring`.

    `content`: the whole file. Raises `ReceiptError`, with the problem in French, when it is not genuine.
    """
    fields = unseal(content, ring, RECEIPT)
    try:
        entry = ChainEntry(**fields["entry"])
        name, salt = str(fields["name"]), str(fields["salt"])
    except (KeyError, TypeError) as error:
        raise RECEIPT.unsealed_error from error
    problem = next(chain.problems(entry, ring), "")
    if not problem and chain.commitment("name", name, salt) != entry.name_commitment:
        problem = "le nom n'est pas celui qui a été attesté"
    if problem:
        raise ReceiptError(f"l'inscription que ce reçu contient n'est pas valable\u00a0: {problem}.")
    return Attestation(entry, name, salt)
