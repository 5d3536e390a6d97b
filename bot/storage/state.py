"""The bot's own state, kept in the database so that a restart changes nothing.

A flag holds why it was raised and since when. `paused`: nothing is sent unprompted. `restored`: the database
was brought back from a copy, so that what was unsent in it waits for approval.
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
    """A raised flag: since when, and why, in words that can be shown."""

    since: datetime
    reason: str = ""


def read_value(db: Database, name: str) -> str | None:
    """Return the value under `name`, None if there is none."""
    row = db.conn.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def write_value(db: Database, name: str, value: str) -> None:
    """Put `value` under `name`, in the caller's transaction."""
    db.conn.execute(
        "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def flag(db: Database, name: str) -> Flag | None:
    """Return the flag `name` if it is up."""
    value = json.loads(read_value(db, name) or "null")
    return value and Flag(utc(value["since"]), value["reason"])


def hoist(db: Database, name: str, now: datetime, reason: str = "") -> bool:
    """Raise the flag `name`, if it is down. Return whether it was."""
    value = json.dumps({"since": iso(now), "reason": reason}, ensure_ascii=False)
    done = db.conn.execute("INSERT OR IGNORE INTO state (name, value) VALUES (?, ?)", (name, value))
    return done.rowcount == 1


def lower(db: Database, name: str) -> bool:
    """Lower the flag `name`. Return whether it was up."""
    return db.conn.execute("DELETE FROM state WHERE name = ?", (name,)).rowcount == 1
