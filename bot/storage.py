"""SQLite, opened for one writer: one file, one thread that writes, readers that do not wait for it.

Every change goes through `Storage.transaction()` on the storage thread. It begins with BEGIN
IMMEDIATE: a deferred transaction that reads and then writes fails at once when another process
wrote in between, whatever its busy timeout (sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlite_utils import Database

from bot.schema import migrations

Result = TypeVar("Result")

BUSY_MILLISECONDS = 5_000


class StorageError(Exception):
    """The database cannot be used; the text is one French line that says why and what to do."""


class Storage:
    """The open database. `path` None is a database in memory, for the sandbox and tests."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.executor = ThreadPoolExecutor(1, "storage")
        self._lock = _lock(path) if path else None
        try:
            self._db = self.executor.submit(_open, path).result()
        except StorageError:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Yield the database inside one transaction, committed at the end or rolled back whole.

        To be used on the storage thread only. Inside another transaction it joins it.
        Raises `StorageError` when the disk is full or the file cannot be written.
        """
        if self._db.conn.in_transaction:
            yield self._db
            return
        with _explained(self.path):
            self._db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.rollback()
            raise
        with _explained(self.path):
            self._commit()

    def _commit(self) -> None:
        try:
            self._db.conn.execute("COMMIT")
        except sqlite3.Error:
            self._db.rollback()
            raise

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do `work` on the storage thread and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)

    def purge(self) -> None:
        """Leave no byte of what was deleted: in the file (secure_delete) nor in the WAL."""
        self._db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """End what is under way and close the file; may be called twice."""
        if hasattr(self, "_db"):
            self.executor.submit(self._db.close).result()
            del self._db
        self.executor.shutdown()
        if self._lock:
            self._lock.close()


def reader(path: Path) -> Database:
    """Open the file for reading only, on the calling thread; it never waits for the writer."""
    conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    return Database(conn)


def _open(path: Path | None) -> Database:
    with _explained(path):
        conn = sqlite3.connect(path or ":memory:", check_same_thread=False)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # what was acknowledged survives a power failure too
            "foreign_keys = ON",
            "secure_delete = ON",
            f"busy_timeout = {BUSY_MILLISECONDS}",
        ):
            conn.execute(f"PRAGMA {pragma}")
        if path and (found := conn.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise StorageError(_DAMAGED.format(path=path, found=found.splitlines()[0]))
        database = Database(conn, strict=True)
        migrations.apply(database)
        return database


_DAMAGED = "la base {path} est abîmée ({found}). Restaurez une copie\u00a0: vigie restaurer CHEMIN."
_WHY: tuple[tuple[str, str], ...] = (
    ("readonly", "la base {path} ne peut pas être modifiée. Donnez à Vigie le droit d'y écrire."),
    ("full", "le disque est plein\u00a0: rien n'a été enregistré. Libérez de la place."),
    ("unable to open", "la base {path} ne peut pas être ouverte. Vérifiez que le dossier existe."),
    ("not a database", "{path} n'est pas une base de Vigie. Vérifiez VIGIE_DB."),
    ("malformed", "la base {path} est abîmée. Restaurez une copie\u00a0: vigie restaurer CHEMIN."),
)


@contextmanager
def _explained(path: Path | None) -> Iterator[None]:
    """Turn SQLite's refusals into what a person can do about them."""
    try:
        yield
    except sqlite3.Error as error:
        for sign, text in _WHY:
            if sign in str(error):
                raise StorageError(text.format(path=path)) from error
        raise


def _lock(path: Path) -> IO[Any]:
    """Take the file for this process alone, until it ends; the kernel lets go of it whatever happens."""
    try:
        lock = path.with_name(path.name + ".lock").open("a")
    except OSError as error:
        raise StorageError(
            f"la base {path} ne peut pas être ouverte. Vérifiez le dossier et ses droits."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StorageError(f"une autre Vigie se sert déjà de la base {path}. Arrêtez-la d'abord.") from error
    return lock
