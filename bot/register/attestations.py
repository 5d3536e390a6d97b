"""The register of attestations: who delivered, opened, read, passed and attested what, and the proof.

The five facts are noted one by one and none is inferred from another: `note` keeps four of them, the
fifth is an entry of the chain (`bot.register.chain`). Every function works in the caller's transaction.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.people import persons
from bot.people.persons import Account
from bot.register import chain, signing
from bot.register.chain import COLUMNS, ChainEntry
from bot.register.signing import Head, Ring, Signer
from bot.storage.destruction import Remember, destroy
from bot.times import iso, utc

Noted: TypeAlias = Literal["delivered", "opened", "read", "passed"]
Fact: TypeAlias = Literal["delivered", "opened", "read", "passed", "attested"]


@dataclass(frozen=True, slots=True)
class Target:
    """What is attested. `version`: the day the text was adopted or revised; `sha256`: of its file."""

    policy: str
    version: date
    sha256: str
    statement: str


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who attests: the person, the name that they give, and the account that they act with."""

    person_id: str
    name: str
    account: Account


@dataclass(frozen=True, slots=True)
class Attesting:
    """An attestation to be written in the register: by whom, under which name, with which account."""

    person_id: str
    name: str
    account: Account
    target: Target
    at: datetime


Attest: TypeAlias = Callable[[Database, Attesting], None]


@dataclass(frozen=True, slots=True)
class Attestation:
    """An entry, and the name that opens it; None once the person's fields are erased."""

    entry: ChainEntry
    name: str | None
    name_salt: str | None


# --- The four facts that are noted ------------------------------------------------------------


def note(db: Database, person_id: str, reading: Target, fact: Noted, *, platform: str, now: datetime) -> bool:
    """Keep that a thing happened to someone, once. Return whether it is new."""
    done = db.conn.execute(
        """INSERT OR IGNORE INTO reading_facts
           (id, person_id, policy, version, fact, happened_at, platform) VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), person_id, reading.policy, reading.version.isoformat(), fact, iso(now), platform),
    )
    return done.rowcount == 1


def facts(db: Database, person_id: str, policy: str, version: date) -> dict[Fact, datetime]:
    """Return when each of the five facts first happened, of those that did."""
    rows = db.conn.execute(
        """SELECT fact, happened_at FROM reading_facts WHERE person_id = :person AND policy = :policy
             AND version = :version
           UNION ALL
           SELECT 'attested', min(attested_at) FROM attestation_people JOIN attestations USING (number)
           WHERE person_id = :person AND policy = :policy AND version = :version HAVING count(*)""",
        {"person": person_id, "policy": policy, "version": version.isoformat()},
    )
    return {fact: utc(at) for fact, at in rows}


# --- The chain --------------------------------------------------------------------------------


def attest(db: Database, who: Signatory, reading: Target, now: datetime, signer: Signer) -> Attestation:
    """Enter an attestation, chained and signed; the one that there is, if this was attested already.

    Once the transaction is committed, call `advance`.
    """
    already = attestation(db, who.person_id, reading.policy, reading.version)
    if already:
        return already
    _note_key(db, signer, now)
    name, account = chain.tidy(who.name), written_account(who.account)
    name_salt, account_salt = chain.new_salt(), chain.new_salt()
    last = head(db)
    entry = chain.sealed(
        ChainEntry(
            number=last.number + 1,
            previous=last.digest or chain.FIRST,
            policy=reading.policy,
            version=reading.version.isoformat(),
            text_sha256=reading.sha256,
            statement=reading.statement,
            attested_at=iso(now),
            platform=who.account.platform,
            name_commitment=chain.commitment("name", name, name_salt),
            account_commitment=chain.commitment("account", account, account_salt),
            key_id=signer.id,
        ),
        signer,
    )
    _insert(db, entry)
    db.conn.execute(
        """INSERT INTO attestation_people (id, number, person_id, name, name_salt, account, account_salt)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (persons.new_id(), entry.number, who.person_id, name, name_salt, account, account_salt),
    )
    return Attestation(entry, name, name_salt)


