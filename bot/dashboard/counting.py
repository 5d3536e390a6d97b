"""What is counted in a period, by the id of its figure: persons or cases, each once in one count.

The counts are exact, and only ever leave this room as bands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import time, timedelta

from sqlite_utils import Database

from bot.dashboard.periods import Period
from bot.reports import access, routing
from bot.reports.records import Session
from bot.times import Calendar, iso

BEGUN, READ, LATE = "accueil.commences", "accueil.lus", "accueil.retards"
OPENED, CLOSED = "signalements.ouverts", "signalements.clos"


def count_onboarding(
    db: Database, policies: Iterable[str], period: Period, calendar: Calendar
) -> Mapping[str, int]:
    """Return how many persons began, finished reading, or were late on the day they were given."""
    moments = {
        "first": iso(calendar.at(period.first, time(0))),
        "end": iso(calendar.at(period.last + timedelta(days=1), time(0))),
        "first_day": period.first.isoformat(),
        "last_day": period.last.isoformat(),
    }
    counts = {}
    for policy in policies:
        for name, query in _ONBOARDING.items():
            (count,) = db.conn.execute(query, {**moments, "policy": policy}).fetchone()
            counts[f"{name}:{policy}"] = int(count)
    return counts


_ONBOARDING = {
    BEGUN: """SELECT count(DISTINCT person_id) FROM onboardings
              WHERE policy = :policy AND started_at >= :first AND started_at < :end""",
    READ: """SELECT count(DISTINCT person_id) FROM reading_facts
             WHERE policy = :policy AND fact = 'read' AND happened_at >= :first AND happened_at < :end""",
    LATE: """SELECT count(DISTINCT person_id) FROM onboardings
             JOIN due_dates USING (person_id, policy, version)
             WHERE policy = :policy AND due_on BETWEEN :first_day AND :last_day AND suspended_on IS NULL
               AND NOT EXISTS (SELECT 1 FROM attestation_people JOIN attestations USING (number)
                 WHERE attestation_people.person_id = onboardings.person_id
                   AND attestations.policy = onboardings.policy
                   AND attestations.version = onboardings.version
                   AND attested_at < :end)""",
}


def count_reports(session: Session, period: Period) -> Mapping[str, int]:
    """Return how many cases were opened and closed in a period, of those that implicate nobody.

    Everyone who handles reports may know of these. A case that implicates someone is not counted at all:
    whoever it implicates could subtract from the figure the cases that they may see. Raises `SealError`,
    `StorageError`.
    """
    days = (period.first.isoformat(), period.last.isoformat())
    rows = session.execute("SELECT id, opened_on, closed_on FROM report_cases ORDER BY id").fetchall()
    counts = Counter({OPENED: 0, CLOSED: 0})
    for case_id, opened_on, closed_on in rows:
        if not access.alerted_roles(session, case_id) or routing.load_routing(session, case_id).accounts:
            continue
        counts[OPENED] += days[0] <= opened_on <= days[1]
        counts[CLOSED] += closed_on is not None and days[0] <= closed_on <= days[1]
    return counts
