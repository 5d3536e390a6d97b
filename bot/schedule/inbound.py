"""What was already heard: a platform that is in doubt tells the same thing again.

An event's identifier is written before its work is done, and kept for as long as the platform may tell
it again; the clock then has it forgotten, at each beat. Only Slack's need this: commands, buttons and
forms are made harmless by their own keys.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.storage.database import Storage
from bot.times import Clock, iso

KEPT = timedelta(hours=24)


def hear(db: Database, event_id: str, now: datetime) -> bool:
    """Write that an event was heard, in the caller's transaction; return False if it had been."""
    done = db.conn.execute("INSERT OR IGNORE INTO inbound_events VALUES (?, ?)", (event_id, iso(now)))
    return done.rowcount == 1


def forget(db: Database, now: datetime) -> int:
    """Delete what cannot be told again; return how many."""
    limit = iso(now - KEPT)
    return db.conn.execute("DELETE FROM inbound_events WHERE received_at < ?", (limit,)).rowcount


class Heard:
    """Says of each event whether it is new, once it is safely written. Raises `StorageError`."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def __call__(self, event_id: str) -> bool:
        """Return whether an event is new."""
        return await self._storage.run(lambda: self._hear(event_id))

    def _hear(self, event_id: str) -> bool:
        with self._storage.transaction() as db:
            return hear(db, event_id, self._clock())
