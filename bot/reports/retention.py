"""How long reports are kept, and sealing them anew when the key changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta

from sqlite_utils import Database

from bot.reports.escalation import ALERT
from bot.reports.keys import Keyring
from bot.storage.destruction import Remember

_SEALED = (
    ("report_cases", "sealed"),
    ("report_filings", "sealed"),
    ("report_filings", "image"),
    ("report_messages", "sealed"),
    ("report_files", "sealed"),
)


def enforce(db: Database, today: date, kept_days: int, remember: Remember) -> int:
    """Destroy the cases closed for as long as they are kept, unless they are held. Return how many."""
    limit = (today - timedelta(days=kept_days)).isoformat()
    rows = db.conn.execute(
        "SELECT id FROM report_cases WHERE closed_on <= ? AND NOT hold", (limit,)
    ).fetchall()
    cases = [str(row[0]) for row in rows]
    for case_id in cases:
        destroy(db, case_id, remember)
    return len(cases)


def destroy(db: Database, case_id: str, remember: Remember) -> None:
    """Destroy a case and all that was kept or said of it, so that no copy brings it back."""
    filings = _ids(db, "SELECT id FROM report_filings WHERE case_id = ?", case_id)
    start = f"{ALERT.name}:{case_id}:"
    rows = db.conn.execute("SELECT id FROM outbox WHERE key >= ? AND key < ?", (start, start[:-1] + ";"))
    said = [str(row[0]) for row in rows.fetchall()]
    for table, ids in (("report_cases", [case_id]), ("report_filings", filings), ("outbox", said)):
        if ids:
            remember(table, ids)
    for table, ids in (("report_cases", [case_id]), ("outbox", said)):
        listed = json.dumps(ids)
        db.conn.execute(f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))", (listed,))  # noqa: S608 — constants


def _ids(db: Database, query: str, value: str) -> Sequence[str]:
    return [str(row[0]) for row in db.conn.execute(query, (value,)).fetchall()]


def reseal(db: Database, ring: Keyring) -> int:
    """Seal with the key in use what another sealed, in the caller's transaction. Return how many contents.

    Raises `SealError` when a key is missing.
    """
    changed = 0
    for table, column in _SEALED:
        rows = db.conn.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608 — constants
        for row_id, sealed in rows:
            anew = ring.resealed(sealed)
            if anew is not None:
                db.conn.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (anew, row_id))  # noqa: S608 — same
                changed += 1
    return changed
