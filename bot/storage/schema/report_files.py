"""The table of what was made of reports and waits to be sent: figures, a case asked for. A day at most."""

from __future__ import annotations

from sqlite_utils import Database

_STATEMENTS = (
    """CREATE TABLE report_files (
         id TEXT PRIMARY KEY,
         sealed BLOB NOT NULL,
         made_on TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)


def create(db: Database) -> None:
    """Create the table; to be called by the migration, and never changed once that was applied."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)
