"""What was destroyed, remembered outside the database, so that bringing back a copy does not undo it.

One line for each row: the table, then the row's random identifier, which means nothing once the row is
gone. One line for each certificate too: identifier, day, category, count. The file lies beside the keys
and is never part of a copy.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.storage import files

FILE: Final = "detruits.txt"
CERTIFICATES: Final = "destructions"  # the table of certificates, and how their lines begin

_ROW = re.compile(r"([a-z_]+) ([\w-]+)\n")
_CERTIFICATE = re.compile(rf"{CERTIFICATES} ([\w-]+) (\d{{4}}-\d\d-\d\d) ([a-z_]+) (\d+)\n")


def record(folder: Path, table: str, ids: Iterable[str]) -> None:
    """Remember that these rows of `table` are destroyed. To be called before they are deleted.

    In this order a crash in between forgets nothing: at worst a row that is still there is on the list,
    until `settle` strikes it off. Raises `StorageError`.
    """
    _append(folder, [f"{table} {one}\n" for one in ids])


def recorded(folder: Path) -> list[tuple[str, str]]:
    """Return the table and the identifier of every row remembered; a line that was cut short is not one."""
    return [(row[1], row[2]) for line in _lines(folder) if (row := _ROW.fullmatch(line))]


def again(db: Database, folder: Path) -> int:
    """Destroy again, in the caller's transaction, what the folder remembers. Return how many rows."""
    tables = set(db.table_names())
    gone = 0
    for table, identifier in recorded(folder):
        if table in tables:
            done = db.conn.execute(f'DELETE FROM "{table}" WHERE id = ?', (identifier,))  # noqa: S608 — the name of a table that exists
            gone += done.rowcount
    return gone


def certify(db: Database, day: date, counts: Mapping[str, int]) -> None:
    """Write how many rows of each category were destroyed on a day: counts, never contents."""
    db.conn.executemany(
        "INSERT INTO destructions (id, day, category, count) VALUES (?, ?, ?, ?)",
        [(secrets.token_hex(8), day.isoformat(), name, count) for name, count in counts.items() if count],
    )


def settle(db: Database, folder: Path) -> None:
    """Make the list true to the database in use, outside of any destruction.

    What is remembered as destroyed and is there was not: its transaction failed. The certificates that
    the list does not have yet are added. Raises `StorageError`.
    """
    tables = set(db.table_names())
    there = {f"{table} {one}\n" for table, one in recorded(folder) if table in tables and _is(db, table, one)}
    if there:
        file = folder / FILE
        kept = "".join(line for line in _lines(folder) if line not in there)
        with files.explained(file), files.draft(file) as draft:
            draft.write_text(kept, "ascii", "replace")
            files.settle(draft, file)
    known = {found[1] for line in _lines(folder) if (found := _CERTIFICATE.fullmatch(line))}
    rows = db.conn.execute("SELECT id, day, category, count FROM destructions ORDER BY rowid").fetchall()
    _append(folder, [f"{CERTIFICATES} {' '.join(map(str, row))}\n" for row in rows if row[0] not in known])


def certificates_again(db: Database, folder: Path) -> None:
    """Write again, in the caller's transaction, the certificates that the folder remembers."""
    found = [row.groups() for line in _lines(folder) if (row := _CERTIFICATE.fullmatch(line))]
    db.conn.executemany(
        "INSERT OR IGNORE INTO destructions (id, day, category, count) VALUES (?, ?, ?, ?)",
        [(identifier, day, category, int(count)) for identifier, day, category, count in found],
    )


def _is(db: Database, table: str, identifier: str) -> bool:
    found = db.conn.execute(f'SELECT 1 FROM "{table}" WHERE id = ?', (identifier,))  # noqa: S608 — the name of a table that exists
    return found.fetchone() is not None


def _lines(folder: Path) -> list[str]:
    file = folder / FILE
    with files.explained(file):
        text = file.read_text("ascii", "replace") if file.exists() else ""
    return text.splitlines(keepends=True)


def _append(folder: Path, lines: Iterable[str]) -> None:
    text = "".join(lines)
    if not text:
        return
    with files.explained(folder / FILE):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write("\n" + text)  # ends a line that a crash would have cut short
            file.flush()
            os.fsync(file.fileno())
