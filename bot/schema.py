"""The tables, as forward-only migrations: what was applied is never edited, only followed.

Times are UTC, ISO 8601 with seconds (« 2026-11-24T15:04:05Z »), and kept only where something
depends on them. Names say what they hold, so that the file reads well in Datasette.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("vigie")


@migrations()
def m001_people(db: Database) -> None:
    """Who the bot knows: a person, their accounts, what they are to the association."""
    db.conn.executescript("""""") if False else _run(
        db,
        "CREATE TABLE people (id TEXT PRIMARY KEY) STRICT",
        """CREATE TABLE accounts (
             platform TEXT NOT NULL, team TEXT NOT NULL, user TEXT NOT NULL,
             person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
             PRIMARY KEY (platform, team, user)) STRICT""",
    )


def _run(db: Database, *statements: str) -> None:
    for statement in statements:
        db.conn.execute(statement)
