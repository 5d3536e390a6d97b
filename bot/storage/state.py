"""What the whole bot must know of its own state, kept in the database so that a restart changes nothing.

A flag holds why it was raised and since when. `paused`: nothing is sent on the bot's own initiative.
`restored`: the database was brought back from a copy, so what was unsent in it waits for approval.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from bot.times import iso, utc

PAUSED: Final = "paused"
RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that is up: since when, and why, in words that can be shown."""

    since: datetime
    reason: str = ""


def read(db: Database, name: str) -> str | None:
    """Return what was written under `name`, None if nothing was."""
    row = db.conn.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def write(db: Database, name: str, value: str) -> None:
    """Keep `value` under `name`, in the caller's transaction, in the place of what was there."""
    db.conn.execute(
        "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def flag(db: Database, name: str) -> Flag | None:
    """Return the flag `name` if it is up."""
    value = read(db, name)
    if value is None:
        return None
    kept = json.loads(value)
    return Flag(utc(kept["since"]), kept["reason"])


def hoist(db: Database, name: str, now: datetime, reason: str = "") -> bool:
    """Put the flag `name` up; if it is already, nothing changes. Return whether it was down."""
    value = json.dumps({"since": iso(now), "reason": reason}, ensure_ascii=False)
    done = db.conn.execute("INSERT OR IGNORE INTO state (name, value) VALUES (?, ?)", (name, value))
    return done.rowcount == 1


def lower(db: Database, name: str) -> bool:
    """Take the flag `name` down. Return whether it was up."""
    return db.conn.execute("DELETE FROM state WHERE name = ?", (name,)).rowcount == 1
