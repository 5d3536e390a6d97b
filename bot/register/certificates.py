"""The register of certificates: a chain of commitments, and their contents, stored apart until erased.

An entry is added when a permission is granted, withdrawn or ended. Its commitment is the SHA-256 of a random
salt and of the certificate's content. Once the content and the salt are erased, the entry reveals nothing,
neither the kind of permission nor its day.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from sqlite_utils import Database

from bot.people import persons
from bot.register import attestations, chain, heads
from bot.register.chain import CERTIFICATE_COLUMNS, CertificateEntry
from bot.register.heads import CERTIFICATES, Audit, Fault
from bot.register.signing import Head, Ring, Signer

Content: TypeAlias = Mapping[str, Any]  # a certificate's data, as JSON types


@dataclass(frozen=True, slots=True)
class Certificate:
    """An entry of the chain, with its content and the salt of its commitment, both None once erased."""

    entry: CertificateEntry
    content: Content | None
    salt: str | None


def add(db: Database, request_id: str, content: Content, signer: Signer, now: datetime) -> Certificate:
    """Add a signed entry to the chain. Call `heads.advance` once the transaction is committed.

    `request_id`: the permission request. The content is erased with it.
    """
    attestations.trust(db, signer, now)
    last = heads.head(db, CERTIFICATES)
    salt = chain.new_salt()
    entry = chain.sealed(
        CertificateEntry(last.number + 1, last.digest or chain.FIRST, commitment(content, salt)), signer
    )
    places = ", ".join("?" * len(CERTIFICATE_COLUMNS))
    db.conn.execute(
        f"INSERT INTO certificates ({', '.join(CERTIFICATE_COLUMNS)}) VALUES ({places})",  # noqa: S608 — column names from the code
        astuple(entry),
    )
    db.conn.execute(
        "INSERT INTO certificate_contents (id, number, request_id, content, salt) VALUES (?, ?, ?, ?, ?)",
        (persons.new_id(), entry.number, request_id, _written(content), salt),
    )
    return Certificate(entry, content, salt)


def commitment(content: Content, salt: str) -> str:
    """Return the commitment to a certificate's content with a salt."""
    return chain.commitment("content", _written(content), salt)


def all_certificates(db: Database) -> list[Certificate]:
    """Return every entry in order, with the contents that are not erased."""
    return list(_select(db, "true", ()))


def certificates_of(db: Database, request_id: str) -> list[Certificate]:
    """Return the certificates of a permission request, in order: granted, then withdrawn or ended."""
    return list(_select(db, "request_id = ?", (request_id,)))


def later(db: Database, number: int) -> list[Certificate]:
    """Return the later certificates of the same request as entry `number`, in order."""
    same = "request_id = (SELECT request_id FROM certificate_contents WHERE number = ?1) AND number > ?1"
    return list(_select(db, same, (number,)))


def find(db: Database, number: int) -> Certificate | None:
    """Return the entry with this number, or None."""
    return next(_select(db, "number = ?", (number,)), None)


def verify(db: Database, ring: Ring, noted: Head | None = None) -> Audit:
    """Verify the entries, their order and signatures, the contents, and the recorded head.

    The arguments are those of `attestations.verify_register`.
    """
    certificates = all_certificates(db)
    faults = [*heads.order_faults([certificate.entry for certificate in certificates], ring)]
    for certificate in certificates:
        content = certificate.content
        salt = certificate.salt
        entry = certificate.entry
        if content is not None and salt is not None and commitment(content, salt) != entry.commitment:
            faults.append(Fault(entry.number, "ce qu'elle dit n'est pas ce qui a été certifié"))
    faults += heads.end_faults(db, noted, CERTIFICATES)
    erased = sum(certificate.content is None for certificate in certificates)
    return Audit(len(certificates), erased, heads.in_order(faults))


def verify_with_end(db: Database, ring: Ring, keys: Path) -> tuple[Audit, bool]:
    """Verify the certificates and their recorded head (see `heads.verify_with_end`)."""
    return heads.verify_with_end(partial(verify, db, ring), ring, keys, CERTIFICATES)


def _select(db: Database, where: str, values: Sequence[str | int]) -> Iterator[Certificate]:
    rows = db.conn.execute(
        f"""SELECT {", ".join(CERTIFICATE_COLUMNS)}, content, salt
            FROM certificates LEFT JOIN certificate_contents USING (number) WHERE {where} ORDER BY number""",  # noqa: S608 — no outside text
        values,
    )
    for *fields, content, salt in rows.fetchall():
        yield Certificate(CertificateEntry(*fields), None if content is None else _read(content), salt)


def _written(content: Content) -> str:
    return chain.canonical(content).decode("ascii")


def _read(text: str) -> Content:
    """Parse a stored content.

    Text that is not a JSON object was altered. The content returned for it matches no commitment.
    """
    try:
        content = json.loads(text)
    except ValueError:
        return {"altered": text}
    return content if isinstance(content, dict) else {"altered": text}
