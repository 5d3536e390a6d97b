"""Atomic file writing: after a crash or an error, a file is either complete or absent."""

import contextlib
import errno
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.storage.database import StorageError

_DRAFT = ".partiel"
_REASONS: Final = MappingProxyType(
    {
        errno.EACCES: "vos droits ne suffisent pas",
        errno.EDQUOT: "la place qui vous est permise est prise",
        errno.EIO: "le disque ne répond pas",
        errno.EISDIR: "c'est un dossier",
        errno.ENAMETOOLONG: "le nom est trop long",
        errno.ENOENT: "il n'existe pas",
        errno.ENOMEM: "la mémoire manque",
        errno.ENOSPC: "le disque est plein",
        errno.ENOTDIR: "ce n'est pas un dossier",
        errno.EPERM: "vos droits ne suffisent pas",
        errno.EROFS: "le disque est en lecture seule",
    }
)


def reason(error: OSError) -> str:
    """Return in French why the system refused, or the number of its error."""
    return _REASONS.get(error.errno or 0, f"erreur {error.errno or 0} du système")


@contextmanager
def draft(destination: Path) -> Iterator[Path]:
    """Yield the path of an empty draft next to `destination`, readable by its owner alone.

    At the end, the draft is deleted unless `settle` moved it. Its name is always the same, so a draft left by
    a crash is replaced next time, or removed by `sweep`.
    """
    path = destination.with_name(f".{destination.name}{_DRAFT}")
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def sweep(folder: Path, before: datetime, name: str = "") -> None:
    """Remove the drafts of files whose names begin with `name`, if unchanged since `before`.

    A more recent draft may belong to another process.
    """
    for path in folder.glob(f".{glob.escape(name)}*{_DRAFT}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def settle(path: Path, destination: Path) -> None:
    """Move a draft to `destination` atomically, flushed to disk so that it survives a power failure."""
    _flush(path)
    path.replace(destination)
    _flush(destination.parent)


def touch(folder: Path, *names: str) -> None:
    """Set the dates of a folder, and of the named files that exist in it, to the current time."""
    for path in (folder, *(folder / name for name in names)):
        with contextlib.suppress(OSError):
            os.utime(path)


def renew(path: Path) -> None:
    """Replace an existing file with a new copy of it, so that even its creation date is this moment."""
    if path.exists():
        write_whole(path, path.read_bytes())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file readable by its owner alone, replacing any existing one. Raises `StorageError`."""
    with explained(path), draft(path) as partial:
        partial.write_bytes(content)
        settle(partial, path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn disk errors into a `StorageError` that says what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(f"le dossier {path.parent} n'existe pas. Créez-le.") from error
    except OSError as error:
        raise StorageError(
            f"impossible d'écrire {path} ({reason(error)}). Vérifiez la place libre et vos droits."
        ) from error
