"""The state of the queue of reports, in numbers: never a content, an identity or a case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.people import roles
from bot.reports import escalation, routing
from bot.reports.records import STATUSES, Status


@dataclass(frozen=True, slots=True)
class Queue:
    """How many cases are how. `waiting`: nobody was told of them yet. `dead`: alerts that reached nobody.

    `vacant`: the recipients of 5.10 that nobody who can be written to holds. `reached`: someone would
    receive a report that names nobody.
    """

    by_status: dict[Status, int]
    urgent: int
    waiting: int
    held: int
    dead: int
    vacant: tuple[str, ...]
    reached: bool

    @property
    def open(self) -> int:
        """How many cases are not closed."""
        return sum(count for status, count in self.by_status.items() if status != "closed")

    @property
    def sound(self) -> bool:
        """Whether whatever is reported reaches someone."""
        return self.reached and not self.dead


_ALERTS: Final = json.dumps(sorted(escalation.NOTICES))


def look(db: Database, today: date) -> Queue:
    """Return how the queue is."""
    counted = dict(db.conn.execute("SELECT status, count(*) FROM report_cases GROUP BY status").fetchall())
    urgent, waiting, held = db.conn.execute(
        """SELECT coalesce(sum(urgent AND status <> 'closed'), 0),
             coalesce(sum(status = 'received' AND delivered_at IS NULL), 0), coalesce(sum(hold), 0)
           FROM report_cases"""
    ).fetchone()
    (dead,) = db.conn.execute(
        """SELECT count(*) FROM outbox WHERE state = 'dead'
             AND notice IN (SELECT value FROM json_each(?))""",
        (_ALERTS,),
    ).fetchone()
    known = {role.id for role in roles.all_roles(db)}
    vacant = tuple(
        role for role in routing.RECIPIENTS if role not in known or not routing.eligible(db, role, (), today)
    )
    reached = bool(known) and routing.route(db, routing.RECIPIENTS[0], (), today) is not None
    by_status = {one: counted.get(one, 0) for one in STATUSES}
    return Queue(by_status, urgent, waiting, held, dead, vacant, reached)
