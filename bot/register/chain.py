"""The entries of the register's chains: digests, commitments and signatures, without input or output.

Each entry holds the digest of the previous one, so that altering, moving, removing or inserting an entry
breaks every later digest and signature. An attestation identifies its person only by two commitments, to a
name and to an account. A commitment is the SHA-256 of the value and a random salt. Whoever has the value and
its salt can verify that the entry is about that name or account. Once the salt is erased, nobody can tell,
not even by trying every name. A certificate has a single commitment, to all its content.
"""

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, Literal, TypeAlias, TypeVar

from bot.register import signing
from bot.register.signing import Ring, Signer
from bot.times import in_words

FIRST: Final = "0" * 64  # the `previous` of the first entry
NAME_LENGTH: Final = 120  # names have at most 32 characters on Discord, 80 on Slack
_FIELD: Final = b"vigie-champ-1\n"
_SALT_BYTES: Final = 32
_MARKS: Final = 2  # accents on one letter: Vietnamese needs two, and more would cover the neighbouring lines
_JOINERS: Final = "\u200c\u200d"  # invisible joiners, needed by the spelling of some languages

Field: TypeAlias = Literal["name", "account", "content"]


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One attestation in the chain. Times are written « 2026-11-24T15:04:05Z », and days « 2015-12-13 ».

    `previous`: the digest of the previous entry. `version`: the day on which the text was adopted or last
    revised. `text_sha256`: the hash of the version's file. `statement`: the sentence attested, word for word.
    `digest`: the hash of all the fields above it. `signature`: the signature of the digest, in base64, by the
    key whose identifier is `key_id`. Hashes are in hexadecimal.
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


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One certificate in its chain.

    `commitment`: the commitment to its content. Other fields are those of `ChainEntry`.
    """

    number: int
    previous: str
    commitment: str
    key_id: str = ""
    digest: str = ""
    signature: str = ""


Entry = TypeVar("Entry", ChainEntry, CertificateEntry)
COLUMNS: Final = tuple(ChainEntry.__dataclass_fields__)
CERTIFICATE_COLUMNS: Final = tuple(CertificateEntry.__dataclass_fields__)
# The hashed and signed bytes begin with the kind of entry, so that neither kind can pass for the other.
_LABELS: Final[Mapping[type, bytes]] = {
    ChainEntry: b"vigie-attestation-1\n",
    CertificateEntry: b"vigie-certificat-1\n",
}


def sealed(entry: Entry, signer: Signer) -> Entry:
    """Return the entry completed with its key's identifier, its digest and its signature."""
    entry = replace(entry, key_id=signer.id)
    digest = digest_of(entry)
    return replace(entry, digest=digest, signature=signer.sign(_signed(entry, digest)))


def digest_of(entry: ChainEntry | CertificateEntry) -> str:
    """Return an entry's digest: the SHA-256, in hexadecimal, of all its fields above `digest`."""
    fields = asdict(entry)
    del fields["digest"], fields["signature"]
    return hashlib.sha256(_LABELS[type(entry)] + canonical(fields)).hexdigest()


def problems(entry: ChainEntry | CertificateEntry, ring: Ring) -> Iterator[str]:
    """Yield the problems with an entry, in French: a wrong digest, an unknown key or a wrong signature."""
    if digest_of(entry) != entry.digest:
        yield "son contenu a été modifié"
    if entry.key_id not in ring:
        yield f"la clé {entry.key_id}, qui l'aurait signée, n'est pas une clé connue"
    elif not signing.genuine(ring, entry.key_id, _signed(entry, entry.digest), entry.signature):
        yield "sa signature n'est pas la bonne"


def _signed(entry: ChainEntry | CertificateEntry, digest: str) -> bytes:
    return _LABELS[type(entry)] + digest.encode("ascii", "replace")


def new_salt() -> str:
    """Return 32 random bytes in hexadecimal."""
    return secrets.token_hex(_SALT_BYTES)


def commitment(field: Field, value: str, salt: str) -> str:
    """Return the SHA-256, in hexadecimal, that binds an entry to a field's value without revealing it."""
    return hashlib.sha256(_FIELD + canonical([field, salt, value])).hexdigest()


def canonical(value: Mapping[str, Any] | Sequence[str]) -> bytes:
    """Encode `value` as canonical JSON, for hashing: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def tidy(name: str) -> str:
    """Return a name that is safe to print: one line, at most `NAME_LENGTH` characters.

    Control characters, changes of writing direction and excess accents are removed.
    """
    letters: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", re.sub(r"\s+", " ", name)):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind.startswith("M") else 0
        if (not kind.startswith("C") or letter in _JOINERS) and marks <= _MARKS:
            letters.append(letter)
    return "".join(letters).strip()[:NAME_LENGTH].strip()


def adopted(entry: ChainEntry) -> str:
    """Return « révisée le 13 décembre 2015 » or « adoptée le… » for the version that an entry attests.

    The participle is the one in the statement that the person attested, whatever was learnt about the text
    since.
    """
    word = "adoptée" if "version adoptée le" in entry.statement else "révisée"
    return f"{word} le {in_words(date.fromisoformat(entry.version))}"
