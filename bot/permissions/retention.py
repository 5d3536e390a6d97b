"""How long requests are kept, and how a person's requests are erased with their data."""

from datetime import date, timedelta
from typing import Final

from sqlite_utils import Database

from bot.storage.destruction import Remember, destroy
from bot.times import years_before

_IN_FORCE: Final = "state = 'granted' AND (until IS NULL OR until >= ?)"  # the parameter is a day

# how many days a request is kept after its refusal or cancellation or, without an answer, after its first day
CLOSED_DAYS: Final = 365


def forget(db: Database, person_id: str, today: date, remember: Remember) -> int:
    """Erase a person's requests, lines and names, except about a permission in force.

    Return the number of rows. The caller withdraws their consents beforehand (`requests.leave`).
    """
    apart = f"request_id NOT IN (SELECT id FROM permission_requests WHERE {_IN_FORCE})"  # noqa: S608 — a constant
    values = (person_id, today.isoformat())
    return sum(
        (
            destroy(db, "permission_requests", f"asker_id = ? AND NOT ({_IN_FORCE})", values, remember),
            destroy(db, "permission_lines", f"author_id = ? AND {apart}", values, remember),
            destroy(db, "permission_names", f"person_id = ? AND {apart}", values, remember),
        )
    )


def holds_permission(db: Database, person_id: str, today: date) -> bool:
    """Return whether a person holds a permission in force, which they must renounce before their erasure."""
    query = f"SELECT 1 FROM permission_requests WHERE asker_id = ? AND {_IN_FORCE} LIMIT 1"  # noqa: S608 — a constant
    return db.conn.execute(query, (person_id, today.isoformat())).fetchone() is not None


def enforce(db: Database, today: date, years: int, remember: Remember) -> int:
    """Erase the requests past their retention period. Return how many.

    Requests refused, cancelled or unanswered are kept for `CLOSED_DAYS`, permissions for `years` after their
    end, and a permission in force as long as it lasts.
    """
    closed = """state IN ('refused', 'cancelled', 'asked')
      AND coalesce(closed_on, decided_on, asked_on) <= ?"""
    ended = "state IN ('withdrawn', 'ended') AND closed_on <= ?"
    since = (today - timedelta(days=CLOSED_DAYS)).isoformat()
    return sum(
        (
            destroy(db, "permission_requests", closed, (since,), remember),
            destroy(db, "permission_requests", ended, (years_before(today, years).isoformat(),), remember),
        )
    )
