"""The migrations: for now a single one, which creates every table of every room.

Until the first release, tables are changed in place, in the files beside this one. After it, they are frozen,
and each change is a new migration, never edited once applied.

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
    onboarding,
    outbox,
    people,
    posting,
    register,
    reports,
    revision,
    schedule,
    state,
)

_ROOMS = (people, outbox, schedule, state, backup, register, onboarding, answers, revision, reports, posting)
_STATEMENTS = [" ".join(statement.split()) for room in _ROOMS for statement in room.TABLES]

# The name includes a hash of the tables, to recognize a database created before a change in place. At the
# first release, replace this expression with the name it produces then.
FIRST: Final = f"tables_{hashlib.sha256(repr(_STATEMENTS).encode()).hexdigest()[:12]}"

migrations = Migrations("vigie")


@migrations(name=FIRST)
def create_tables(db: Database) -> None:
    """Create every table."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)


def latest() -> str:
    """Return the name of the last migration, which names the schema of this version."""
    return [migration.name for migration in migrations.pending(Database(memory=True, execute_plugins=False))][
        -1
    ]
