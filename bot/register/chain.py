"""An entry of the register of attestations: what is hashed, what is committed to, what is signed. Pure.

An entry holds the digest of the one before it, so that none can be altered, moved, taken out or put in
without every digest after it, and every signature, being wrong. It says nothing of a person but two
commitments: SHA-256 of a field and of a random salt. With the field and its salt, anyone can check that
the entry is about that person; once the salt is erased, nobody can tell, not even by trying every name.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from bot.register import signing
from bot.register.signing import Ring, Signer

FIRST: Final = "0" * 64  # what comes before the first entry
NAME_LENGTH: Final = 120  # Discord's names have 32 characters at most, Slack's 80
_ENTRY: Final = b"vigie-attestation-1\n"
_FIELD: Final = b"vigie-champ-1\n"
_SALT_BYTES: Final = 32
_MARKS: Final = 2  # accents over one letter: Vietnamese has two; more is a drawing over the other lines
_JOINERS: Final = "\u200c\u200d"  # some languages' spelling needs them

Field: TypeAlias = Literal["name", "account"]


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One attestation, as the chain holds it; times are « 2026-11-24T15:04:05Z », days « 2015-12-13 ».

    `version`: the day when the text was adopted or last revised. `text_sha256`: of the version's file.
    `statement`: the sentence that was attested, word for word. `digest`: of all that comes before it
    here; `signature`: of the digest, by the key called `key_id`.
    """

    number: int
    previous: str
    policy: str
    version: str
    text_sha256: str
    statement: str
    attested_at: str
    platform: str
    name_commitment: str
    account_commitment: str
    key_id: str
    digest: str = ""
    signature: str = ""


COLUMNS: Final = tuple(ChainEntry.__dataclass_fields__)


def sealed(entry: ChainEntry, signer: Signer) -> ChainEntry:
    """Return the entry with its digest and its signature."""
    whole = replace(entry, key_id=signer.id)
    digest = digest_of(whole)
    return replace(whole, digest=digest, signature=signer.sign(_signed(digest)))


def digest_of(entry: ChainEntry) -> str:
    """Return the digest that the entry must have, whatever it says that it has."""
    fields = asdict(entry)
    del fields["digest"], fields["signature"]
    return hashlib.sha256(_ENTRY + canonical(fields)).hexdigest()


def problems(entry: ChainEntry, ring: Ring) -> Iterator[str]:
    """Yield what is wrong with an entry taken alone, in French; nothing when it is as it was signed."""
    if digest_of(entry) != entry.digest:
        yield "son contenu a été modifié"
    if entry.key_id not in ring:
        yield f"la clé {entry.key_id}, qui l'aurait signée, n'est pas une clé connue"
    elif not signing.genuine(ring, entry.key_id, _signed(entry.digest), entry.signature):
        yield "sa signature n'est pas la bonne"


def _signed(digest: str) -> bytes:
    return _ENTRY + digest.encode("ascii", "replace")


def new_salt() -> str:
    """Return a random salt."""
    return secrets.token_hex(_SALT_BYTES)


def commitment(field: Field, value: str, salt: str) -> str:
    """Return what binds an entry to `value` without telling it."""
    return hashlib.sha256(_FIELD + canonical([field, salt, value])).hexdigest()


def canonical(value: Mapping[str, Any] | Sequence[str]) -> bytes:
    """Return the one JSON of `value`: keys sorted, no space, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def tidy(name: str) -> str:
    """Return a name as it can be printed: on one line, not too long, with nothing that hides or overprints.

    Control characters, and those that turn the direction of writing around, are left out.
    """
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", re.sub(r"\s+", " ", name)):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind.startswith("M") else 0
        if (not kind.startswith("C") or letter in _JOINERS) and marks <= _MARKS:
            kept.append(letter)
    return "".join(kept).strip()[:NAME_LENGTH].strip()
