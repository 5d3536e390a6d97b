"""The migrations that create the tables of every room: the first tables, then those added since.

The first tables (`TABLES`, in the files beside this one) are frozen, so that a database that has only these
can still be upgraded. Until the first release, new tables and columns go into
`ADDED_SINCE_FIRST`. After the release, each change is a new migration, which is never edited once applied.

Times are in UTC, in ISO 8601 with seconds (« 2026-11-24T15:04:05Z »), and stored only where the program needs
them. Days are « 2026-11-24 ». Column names are explicit, so that the database is easy to browse.
"""

import hashlib
from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from bot.storage.schema import (
    answers,
    backup,
    dashboard,
    onboarding,
    outbox,
    people,
    permissions,
    posting,
    register,
    reports,
    revision,
    schedule,
    state,
)

_ROOMS = (people, outbox, schedule, state, backup, register, onboarding, answers, revision, reports)
_STATEMENTS = [" ".join(statement.split()) for room in _ROOMS for statement in room.TABLES]
_ROOMS_ADDED_TO = (people, revision, posting, permissions, dashboard, outbox)
_ADDED = [" ".join(statement.split()) for room in _ROOMS_ADDED_TO for statement in room.ADDED_SINCE_FIRST]

# The names include a hash of the statements, to recognize a database created before
# `ADDED_SINCE_FIRST` was changed. At the first release, replace the expression of `SECOND_MIGRATION` with the
# name that it produces then.
TABLES: Final = "tables_"
FIRST_MIGRATION: Final = f"{TABLES}d3c10b9c85ba"
SECOND_MIGRATION: Final = f"{TABLES}{hashlib.sha256(repr(_ADDED).encode()).hexdigest()[:12]}"

migrations = Migrations("vigie")


@migrations(name=FIRST_MIGRATION)
def create_tables(db: Database) -> None:
    """Create the first tables."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)


@migrations(name=SECOND_MIGRATION)
def add_tables(db: Database) -> None:
    """Create the tables added since. At its next start, the bot fills those that it can compute."""
    for statement in _ADDED:
        db.conn.execute(statement)


def latest() -> str:
    """Return the name of the last migration, which identifies the schema of this version."""
    return [migration.name for migration in migrations.pending(Database(memory=True, execute_plugins=False))][
        -1
    ]
