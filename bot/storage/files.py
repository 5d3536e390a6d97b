"""Writing a file so that it is there whole or not at all, whatever happens in between."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.storage.database import StorageError

_DRAFT = ".partiel"


@contextmanager
def draft(destination: Path) -> Iterator[Path]:
    """Give an empty file of the owner's own, next to `destination`; gone at the end if it was not `settle`d.

    Its name is always the same, so that what a crash left behind is replaced the next time, or swept.
    """
    path = destination.with_name(f".{destination.name}{_DRAFT}")
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def sweep(folder: Path, before: datetime, name: str = "") -> int:
    """Remove the drafts that a crash left in a folder and nobody wrote to since `before`; return how many.

    `name`: how the files begin whose drafts they are. What another process is writing is left to it.
    """
    gone = 0
    for path in folder.glob(f".{glob.escape(name)}*{_DRAFT}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                gone += 1
    return gone


def settle(path: Path, destination: Path) -> None:
    """Put a draft at `destination` in one step, which survives a power failure."""
    _flush(path)
    path.replace(destination)
    _flush(destination.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file readable by its owner alone, replacing any that is there. Raises `StorageError`."""
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
    """Turn what the disk refuses into a `StorageError`: what a person can do about it."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(f"le dossier {path.parent} n'existe pas. Créez-le.") from error
    except OSError as error:
        raise StorageError(
            f"impossible d'écrire {path} ({os.strerror(error.errno or 0)}). "
            "Vérifiez la place libre et vos droits."
        ) from error
