"""The restoration of a copy, which is checked before it replaces the database.

The copy does not record the messages sent or the rows destroyed after it was made. So its unsent messages are
held until someone approves them, except alerts about reports: they must reach someone, so they are sent and
marked as possibly repeated. Rows destroyed since the copy was made are destroyed again. If the replaced
database has later records of who may read reports, they are added.
"""

import itertools
import json
import logging
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.backup import copies, destroyed
from bot.logs import loggable
from bot.outbox.notices import REPEATED
from bot.outbox.rows import hand_back
from bot.people import appointments
from bot.storage import files, state
from bot.storage.database import StorageError, explained, lock, reader, require_sound
from bot.storage.schema.migrations import migrations
from bot.times import iso

logger = logging.getLogger(__name__)

_BEFORE_ALL = -(2**63)  # below every rowid: those of alerts about reports are random and negative
_SET_ASIDE = re.compile(r".*\.avant-(\d{8})T\d{6}Z(?:-\d+)?(?:-wal|-shm|\.sha256)?")


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restoration: how many rows were held, marked as repeated, and destroyed.

    `replaced`: the path of the former database, None if there was none. `night`: the night of a nightly copy.
    `hour`: the moment of an hourly one. Both are None for an unsealed copy.
    """

    replaced: Path | None
    night: date | None
    hour: datetime | None
    held: int
    repeated: int
    destroyed: int


def restore(
    source: Path,
    database: Path,
    keys: Path,
    reports: Collection[str],
    now: datetime,
    *,
    in_clear: bool = False,
) -> Restored:
    """Replace `database` with the copy `source`, keeping the old file under another name.

    `reports`: the names of the notices about reports. `now`: in the association's time zone; it dates the
    certificate of destruction. `in_clear`: accept an unsealed copy. Nothing changes unless the copy is
    complete and sound. Raises `StorageError`, for example if a bot is running.
    """
    database = database.resolve()  # replace the file, not a link to it
    content, made = copies.read_copy(source, keys, in_clear=in_clear)
    with lock(database), files.explained(database), files.draft(database) as draft:
        with suppress(StorageError, sqlite3.Error), closing(reader(database, earlier=True)) as former:
            destroyed.settle(former, keys)
        draft.write_bytes(content)
        counts = _prepare(draft, source, keys, reports, now)
        _carry_appointments(database, draft)
        aside = _set_aside(database, now) if database.exists() else None
        files.settle(draft, database)
    hour = made if isinstance(made, datetime) else None
    return Restored(aside, None if hour else made, hour, *counts)


def _carry_appointments(database: Path, draft: Path) -> None:
    """Add to the draft the records of who may read reports that only the replaced database has."""
    if not database.exists():
        return
    try:
        with closing(reader(database, earlier=True)) as former, closing(sqlite3.connect(draft)) as conn, conn:
            appointments.carry(former, Database(conn))
    except (StorageError, sqlite3.Error) as error:
        logger.warning("who could read reports after the copy was made is unknown: %s", loggable(error))


def _prepare(
    draft: Path, source: Path, keys: Path, reports: Collection[str], now: datetime
) -> tuple[int, int, int]:
    """Check and migrate the draft, destroy rows again, and hold its unsent messages.

    Return how many rows were held, marked as repeated, and destroyed.
    """
    with explained(source), closing(sqlite3.connect(draft, isolation_level=None)) as conn:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA secure_delete = ON")
        db = Database(conn, strict=True)
        require_sound(db, source, thorough=True)
        if not db.table_names():
            raise StorageError(f"{source} est une base vide, pas une copie de Vigie.")
        migrations.apply(db)
        conn.execute("BEGIN IMMEDIATE")
        gone = destroyed.destroy_again(db, keys)
        destroyed.certify(db, now.date(), {"restauration": gone})
        hand_back(db)
        conn.execute("DELETE FROM report_files")  # made from reports that may have been destroyed since
        held_rows, repeated = hold(db, reports)
        state.lower(db, state.RESTORED)
        state.hoist(db, state.RESTORED, now, source.name)
        conn.execute("COMMIT")
        conn.execute("PRAGMA journal_mode = DELETE")  # so that the file is complete without a WAL
        return held_rows, repeated, gone


def hold(db: Database, reports: Collection[str], after: int = _BEFORE_ALL) -> tuple[int, int]:
    """Hold the unsent outbox rows numbered above `after`.

    Rows for the notices named in `reports` stay queued, marked as possibly repeated. Return how many rows
    were held and how many were marked.
    """
    names = json.dumps(sorted(reports))
    unsent = "rowid > ? AND state IN ('queued', 'sending')"
    marked = db.conn.execute(
        f"""UPDATE outbox SET state = 'queued', claimed_at = NULL,
              arguments = json_set(arguments, '$.{REPEATED}', json('true'))
            WHERE {unsent} AND notice IN (SELECT value FROM json_each(?))""",  # noqa: S608 — constants only
        (after, names),
    )
    held_rows = db.conn.execute(
        f"""UPDATE outbox SET state = 'held', claimed_at = NULL
            WHERE {unsent} AND notice NOT IN (SELECT value FROM json_each(?))""",  # noqa: S608 — constants only
        (after, names),
    )
    return held_rows.rowcount, marked.rowcount


@contextmanager
def overdue_held(db: Database, reports: Collection[str], due_at: datetime) -> Iterator[None]:
    """Hold, as `hold` does, the messages queued in this context by a task that was due at `due_at`.

    Nothing is held if the task became due since the last restoration. Before it, the same messages may have
    been sent.
    """
    (before,) = db.conn.execute("SELECT coalesce(max(rowid), 0) FROM outbox").fetchone()
    yield
    restored = state.flag(db, state.RESTORED)
    if restored is not None and due_at <= restored.since:
        hold(db, reports, before)


def settle_held(db: Database, now: datetime, *, send: bool) -> int:
    """Queue the held rows again if `send`, otherwise cancel them. Return how many."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, due_at = max(due_at, ?) WHERE state = 'held'",
        ("queued" if send else "cancelled", iso(now)),
    )
    caught_up(db)
    return done.rowcount


