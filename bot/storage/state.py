"""The bot's own state, stored in the database so that it survives a restart.

A flag records why and when it was raised. `paused`: nothing is sent unprompted. `restored`: the database was
restored from a copy, so its unsent messages wait for approval. `beat` is not a flag, but a random value that
changes at each beat of the clock (see `Storage.flush`).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from bot.times import iso, utc

PAUSED: Final = "paused"
RESTORED: Final = "restored"
BEAT: Final = "beat"


@dataclass(frozen=True, slots=True)
class Flag:
    """A raised flag: when it was raised, and a reason that can be shown."""

    since: datetime
    reason: str = ""


def read_value(db: Database, name: str) -> str | None:
    """Return the value stored under `name`, or None."""
    row = db.conn.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def write_value(db: Database, name: str, value: str) -> None:
    """Store `value` under `name`, in the caller's transaction."""
    db.conn.execute(
        "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def delete_value(db: Database, name: str) -> None:
    """Delete the value stored under `name`, if any."""
    db.conn.execute("DELETE FROM state WHERE name = ?", (name,))


def flag(db: Database, name: str) -> Flag | None:
    """Return the flag `name` if it is raised, else None."""
    value = json.loads(read_value(db, name) or "null")
    return value and Flag(utc(value["since"]), value["reason"])


def hoist(db: Database, name: str, now: datetime, reason: str = "") -> bool:
    """Raise the flag `name`. Return False if it was already raised."""
    value = json.dumps({"since": iso(now), "reason": reason}, ensure_ascii=False)
    done = db.conn.execute("INSERT OR IGNORE INTO state (name, value) VALUES (?, ?)", (name, value))
    return done.rowcount == 1


def lower(db: Database, name: str) -> bool:
    """Lower the flag `name`. Return whether it was raised."""
    return db.conn.execute("DELETE FROM state WHERE name = ?", (name,)).rowcount == 1
