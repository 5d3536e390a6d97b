"""The record of received events, which detects an event that a platform sends twice.

An event's identifier is recorded before the event is processed, and kept for as long as the platform may send
it again. The clock then deletes it. Only Slack's events need this. Repeated commands, buttons and forms are
harmless, because the rows that they write have unique keys.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from bot.storage.database import Storage
from bot.times import Clock, iso

KEPT_FOR: Final = timedelta(hours=24)


def hear(db: Database, event_id: str, now: datetime) -> bool:
    """Record an event's identifier in the caller's transaction. Return whether the event is new."""
    done = db.conn.execute("INSERT OR IGNORE INTO inbound_events VALUES (?, ?)", (event_id, iso(now)))
    return done.rowcount == 1


def forget(db: Database, now: datetime) -> None:
    """Delete the events that a platform can no longer send again."""
    db.conn.execute("DELETE FROM inbound_events WHERE received_at < ?", (iso(now - KEPT_FOR),))


@dataclass(frozen=True, slots=True)
class Heard:
    """The record of received events, each committed before it is processed."""

    storage: Storage
    clock: Clock

    async def __call__(self, event_id: str) -> bool:
        """Record an event and return whether it is new. Raises `StorageError`."""

        def record() -> bool:
            with self.storage.transaction() as db:
                return hear(db, event_id, self.clock())

        return await self.storage.run(record, urgent=True)  # Slack waits for it
