"""Pictures of progress, kept from when they are drawn until the outbox has sent them; a day at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from bot.outbox import rows
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.storage.database import Storage


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture as PNG, the same numbers as text, and the day that they are of."""

    png: bytes
    words: str
    day: date


@dataclass(frozen=True, slots=True)
class PictureNotice:
    """The arguments of a notice that gives a picture: its identifier."""

    id: str


def keep(
    storage: Storage,
    notice: Notice[PictureNotice],
    arguments: Mapping[str, Any],
    picture: KeptPicture,
    now: datetime,
) -> None:
    """Keep a picture and have it sent by `notice` to whoever asked, once. On the storage thread.

    `arguments`: those of the errand, with the picture's « id » and the « person » who asked.
    """
    identifier, person = arguments["id"], arguments["person"]
    with storage.transaction() as db:
        db.conn.execute(
            "INSERT OR REPLACE INTO progress_pictures (id, png, numbers, made_on) VALUES (?, ?, ?, ?)",
            (identifier, picture.png, picture.words, picture.day.isoformat()),
        )
        key, sent = f"{notice.name}:{identifier}", PictureNotice(identifier)
        rows.enqueue(db, Delivery(key, f"person:{person}", notice, sent, urgent=True), now)


def find(db: Database, identifier: str) -> KeptPicture | None:
    """Return a picture that is still kept."""
    row = db.conn.execute(
        "SELECT png, numbers, made_on FROM progress_pictures WHERE id = ?", (identifier,)
    ).fetchone()
    return KeptPicture(bytes(row[0]), row[1], date.fromisoformat(row[2])) if row else None


def forget(db: Database, today: date) -> None:
    """Delete those of the days before."""
    db.conn.execute("DELETE FROM progress_pictures WHERE made_on < ?", (today.isoformat(),))
