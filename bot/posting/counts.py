"""Counts of how often each check is shown and dismissed, by month, without names.

Each person counts at most once a day. The administration is asked to review a check that most people dismiss.
No check is switched off automatically: only a person can do it, and never for a grave check.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.conversation.once_a_day import OnceADay
from bot.outbox import rows as outbox
from bot.outbox.notices import Notice
from bot.outbox.rows import ANNOUNCED_TO, Delivery
from bot.people.persons import new_id
from bot.policy.library import Library, Reading
from bot.posting.checks import Check

FEWEST: Final = 20  # minimum times that a check is shown before its dismissals are considered
KEPT: Final = timedelta(days=365)

Event: TypeAlias = Literal["shown", "waved"]


@dataclass(frozen=True, slots=True)
class CheckCount:
    """How often a check was shown and dismissed, over the stored months."""

    shown: int = 0
    waved: int = 0

    @property
    def mostly_waved(self) -> bool:
        """Whether enough people were shown the check, and most of them dismissed it."""
        return self.shown >= FEWEST and 2 * self.waved > self.shown


@dataclass(frozen=True, slots=True)
class ReviewNotice:
    """The arguments of the notice that asks to review a check. `version`: the key of the policy's version."""

    policy: str
    version: str
    check: str


NOTICE: Final = Notice("verification-a-revoir", "une vérification souvent écartée", ReviewNotice)


@dataclass(frozen=True, slots=True)
class CheckCounter:
    """A counter of checks shown or dismissed, each at most once a day for each person."""

    once: OnceADay

    def count(
        self, db: Database, event: Event, seen: Iterable[tuple[Reading, Check]], person: str, today: date
    ) -> None:
        """Count an event for several checks, each with its policy, in the caller's transaction.

        `person`: who saw or dismissed the checks, as in `OnceADay.is_first`.
        """
        for reading, check in seen:
            if not self.once.is_first(person, today, event, reading.policy.id, check.name):
                continue
            db.conn.execute(
                f"""INSERT INTO check_counts (policy, version, check_name, month, {event})
                    VALUES (?, ?, ?, ?, 1)
                    ON CONFLICT DO UPDATE SET {event} = {event} + 1""",  # noqa: S608 — one of two column names
                (reading.policy.id, reading.version.key, check.name, f"{today:%Y-%m}"),
            )


def check_counts(db: Database, reading: Reading) -> Mapping[str, CheckCount]:
    """Return the counts of the checks for a policy's version, by check name."""
    rows = db.conn.execute(
        """SELECT check_name, sum(shown), sum(waved) FROM check_counts
           WHERE policy = ? AND version = ? GROUP BY check_name""",
        (reading.policy.id, reading.version.key),
    )
    return {str(name): CheckCount(shown, waved) for name, shown, waved in rows.fetchall()}


def checks_off(db: Database, policy: str) -> frozenset[str]:
    """Return the names of the checks that are switched off for a policy."""
    rows = db.conn.execute("SELECT check_name FROM checks_off WHERE policy = ?", (policy,))
    return frozenset(str(name) for (name,) in rows.fetchall())


def switch(db: Database, policy: str, check: Check, *, on: bool) -> None:
    """Switch a check on or off for a policy. A grave check is never switched off."""
    if on:
        db.conn.execute("DELETE FROM checks_off WHERE policy = ? AND check_name = ?", (policy, check.name))
    elif not check.grave:
        db.conn.execute("INSERT OR IGNORE INTO checks_off VALUES (?, ?)", (policy, check.name))


def under_review(db: Database, reading: Reading) -> frozenset[str]:
    """Return the names of the checks that the administration was asked to review, for a policy's version."""
    rows = db.conn.execute(
        "SELECT check_name FROM check_reviews WHERE policy = ? AND version = ?",
        (reading.policy.id, reading.version.key),
    )
    return frozenset(str(name) for (name,) in rows.fetchall())


def reviewed(db: Database, reading: Reading, check: Check) -> None:
    """Record that a check was reviewed, and restart its counts."""
    for table in ("check_reviews", "check_counts"):
        db.conn.execute(
            f"DELETE FROM {table} WHERE policy = ? AND version = ? AND check_name = ?",  # noqa: S608 — one of two table names
            (reading.policy.id, reading.version.key, check.name),
        )


def propose_reviews(db: Database, library: Library, checks: Mapping[str, Check], now: datetime) -> None:
    """Ask the administration, once, to review each check that most people dismiss.

    Call it once a day, so that the notice does not reveal when someone dismissed a check.
    """
    for reading in map(library.reading, library.policies.values()):
        waiting = under_review(db, reading)
        off = checks_off(db, reading.policy.id)
        for name, count in check_counts(db, reading).items():
            if not count.mostly_waved or name in waiting | off or name not in checks or checks[name].grave:
                continue
            place = (reading.policy.id, reading.version.key, name)
            db.conn.execute("INSERT INTO check_reviews VALUES (?, ?, ?)", place)
            key = f"{NOTICE.name}:{new_id()}"
            outbox.enqueue(db, Delivery(key, ANNOUNCED_TO, NOTICE, ReviewNotice(*place)), now)


def expire_counts(db: Database, today: date) -> None:
    """Delete the counts of the months older than `KEPT`."""
    db.conn.execute("DELETE FROM check_counts WHERE month <= ?", (f"{today - KEPT:%Y-%m}",))


def asked_checks(db: Database, reading: Reading, checks: Mapping[str, Check]) -> Sequence[str]:
    """Return the names of the checks that a policy's annotations name, except those switched off."""
    off = checks_off(db, reading.policy.id)
    by_check = reading.policy.notes(reading.version).checks
    return [name for name in by_check if name in checks and (checks[name].grave or name not in off)]
