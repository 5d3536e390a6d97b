"""The migrations: the first one creates every table of every room, and each change since is one more.

The tables of the first one are frozen: a database of before the first release opens in this version too. A
migration is never edited once applied.

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


@migrations(name="provisions")
def create_provisions(db: Database) -> None:
    """Create the table of identities. The next start fills it from the texts."""
    db.conn.execute(revision.PROVISIONS)


def latest() -> str:
    """Return the name of the last migration, which names the schema of this version."""
    return [migration.name for migration in migrations.pending(Database(memory=True, execute_plugins=False))][
        -1
    ]
