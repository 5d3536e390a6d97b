"""Bringing a copy back: checked before it replaces anything, and nothing sent since is sent again.

The copy knows neither what was sent nor what was destroyed after it was made. So everything unsent in
it is held until someone approves it, except reports, which must reach someone and are sent marked as
possibly repeated; and what was destroyed since is destroyed again.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.backup import copies, destroyed
from bot.outbox.notices import REPEATED
from bot.outbox.rows import hand_back
from bot.storage import files, state
from bot.storage.database import StorageError, check, explained, lock, reader
from bot.storage.schema.migrations import migrations
from bot.times import iso

_KEPT = re.compile(r".*\.avant-(\d{8})T\d{6}Z(?:-\d+)?(?:-wal|-shm)?")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: where the former file is (None if there was none), rows held, marked, destroyed."""

    kept: Path | None
    held: int
    repeated: int
    destroyed: int


def restore(source: Path, database: Path, keys: Path, reports: Collection[str], now: datetime) -> Restored:
    """Put the copy `source` in the place of `database`, whose file is kept under another name.

    `keys`: the folder of keys. `reports`: the notices that are reports. `now`: in the association's own
    zone, whose day is that of the certificate. Nothing is touched unless the
    copy is whole and sound. Raises `StorageError`, if a bot runs for instance.
    """
    database = database.resolve()  # what is replaced is the file, not a link to it
    found = copies.content(source, keys)
    with lock(database), files.explained(database), files.draft(database) as draft:
        _settled(database, keys)
        draft.write_bytes(found)
        try:
            done = _prepare(draft, source, keys, reports, now)
        finally:
            for companion in ("-wal", "-shm"):
                draft.with_name(draft.name + companion).unlink(missing_ok=True)
        kept = _set_aside(database, now)
        files.settle(draft, database)
    return Restored(kept, *done)


def _settled(database: Path, keys: Path) -> None:
    """Make the list of what was destroyed true to the database that is replaced, where that can be read."""
    with contextlib.suppress(StorageError, sqlite3.Error), contextlib.closing(reader(database).conn) as conn:
        destroyed.settle(Database(conn), keys)


def _prepare(
    draft: Path, source: Path, keys: Path, reports: Collection[str], now: datetime
) -> tuple[int, int, int]:
    """Check the draft, bring it to this version, and settle in it what must not happen again."""
    with explained(source), contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as conn:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA secure_delete = ON")
        db = Database(conn, strict=True)
        check(db, source, thorough=True)
        if not db.table_names():
            raise StorageError(f"{source} est une base vide, pas une copie de Vigie.")
        migrations.apply(db)
        conn.execute("BEGIN IMMEDIATE")
        destroyed.certificates_again(db, keys)
        gone = destroyed.again(db, keys)
        destroyed.certify(db, now.date(), {"restauration": gone})
        hand_back(db)
        conn.execute("DELETE FROM report_files")  # made of reports that may have been destroyed since
        held, repeated = hold(db, reports)
        state.lower(db, state.RESTORED)
        state.hoist(db, state.RESTORED, now, source.name)
        conn.execute("COMMIT")
        conn.execute("PRAGMA journal_mode = DELETE")  # so that the file is whole by itself
        return held, repeated, gone


def hold(db: Database, reports: Collection[str], after: int = 0) -> tuple[int, int]:
    """Hold what is unsent in the outbox's rows beyond `after`; mark reports as possibly repeated instead.

    Returns how many rows were held and how many were marked.
    """
    names = json.dumps(sorted(reports))
    unsent = "rowid > ? AND state IN ('queued', 'sending')"
    marked = db.conn.execute(
        f"""UPDATE outbox SET state = 'queued', claimed_at = NULL,
              arguments = json_set(arguments, '$.{REPEATED}', json('true'))
            WHERE {unsent} AND notice IN (SELECT value FROM json_each(?))""",  # noqa: S608 — constants only
        (after, names),
    )
    held = db.conn.execute(
        f"""UPDATE outbox SET state = 'held', claimed_at = NULL
            WHERE {unsent} AND notice NOT IN (SELECT value FROM json_each(?))""",  # noqa: S608 — constants only
        (after, names),
    )
    return held.rowcount, marked.rowcount


def waiting(db: Database) -> dict[str, int]:
    """Return how many messages are held, by notice."""
    rows = db.conn.execute(
        "SELECT notice, count(*) FROM outbox WHERE state = 'held' GROUP BY notice ORDER BY 1"
    )
    return dict(rows.fetchall())


def settle_held(db: Database, now: datetime, *, send: bool) -> int:
    """Send what is held, or give it up. Return how many rows."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, due_at = max(due_at, ?) WHERE state = 'held'",
        ("queued" if send else "cancelled", iso(now)),
    )
    caught_up(db)
    return done.rowcount


def caught_up(db: Database) -> bool:
    """Take the restoration for over once nothing is held, and nothing that was due then is still to do.

    Until then, what the overdue tasks queue is held in its turn (see `bot.schedule.clock`). Return whether it
    is over now.
    """
    restored = state.flag(db, state.RESTORED)
    if restored is None:
        return False
    left = db.conn.execute(
        """SELECT 1 FROM outbox WHERE state = 'held'
           UNION ALL SELECT 1 FROM due_tasks WHERE due_at <= ? LIMIT 1""",
        (iso(restored.since),),
    )
    return left.fetchone() is None and state.lower(db, state.RESTORED)


def _set_aside(database: Path, now: datetime) -> Path | None:
    """Keep the former file under a name that tells when; `database` itself is there until it is replaced."""
    if not database.exists():
        return None
    # Its WAL must not be left for SQLite to play onto the new file.
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = _free(database.with_name(f"{database.name}.avant-{iso(now).translate(_BARE)}"))
    for companion in ("-wal", "-shm"):
        left = database.with_name(database.name + companion)
        if left.exists():  # it could not be opened
            left.replace(kept.with_name(kept.name + companion))
    with files.draft(kept) as copied:
        shutil.copyfile(database, copied)
        files.settle(copied, kept)
    return kept


_BARE = str.maketrans("", "", "-:")


def _free(path: Path) -> Path:
    """Return the path, with a number if there is such a file already."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain([path], numbered) if not one.exists())


def sweep(database: Path, now: datetime) -> int:
    """Remove what restorations that were killed left, to be called while holding the database's lock."""
    real = database.resolve()
    return files.sweep(real.parent, now, real.name)


def expire_kept(database: Path, today: date, days: int) -> int:
    """Remove the files that restorations set aside more than `days` ago. Return how many."""
    gone, database = 0, database.resolve()
    for path in database.parent.glob(f"{database.name}.avant-*"):
        found = _KEPT.fullmatch(path.name)
        if found and date.fromisoformat(found[1]) < today - timedelta(days=days):
            path.unlink(missing_ok=True)
            gone += 1
    return gone
