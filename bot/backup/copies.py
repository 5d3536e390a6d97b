"""Copies of the database, made while the bot runs: in the clear at a person's demand, sealed each night.

A copy is consistent (one read transaction) and compact (no byte of what was deleted). Beside it, its
SHA-256, in the form that `sha256sum -c` reads.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from bot.storage import files
from bot.storage.database import StorageError, explained, must_exist, reader

KEY_FILE = "sauvegardes.cle"
_HEADER = b"vigie-sauvegarde-1\n"
_NIGHTLY = re.compile(r"vigie-(\d{4}-\d\d-\d\d)\.chiffre(?:\.sha256)?")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was made: where, its fingerprint, and how many bytes."""

    path: Path
    sha256: str
    size: int


def save(database: Path, destination: Path) -> Copy:
    """Copy the database to `destination`, while a bot writes to it or not.

    Nothing is at `destination` until the copy is whole and checked. Raises `StorageError`.
    """
    must_exist(database)
    if destination.exists():
        raise StorageError(f"{destination} existe déjà. Choisissez un autre nom.")
    with files.explained(destination), files.draft(destination) as draft:
        with contextlib.closing(reader(database).conn) as conn:
            with explained(database):
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            with explained(destination):
                conn.execute("VACUUM INTO ?", (str(draft),))
        with contextlib.closing(reader(draft).conn) as conn, explained(draft):
            found = conn.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise StorageError(
                f"la copie de {database} n'est pas saine\u00a0: la base est sans doute abîmée."
            )
        return _keep(draft, destination)


def save_sealed(database: Path, folder: Path, keys: Path, day: date) -> Copy:
    """Write the night's sealed copy into `folder`; a second one the same day takes its place.

    The copy is made in memory: nothing of it is ever on the disk in the clear. Raises `StorageError`.
    """
    box = SecretBox(key(keys, create=True))
    destination = nightly(folder, day)
    with (
        files.explained(destination),
        explained(database),
        contextlib.closing(reader(database).conn) as conn,
        contextlib.closing(sqlite3.connect(":memory:")) as memory,
    ):
        conn.backup(memory)
        memory.execute("VACUUM")
        content = memory.serialize()
    with files.explained(destination):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.draft(destination) as draft:
            draft.write_bytes(_HEADER + box.encrypt(content))
            return _keep(draft, destination)


def expire(folder: Path, today: date, days: int) -> int:
    """Remove the nightly copies older than `days`. Return how many."""
    oldest = today - timedelta(days=days)
    gone = 0
    for path in sorted(folder.glob("vigie-*.chiffre*")):
        found = _NIGHTLY.fullmatch(path.name)
        if found and date.fromisoformat(found[1]) < oldest:
            path.unlink(missing_ok=True)
            gone += path.suffix == ".chiffre"
    return gone


def latest(folder: Path) -> date | None:
    """Return the day of the last nightly copy in `folder`, None when there is none."""
    days = [found[1] for path in folder.glob("vigie-*.chiffre") if (found := _NIGHTLY.fullmatch(path.name))]
    return date.fromisoformat(max(days)) if days else None


def nightly(folder: Path, day: date) -> Path:
    """Return where a night's copy is."""
    return folder / f"vigie-{day.isoformat()}.chiffre"


def content(source: Path, keys: Path) -> bytes:
    """Return the database that the copy holds, once its SHA-256 is checked and, if sealed, opened.

    Raises `StorageError` when it is not there, was altered, or cannot be opened with the key.
    """
    beside = _beside(source)
    try:
        whole = source.read_bytes()
        expected = beside.read_text("ascii").split()[0]
    except FileNotFoundError as error:
        raise StorageError(f"il manque {error.filename}\u00a0: il faut la copie et son empreinte.") from error
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise StorageError(f"{source} ou son empreinte {beside.name} ne se lit pas.") from error
    if hashlib.sha256(whole).hexdigest() != expected:
        raise StorageError(f"{source} ne correspond pas à son empreinte\u00a0: prenez une autre copie.")
    if not whole.startswith(_HEADER):
        return whole
    try:
        return SecretBox(key(keys)).decrypt(whole[len(_HEADER) :])
    except CryptoError as error:
        raise StorageError(f"la clé de {keys} n'ouvre pas {source}\u00a0: il faut celle d'alors.") from error


def key(keys: Path, *, create: bool = False) -> bytes:
    """Return the key of the sealed copies, 32 bytes kept in `keys`; `create`: make it if there is none.

    Raises `StorageError`.
    """
    file = keys / KEY_FILE
    try:
        if create and not file.exists():
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.draft(file) as draft:
                draft.write_bytes(base64.b64encode(random(SecretBox.KEY_SIZE)) + b"\n")
                files.settle(draft, file)
        found = base64.b64decode(file.read_bytes(), validate=False)
    except FileNotFoundError as error:
        raise StorageError(f"il manque la clé des sauvegardes, {file}. Remettez-la en place.") from error
    except (OSError, binascii.Error) as error:
        raise StorageError(f"la clé {file} ne se lit pas. Vérifiez le dossier VIGIE_CLES.") from error
    if len(found) != SecretBox.KEY_SIZE:
        raise StorageError(f"la clé {file} est abîmée. Remettez celle qui a servi aux sauvegardes.")
    return found


def _keep(draft: Path, destination: Path) -> Copy:
    """Put the draft at `destination`, after its fingerprint, so that a copy is never there without it."""
    sha256 = hashlib.sha256(draft.read_bytes()).hexdigest()
    beside = _beside(destination)
    with files.draft(beside) as line:
        line.write_text(f"{sha256}  {destination.name}\n", "ascii")
        files.settle(line, beside)
    files.settle(draft, destination)
    return Copy(destination, sha256, destination.stat().st_size)


def _beside(copy: Path) -> Path:
    return copy.with_name(copy.name + ".sha256")
