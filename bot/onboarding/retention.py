"""How long what is kept of a person's path is kept, and how it is erased; attestations are not here."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlite_utils import Database

from bot.storage.destruction import Remember, destroy

FORMER_DAYS: Final = 365  # after one's functions end or, for whoever had none, after each thing


def forget(db: Database, person_id: str, remember: Remember, *, asked: bool) -> int:
    """Erase a person's attempts and the pages that they turned. Return how many rows.

    `asked`: the policy is still to be read by this person, whose onboarding then stays, to be done again.
    """
    gone = destroy(db, "quiz_attempts", "person_id = ?", (person_id,), remember)
    gone += db.conn.execute("DELETE FROM pages_read WHERE person_id = ?", (person_id,)).rowcount
    if not asked:
        gone += db.conn.execute("DELETE FROM onboardings WHERE person_id = ?", (person_id,)).rowcount
    return gone


def enforce(db: Database, today: date, remember: Remember) -> int:
    """Erase what has been kept for as long as it may. Return how many rows; twice a day, it finds no more."""
    limit = (today - timedelta(days=FORMER_DAYS)).isoformat()
    active = "SELECT person_id FROM onboardings WHERE suspended_on IS NULL OR suspended_on > ?"
    old = f"person_id NOT IN ({active}) AND started_at < ?"
    gone = destroy(db, "quiz_attempts", old, (limit, limit), remember)
    gone += db.conn.execute(
        f"DELETE FROM pages_read WHERE person_id NOT IN ({active}) AND turned_on < ?",  # noqa: S608 — the words above
        (limit, limit),
    ).rowcount
    gone += db.conn.execute("DELETE FROM onboardings WHERE suspended_on <= ?", (limit,)).rowcount
    return gone
