"""The record of received events, which detects an event that a platform sends twice.

An event is recorded before it is processed, and kept for as long as the platform may send it again. The clock
then deletes it. Only Slack's events need this. Repeated commands, buttons and forms are harmless, because the
rows that they write have unique keys.

Someone may write to the bot just before they file a report, so the record must not show the order or the hour
of events. A row has only the day and a hash of the identifier, since Slack issues identifiers in order. Only
someone who tries every identifier can learn the day of an event.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from bot.storage.database import Storage
from bot.times import Clock

KEPT_FOR: Final = timedelta(hours=24)  # at least, since events are deleted by whole UTC days


def hear(db: Database, event_id: str, now: datetime) -> bool:
    """Record an event in the caller's transaction. Return whether the event is new."""
    event_hash = hashlib.blake2b(event_id.encode(), digest_size=16).digest()
    done = db.conn.execute(
        "INSERT OR IGNORE INTO inbound_events VALUES (?, ?)", (event_hash, now.date().isoformat())
    )
    return done.rowcount == 1


def forget(db: Database, now: datetime) -> None:
    """Delete the events of past days, once a platform can no longer send them again."""
    last = (now - KEPT_FOR).date().isoformat()
    db.conn.execute("DELETE FROM inbound_events WHERE received_on < ?", (last,))


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

        return await self.storage.run(record, urgent=True)  # Slack waits for the reply
