"""Copies of the database, made while the bot runs: in the clear when someone asks, sealed each night.

A copy is consistent (one read transaction) and compact (no byte of what was deleted). Its SHA-256 is in a
file beside it, in the form that `sha256sum -c` reads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from bot.storage import files
from bot.storage.database import StorageError, explained, must_exist, reader

KEY_FILE: Final = "sauvegardes.cle"
_HEADER = b"vigie-sauvegarde-1\n"
_NIGHTLY = re.compile(r"vigie-(\d{4}-\d\d-\d\d)\.chiffre(?:\.sha256)?")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy: its path, its SHA-256 in hexadecimal, its size in bytes."""

    path: Path
    sha256: str
    size: int


def save(database: Path, destination: Path) -> Copy:
    """Copy the database to `destination`, even while a bot writes to it.

    Nothing is at `destination` until the copy is whole and checked. Raises `StorageError`.
    """
    must_exist(database)
    if destination.exists():
        raise StorageError(f"{destination} existe déjà. Choisissez un autre nom.")
    with files.explained(destination), files.draft(destination) as draft:
        with closing(reader(database)) as source, explained(destination):
            source.conn.execute("VACUUM INTO ?", (str(draft),))
        with closing(reader(draft)) as copy, explained(draft):
            [answer] = copy.conn.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise StorageError(
                f"la copie de {database} n'est pas saine\u00a0: la base est sans doute abîmée."
            )
        return _settle(draft, destination)


def save_sealed(database: Path, folder: Path, keys: Path, day: date) -> Copy:
    """Write the night's sealed copy into `folder`, in the place of any other of that day.

    The copy is made in memory: nothing of it is ever on the disk in the clear. Raises `StorageError`.
    """
    box = SecretBox(copy_key(keys, create=True))
    destination = nightly(folder, day)
    with (
        explained(database),
        closing(reader(database)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.conn.backup(copy)
        copy.execute("VACUUM")
        content = copy.serialize()
    with files.explained(destination):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.draft(destination) as draft:
            draft.write_bytes(_HEADER + box.encrypt(content))
            return _settle(draft, destination)


def expire(folder: Path, today: date, days: int) -> None:
    """Remove the nightly copies older than `days`."""
    for path in folder.glob("vigie-*.chiffre*"):
        match = _NIGHTLY.fullmatch(path.name)
        if match and date.fromisoformat(match[1]) < today - timedelta(days=days):
            path.unlink(missing_ok=True)


def latest(folder: Path) -> date | None:
    """Return the day of the last nightly copy in `folder`, None when there is none."""
    matches = [_NIGHTLY.fullmatch(path.name) for path in folder.glob("vigie-*.chiffre")]
    return max((date.fromisoformat(match[1]) for match in matches if match), default=None)


def nightly(folder: Path, day: date) -> Path:
    """Return the path of a night's copy."""
    return folder / f"vigie-{day.isoformat()}.chiffre"


def read_copy(source: Path, keys: Path) -> bytes:
    """Return the database in a copy, after checking its SHA-256 and opening its seal if it has one.

    Raises `StorageError` when the copy is missing, was altered, or cannot be opened with the key.
    """
    fingerprint = _fingerprint(source)
    try:
        whole = source.read_bytes()
        expected = fingerprint.read_text("ascii").split()[0]
    except FileNotFoundError as error:
        raise StorageError(f"il manque {error.filename}\u00a0: il faut la copie et son empreinte.") from error
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise StorageError(f"{source} ou son empreinte {fingerprint.name} ne se lit pas.") from error
    if hashlib.sha256(whole).hexdigest() != expected:
        raise StorageError(f"{source} ne correspond pas à son empreinte\u00a0: prenez une autre copie.")
    if not whole.startswith(_HEADER):
        return whole
    try:
        return SecretBox(copy_key(keys)).decrypt(whole[len(_HEADER) :])
    except CryptoError as error:
        raise StorageError(f"la clé de {keys} n'ouvre pas {source}\u00a0: il faut celle d'alors.") from error


def copy_key(keys: Path, *, create: bool = False) -> bytes:
    """Return the key of the sealed copies, 32 bytes kept in the folder `keys`; `create` it if need be.

    Raises `StorageError`.
    """
    file = keys / KEY_FILE
    try:
        if create and not file.exists():
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.draft(file) as draft:
                draft.write_bytes(base64.b64encode(random(SecretBox.KEY_SIZE)) + b"\n")
                files.settle(draft, file)
        key = base64.b64decode(file.read_bytes(), validate=False)
    except FileNotFoundError as error:
        raise StorageError(f"il manque la clé des sauvegardes, {file}. Remettez-la en place.") from error
    except (OSError, binascii.Error) as error:
        raise StorageError(f"la clé {file} ne se lit pas. Vérifiez le dossier VIGIE_CLES.") from error
    if len(key) != SecretBox.KEY_SIZE:
        raise StorageError(f"la clé {file} est abîmée. Remettez celle qui a servi aux sauvegardes.")
    return key


def _settle(draft: Path, destination: Path) -> Copy:
    """Move the draft to `destination` after its fingerprint, so that a copy is never there without it."""
    sha256 = hashlib.sha256(draft.read_bytes()).hexdigest()
    files.write_whole(_fingerprint(destination), f"{sha256}  {destination.name}\n".encode("ascii"))
    files.settle(draft, destination)
    return Copy(destination, sha256, destination.stat().st_size)


def _fingerprint(copy: Path) -> Path:
    return copy.with_name(copy.name + ".sha256")
