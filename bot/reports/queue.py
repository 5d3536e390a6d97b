"""Counts of cases and alerts, to monitor that reports reach someone, without any content or identity."""

from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

from bot.people import roles
from bot.reports import escalation, routing
from bot.reports.records import STATUSES, Status


@dataclass(frozen=True, slots=True)
class ReportQueue:
    """Counts of cases and alerts. `urgent`: open urgent cases. `waiting`: cases with no delivered alert.

    `held`: cases kept past their retention period. `dead`: alert messages that could not be delivered.
    `recipients`: how many roles receive reports. `vacant`: the roles without a holder who may read reports.
    `reached`: whether a report that implicates nobody would reach someone.
    """

    by_status: dict[Status, int]
    urgent: int
    waiting: int
    held: int
    dead: int
    recipients: int
    vacant: tuple[str, ...]
    reached: bool

    @property
    def open(self) -> int:
        """The number of cases that are not closed."""
        return sum(count for status, count in self.by_status.items() if status != "closed")

    @property
    def sound(self) -> bool:
        """Whether reports reach someone and no alert is dead. True when no role receives reports."""
        return (self.reached or not self.recipients) and not self.dead


def read_queue(db: Database, today: date) -> ReportQueue:
    """Return the counts of cases and alerts now, with the roles of the day `today`."""
    counts = dict(db.conn.execute("SELECT status, count(*) FROM report_cases GROUP BY status").fetchall())
    urgent, waiting, held = db.conn.execute(
        """SELECT coalesce(sum(urgent AND status <> 'closed'), 0),
             coalesce(sum(status = 'received' AND delivered_at IS NULL), 0), coalesce(sum(hold), 0)
           FROM report_cases"""
    ).fetchone()
    (dead,) = db.conn.execute(
        "SELECT count(*) FROM outbox WHERE state = 'dead' AND notice IN (?, ?)", tuple(escalation.NOTICES)
    ).fetchone()
    titles = routing.titles(db)
    recipients = roles.recipients(db, today)
    vacant = tuple(
        role for role in recipients if role not in titles or not routing.eligible(db, role, (), today)
    )
    reached = bool(recipients) and routing.route(db, recipients[0], (), today) is not None
    by_status = {status: counts.get(status, 0) for status in STATUSES}
    return ReportQueue(by_status, urgent, waiting, held, dead, len(recipients), vacant, reached)
