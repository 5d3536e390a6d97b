"""Deleting rows about people, so that a copy of the database cannot bring them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlite_utils import Database

# Called before rows are deleted, with their table and identifiers: see `bot.backup.destroyed`.
Remember: TypeAlias = Callable[[str, Sequence[str]], None]


def forgets_nothing(_table: str, _ids: Sequence[str]) -> None:
    """Remember nothing, where no copy is ever restored: the sandbox, tests."""


def destroy(db: Database, table: str, where: str, values: Sequence[str | int], remember: Remember) -> int:
    """Remember, then delete the rows of a table with random identifiers. Return how many."""
    rows = db.conn.execute(f"SELECT id FROM {table} WHERE {where}", values)  # noqa: S608 — our own words only
    identifiers = [str(row[0]) for row in rows.fetchall()]
    if identifiers:
        remember(table, identifiers)
        db.conn.executemany(f"DELETE FROM {table} WHERE id = ?", ((row_id,) for row_id in identifiers))  # noqa: S608 — same
    return len(identifiers)
