"""The migrations: today a single one, which creates every table of every room.

Until the first release the tables are changed in place, in the files beside this one. From then on they are
frozen, and each change is another migration, never edited once applied.

Times are UTC, ISO 8601 with seconds (« 2026-11-24T15:04:05Z »), and kept only where something
depends on them; days are « 2026-11-24 ». Names say what they hold, so that the file reads well in
Datasette.
"""

from __future__ import annotations

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
    register,
    reports,
    revision,
    schedule,
    state,
)

_ROOMS = (people, outbox, schedule, state, backup, register, onboarding, answers, revision, reports)
_STATEMENTS = [" ".join(statement.split()) for room in _ROOMS for statement in room.TABLES]

# Named after the tables themselves, so that a database made before a change in place is recognised. At the
# first release, replace it by the name that it then has.
FIRST: Final = f"tables_{hashlib.sha256(repr(_STATEMENTS).encode()).hexdigest()[:12]}"

migrations = Migrations("vigie")


@migrations(name=FIRST)
def create_tables(db: Database) -> None:
    """Create every table."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)
