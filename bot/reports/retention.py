"""Retention of reports, and resealing after a key change."""

from datetime import date, timedelta

from sqlite_utils import Database

from bot.reports.escalation import alert_keys
from bot.reports.keys import NAME_END, Keyring, key_name
from bot.storage.destruction import Remember, destroy

_SEALED = (
    ("report_cases", "sealed"),
    ("report_filings", "sealed"),
    ("report_filings", "image"),
    ("report_messages", "sealed"),
    ("report_files", "sealed"),
)


def enforce(db: Database, today: date, kept_days: int, remember: Remember) -> int:
    """Destroy the cases closed at least `kept_days` days ago, except those on hold. Return how many.

    Their reports and alerts are destroyed too. `kept_days`: the setting `VIGIE_SIGNALEMENT_JOURS`.
    `remember` records all of these rows, so that restoring a copy of the database does not bring them back.
    """
    limit = (today - timedelta(days=kept_days)).isoformat()
    rows = db.conn.execute("SELECT id FROM report_cases WHERE closed_on <= ? AND NOT hold", (limit,))
    cases = [str(case_id) for (case_id,) in rows.fetchall()]
    for case_id in cases:
        destroy(db, "outbox", "key >= ? AND key < ?", alert_keys(case_id), remember)
        destroy(db, "report_filings", "case_id = ?", (case_id,), remember)
        destroy(db, "report_cases", "id = ?", (case_id,), remember)
    return len(cases)


def keys_used(db: Database) -> set[str]:
    """Return the names, in hexadecimal, of the keys that sealed the stored content."""
    names: set[str] = set()
    for table, column in _SEALED:
        rows = db.conn.execute(f"SELECT DISTINCT substr({column}, 1, ?) FROM {table}", (NAME_END,))  # noqa: S608 — constants
        names.update(key_name(start) for (start,) in rows if start is not None)
    return names


def reseal(db: Database, ring: Keyring) -> int:
    """Reseal all content sealed by an old key, in the caller's transaction. Return how many values changed.

    Raises `SealError` if a key is missing.
    """
    changed = 0
    for table, column in _SEALED:
        rows = db.conn.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608 — constants
        for row_id, sealed in rows:
            resealed = ring.resealed(sealed)
            if resealed is not None:
                db.conn.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (resealed, row_id))  # noqa: S608 — as above
                changed += 1
    return changed
