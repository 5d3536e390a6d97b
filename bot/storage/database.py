"""SQLite with one writer: one file, one thread that writes, and readers that never wait for it.

Committed changes stay in the WAL until `Storage.flush`, which the clock calls at each beat. `Storage.scatter`
rewrites the whole file every hour, or every night once it exceeds `LARGEST_BY_DAY`. Both run even when
nothing was committed, so neither the dates of the files nor the time that requests wait reveals a commit
(see docs/menaces.md).

Every change goes through `Storage.transaction()` on the storage thread. A transaction begins with BEGIN
IMMEDIATE, because a deferred transaction that reads and then writes fails at once when another process wrote
in between, regardless of its busy timeout (sqlite.org/lang_transaction.html).
"""

import asyncio
import contextvars
import errno
import fcntl
import logging
import math
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from sqlite_utils import Database

from bot.logs import ExplainedError
from bot.storage import state
from bot.storage.lanes import Lanes
from bot.storage.schema.migrations import FIRST_MIGRATION, TABLES, migrations

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

BUSY_MILLISECONDS: Final = 5_000
LARGEST_BY_DAY: Final = 64 * 1024**2  # bytes: a second or two to rewrite, and Discord waits three

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # committed data survives a power failure
    "foreign_keys = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",  # no temporary file that others could read
    "wal_autocheckpoint = 0",  # the clock empties the WAL
    f"busy_timeout = {BUSY_MILLISECONDS}",
)
_PRIMARY = 0xFF  # the mask of the primary result code in an extended one


class StorageError(ExplainedError):
    """The database cannot be used. The text is one French line: the reason and what to do."""


class PassingError(StorageError):
    """The database cannot be used for now. Trying again later, or freeing disk space, may be enough."""


class LockedError(PassingError):
    """Another process is using the database."""


class Storage:
    """The open database; in memory when `path` is None, for the sandbox and tests.

    `executor`: runs work on the storage thread. `urgent`: runs work on the same thread, before the ordinary
    work that waits. It serves reports being made, and events that a platform wants acknowledged within three
    seconds.

    Raises `StorageError` when the file cannot be opened, is damaged, is from a newer or a development
    version, or is in use by another Vigie.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._after_commit: list[Callable[[], None]] = []
        self._lanes = Lanes("storage")
        self.executor, self.urgent = self._lanes.ordinary, self._lanes.urgent
        self._lock = lock(path) if path else None
        with ExitStack() as undone:
            undone.callback(self.close)
            self._db = self.executor.submit(_open, path).result()
            undone.pop_all()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Yield the database inside one transaction, committed at the end or rolled back on an error.

        Use it on the storage thread only. Inside another transaction, it joins that one. Raises
        `StorageError` when the disk is full, or the file is damaged or cannot be written.
        """
        if self._db.conn.in_transaction:
            yield self._db
            return
        self._after_commit.clear()  # the callbacks of a transaction that was rolled back
        with explained(self.path), _immediate(self._db):
            yield self._db
        while self._after_commit:
            self._after_commit.pop(0)()

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run `work` once the current transaction is committed, and never if it is rolled back.

        Use it on the storage thread only, inside a transaction, to update memory along with the database.
        `work` must not fail, since nothing can undo the commit.
        """
        self._after_commit.append(work)

    async def run(self, work: Callable[[], Result], *, urgent: bool = False) -> Result:
        """Run `work` on the storage thread, in the caller's context, and return its result."""
        lane = self.urgent if urgent else self.executor
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(lane, contextvars.copy_context().run, work)

    def flush(self) -> bool:
        """Change one value, then `purge` without waiting for readers, and return what `purge` returns.

        The clock calls it at each beat. The change makes all beats look alike: each of them writes the file,
        and raises the counter in the WAL's header by one.
        """
        with self.transaction() as db:
            state.write_value(db, state.BEAT, secrets.token_hex(8))
        self._db.conn.execute("PRAGMA busy_timeout = 0")
        try:
            return self.purge()
        finally:
            self._db.conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")

    def purge(self) -> bool:
        """Erase every byte of deleted data, in the file (secure_delete) and in the WAL.

        Call it on the storage thread, outside a transaction. Return False when a reader still needs the WAL;
        call it again later.
        """
        with explained(self.path):
            busy, *_ = self._db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def scatter(self, largest: float = math.inf) -> bool:
        """Rewrite the file in key order, so that a row's position does not reveal when it was added.

        SQLite stores long values on pages in insertion order, regardless of their keys, and the WAL keeps the
        order of transactions (sqlite.org/fileformat2.html, « Cell Payload Overflow Pages », and
        walformat.html). Rewriting makes every request wait about 20 ms per megabyte, so a file over `largest`
        bytes is only purged. So is a file that cannot be rewritten. Call it under the same conditions as
        `purge`. It returns what `purge` returns.
        """
        try:
            if self.size <= largest:
                with explained(self.path):
                    self._db.conn.execute("VACUUM")
        except StorageError as error:  # the purge below must erase deleted data even then
            logger.error("storage: the file could not be compacted: %s", error)  # noqa: TRY400 — one line
        return self.purge()

    @property
    def size(self) -> int:
        """The size of the database in bytes. Read it on the storage thread."""
        (size,) = self._db.conn.execute(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        ).fetchone()
        return int(size)

    def close(self) -> None:
        """Finish the queued work and close the file. It may be called twice."""
        database = self.__dict__.pop("_db", None)  # None if opening failed, or on a second call
        self._lanes.shutdown(database and database.close)
        if self._lock:
            self._lock.close()


