"""Files made from reports, stored sealed until they are sent, for at most a day."""

from dataclasses import dataclass, field
from datetime import date

from pydantic import Base64Bytes, TypeAdapter
from sqlite_utils import Database

from bot.reports.records import Session, new_id


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file waiting to be sent, and its accompanying text."""

    name: str
    text: str
    content: Base64Bytes = field(repr=False)  # written in base64 in the sealed JSON


_JSON = TypeAdapter(ReportFile)


def store_file(session: Session, file: ReportFile, case_id: str | None = None) -> str:
    """Store a file, sealed, in the caller's transaction. Return its identifier.

    `case_id`: the case in the file, if any. The file is destroyed as soon as a report of that case is.
    """
    identifier = new_id()
    session.execute(
        "INSERT INTO report_files (id, case_id, sealed, made_on) VALUES (?, ?, ?, ?)",
        (identifier, case_id, session.ring.seal(_JSON.dump_json(file)), session.today.isoformat()),
    )
    return identifier


def load_file(session: Session, identifier: str) -> ReportFile | None:
    """Return a file, None if it no longer exists. Raises `SealError`, `StorageError`."""
    row = session.execute("SELECT sealed FROM report_files WHERE id = ?", (identifier,)).fetchone()
    return _JSON.validate_json(session.ring.open(row[0])) if row else None


def expire_files(db: Database, today: date) -> int:
    """Destroy the files made before today, sent or not. Return how many."""
    return db.conn.execute("DELETE FROM report_files WHERE made_on < ?", (today.isoformat(),)).rowcount
