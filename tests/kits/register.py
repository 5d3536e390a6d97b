"""A register with people who attested, and someone who changes the database behind its back."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.people import persons
from bot.people.persons import Account
from bot.register import attestations
from bot.register.attestations import Attestation, Attesting, Target
from bot.register.chain import COLUMNS, ChainEntry
from bot.register.signing import Signer, new_signer
from tests.kits.people import NOW, fresh

TEXT = Path(__file__).resolve().parents[2] / "data/politique/pa20/2015-12-13.md"
PA20 = Target(
    "pa20",
    date(2015, 12, 13),
    hashlib.sha256(TEXT.read_bytes()).hexdigest(),
    "J'atteste avoir lu la PA20, version révisée le 13\u00a0décembre\u00a02015",
)
NAMES = ("Zoé Tremblay", "Blaise Côté", "Cléo Ng", "Dominique O'Brien", "")
SIGNER = new_signer()


def attesting(db: Database, user: str, name: str, days: int = 0) -> Attesting:
    at = NOW + timedelta(days=days)
    account = Account("slack", "T1", user)
    return Attesting(persons.known(db, account), name, account, PA20, at)


def attest(db: Database, user: str, name: str, signer: Signer = SIGNER, days: int = 0) -> Attestation:
    return attestations.attest(db, attesting(db, user, name, days), signer)


def filled(names: tuple[str, ...] = NAMES) -> Database:
    """Return a register with one entry for each name."""
    db = fresh()
    for number, name in enumerate(names, 1):
        attest(db, f"U{number}", name, days=number)
    return db


def unlock(db: Database) -> None:
    """Take away what refuses changes, as someone who has the file would."""
    db.conn.execute("PRAGMA foreign_keys = OFF")
    db.conn.execute("DROP TRIGGER attestations_are_not_changed")
    db.conn.execute("DROP TRIGGER attestations_are_not_deleted")


def insert(db: Database, entry: ChainEntry) -> None:
    """Put an entry in the register without any of its checks."""
    places = ", ".join("?" * len(COLUMNS))
    db.conn.execute(f"INSERT INTO attestations ({', '.join(COLUMNS)}) VALUES ({places})", astuple(entry))  # noqa: S608 — our own names
