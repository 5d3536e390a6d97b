"""The events that were already heard: a platform in doubt sends the same one again.

An event's identifier is written before its work is done, and kept for as long as the platform may send it
again; the clock then deletes it. Only Slack's events need this: commands, buttons and forms are made harmless
by their own keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from bot.storage.database import Storage
from bot.times import Clock, iso

KEPT_FOR: Final = timedelta(hours=24)


def hear(db: Database, event_id: str, now: datetime) -> bool:
    """Record an event, in the caller's transaction; return False if it was heard before."""
    done = db.conn.execute("INSERT OR IGNORE INTO inbound_events VALUES (?, ?)", (event_id, iso(now)))
    return done.rowcount == 1


def forget(db: Database, now: datetime) -> None:
    """Delete the events that cannot come again."""
    db.conn.execute("DELETE FROM inbound_events WHERE received_at < ?", (iso(now - KEPT_FOR),))


@dataclass(frozen=True, slots=True)
class Heard:
    """Tells whether an event is new, once that is safely written. Raises `StorageError`."""

    storage: Storage
    clock: Clock

    async def __call__(self, event_id: str) -> bool:
        """Return whether an event is new."""

        def record() -> bool:
            with self.storage.transaction() as db:
                return hear(db, event_id, self.clock())

        return await self.storage.run(record)
