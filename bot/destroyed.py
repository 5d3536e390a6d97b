"""What was destroyed, remembered outside the database, so that bringing back a copy does not undo it.

One line for each row: the table, then the row's random identifier, which means nothing once the row is
gone. The file lies beside the keys and is never part of a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sqlite_utils import Database

FILE = "detruits.txt"


def record(folder: Path, table: str, ids: Iterable[str]) -> None:
    """Remember that these rows of `table` are destroyed. To be called before they are deleted.

    In this order a crash in between forgets nothing: at worst a row that is still there, and that will
    be destroyed at the next run, is already on the list. Raises `OSError`.
    """
    lines = "".join(f"{table} {one}\n" for one in ids)
    if not lines:
        return
    lines = "\n" + lines  # ends a line that a crash would have cut short
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="ascii") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def recorded(folder: Path) -> list[tuple[str, str]]:
    """Return the table and the identifier of every row remembered; a line cut short by a crash is not one."""
    file = folder / FILE
    if not file.exists():
        return []
    lines = file.read_text("ascii").splitlines(keepends=True)
    whole = (line.split() for line in lines if line.endswith("\n"))
    return [(words[0], words[1]) for words in whole if len(words) == 2]  # noqa: PLR2004 — a table and an identifier


def again(db: Database, folder: Path) -> int:
    """Destroy again, in the caller's transaction, what the folder remembers. Return how many rows."""
    tables = set(db.table_names())
    gone = 0
    for table, identifier in recorded(folder):
        if table in tables:
            done = db.conn.execute(f'DELETE FROM "{table}" WHERE id = ?', (identifier,))  # noqa: S608 — the name of a table that exists
            gone += done.rowcount
    return gone
