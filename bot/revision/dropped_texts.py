"""Files dropped in chat, from their first outline to the proposed text, and the decisions about their lines.

A decision says how to read a line, for example as a heading. A file's row survives a restart, does not tell
who dropped the file, and is deleted once its text is proposed. The decisions are then stored for the policy,
and applied to its next document.
"""

import json
import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.policy.decisions import Decisions
from bot.policy.names import GenderedName
from bot.policy.outline import settle
from bot.policy.provisions import LineReading, Outline
from bot.revision.reading.document import Document

DAYS_KEPT: Final = 30  # days that an unfinished correction is kept

_DOCUMENT: Final = TypeAdapter(Document)


@dataclass(frozen=True, slots=True)
class DroppedText:
    """A file whose outline is being corrected. `policy`: the id of its policy, "" until a person names it.

    `called`: the name of a policy that is not served yet. `document`: as first read, without the decisions.
    `decisions`: a person's decisions about the document's lines.
    """

    id: str
    name: str
    policy: str
    called: GenderedName | None
    document: Document
    decisions: Decisions

    def read(self) -> Document:
        """Return the document with the decisions about its lines applied."""
        return self.document.decided(self.decisions)


def store(db: Database, name: str, document: Document, today: date) -> DroppedText:
    """Store a dropped file, and return it. If the same file was already stored, return it as corrected."""
    content = zlib.compress(_DOCUMENT.dump_json(document, exclude_defaults=True))
    same = db.conn.execute(
        "SELECT id FROM dropped_texts WHERE name = ? AND document = ?", (name, content)
    ).fetchone()
    token = str(same[0]) if same else secrets.token_hex(8)
    db.conn.execute(
        """INSERT INTO dropped_texts (id, name, document, dropped_on) VALUES (?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET dropped_on = excluded.dropped_on""",
        (token, name, content, today.isoformat()),
    )
    [dropped] = _read(db, token)
    return dropped


def find(db: Database, token: str) -> DroppedText | None:
    """Return a file whose outline is being corrected, by its id."""
    return next(iter(_read(db, token)), None)


def waiting(db: Database) -> Sequence[tuple[str, str]]:
    """Return the id and the name of each file being corrected, the latest first."""
    rows = db.conn.execute("SELECT id, name FROM dropped_texts ORDER BY dropped_on DESC, id")
    return [(str(token), str(name)) for token, name in rows]


def place(
    db: Database,
    dropped: DroppedText,
    policy: str,
    called: GenderedName | None = None,
    *,
    adopted: Outline | None = None,
    former: Outline | None = None,
) -> None:
    """Record which policy a file is about, and add the decisions on that policy's earlier documents.

    The decisions that came in this way from another policy, where the file was placed before, are removed.
    `adopted` and `former`: the outlines of the latest texts of the policy, and of the policy where the file
    was. `called`: as in `DroppedText`.
    """
    named = json.dumps([called, called.gender, called.plural], ensure_ascii=False) if called else None
    blocks = dropped.document.blocks
    implied = settle(blocks, kept_decisions(db, dropped.policy), former)
    # What the person decided of a line holds, whichever policy it is of.
    own = {line: reading for line, reading in dropped.decisions.items() if implied.get(line) != reading}
    decisions = {**settle(blocks, kept_decisions(db, policy), adopted), **own}
    db.conn.execute(
        "UPDATE dropped_texts SET policy = ?, called = ?, decisions = ? WHERE id = ?",
        (policy, named, json.dumps(dict(decisions), ensure_ascii=False), dropped.id),
    )


def decide(db: Database, token: str, decisions: Decisions) -> None:
    """Replace the decisions about a file's lines."""
    encoded = json.dumps(dict(decisions), ensure_ascii=False)
    db.conn.execute("UPDATE dropped_texts SET decisions = ? WHERE id = ?", (encoded, token))


def discard(db: Database, token: str) -> None:
    """Delete a file and the decisions about it."""
    db.conn.execute("DELETE FROM dropped_texts WHERE id = ?", (token,))


def forget_old(db: Database, today: date) -> int:
    """Delete the files that nobody finished correcting, and return how many."""
    limit = (today - timedelta(days=DAYS_KEPT)).isoformat()
    return db.conn.execute("DELETE FROM dropped_texts WHERE dropped_on < ?", (limit,)).rowcount


def _read(db: Database, token: str) -> list[DroppedText]:
    rows = db.conn.execute(
        "SELECT id, name, policy, called, document, decisions FROM dropped_texts WHERE id = ?", (token,)
    )
    return [
        DroppedText(
            token, name, policy or "", _named(called), _DOCUMENT.validate_json(zlib.decompress(document)),
            _readings(json.loads(decisions).items()),
        )
        for token, name, policy, called, document, decisions in rows
    ]  # fmt: skip


def _named(called: str | None) -> GenderedName | None:
    if called is None:
        return None
    name, gender, plural = json.loads(called)
    return GenderedName(name, gender, plural=plural)


# --- Decisions stored for the policy ---------------------------------------------------------------


def kept_decisions(db: Database, policy: str) -> Decisions:
    """Return the decisions about the lines of a policy's documents."""
    return _readings(db.conn.execute("SELECT line, reading FROM line_decisions WHERE policy = ?", (policy,)))


def keep_decisions(db: Database, policy: str, decisions: Decisions) -> None:
    """Store the decisions about a policy's document, to apply them to its next document."""
    db.conn.execute("DELETE FROM line_decisions WHERE policy = ?", (policy,))
    db.conn.executemany(
        "INSERT INTO line_decisions VALUES (?, ?, ?)",
        [(policy, line, str(reading)) for line, reading in decisions.items()],
    )


def _readings(rows: Iterable[tuple[str, str]]) -> Decisions:
    return {line: LineReading(reading) for line, reading in rows}
