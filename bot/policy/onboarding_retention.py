"""How long what is kept of a person's path is kept, and how it is erased; attestations are not here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, TypeAlias

from sqlite_utils import Database

# Called before rows are deleted, with their table and identifiers: see `bot.destroyed`.
Remember: TypeAlias = Callable[[str, Sequence[str]], None]

FORMER_DAYS: Final = 365  # after one's functions end or, for whoever had none, after each thing


def forget(db: Database, person_id: str, remember: Remember, *, asked: bool) -> int:
    """Erase a person's attempts and the pages that they turned. Return how many rows.

    `asked`: the policy is still to be read by this person, whose onboarding then stays, to be done again.
    """
    gone = _attempts(db, "person_id = ?", (person_id,), remember)
    gone += db.conn.execute("DELETE FROM pages_read WHERE person_id = ?", (person_id,)).rowcount
    if not asked:
        gone += db.conn.execute("DELETE FROM onboardings WHERE person_id = ?", (person_id,)).rowcount
    return gone


def enforce(db: Database, today: date, remember: Remember) -> int:
    """Erase what has been kept for as long as it may. Return how many rows; twice a day, it finds no more."""
    limit = (today - timedelta(days=FORMER_DAYS)).isoformat()
    active = "SELECT person_id FROM onboardings WHERE suspended_on IS NULL OR suspended_on > ?"
    gone = _attempts(db, f"person_id NOT IN ({active}) AND started_at < ?", (limit, limit), remember)
    gone += db.conn.execute(
        f"DELETE FROM pages_read WHERE person_id NOT IN ({active}) AND turned_on < ?",  # noqa: S608 — the words above
        (limit, limit),
    ).rowcount
    gone += db.conn.execute("DELETE FROM onboardings WHERE suspended_on <= ?", (limit,)).rowcount
    return gone


def _attempts(db: Database, where: str, values: Sequence[str], remember: Remember) -> int:
    rows = db.conn.execute(f"SELECT id FROM quiz_attempts WHERE {where}", values)  # noqa: S608 — our own words only
    identifiers = [str(row[0]) for row in rows.fetchall()]
    if identifiers:
        remember("quiz_attempts", identifiers)
        db.conn.executemany("DELETE FROM quiz_attempts WHERE id = ?", ((one,) for one in identifiers))
    return len(identifiers)
