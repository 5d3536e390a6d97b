"""What is made of reports to be sent as a file: sealed until it leaves."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import date

from sqlite_utils import Database

from bot.reports.records import Session, new_id, packed, unpacked


@dataclass(frozen=True, slots=True)
class Made:
    """A file that waits to be sent: its name, what it is, and the words that go with it."""

    name: str
    title: str
    words: str
    content: bytes = field(repr=False)


def keep(session: Session, made: Made) -> str:
    """Seal a file until it is sent, in the caller's transaction; return its identifier."""
    identifier = new_id()
    content = {
        "name": made.name,
        "title": made.title,
        "words": made.words,
        "content": base64.b64encode(made.content).decode("ascii"),
    }
    session.execute(
        "INSERT INTO report_files (id, sealed, made_on) VALUES (?, ?, ?)",
        (identifier, packed(session.ring, content), session.today.isoformat()),
    )
    return identifier


def read(session: Session, identifier: str) -> Made | None:
    """Return a file, None when it is there no more. Raises `SealError`, `StorageError`."""
    row = session.execute("SELECT sealed FROM report_files WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        return None
    kept = unpacked(session.ring, row[0])
    return Made(kept["name"], kept["title"], kept["words"], base64.b64decode(kept["content"]))


def expire(db: Database, today: date) -> int:
    """Destroy the files of the days before, sent or not. Return how many."""
    return db.conn.execute("DELETE FROM report_files WHERE made_on < ?", (today.isoformat(),)).rowcount
