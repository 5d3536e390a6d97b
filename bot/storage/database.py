"""SQLite, opened for one writer: one file, one thread that writes, readers that do not wait for it.

Every change goes through `Storage.transaction()` on the storage thread. It begins with BEGIN
IMMEDIATE: a deferred transaction that reads and then writes fails at once when another process
wrote in between, whatever its busy timeout (sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import asyncio
import contextvars
import errno
import fcntl
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlite_utils import Database

from bot.logs import ExplainedError
from bot.storage.schema import migrations

Result = TypeVar("Result")

BUSY_MILLISECONDS = 5_000

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # what was acknowledged survives a power failure too
    "foreign_keys = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",  # nothing of what is kept in a file that others may read
    f"busy_timeout = {BUSY_MILLISECONDS}",
)
_PRIMARY = 0xFF  # of an extended code, the part that says what kind of error it is


class StorageError(ExplainedError):
    """The database cannot be used; the text is one French line that says why and what to do."""


class LockedError(StorageError):
    """Another process has the database."""


class Storage:
    """The open database. `path` None is a database in memory, for the sandbox and tests.

    Raises `StorageError` when the file cannot be opened, is damaged, comes from a newer version, or is
    in use by another Vigie.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.executor = ThreadPoolExecutor(1, "storage")
        self._lock = lock(path) if path else None
        try:
            self._db = self.executor.submit(_open, path).result()
        except (StorageError, sqlite3.Error):
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Yield the database inside one transaction, committed at the end or rolled back whole.

        To be used on the storage thread only. Inside another transaction it joins it.
        Raises `StorageError` when the disk is full, or the file cannot be written or is damaged.
        """
        if self._db.conn.in_transaction:
            yield self._db
            return
        with explained(self.path), _immediate(self._db):
            yield self._db

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do `work` on the storage thread, in the caller's context, and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, contextvars.copy_context().run, work)

    def purge(self) -> bool:
        """Leave no byte of what was deleted: neither in the file (secure_delete) nor in the WAL.

        To be used on the storage thread, outside a transaction. Returns False when someone was reading
        what the WAL holds, so that it is to be done again.
        """
        with explained(self.path):
            busy, *_ = self._db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def scatter(self) -> bool:
        """Lay out every row in the order of its key, so that where it lies tells nothing of when it came.

        Whatever their keys, long values go on pages that are taken one after the other, and the WAL has the
        transactions in their very order (sqlite.org/fileformat2.html, « Cell Payload Overflow Pages », and
        walformat.html). To be used as `purge`, and returns as it does; some milliseconds for each megabyte.
        """
        with explained(self.path):
            self._db.conn.execute("VACUUM")
        return self.purge()

    @property
    def size(self) -> int:
        """How many bytes the database takes; on the storage thread."""
        (size,) = self._db.conn.execute(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        ).fetchone()
        return int(size)

    def close(self) -> None:
        """End what is under way and close the file; may be called twice."""
        if hasattr(self, "_db"):
            self.executor.submit(self._db.close).result()
            del self._db
        self.executor.shutdown()
        if self._lock:
            self._lock.close()


def reader(path: Path) -> Database:
    """Open the file for reading only, on the calling thread; it never waits for the writer.

    Raises `StorageError` when there is no such file.
    """
    with explained(path):
        conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        return Database(conn)


@contextmanager
def beside(path: Path) -> Iterator[Database]:
    """Yield the database inside one short transaction, while a bot runs or not: for the command line.

    Raises `StorageError` when there is no database there, or when it is not of this version.
    """
    must_exist(path)
    with explained(path):
        database = _connect(path)
        try:
            if migrations.migrations.pending(database):
                raise StorageError(_OLDER.format(path=path))
            _refuse_newer(database, path)
            with _immediate(database):
                yield database
        finally:
            database.close()


def must_exist(path: Path) -> None:
    """Raise `StorageError` where there is no database."""
    if not path.is_file():
        raise StorageError(_NO_FILE.format(path=path))


def check(database: Database, path: Path, *, thorough: bool = False) -> None:
    """Raise `StorageError` unless the file is a sound database of Vigie, of this version or before."""
    with explained(path):
        found = database.conn.execute(f"PRAGMA {'integrity' if thorough else 'quick'}_check").fetchone()[0]
        if found != "ok":
            raise StorageError(_DAMAGED.format(path=path, found=f" ({found.splitlines()[0]})"))
        if thorough and database.conn.execute("PRAGMA foreign_key_check").fetchone():
            raise StorageError(_DAMAGED.format(path=path, found=" (références brisées)"))
        if database.table_names() and not migrations.migrations.applied(database):
            raise StorageError(_FOREIGN.format(path=path))
        _refuse_newer(database, path)


def _open(path: Path | None) -> Database:
    with explained(path):
        database = _connect(path)
        try:
            if path:
                check(database, path)
            migrations.migrations.apply(database)
        except BaseException:  # an interruption too; it goes on
            database.close()
            raise
        return database


def _connect(path: Path | None) -> Database:
    if path:
        _create(path)
    # Without an isolation level of its own, Python begins no transaction that nobody asked for.
    conn = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            conn.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        conn.close()
        raise
    return Database(conn, strict=True)


def _create(path: Path) -> None:
    """Make the file, for its owner only: SQLite gives its companions the same rights."""
    if not path.exists():
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise StorageError(_refusal(error, path)) from error


@contextmanager
def _immediate(database: Database) -> Iterator[None]:
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.conn.execute("COMMIT")
    except BaseException:  # a cancelled task's too; it goes on
        database.rollback()
        raise


def _refuse_newer(database: Database, path: Path) -> None:
    known = {name for name in vars(migrations) if name[:1] == "m" and name[1:4].isdecimal()}
    if any(migration.name not in known for migration in migrations.migrations.applied(database)):
        raise StorageError(_NEWER.format(path=path))


_NO_FILE = "il n'y a pas de base à {path}. Vérifiez VIGIE_DB, ou démarrez Vigie une première fois."
_OLDER = "la base {path} vient d'une version plus ancienne. Démarrez Vigie pour la mettre à jour."
_NEWER = "la base {path} vient d'une version plus récente de Vigie. Installez cette version."
_FOREIGN = "{path} est la base d'un autre programme. Vérifiez VIGIE_DB."
_DAMAGED = "la base {path} est abîmée{found}. Restaurez une copie\u00a0: vigie restaurer CHEMIN."
_LOCKED = "une autre Vigie se sert déjà de la base {path}. Arrêtez-la d'abord."
_CLOSED = "la base {path} ne peut pas être ouverte. Vérifiez que son dossier existe, et vos droits."
_READ_ONLY = "la base {path} ne peut pas être modifiée. Donnez à Vigie le droit d'y écrire."
_FULL = "le disque est plein\u00a0: rien n'a été enregistré dans {path}. Libérez de la place."
_WHY: Mapping[int, str] = {
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "le disque refuse d'écrire ou de lire {path}\u00a0: rien n'a été enregistré. "
    "Vérifiez la place libre, les quotas et l'état du disque.",
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_NOTADB: "{path} n'est pas une base de Vigie. Vérifiez VIGIE_DB.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED.replace("{found}", ""),
    sqlite3.SQLITE_BUSY: "un autre programme occupe la base {path}. Fermez-le, puis réessayez.",
}


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Turn the refusals of SQLite into what a person can do about them."""
    try:
        yield
    except sqlite3.Error as error:
        text = _WHY.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
        if text is None:
            raise
        raise StorageError(text.format(path=path)) from error


def _refusal(error: OSError, path: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _FULL.format(path=path)
    return (_READ_ONLY if error.errno == errno.EROFS else _CLOSED).format(path=path)


def lock(path: Path) -> IO[Any]:
    """Take the file for this process alone, until it ends; the kernel lets go of it whatever happens.

    By whatever symbolic link it is reached, it is the same file. Raises `LockedError` when another
    process has it, `StorageError` when it cannot be asked.
    """
    try:
        taken = lock_file(path).open("a")
    except OSError as error:
        raise StorageError(_refusal(error, path)) from error
    try:
        fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        taken.close()
        raise LockedError(_LOCKED.format(path=path)) from error
    return taken


def lock_file(path: Path) -> Path:
    """Return the file whose lock stands for the database's."""
    real = path.resolve()
    return real.with_name(real.name + ".lock")