def _note_key(db: Database, signer: Signer, now: datetime) -> None:
    db.conn.execute(
        "INSERT OR IGNORE INTO attestation_keys (id, public_key, since) VALUES (?, ?, ?)",
        (signer.id, base64.b64encode(signer.public).decode("ascii"), iso(now)),
    )


def _insert(db: Database, entry: ChainEntry) -> None:
    db.conn.execute(
        f"INSERT INTO attestations ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",  # noqa: S608 — our own names
        astuple(entry),
    )


def written_account(account: Account) -> str:
    """Return an account as it is committed to: « slack:T0123/U0123 », « discord:123 »."""
    return f"{account.platform}:{account.team}{'/' if account.team else ''}{account.user}"


def attestation(db: Database, person_id: str, policy: str, version: date) -> Attestation | None:
    """Return a person's attestation of a version, the first if two accounts that became one each had it."""
    found = _select(
        db,
        "person_id = ? AND policy = ? AND version = ? ORDER BY number LIMIT 1",
        (person_id, policy, version.isoformat()),
    )
    return next(found, None)


def attestations(db: Database) -> Iterator[Attestation]:
    """Yield every entry, in order, with the names that are still there."""
    return _select(db, "true ORDER BY number", ())


def numbered(db: Database, number: int) -> Attestation | None:
    """Return an entry by its number."""
    return next(_select(db, "number = ?", (number,)), None)


def _select(db: Database, where: str, values: Sequence[str | int]) -> Iterator[Attestation]:
    rows = db.conn.execute(
        f"""SELECT {", ".join(COLUMNS)}, name, name_salt
            FROM attestations LEFT JOIN attestation_people USING (number) WHERE {where}""",  # noqa: S608 — our own words only
        values,
    )
    for row in rows:
        yield Attestation(ChainEntry(*row[: len(COLUMNS)]), *row[len(COLUMNS) :])


def public_keys(db: Database) -> Mapping[str, str]:
    """Return the keys that the register says it was signed with, in base64, the oldest first."""
    rows = db.conn.execute("SELECT id, public_key FROM attestation_keys ORDER BY since, rowid")
    return {str(key): str(public) for key, public in rows}


