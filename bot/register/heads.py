"""The two chains of the register, attestations and certificates: their last entries, and their verification.

The last entry of each chain is recorded in a file of the key folder. The record reveals the removal of the
last entries, which the chain alone cannot show.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from sqlite_utils import Database

from bot.register import chain, signing
from bot.register.chain import Entry
from bot.register.signing import Head, HeadFile, Ring, Signer
from bot.storage.database import StorageError


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain: its table, and the file where its head is recorded. `name`: in French, « le registre… »."""

    table: Literal["attestations", "certificates"]
    file: HeadFile
    name: str


ATTESTATIONS: Final = Chain("attestations", signing.ATTESTATIONS, "le registre")
CERTIFICATES: Final = Chain("certificates", signing.CERTIFICATES, "le registre des certificats")
CHAINS: Final = (ATTESTATIONS, CERTIFICATES)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in an entry or, if `number` is 0, in the chain as a whole. `text`: in French."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Audit:
    """A verification's result: how many entries there are, how many are erased, and the faults.

    Faults are in the order of the entries. The faults of the chain as a whole come last.
    """

    entries: int
    erased: int
    faults: tuple[Fault, ...]


def head(db: Database, of: Chain = ATTESTATIONS) -> Head:
    """Return the last entry's number and digest, 0 and "" for an empty chain."""
    row = db.conn.execute(f"SELECT number, digest FROM {of.table} ORDER BY number DESC LIMIT 1").fetchone()  # noqa: S608 — one of two names
    return Head(*row) if row else Head(0, "")


def _follows(db: Database, earlier: Head, of: Chain) -> bool:
    """Return whether a chain still holds the entry of `earlier`, a previously recorded head."""
    if not earlier.number:
        return True
    row = db.conn.execute(f"SELECT digest FROM {of.table} WHERE number = ?", (earlier.number,)).fetchone()  # noqa: S608 — as above
    return row is not None and row[0] == earlier.digest


def note_beginning(db: Database, keys: Path, signer: Signer, of: Chain = ATTESTATIONS) -> None:
    """Record in the `keys` folder that a chain is empty, before its first entry is added.

    So when a chain has entries but no record, someone removed the record. Raises `StorageError`.
    """
    if not head(db, of).number and not (keys / of.file.name).exists():
        signing.note_head(keys, head(db, of), signer, of.file)


def advance(db: Database, keys: Path, signer: Callable[[], Signer], of: Chain = ATTESTATIONS) -> None:
    """Record the head of a chain in the `keys` folder, once new entries are committed.

    `signer`: returns the signing key, called only when needed. Call this after each transaction that adds an
    entry, so that the record is never ahead of a sound chain, and at each start, in case of a crash in
    between. Raises `StorageError`, and changes nothing, when the record is missing or the chain no longer
    holds the recorded entry, so that someone investigates.
    """
    last = head(db, of)
    if not last.number:  # no key is created until there is something to sign
        _require_none(keys, of)
        return
    noted = signing.noted_head(keys, signing.load_ring(keys), of.file)
    if noted is None:
        raise StorageError(f"{keys / of.file.name} n'est plus là. Voyez vigie registre verifier.")
    if not _follows(db, noted, of):
        raise StorageError(f"{of.name} ne suit plus ce qui en est noté. Voyez vigie registre verifier.")
    if last != noted:
        signing.note_head(keys, last, signer(), of.file)


def _require_none(keys: Path, of: Chain) -> None:
    """Raise `StorageError` if entries are recorded in the `keys` folder, beside an empty chain."""
    file = keys / of.file.name
    noted = signing.noted_head(keys, signing.load_ring(keys), of.file) if file.exists() else None
    if noted and noted.number:
        raise StorageError(
            f"{of.name} n'a rien dans cette base, et {file} en note {noted.number}. Est-ce le dossier des "
            "clés d'une autre Vigie? Voyez vigie registre verifier."
        )


def order_faults(entries: Iterable[Entry], ring: Ring) -> Iterator[Fault]:
    """Yield the faults in the order, the content and the signatures of a chain's entries."""
    expected, previous = 1, chain.FIRST
    for entry in entries:
        if entry.number != expected:
            yield Fault(entry.number, f"l'inscription {expected} devrait la précéder et n'est pas là")
        elif entry.previous != previous:
            yield Fault(entry.number, "elle ne fait pas suite à celle qui la précède")
        yield from (Fault(entry.number, problem) for problem in chain.problems(entry, ring))
        expected, previous = entry.number + 1, entry.digest


def end_faults(db: Database, noted: Head | None, of: Chain = ATTESTATIONS) -> Iterator[Fault]:
    """Yield a fault if a chain no longer has the recorded head `noted`."""
    if noted is None or _follows(db, noted, of):
        return
    first = head(db, of).number + 1
    last = noted.number
    if first > last:
        yield Fault(last, "ce n'est plus celle par laquelle le registre a fini")
        return
    missing = f"de {first} à {last}" if last > first else f"{last}"
    yield Fault(0, f"il manque la fin\u00a0: {missing}. La base a peut-être été ramenée d'une copie")


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults in the order of the entries, then the faults of the chain as a whole."""
    return tuple(sorted(faults, key=lambda fault: (fault.number == 0, fault.number)))


def verify_with_end(
    verify: Callable[[Head | None], Audit], ring: Ring, keys: Path, of: Chain = ATTESTATIONS
) -> tuple[Audit, bool]:
    """Verify a chain, and that it still has the head recorded in the `keys` folder.

    `verify`: verifies the chain against the recorded head, or alone if given None. Return the audit, and
    whether the head was checked. A missing or unreadable head is a fault, except that an empty chain may have
    none.
    """
    noted = None
    problem = f"ce qui dit où il finit, {of.file.name}, n'est plus à côté des clés"
    try:
        noted = signing.noted_head(keys, ring, of.file)
    except StorageError as error:
        problem = str(error).removesuffix(".")
    audit = verify(noted)
    if noted is None and (audit.entries or (keys / of.file.name).exists()):
        audit = replace(audit, faults=(*audit.faults, Fault(0, problem)))
    return audit, noted is not None
