"""Files of the key folder that cannot be recreated, such as the key of the database's sealed copies.

The database stores the fingerprint of each file. A file is created only if the database has no fingerprint of
it and nothing needs an earlier one, so a lost file is never silently replaced. While a file is missing,
everything that needs it fails with an error, until the file is put back or declared lost for good (`remake`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from bot.storage import state
from bot.storage.database import StorageError


@dataclass(frozen=True, slots=True)
class Keepsake:
    """One of these files. `name`: the `state` key of its fingerprint. `file`: its name in the key folder.

    `read`: returns the fingerprint of the file in the given folder, "" if the file has none yet. It raises
    `StorageError` when the file is damaged. `make`: creates the file in the given folder or, if the file has
    no fingerprint yet, adds one and keeps the content. `lost`, `foreign`: the French error when the file is
    missing or is another installation's; `{file}` stands for its path.
    """

    name: str
    file: str
    read: Callable[[Path], str]
    make: Callable[[Path], object]
    lost: str
    foreign: str


def find(db: Database, keepsake: Keepsake, keys: Path, *, needed: bool) -> str:
    """Return the fingerprint of a keepsake in the folder `keys`, "" if the file has not been made yet.

    `needed`: whether an existing copy or report needs the file. Raises `StorageError`, whose text says what
    to do, when the file is lost, damaged or another installation's.
    """
    stored = state.read_value(db, keepsake.name)
    file = keys / keepsake.file
    fingerprint = _fingerprint(keepsake, keys)
    if not fingerprint and (stored or needed):
        raise StorageError(keepsake.lost.format(file=file))
    if stored and fingerprint != stored:
        raise StorageError(keepsake.foreign.format(file=file))
    return fingerprint


def ensure(db: Database, keepsake: Keepsake, keys: Path, *, needed: bool) -> None:
    """Make a keepsake if there has never been one, and store its fingerprint. Raises the errors of `find`."""
    fingerprint = find(db, keepsake, keys, needed=needed)
    if not fingerprint:
        keepsake.make(keys)
        fingerprint = keepsake.read(keys)
    if state.read_value(db, keepsake.name) != fingerprint:
        state.write_value(db, keepsake.name, fingerprint)


def is_lost(db: Database, keepsake: Keepsake, keys: Path) -> bool:
    """Return whether a keepsake is missing from the folder, so that `remake` may replace it.

    Raises `StorageError` when the file is there, but is damaged or another installation's.
    """
    stored = state.read_value(db, keepsake.name)
    fingerprint = _fingerprint(keepsake, keys)
    if stored and fingerprint not in {"", stored}:
        raise StorageError(keepsake.foreign.format(file=keys / keepsake.file))
    return not fingerprint


def _fingerprint(keepsake: Keepsake, keys: Path) -> str:
    file = keys / keepsake.file
    try:
        return keepsake.read(keys) if file.exists() else ""
    except OSError as error:
        raise StorageError(f"{file} ne se lit pas. Vérifiez le dossier VIGIE_CLES.") from error


def remake(db: Database, keepsake: Keepsake, keys: Path) -> None:
    """Make a keepsake in place of one that is lost for good, and store the new fingerprint."""
    keepsake.make(keys)
    state.write_value(db, keepsake.name, keepsake.read(keys))