def reader(path: Path, rows: Mapping[str, str] | None = None, *, earlier: bool = False) -> Database:
    """Return the database opened read-only on the calling thread, for reads that never wait for the writer.

    `rows`: a SELECT for each table that may be read. The rows that it selects are copied into memory, under
    the table's name, and SQLite then refuses to read the file itself. None: the whole database may be read.
    `earlier`: accept a database of an earlier version too, which lacks some tables and columns. Raises
    `StorageError` when the file does not exist, or is not a database of an accepted version.
    """
    with explained(path):
        conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        with _closed_on_error(conn):
            conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            database = Database(conn, execute_plugins=False)
            _check_version(database, path)
            if not earlier:
                _require_upgraded(database, path)
            if rows is not None:
                _copy(conn, rows)
                conn.set_authorizer(_authorize_copies)
            return database


def _copy(conn: sqlite3.Connection, rows: Mapping[str, str]) -> None:
    conn.execute("PRAGMA temp_store = MEMORY")
    conn.execute("BEGIN")  # so that all the copies are of the same moment
    for table, select in rows.items():
        conn.execute(f"CREATE TEMP TABLE {table} AS {select}")
    conn.execute("COMMIT")


def _authorize_copies(
    action: int, _table: str | None, _column: str | None, schema: str | None, _: object
) -> int:
    # An SQLite authorizer allows tables and columns, not rows. A view would not protect the other rows
    # either, since a table can take its name. So only the copies may be read. sqlite-utils wraps queries in
    # savepoints.
    harmless = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_SAVEPOINT}
    allowed = action in harmless or (action == sqlite3.SQLITE_READ and schema == "temp")
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


@contextmanager
def beside(path: Path) -> Iterator[Database]:
    """Yield the database inside one short transaction, for the command line, even while a bot is running.

    Raises `StorageError` when the database does not exist or is of another version.
    """
    must_exist(path)
    with explained(path), closing(_connect(path)) as database:
        _check_version(database, path)
        _require_upgraded(database, path)
        with _immediate(database):
            yield database


def must_exist(path: Path) -> None:
    """Raise `StorageError` when there is no database at `path`."""
    if not path.is_file():
        raise StorageError(_NO_FILE.format(path=path))


def require_sound(database: Database, path: Path, *, thorough: bool = False) -> None:
    """Raise `StorageError` unless the file is a sound Vigie database, of this or an earlier version.

    `thorough`: check the integrity of indexes and foreign keys too.
    """
    with explained(path):
        [answer] = database.conn.execute(f"PRAGMA {'integrity' if thorough else 'quick'}_check").fetchone()
        if answer != "ok":
            raise StorageError(_DAMAGED.format(path=path, found=f" ({answer.splitlines()[0]})"))
        if thorough and database.conn.execute("PRAGMA foreign_key_check").fetchone():
            raise StorageError(_DAMAGED.format(path=path, found=" (références brisées)"))
        _check_version(database, path)


def _open(path: Path | None) -> Database:
    with explained(path):
        database = _connect(path)
        with _closed_on_error(database.conn):
            if path:
                require_sound(database, path)
            migrations.apply(database)
        return database


