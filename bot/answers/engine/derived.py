"""Arrays that are computed from the program's files once, at installation, and that all bots then map.

They are stored beside the shipped models, in `<name>-<fingerprint>.npz`. If that file is missing or damaged,
a bot computes the arrays at first use, and maps them from an unnamed temporary file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from zipfile import BadZipFile, ZipFile

from numpy.typing import NDArray

from bot.answers.engine import model_files
from bot.answers.engine.mapped import map_arrays, return_memory, save_arrays
from bot.settings import SEED

logger = logging.getLogger(__name__)


def sums(path: Path) -> bytes:
    """Return the names and checksums of a `.npz` file's arrays, without reading the arrays."""
    with ZipFile(path) as archive:
        return str([(member.filename, member.CRC) for member in archive.infolist()]).encode()


@dataclass(frozen=True, slots=True)
class Derived:
    """Arrays to compute once. `name`: the beginning of their file's name.

    `format`: a number to increment when `make` changes. `sources`: returns the bytes that the arrays depend
    on. `make`: computes the arrays, by name.
    """

    name: str
    format: int
    sources: Callable[[], Iterable[bytes]]
    make: Callable[[], Mapping[str, NDArray[Any]]]

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the arrays, read-only, mapped from the shipped file or from this process's own."""
        mapped = _mapped(self._path(SEED / model_files.SHIPPED))
        if mapped is None:
            mapped = self._made()
            return_memory()
        return mapped

    def _made(self) -> Mapping[str, NDArray[Any]]:
        arrays = self.make()
        with suppress(OSError), TemporaryFile(prefix="vigie-") as file:
            save_arrays(file, arrays)
            return map_arrays(file)
        return arrays  # in memory, since the disk is full or read-only

    def ship(self, folder: Path) -> None:
        """Write the arrays into `folder`, and delete their other versions from it. Raises `OSError`."""
        path = self._path(folder)
        if _mapped(path) is None:
            with model_files.replacing(path) as draft, draft.open("wb") as file:
                save_arrays(file, self.make())
        for other in folder.glob(f"{self.name}-*.npz"):
            if other != path:
                other.unlink(missing_ok=True)

    def _path(self, folder: Path) -> Path:
        key = model_files.fingerprint([str(self.format).encode(), *self.sources()])
        return folder / f"{self.name}-{key}.npz"


def _mapped(path: Path) -> Mapping[str, NDArray[Any]] | None:
    """Return a file's arrays, or None if it is missing, damaged or unreadable. The last two are logged."""
    try:
        with path.open("rb") as file:
            return map_arrays(file)
    except FileNotFoundError:
        pass
    except OSError as error:
        reason = type(error).__name__  # the error's text has the file's full path
        logger.warning("%s cannot be read (%s): its content is computed again.", path.name, reason)
    except (ValueError, BadZipFile):
        logger.warning("%s is damaged: its content is computed again.", path.name)
    return None
