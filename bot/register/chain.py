"""One entry of the register of attestations: its digest, its commitments, its signature. No input or output.

Each entry holds the digest of the one before it: to alter, move, remove or insert one breaks every later
digest and signature. Two commitments are all that it holds of a person: SHA-256 of a field and a random
salt. With the field and its salt, anyone can check whom the entry is about; once the salt is erased,
nobody can find out, not even by trying every name.
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

FIRST: Final = "0" * 64  # the `previous` of the first entry
NAME_LENGTH: Final = 120  # Discord's names have 32 characters at most, Slack's 80
_ENTRY: Final = b"vigie-attestation-1\n"
_FIELD: Final = b"vigie-champ-1\n"
_SALT_BYTES: Final = 32
_MARKS: Final = 2  # accents on one letter: Vietnamese has two; with more, they cover the lines around
_JOINERS: Final = "\u200c\u200d"  # some languages' spelling needs them

Field: TypeAlias = Literal["name", "account"]


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One attestation in the chain; times are « 2026-11-24T15:04:05Z », days « 2015-12-13 ».

    `version`: the day when the text was adopted or last revised. `text_sha256`: of the version's file.
    `statement`: the sentence attested, word for word. `digest`: of all the fields above it; `signature`:
    of the digest, by the key `key_id`.
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
    key_id: str = ""
    digest: str = ""
    signature: str = ""


COLUMNS: Final = tuple(ChainEntry.__dataclass_fields__)


def sealed(entry: ChainEntry, signer: Signer) -> ChainEntry:
    """Return the entry with the signer's key, its digest and its signature."""
    entry = replace(entry, key_id=signer.id)
    digest = digest_of(entry)
    return replace(entry, digest=digest, signature=signer.sign(_signed(digest)))


def digest_of(entry: ChainEntry) -> str:
    """Compute an entry's digest from its other fields: SHA-256 in hexadecimal."""
    fields = asdict(entry)
    del fields["digest"], fields["signature"]
    return hashlib.sha256(_ENTRY + canonical(fields)).hexdigest()


def problems(entry: ChainEntry, ring: Ring) -> Iterator[str]:
    """Yield, in French, each way in which an entry differs from what was signed."""
    if digest_of(entry) != entry.digest:
        yield "son contenu a été modifié"
    if entry.key_id not in ring:
        yield f"la clé {entry.key_id}, qui l'aurait signée, n'est pas une clé connue"
    elif not signing.genuine(ring, entry.key_id, _signed(entry.digest), entry.signature):
        yield "sa signature n'est pas la bonne"


def _signed(digest: str) -> bytes:
    return _ENTRY + digest.encode("ascii", "replace")


def new_salt() -> str:
    """Return 32 random bytes in hexadecimal."""
    return secrets.token_hex(_SALT_BYTES)


def commitment(field: Field, value: str, salt: str) -> str:
    """Return the SHA-256 that binds an entry to a field's value without revealing it."""
    return hashlib.sha256(_FIELD + canonical([field, salt, value])).hexdigest()


def canonical(value: Mapping[str, Any] | Sequence[str]) -> bytes:
    """Return the only JSON form of `value` that is hashed: keys sorted, no space, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def tidy(name: str) -> str:
    """Return a name that prints safely: one line, `NAME_LENGTH` characters, nothing that hides or overprints.

    Control characters and changes of writing direction are removed.
    """
    letters: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", re.sub(r"\s+", " ", name)):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind.startswith("M") else 0
        if (not kind.startswith("C") or letter in _JOINERS) and marks <= _MARKS:
            letters.append(letter)
    return "".join(letters).strip()[:NAME_LENGTH].strip()