def _connect(path: Path | None) -> Database:
    if path and not path.exists():
        try:
            path.touch(mode=0o600)  # SQLite's companion files get the same permissions
        except OSError as error:
            raise _refusal(error, path) from error
    # Without an isolation level, Python begins no transaction of its own.
    conn = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
    with _closed_on_error(conn):
        for pragma in _PRAGMAS:
            conn.execute(f"PRAGMA {pragma}")
    return Database(conn, strict=True, execute_plugins=False)


@contextmanager
def _closed_on_error(conn: sqlite3.Connection) -> Iterator[None]:
    with ExitStack() as stack:
        stack.callback(conn.close)
        yield
        stack.pop_all()


@contextmanager
def _immediate(database: Database) -> Iterator[None]:
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.conn.execute("COMMIT")
    finally:
        if database.conn.in_transaction:
            database.rollback()


def _check_version(database: Database, path: Path) -> None:
    """Raise `StorageError` for a database of another program, or of a newer or a development version."""
    applied = [migration.name for migration in migrations.applied(database)]
    current = {
        migration.name for migration in migrations.pending(Database(memory=True, execute_plugins=False))
    }
    if not applied and database.table_names():
        raise StorageError(_FOREIGN.format(path=path))
    changed = any(name.startswith(TABLES) and name not in current for name in applied)
    if applied and (applied[0] != FIRST_MIGRATION or changed):
        raise StorageError(_DEVELOPMENT.format(path=path))
    if not current.issuperset(applied):
        raise StorageError(_NEWER.format(path=path))


def _require_upgraded(database: Database, path: Path) -> None:
    if migrations.pending(database):
        raise StorageError(_OLDER.format(path=path))


_NO_FILE = "il n'y a pas de base à {path}. Vérifiez VIGIE_DB, ou démarrez Vigie une première fois."
_OLDER = "la base {path} vient d'une version plus ancienne. Démarrez Vigie pour la mettre à jour."
_DEVELOPMENT = (
    "la base {path} a été faite par une version de développement, dont les tables ont changé depuis. "
    "Donnez un autre fichier à VIGIE_DB, ou revenez à cette version. Rien n'est effacé."
)
_NEWER = "la base {path} vient d'une version plus récente de Vigie. Installez cette version."
_FOREIGN = "{path} est la base d'un autre programme. Vérifiez VIGIE_DB."
_DAMAGED = "la base {path} est abîmée{found}. Restaurez une copie\u00a0: vigie restaurer CHEMIN."
_LOCKED = "une autre Vigie se sert déjà de la base {path}. Arrêtez-la d'abord."
_KEYS_LOCKED = (
    "une autre Vigie se sert déjà des clés de {path}. Donnez à chacune son dossier\u00a0: VIGIE_CLES."
)
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


_PASSING: Collection[int] = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY}


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Turn SQLite errors into a `StorageError` that says what to do.

    The error is a `PassingError` if trying again may succeed.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code not in _WHY:
            raise
        kind = PassingError if code in _PASSING else StorageError
        raise kind(_WHY[code].format(path=path)) from error


def _refusal(error: OSError, path: Path) -> StorageError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return PassingError(_FULL.format(path=path))
    return StorageError((_READ_ONLY if error.errno == errno.EROFS else _CLOSED).format(path=path))


def lock(path: Path) -> IO[Any]:
    """Lock the database for this process. Return the lock file: closing it releases the lock.

    The kernel also releases the lock when the process dies. Symbolic links to a database share its lock.
    Raises `LockedError` when another process holds it, `StorageError` when the lock file cannot be opened.
    """
    try:
        taken = lock_file(path).open("a")
    except OSError as error:
        raise _refusal(error, path) from error
    try:
        fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        taken.close()
        raise LockedError(_LOCKED.format(path=path)) from error
    return taken


@contextmanager
def lock_keys(folder: Path) -> Iterator[None]:
    """Lock the folder of keys for this process, since two registers would each belie the other's end in it.

    Make the folder, for this person alone, unless it exists. Nothing is locked when it cannot be made, or on
    a disk that has no locks. Raises `LockedError` when another process holds it.
    """
    held = None
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if held is not None:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LockedError(_KEYS_LOCKED.format(path=folder)) from error
            except OSError as error:
                logger.warning("%s is not locked: %s", folder.name, type(error).__name__)
        yield
    finally:
        if held is not None:
            os.close(held)


def lock_file(path: Path) -> Path:
    """Return the path of the database's lock file."""
    real = path.resolve()
    return real.with_name(real.name + ".lock")
