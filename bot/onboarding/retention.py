"""How long quiz attempts and read pages are kept, and their erasure.

The register handles attestations.
"""

from datetime import date, timedelta
from typing import Final

from sqlite_utils import Database

from bot.onboarding import enrolment
from bot.storage.destruction import Remember, destroy

FORMER_DAYS: Final = 365  # days kept after the end of a person's term or, without a term, after a row's date


def forget(db: Database, person_id: str, remember: Remember, *, expected: bool) -> int:
    """Erase a person's quiz attempts and the record of the pages they read. Return the number of rows.

    `expected`: whether this person must still read the policy. Their onboarding is then kept, with its
    due date, and starts again from the first page.
    """
    erased = destroy(db, "quiz_attempts", "person_id = ?", (person_id,), remember)
    erased += enrolment.forget_asked_reminder(db, person_id)
    for table in ("pages_read",) if expected else ("pages_read", "due_dates", "onboardings"):
        erased += db.conn.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,)).rowcount  # noqa: S608 — no user input
    return erased


def enforce(db: Database, today: date, remember: Remember) -> int:
    """Erase the rows past their retention period (`FORMER_DAYS`). Return how many."""
    limit = (today - timedelta(days=FORMER_DAYS)).isoformat()
    former = """person_id NOT IN (SELECT person_id FROM onboardings
                                  WHERE suspended_on IS NULL OR suspended_on > ?)"""
    erased = destroy(db, "quiz_attempts", f"{former} AND started_at < ?", (limit, limit), remember)
    pages = f"DELETE FROM pages_read WHERE {former} AND turned_on < ?"  # noqa: S608 — no user input
    erased += db.conn.execute(pages, (limit, limit)).rowcount
    erased += db.conn.execute("DELETE FROM onboardings WHERE suspended_on <= ?", (limit,)).rowcount
    erased += db.conn.execute(
        """DELETE FROM due_dates WHERE NOT EXISTS (
             SELECT 1 FROM onboardings WHERE onboardings.person_id = due_dates.person_id
               AND onboardings.policy = due_dates.policy AND onboardings.version = due_dates.version)"""
    ).rowcount
    return erased
