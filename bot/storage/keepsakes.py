"""Files of the key folder that cannot be made again, without which the database or its copies are unreadable.

The database remembers the fingerprint of each. One is made only if the database has never had any and no
sealed copy exists, so that a lost file is never replaced in silence. After a loss, everything that needs the
file fails, and says so, until the file is put back or someone admits that it is lost for good (`remake`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from bot.storage import state
from bot.storage.database import StorageError


@dataclass(frozen=True, slots=True)
class Keepsake:
    """A kind of file. `name`: the name in `state` of its fingerprint. `file`: its name in the key folder.

    `read`: returns the fingerprint of the file in a folder, "" if the file is not one yet; it raises
    `StorageError` when the file is damaged. `make`: makes the file in a folder. It keeps the content of a
    file for which `read` returned "". `lost`, `foreign`: what to tell people, in French, when the file is
    missing or is another installation's; `{file}` stands for its path.
    """

    name: str
    file: str
    read: Callable[[Path], str]
    make: Callable[[Path], object]
    lost: str
    foreign: str


def find(db: Database, keepsake: Keepsake, keys: Path, *, needed: bool) -> str:
    """Return the fingerprint of a keepsake in the folder `keys`, "" if it is still to be made.

    `needed`: whether a copy or a report needs it. Raises `StorageError`, whose text says what to do, when it
    is lost, damaged or another installation's.
    """
    known, file = state.read_value(db, keepsake.name), keys / keepsake.file
    fingerprint = _fingerprint(keepsake, keys)
    if not fingerprint and (known or needed):
        raise StorageError(keepsake.lost.format(file=file))
    if known and fingerprint != known:
        raise StorageError(keepsake.foreign.format(file=file))
    return fingerprint


def ensure(db: Database, keepsake: Keepsake, keys: Path, *, needed: bool) -> None:
    """Make a keepsake if there has never been any, and remember it. Raises the errors of `find`."""
    fingerprint = find(db, keepsake, keys, needed=needed)
    if not fingerprint:
        keepsake.make(keys)
        fingerprint = keepsake.read(keys)
    if state.read_value(db, keepsake.name) != fingerprint:
        state.write_value(db, keepsake.name, fingerprint)


def is_lost(db: Database, keepsake: Keepsake, keys: Path) -> bool:
    """Return whether a keepsake is missing from the folder, so that `remake` may replace it.

    Raises `StorageError` when a file that is damaged or another installation's is in its place.
    """
    known, fingerprint = state.read_value(db, keepsake.name), _fingerprint(keepsake, keys)
    if known and fingerprint not in {"", known}:
        raise StorageError(keepsake.foreign.format(file=keys / keepsake.file))
    return not fingerprint


def _fingerprint(keepsake: Keepsake, keys: Path) -> str:
    file = keys / keepsake.file
    try:
        return keepsake.read(keys) if file.exists() else ""
    except OSError as error:
        raise StorageError(f"{file} ne se lit pas. Vérifiez le dossier VIGIE_CLES.") from error


def remake(db: Database, keepsake: Keepsake, keys: Path) -> None:
    """Make a keepsake in place of one that is lost for good, and remember the new one."""
    keepsake.make(keys)
    state.write_value(db, keepsake.name, keepsake.read(keys))
