"""Where something may be left: each file as it is, each cell of each database, all that is sealed, opened."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.backup import copies
from bot.reports import keys as report_keys
from bot.reports.keys import Keyring, SealError
from bot.storage.database import StorageError

SEALED: Final = b"VS1"
_BASE64_KEY: Final = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")

Sink = tuple[str, bytes]


def kept_keys(folder: Path) -> list[bytes]:
    """Return every key that a hash could have been made with, in each form that a program could give it."""
    found: dict[bytes, None] = {}
    for path in sorted(folder.glob("*")):
        whole = path.read_bytes()
        for one in (whole, whole.strip(), *_BASE64_KEY.findall(whole)):
            if 8 <= len(one) <= 4_096:
                found[one] = None
        for text in _BASE64_KEY.findall(whole):
            with contextlib.suppress(binascii.Error):
                found[base64.b64decode(text, altchars=b"-_")] = None
    if (ring := ring_of(folder)) is not None:
        found |= dict.fromkeys((ring.code_key, ring.address_key))
    return list(found)


def ring_of(folder: Path) -> Keyring | None:
    """Return the keys of reports, None when there are none."""
    try:
        return report_keys.load_keyring(folder)
    except StorageError:
        return None


def left(home: Path, keys: Path) -> Iterator[Sink]:
    """Yield what every file under a folder holds, and what is in the databases and copies among them."""
    ring = ring_of(keys)
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        name = str(path.relative_to(home))
        yield name, path.read_bytes()
        if path.suffix == ".db":
            yield from _database(name, path, ring)
        elif path.suffix == ".chiffre":
            yield from opened_copy(name, path, keys, ring)


def opened_copy(name: str, path: Path, keys: Path, ring: Keyring | None) -> Iterator[Sink]:
    """Yield what a sealed copy holds."""
    try:
        content, _ = copies.read_copy(path, keys)
    except StorageError:  # it was being written
        return
    yield f"{name}, ouverte", content
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        conn.deserialize(content)
        yield from cells(f"{name}, ouverte", conn, ring)


def _database(name: str, path: Path, ring: Keyring | None) -> Iterator[Sink]:
    """Yield what a database holds, read from a copy of its files, which are left as they are."""
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        for suffix in ("", "-wal"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                shutil.copy(beside, Path(folder) / f"copie.db{suffix}")
        with contextlib.closing(sqlite3.connect(Path(folder) / "copie.db")) as conn:
            yield from cells(name, conn, ring)


def cells(name: str, conn: sqlite3.Connection, ring: Keyring | None) -> Iterator[Sink]:
    """Yield each table's cells, and apart what was sealed in it."""
    tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        plain, opened = [], []
        for row in conn.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 — the name of a table that exists
            for cell in row:
                plain.append(_bytes(cell))
                if isinstance(cell, bytes) and cell.startswith(SEALED) and ring is not None:
                    with contextlib.suppress(SealError):
                        opened.append(ring.open(cell))
        yield f"{name}, table {table}", b"\n".join(plain)
        if opened:
            yield f"{name}, table {table}, descellée", b"\n".join(opened)


def _bytes(cell: object) -> bytes:
    if isinstance(cell, bytes):
        return cell
    return b"" if cell is None else str(cell).encode("utf-8", "surrogatepass")


def held_open(pid: int) -> Iterator[Sink]:
    """Yield the files that a process has open and that no folder holds any more."""
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            if target.startswith("/") and target.endswith(" (deleted)"):
                yield f"fichier ouvert {target}", link.read_bytes()