def head(db: Database) -> Head:
    """Return how the register ends."""
    row = db.conn.execute("SELECT number, digest FROM attestations ORDER BY number DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, "")


def follows(db: Database, kept: Head) -> bool:
    """Return whether the register still holds, at its place, the entry that it once ended with."""
    if not kept.number:
        return True
    row = db.conn.execute("SELECT digest FROM attestations WHERE number = ?", (kept.number,)).fetchone()
    return row is not None and row[0] == kept.digest


def advance(db: Database, keys: Path, signer: Signer) -> bool:
    """Note beside the keys how the register ends, once what was entered is committed.

    To be called after each transaction that attests, and every day in case a crash came in between. In
    that order, what is noted is never ahead of a sound register. Return False, and leave the note as it
    is, when the register no longer holds what is noted: someone has to look (`verify`). Raises
    `StorageError`.
    """
    kept = signing.kept_head(keys, signing.ring(keys))
    if kept and not follows(db, kept):
        return False
    last = head(db)
    if last != kept:
        signing.keep_head(keys, last, signer)
    return True


# --- Verification -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, in French. `number`: of the entry; 0 for the register as a whole."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What a verification found: how many entries, of whom how many are erased, and the faults in order."""

    entries: int
    erased: int
    faults: tuple[Fault, ...]


def verify(db: Database, ring: Ring, kept: Head | None = None) -> Audit:
    """Check the whole register: every entry, their order, signatures, what opens them, and the end.

    `ring`: the keys that are trusted, which never come from the database. `kept`: how it is known to
    have ended; None leaves unchecked whether entries were taken away from the end.
    """
    entries = list(attestations(db))
    faults = list(_chain(entries, ring))
    faults += _openings(db)
    faults += [
        Fault(0, f"la clé publique {key} inscrite dans la base n'est pas celle qui est connue")
        for key, public in public_keys(db).items()
        if key in ring and base64.b64encode(ring[key]).decode("ascii") != public
    ]
    if kept and not follows(db, kept):
        faults.append(_truncated(head(db), kept))
    faults.sort(key=lambda fault: (fault.number == 0, fault.number))
    return Audit(len(entries), sum(one.name is None for one in entries), tuple(faults))


def _chain(entries: Sequence[Attestation], ring: Ring) -> Iterator[Fault]:
    expected, previous = 1, chain.FIRST
    for entry in (one.entry for one in entries):
        if entry.number != expected:
            yield Fault(entry.number, f"l'inscription {expected} devrait la précéder et n'est pas là")
        elif entry.previous != previous:
            yield Fault(entry.number, "elle ne fait pas suite à celle qui la précède")
        yield from (Fault(entry.number, problem) for problem in chain.problems(entry, ring))
        expected, previous = entry.number + 1, entry.digest


def _openings(db: Database) -> Iterator[Fault]:
    """Check that the fields kept of each person are those committed to, and are still that person's."""
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


def _truncated(last: Head, kept: Head) -> Fault:
    if last.number >= kept.number:
        return Fault(kept.number, "ce n'est plus celle par laquelle le registre a fini")
    missing = f"de {last.number + 1} à {kept.number}" if kept.number > last.number + 1 else f"{kept.number}"
    return Fault(0, f"il manque la fin\u00a0: {missing}. La base a peut-être été ramenée d'une copie")


# --- Erasure ----------------------------------------------------------------------------------


def forget(db: Database, number: int, remember: Remember) -> bool:
    """Erase the fields of the person of one entry, and their salts; the chain stays as it is."""
    return bool(destroy(db, "attestation_people", "number = ?", (number,), remember))


def expire(db: Database, today: date, years: int, remember: Remember) -> int:
    """Erase what concerns those whose mandate ended `years` ago. Return how many rows.

    To be done every day, before former memberships are erased: it is what notes when mandates end.
    """
    _note_mandates(db, today)
    limit = _years_before(today, years)
    over = "person_id IN (SELECT person_id FROM mandate_ends WHERE ended_on <= ?)"
    gone = sum(destroy(db, table, over, (limit,), remember) for table in _TABLES)
    db.conn.execute("DELETE FROM mandate_ends WHERE ended_on <= ?", (limit,))
    return gone


def holds(db: Database, person_id: str) -> bool:
    """Return whether an attestation of this person is kept, which is a duty until it expires."""
    row = db.conn.execute("SELECT 1 FROM attestation_people WHERE person_id = ? LIMIT 1", (person_id,))
    return row.fetchone() is not None


# What says what someone was told, read and attested; each has rows with identifiers.
_TABLES: Final = ("attestation_people", "reading_facts", "revision_recipients")
_KEPT = " UNION ".join(f"SELECT person_id FROM {table}" for table in _TABLES)  # noqa: S608 — the words above
_SERVING = """SELECT person_id FROM members WHERE until IS NULL OR until > :today
  UNION SELECT person_id FROM role_holders
  WHERE person_id IS NOT NULL AND since <= :today AND (until IS NULL OR until > :today)"""


def _note_mandates(db: Database, today: date) -> None:
    """Note whose mandate is over and since when; someone who was never a member, since it is first seen."""
    day = {"today": today.isoformat()}
    db.conn.execute(f"DELETE FROM mandate_ends WHERE person_id IN ({_SERVING})", day)  # noqa: S608 — a constant
    db.conn.execute(f"DELETE FROM mandate_ends WHERE person_id NOT IN ({_KEPT})")  # noqa: S608 — a constant
    db.conn.execute(
        f"""INSERT OR IGNORE INTO mandate_ends (person_id, ended_on)
            SELECT person_id, coalesce(max(until), :today)
            FROM ({_KEPT})
            LEFT JOIN (SELECT person_id, until FROM members
                       UNION ALL SELECT person_id, until FROM role_holders) USING (person_id)
            WHERE person_id NOT IN ({_SERVING}) GROUP BY person_id""",  # noqa: S608 — a constant
        day,
    )


def _years_before(today: date, years: int) -> str:
    try:
        return today.replace(year=today.year - years).isoformat()
    except ValueError:  # the 29th of February
        return today.replace(year=today.year - years, day=28).isoformat()
