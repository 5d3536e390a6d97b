"""A database of its own for each test of the registry, on the test's thread."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import persons, roles
from bot.storage.schema.migrations import migrations

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

# The roles of the shipped profile.
COMMUNICATIONS_ROLE = "vp-communications"
ADVISER_ROLE = "conseiller-executif"
COUNCIL_ROLE = "conseil-executif"
ALTERNATE_ROLE = "suppleance"

ALEX = Actor("slack", "T1", "U1")
ALEX_ON_DISCORD = Actor("discord", "900", "111")
BLAISE = Actor("slack", "T1", "U2")


def fresh() -> Database:
    conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    conn.execute("PRAGMA foreign_keys = ON")
    db = Database(conn, strict=True)
    migrations.apply(db)
    roles.seed(db)
    return db


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def person(db: Database, name: str = "U1") -> str:
    return persons.known(db, Actor("slack", "T1", name))


def count(db: Database, table: str) -> int:
    (rows,) = db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 — the test's own word
    return int(rows)
