"""The list of destroyed rows, stored outside the database so that restoring a copy does not bring them back.

Each row has one line: the table, then the row's random identifier, which is meaningless once the row is
deleted. Each certificate has one line too: identifier, day, category, count. The file is stored beside the
keys, and never in a copy.
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
CERTIFICATES: Final = "destructions"  # the table of certificates, and the first word of their lines

_ROW = re.compile(r"([a-z_]+) ([\w-]+)\n")
_CERTIFICATE = re.compile(rf"{CERTIFICATES} ([\w-]+) (\d{{4}}-\d\d-\d\d) ([a-z_]+) (\d+)\n")


def record(folder: Path, table: str, ids: Iterable[str]) -> None:
    """Add rows of `table` to the list, before they are deleted.

    In this order, a crash in between loses nothing: at worst the list contains a row that still exists, until
    `settle` removes it from the list. Raises `StorageError`.
    """
    _append(folder, [f"{table} {row_id}\n" for row_id in ids])


def recorded(folder: Path) -> list[tuple[str, str]]:
    """Return the table and identifier of every row on the list. Truncated lines are skipped."""
    return [(match[1], match[2]) for line in _lines(folder) if (match := _ROW.fullmatch(line))]


def destroy_again(db: Database, folder: Path) -> int:
    """Delete, in the caller's transaction, the rows that are on the folder's list. Return how many.

    Also write the certificates on the list again.
    """
    matches = [match for line in _lines(folder) if (match := _CERTIFICATE.fullmatch(line))]
    db.conn.executemany(f"INSERT OR IGNORE INTO {_INTO}", [match.groups() for match in matches])
    tables, deleted = set(db.table_names()), 0
    for table, row_id in recorded(folder):
        if table in tables:
            deleted += db.conn.execute(f'DELETE FROM "{table}" WHERE id = ?', (row_id,)).rowcount  # noqa: S608 — a table that exists
    return deleted


def certify(db: Database, day: date, counts: Mapping[str, int]) -> None:
    """Record how many rows of each category were destroyed on a day, never their contents."""
    db.conn.executemany(
        f"INSERT INTO {_INTO}",
        [(secrets.token_hex(8), day.isoformat(), name, count) for name, count in counts.items() if count],
    )


_INTO = f"{CERTIFICATES} (id, day, category, count) VALUES (?, ?, ?, CAST(? AS INTEGER))"


def settle(db: Database, folder: Path) -> None:
    """Make the list match the database. Do not call it during a destruction.

    Remove from the list the rows that still exist, because the transaction that deleted them failed. Add the
    missing certificates to the list. Raises `StorageError`.
    """
    tables, lines = set(db.table_names()), _lines(folder)
    still_there = set()
    for table, row_id in recorded(folder):
        if table in tables:
            row = db.conn.execute(f'SELECT 1 FROM "{table}" WHERE id = ?', (row_id,)).fetchone()  # noqa: S608 — as above
            still_there |= {f"{table} {row_id}\n"} if row else set()
    if still_there:
        remaining = "".join(line for line in lines if line not in still_there)
        files.write_whole(folder / FILE, remaining.encode("ascii", "replace"))
    known = {match[1] for line in lines if (match := _CERTIFICATE.fullmatch(line))}
    rows = db.conn.execute("SELECT id, day, category, count FROM destructions ORDER BY rowid").fetchall()
    _append(folder, [f"{CERTIFICATES} {' '.join(map(str, row))}\n" for row in rows if row[0] not in known])


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
            file.write("\n" + text)  # the line feed ends any line truncated by a crash
            file.flush()
            os.fsync(file.fileno())
