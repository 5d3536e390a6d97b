"""The register of attestations, and the record of the steps that lead a person to attest.

Five facts are recorded separately, and none is inferred from another: « delivered », « opened », « read »,
« passed » and « attested ». `note_fact` stores the first four, and the last is an entry of the chain
(`bot.register.chain`). Every function runs in the caller's transaction.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.people import persons
from bot.people.persons import Account
from bot.policy.names import GenderedName
from bot.register import chain, heads
from bot.register.chain import COLUMNS, ChainEntry
from bot.register.heads import Audit, Fault
from bot.register.signing import Head, Ring, Signer
from bot.storage.destruction import Remember, destroy
from bot.times import iso, utc, years_before

Noted: TypeAlias = Literal["delivered", "opened", "read", "passed"]
Fact: TypeAlias = Literal["delivered", "opened", "read", "passed", "attested"]


@dataclass(frozen=True, slots=True)
class Target:
    """The text to attest. `policy`: the policy's identifier.

    `version`: the day on which the text was adopted or last revised. `sha256`: the hash of its file, in
    hexadecimal. `statement`: the French sentence that a person attests.
    """

    policy: str
    version: date
    sha256: str
    statement: str


@dataclass(frozen=True, slots=True)
class Attesting:
    """A person's act of attesting a text.

    `name`: the name to write on the receipt. `account`: the account used to attest.
    """

    person_id: str
    name: str
    account: Account
    target: Target
    at: datetime


Attest: TypeAlias = Callable[[Database, Attesting], object]


@dataclass(frozen=True, slots=True)
class Attestation:
    """An entry of the chain, with the person's name and the salt of its commitment, both None once erased."""

    entry: ChainEntry
    name: str | None
    name_salt: str | None


@dataclass(frozen=True, slots=True)
class Issuer:
    """The association that issues receipts. `policy`: returns a policy's name (« PA20 ») and full title."""

    association: str
    policy: Callable[[str], tuple[GenderedName, str]]
    zone: ZoneInfo


# --- The first four facts ---------------------------------------------------------------------


def note_fact(
    db: Database, person_id: str, target: Target, fact: Noted, *, platform: str, now: datetime
) -> bool:
    """Record a fact about a person and a text, the first time only. Return whether it is new."""
    cursor = db.conn.execute(
        """INSERT OR IGNORE INTO reading_facts
           (id, person_id, policy, version, fact, happened_at, platform) VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), person_id, target.policy, target.version.isoformat(), fact, iso(now), platform),
    )
    return cursor.rowcount == 1


def facts(db: Database, person_id: str, target: Target) -> dict[Fact, datetime]:
    """Return the facts about a person and a text, each with the UTC time of its first occurrence."""
    rows = db.conn.execute(
        """SELECT fact, happened_at FROM reading_facts WHERE person_id = :person AND policy = :policy
             AND version = :version
           UNION ALL
           SELECT 'attested', min(attested_at) FROM attestation_people JOIN attestations USING (number)
           WHERE person_id = :person AND policy = :policy AND version = :version HAVING count(*)""",
        {"person": person_id, "policy": target.policy, "version": target.version.isoformat()},
    )
    return {fact: utc(at) for fact, at in rows}


# --- The chain --------------------------------------------------------------------------------


def attest(db: Database, attesting: Attesting, signer: Signer) -> Attestation:
    """Add a signed entry to the chain, or return the person's existing entry for this text.

    Call `heads.advance` once the transaction is committed.
    """
    target = attesting.target
    existing = attestation_of(db, attesting.person_id, target.policy, target.version)
    if existing:
        return existing
    trust(db, signer, attesting.at)
    name = chain.tidy(attesting.name)
    account = str(attesting.account)
    name_salt, account_salt = chain.new_salt(), chain.new_salt()
    persons.prefer(db, attesting.account)
    last = heads.head(db)
    entry = chain.sealed(
        ChainEntry(
            number=last.number + 1,
            previous=last.digest or chain.FIRST,
            policy=target.policy,
            version=target.version.isoformat(),
            text_sha256=target.sha256,
            statement=target.statement,
            attested_at=iso(attesting.at),
            platform=attesting.account.platform,
            name_commitment=chain.commitment("name", name, name_salt),
            account_commitment=chain.commitment("account", account, account_salt),
        ),
        signer,
    )
    db.conn.execute(
        f"INSERT INTO attestations ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",  # noqa: S608 — column names from the code
        astuple(entry),
    )
    db.conn.execute(
        """INSERT INTO attestation_people (id, number, person_id, name, name_salt, account, account_salt)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), entry.number, attesting.person_id, name, name_salt, account, account_salt),
    )
    return Attestation(entry, name, name_salt)


