"""What is made of reports to be sent as a file: compiled in a process of its own, sealed until it leaves."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.logs import ExplainedError
from bot.policy.report_records import Session, new_id, packed, unpacked

SECONDS: Final = 60
_PAGE: Final = Path(__file__).with_name("report_page.py")
_STARTS: Final = {"digest": b"\x89PNG\r\n\x1a\n", "case": b"%PDF-"}

Kind: TypeAlias = Literal["digest", "case"]


class PageError(ExplainedError):
    """A page of reports cannot be made; the text is one French sentence."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that waits to be sent: its name, what it is, and the words that go with it."""

    name: str
    title: str
    words: str
    content: bytes = field(repr=False)


def compiled(kind: Kind, data: Mapping[str, Any]) -> bytes:
    """Return the page that `data` makes. Takes a tenth of a second or more: not for the storage thread.

    Raises `PageError`.
    """
    try:
        done = subprocess.run(  # noqa: S603 — our own file
            [sys.executable, "-I", str(_PAGE), kind],
            input=json.dumps(data).encode("ascii"),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PageError("la page des signalements n'a pas pu être composée.") from error
    if done.returncode or not done.stdout.startswith(_STARTS[kind]):
        raise PageError("la page des signalements n'a pas pu être composée.")
    return done.stdout


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
