"""The list of destroyed rows, stored outside the database so that restoring a copy does not bring them back.

Each row has one line: the month, then a hash of the table and the row's random identifier. Someone who
reads the list learns neither which rows were destroyed nor on which day: the lines are sorted, the file is
written again at each beat of the clock, and a random number of lines are decoys. Each certificate of
destruction has one line too: identifier, day, category, count. The file is stored beside the keys, and never
in a copy. One line, `liste` and a random number, distinguishes this list from a new one begun after a loss.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.storage import files
from bot.storage.keepsakes import Keepsake
from bot.times import Clock, system_clock

FILE: Final = "detruits.txt"
CERTIFICATES: Final = "destructions"  # the table of certificates, and the first word of their lines
KEPT: Final = timedelta(days=365)  # for copies stored elsewhere; those on this machine expire sooner

_HASH_BYTES = 16
_DECOYS = 16  # fewer than this many decoy lines are added each night
_ROW = re.compile(r"(\d{4}-\d\d) ([0-9a-f]{32})\n")
_MARK = re.compile(r"liste ([0-9a-f]{32})\n")
_CERTIFICATE = re.compile(rf"{CERTIFICATES} ([\w-]+) (\d{{4}}-\d\d-\d\d) ([a-z_]+) (\d+)\n")


def record(folder: Path, table: str, ids: Iterable[str], clock: Clock = system_clock) -> None:
    """Add rows of `table` to the list, before they are deleted, in the transaction that deletes them.

    In this order, a crash cannot leave a destroyed row off the list. At worst, the list contains a row that
    still exists, until `settle` removes it from the list. Raises `StorageError`.
    """
    month = f"{clock():%Y-%m}"
    _add(folder, (f"{month} {row_hash(table, row_id)}\n" for row_id in ids))


def row_hash(table: str, row_id: str) -> str:
    """Return the hash under which the list records a row: 32 hexadecimal digits."""
    return hashlib.blake2b(f"{table} {row_id}".encode(), digest_size=_HASH_BYTES).hexdigest()


def recorded(folder: Path) -> set[str]:
    """Return the hashes of all the rows on the list."""
    return {match[2] for line in _lines(folder) if (match := _ROW.fullmatch(line))}


def expire(folder: Path, today: date) -> None:
    """Remove the row lines whose month ended more than `KEPT` ago, and add decoys.

    Do nothing if the folder, which should hold the keys, is missing. Raises `StorageError`.
    """
    if not folder.is_dir():
        return
    oldest = f"{today - KEPT:%Y-%m}"
    recent = {line for line in _lines(folder) if not _ROW.fullmatch(line) or line >= oldest}
    decoys = (secrets.token_hex(_HASH_BYTES) for _ in range(secrets.randbelow(_DECOYS)))
    _write(folder, recent.union(f"{today:%Y-%m} {decoy}\n" for decoy in decoys))


def destroy_again(db: Database, folder: Path) -> int:
    """Delete, in the caller's transaction, the rows that are on the folder's list. Return how many.

    The messages and tasks about a deleted case are deleted too, but not counted. The certificates on the list
    are added to the database if they are missing.
    """
    matches = [match for line in _lines(folder) if (match := _CERTIFICATE.fullmatch(line))]
    db.conn.executemany(f"INSERT OR IGNORE INTO {_INTO}", [match.groups() for match in matches])
    listed = recorded(folder)
    rows = [(table, row_id) for table, row_id in _rows(db) if row_hash(table, row_id) in listed]
    deleted = 0
    for table, row_id in rows:
        deleted += db.conn.execute(f'DELETE FROM "{table}" WHERE id = ?', (row_id,)).rowcount  # noqa: S608 — a table that exists
        for about in ("outbox", "due_tasks"):
            db.conn.execute(f"DELETE FROM {about} WHERE json_extract(arguments, '$.case') = ?", (row_id,))  # noqa: S608 — constants
    return deleted


def certify(db: Database, day: date, counts: Mapping[str, int]) -> None:
    """Record a certificate, with only a count, for each category in which rows were destroyed on `day`."""
    db.conn.executemany(
        f"INSERT INTO {_INTO}",
        [(secrets.token_hex(8), day.isoformat(), name, count) for name, count in counts.items() if count],
    )


_INTO = f"{CERTIFICATES} (id, day, category, count) VALUES (?, ?, ?, CAST(? AS INTEGER))"


def settle(db: Database, folder: Path) -> None:
    """Make the list match the database. Do not call it inside a transaction that destroys rows.

    Remove from the list the rows that still exist, because a transaction that deleted them was rolled back.
    Add the missing certificates to the list. Raises `StorageError`.
    """
    lines = _lines(folder)
    existing = {row_hash(table, row_id) for table, row_id in _rows(db)}
    wrong = {line for line in lines if (match := _ROW.fullmatch(line)) and match[2] in existing}
    rows = db.conn.execute("SELECT id, day, category, count FROM destructions").fetchall()
    certificates = {f"{CERTIFICATES} {' '.join(map(str, row))}\n" for row in rows}
    if (settled := lines - wrong | certificates) != lines:
        _write(folder, settled)


def _rows(db: Database) -> Iterator[tuple[str, str]]:
    """Yield the table and identifier of every row that has an identifier."""
    for table in db.table_names():
        if "id" in db.table(table).columns_dict and table != CERTIFICATES:
            for (row_id,) in db.conn.execute(f'SELECT id FROM "{table}"').fetchall():  # noqa: S608 — a table that exists
                yield table, row_id


def _lines(folder: Path) -> set[str]:
    """Return the undamaged lines of the list. Raises `StorageError`."""
    file = folder / FILE
    with files.explained(file):
        text = file.read_text("ascii", "replace") if file.exists() else ""
    lines = text.splitlines(keepends=True)
    return {line for line in lines if any(form.fullmatch(line) for form in (_ROW, _CERTIFICATE, _MARK))}


def _read_mark(folder: Path) -> str:
    """Return the random number of the list's `liste` line, "" if there is no such line."""
    return next((match[1] for line in _lines(folder) if (match := _MARK.fullmatch(line))), "")


def _begin(folder: Path) -> None:
    """Add a `liste` line to the list, creating the list if needed."""
    _add(folder, [f"liste {secrets.token_hex(_HASH_BYTES)}\n"])


LIST: Final = Keepsake(
    "destroyed_list",
    FILE,
    _read_mark,
    _begin,
    "la liste de ce qui a été détruit, {file}, manque ou n'est plus celle de cette base\u00a0: restaurer une "
    "copie ramènerait ce qui l'a été depuis. Remettez-la en place ou, si elle est perdue pour de bon\u00a0: "
    "vigie cles refaire.",
    "la liste de ce qui a été détruit, {file}, n'est pas celle de cette base\u00a0: restaurer une copie "
    "ramènerait ce qui l'a été depuis. Remettez celle d'ici en place ou, si elle est perdue pour de bon, "
    "rangez ce fichier ailleurs, puis\u00a0: vigie cles refaire.",
)


def _add(folder: Path, lines: Iterable[str]) -> None:
    if new := set(lines):
        _write(folder, new | _lines(folder))


def _write(folder: Path, lines: Iterable[str]) -> None:
    """Write the whole list, sorted. The database's lock prevents two processes from writing it at once."""
    with files.explained(folder / FILE):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_whole(folder / FILE, "".join(sorted(lines)).encode("ascii"))