def attestation_of(db: Database, person_id: str, policy: str, version: date) -> Attestation | None:
    """Return a person's attestation of a version, or None.

    If two accounts each attested before they were linked, the first attestation is returned.
    """
    where = "person_id = ? AND policy = ? AND version = ? ORDER BY number LIMIT 1"
    return next(_select(db, where, (person_id, policy, version.isoformat())), None)


def last_name(db: Database, person_id: str) -> str:
    """Return the name in a person's last attestation, "" if there is none or it was erased."""
    row = db.conn.execute(
        "SELECT name FROM attestation_people WHERE person_id = ? ORDER BY number DESC LIMIT 1", (person_id,)
    ).fetchone()
    return str(row[0]) if row and row[0] else ""


def all_attestations(db: Database) -> Iterator[Attestation]:
    """Yield every entry in numerical order, with the names that have not been erased."""
    return _select(db, "true ORDER BY number", ())


def _select(db: Database, where: str, values: Sequence[str | int]) -> Iterator[Attestation]:
    rows = db.conn.execute(
        f"""SELECT {", ".join(COLUMNS)}, name, name_salt
            FROM attestations LEFT JOIN attestation_people USING (number) WHERE {where}""",  # noqa: S608 — no outside text
        values,
    )
    for row in rows:
        yield Attestation(ChainEntry(*row[: len(COLUMNS)]), *row[len(COLUMNS) :])


def public_keys(db: Database) -> Mapping[str, str]:
    """Return the public keys listed in the database, in base64 by identifier, oldest first."""
    rows = db.conn.execute("SELECT id, public_key FROM attestation_keys ORDER BY since, rowid")
    return {str(key): str(public) for key, public in rows}


def trust(db: Database, signer: Signer, now: datetime) -> None:
    """List a key in the database before it signs its first entry."""
    db.conn.execute(
        "INSERT OR IGNORE INTO attestation_keys (id, public_key, since) VALUES (?, ?, ?)",
        (signer.id, base64.b64encode(signer.public).decode("ascii"), iso(now)),
    )


# --- Verification -----------------------------------------------------------------------------


def verify_register(db: Database, ring: Ring, noted: Head | None = None) -> Audit:
    """Verify the entries, their order and signatures, the names and accounts, and the recorded head.

    Return the faults found. `ring`: the trusted keys, which never come from the database. `noted`: the head
    recorded beside the keys. If it is None, the removal of the last entries is not detected.
    """
    attestations = list(all_attestations(db))
    entries = [attestation.entry for attestation in attestations]
    faults = [*heads.order_faults(entries, ring), *_opening_faults(db)]
    faults += [
        Fault(0, f"la clé publique {key} inscrite dans la base n'est pas celle qui est connue")
        for key, public in public_keys(db).items()
        if key in ring and base64.b64encode(ring[key]).decode("ascii") != public
    ]
    faults += heads.end_faults(db, noted)
    erased = sum(row.name is None for row in attestations)
    return Audit(len(attestations), erased, heads.in_order(faults))


