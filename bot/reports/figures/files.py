"""Files made from reports, sealed until they are sent."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlite_utils import Database

from bot.reports.records import Session, new_id, packed, unpacked


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file waiting to be sent, and the text that goes with it."""

    name: str
    text: str
    content: bytes = field(repr=False)


def store_file(session: Session, file: ReportFile) -> str:
    """Seal a file until it is sent, in the caller's transaction; return its identifier."""
    identifier = new_id()
    fields = {**asdict(file), "content": base64.b64encode(file.content).decode("ascii")}
    session.execute(
        "INSERT INTO report_files (id, sealed, made_on) VALUES (?, ?, ?)",
        (identifier, packed(session.ring, fields), session.today.isoformat()),
    )
    return identifier


def load_file(session: Session, identifier: str) -> ReportFile | None:
    """Return a file, None when it is no longer there. Raises `SealError`, `StorageError`."""
    row = session.execute("SELECT sealed FROM report_files WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        return None
    fields = unpacked(session.ring, row[0])
    return ReportFile(fields["name"], fields["text"], base64.b64decode(fields["content"]))


def expire_files(db: Database, today: date) -> int:
    """Destroy the files made before today, sent or not. Return how many."""
    return db.conn.execute("DELETE FROM report_files WHERE made_on < ?", (today.isoformat(),)).rowcount
