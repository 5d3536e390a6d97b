"""Deletion of rows about people, so that restoring a copy of the database cannot bring them back."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlite_utils import Database

# A function called with the table and the identifiers of rows just before they are deleted (see
# `bot.backup.destroyed`).
Remember: TypeAlias = Callable[[str, Sequence[str]], None]


def forgets_nothing(_table: str, _ids: Sequence[str]) -> None:
    """Do nothing: a `Remember` for the sandbox and tests, where no copy is ever restored."""


def destroy(db: Database, table: str, where: str, values: Sequence[str | int], remember: Remember) -> int:
    """Delete the rows of a table that match `where`, after passing their identifiers to `remember`.

    Return the number of rows deleted. The table's `id` column must be random.
    """
    rows = db.conn.execute(f"SELECT id FROM {table} WHERE {where}", values)  # noqa: S608 — no outside text
    identifiers = [str(row[0]) for row in rows.fetchall()]
    if identifiers:
        remember(table, identifiers)
        db.conn.executemany(f"DELETE FROM {table} WHERE id = ?", ((row_id,) for row_id in identifiers))  # noqa: S608 — as above
    return len(identifiers)