def verify_with_end(db: Database, ring: Ring, keys: Path) -> tuple[Audit, bool]:
    """Verify the attestations and their recorded head (see `heads.verify_with_end`)."""
    return heads.verify_with_end(partial(verify_register, db, ring), ring, keys)


def _opening_faults(db: Database) -> Iterator[Fault]:
    """Yield a fault for each name or account that does not match its commitment or person."""
    rows = db.conn.execute(
        """SELECT number, name, name_salt, account, account_salt, name_commitment, account_commitment,
             person_id, (SELECT accounts.person_id FROM accounts
               WHERE account = accounts.platform || ':' || accounts.team
                 || CASE accounts.team WHEN '' THEN '' ELSE '/' END || accounts.user)
           FROM attestation_people JOIN attestations USING (number) ORDER BY number"""
    )
    for number, name, name_salt, account, account_salt, name_is, account_is, person, owner in rows:
        if chain.commitment("name", name, name_salt) != name_is:
            yield Fault(number, "le nom inscrit n'est pas celui qui a été attesté")
        if chain.commitment("account", account, account_salt) != account_is:
            yield Fault(number, "le compte inscrit n'est pas celui qui a attesté")
        elif owner is not None and owner != person:
            yield Fault(number, "elle est attribuée à une autre personne que celle de ce compte")


# --- Erasure ----------------------------------------------------------------------------------

# The tables that record people's notifications, readings and attestations.
_TABLES: Final = ("attestation_people", "reading_facts", "revision_recipients")
_RECORDED = " UNION ".join(f"SELECT person_id FROM {table}" for table in _TABLES)  # noqa: S608 — the names above
_SERVING = """SELECT person_id FROM members WHERE until IS NULL OR until > :today
  UNION SELECT person_id FROM role_holders
  WHERE person_id IS NOT NULL AND since <= :today AND (until IS NULL OR until > :today)"""


def erase_identity(db: Database, number: int, remember: Remember) -> bool:
    """Erase the name and account of one entry, with their salts, without changing the chain.

    Return whether there was anything to erase.
    """
    return bool(destroy(db, "attestation_people", "number = ?", (number,), remember))


def expire_records(db: Database, today: date, years: int, remember: Remember) -> int:
    """Erase the records of people whose term ended at least `years` ago. Return the number of rows erased.

    Run this every day, before expired memberships are erased, since the ends of terms are computed from them.
    For someone who was never a member or a holder, the term is taken to end when this function first finds a
    record of them.
    """
    day = {"today": today.isoformat()}
    db.conn.execute(f"DELETE FROM mandate_ends WHERE person_id IN ({_SERVING})", day)  # noqa: S608 — a constant
    db.conn.execute(f"DELETE FROM mandate_ends WHERE person_id NOT IN ({_RECORDED})")  # noqa: S608 — a constant
    db.conn.execute(
        f"""INSERT OR IGNORE INTO mandate_ends (person_id, ended_on)
            SELECT person_id, coalesce(max(until), :today)
            FROM ({_RECORDED})
            LEFT JOIN (SELECT person_id, until FROM members
                       UNION ALL SELECT person_id, until FROM role_holders) USING (person_id)
            WHERE person_id NOT IN ({_SERVING}) GROUP BY person_id""",  # noqa: S608 — a constant
        day,
    )
    limit = years_before(today, years).isoformat()
    over = "person_id IN (SELECT person_id FROM mandate_ends WHERE ended_on <= ?)"
    erased = sum(destroy(db, table, over, (limit,), remember) for table in _TABLES)
    db.conn.execute("DELETE FROM mandate_ends WHERE ended_on <= ?", (limit,))
    return erased


def holds_attestation(db: Database, person_id: str) -> bool:
    """Return whether a person has an attestation, which must then be kept until it expires."""
    row = db.conn.execute("SELECT 1 FROM attestation_people WHERE person_id = ? LIMIT 1", (person_id,))
    return row.fetchone() is not None