def caught_up(db: Database) -> None:
    """End the restoration once no message is held and every task due when the restoration began has run.

    Until then, messages queued by those overdue tasks are held too (see `bot.schedule.clock`).
    """
    restored = state.flag(db, state.RESTORED)
    left = """SELECT 1 FROM outbox WHERE state = 'held'
              UNION ALL SELECT 1 FROM due_tasks WHERE due_at <= ? LIMIT 1"""
    if restored and db.conn.execute(left, (iso(restored.since),)).fetchone() is None:
        state.lower(db, state.RESTORED)


def _set_aside(database: Path, now: datetime) -> Path:
    """Copy the database to a name that includes the time, and return the path of the copy.

    `database` itself stays in place until it is replaced.
    """
    # Empty the WAL, which SQLite would otherwise apply to the new file.
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = _aside(database, now)
    for companion in ("-wal", "-shm"):
        left = database.with_name(database.name + companion)
        if left.exists():  # the database could not be opened
            left.replace(aside.with_name(aside.name + companion))
    with files.draft(aside) as draft:
        shutil.copyfile(database, draft)
        files.settle(draft, aside)
    return aside


def _aside(database: Path, now: datetime) -> Path:
    name = f"{database.name}.avant-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(path for path in map(database.with_name, names) if not path.exists())


def keep_before_upgrade(database: Path, now: datetime) -> Path | None:
    """Copy a database of an earlier version beside it, so that one can return to that version.

    Call this before the database is opened, which changes its tables. Return the path of the copy, None if
    the database is of this version, or is still empty. `expire_kept` later deletes the copy. Raises
    `StorageError`, for example if a bot is running.
    """
    if not database.is_file():
        return None
    database = database.resolve()
    with closing(reader(database, earlier=True)) as db, explained(database):
        if not db.table_names() or not migrations.pending(db):
            return None
    with lock(database):
        return copies.save(database, _aside(database, now)).path


def expire_kept(database: Path, today: date, days: int) -> None:
    """Remove the databases that restorations and upgrades set aside more than `days` days ago."""
    database = database.resolve()
    for path in database.parent.glob(f"{database.name}.avant-*"):
        match = _SET_ASIDE.fullmatch(path.name)
        with suppress(ValueError):  # a name with an invalid date is not ours
            if match and date.fromisoformat(match[1]) < today - timedelta(days=days):
                path.unlink(missing_ok=True)
