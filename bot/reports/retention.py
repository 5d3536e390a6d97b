"""How long reports are kept, and sealing them again when the key changes."""

from __future__ import annotations

from datetime import date, timedelta

from sqlite_utils import Database

from bot.reports.escalation import alert_rows
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
    """Destroy the cases closed `kept_days` ago or more, unless they are held. Return how many."""
    limit = (today - timedelta(days=kept_days)).isoformat()
    rows = db.conn.execute(
        "SELECT id FROM report_cases WHERE closed_on <= ? AND NOT hold", (limit,)
    ).fetchall()
    for (case_id,) in rows:
        destroy(db, case_id, remember)
    return len(rows)


def destroy(db: Database, case_id: str, remember: Remember) -> None:
    """Destroy a case and all that was kept or told of it, so that no copy brings it back."""
    filings = db.conn.execute("SELECT id FROM report_filings WHERE case_id = ?", (case_id,)).fetchall()
    alerts = [row.id for row in alert_rows(db, case_id)]
    for table, ids in (
        ("report_cases", [case_id]),
        ("report_filings", [filing_id for (filing_id,) in filings]),
        ("outbox", alerts),
    ):
        if ids:
            remember(table, ids)
    db.conn.execute("DELETE FROM report_cases WHERE id = ?", (case_id,))
    db.conn.executemany("DELETE FROM outbox WHERE id = ?", ((row_id,) for row_id in alerts))


def reseal(db: Database, ring: Keyring) -> int:
    """Seal again, in the caller's transaction, what a former key sealed. Return how many contents.

    Raises `SealError` when a key is missing.
    """
    changed = 0
    for table, column in _SEALED:
        rows = db.conn.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608 — constants
        for row_id, sealed in rows:
            resealed = ring.resealed(sealed)
            if resealed is not None:
                db.conn.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (resealed, row_id))  # noqa: S608 — same
                changed += 1
    return changed
