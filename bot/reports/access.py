"""Who may know of a case: holders of a role that handles it, whom it does not implicate."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.people import roles
from bot.reports.records import Session, unpacked
from bot.reports.routing import Routing
from bot.times import iso, utc


@dataclass(frozen=True, slots=True)
class CaseAlert:
    """What an alert about a case depends on.

    `delivered_at`: when a holder was first told, until the case is read. `excluded`: who is not to be told
    of it; `parted`: those of them who may no longer see it (see `Routing`).
    """

    id: str
    role: str
    status: str
    urgent: bool
    round: int
    delivered_at: datetime | None
    excluded: frozenset[str]
    parted: frozenset[str]

    @property
    def unread(self) -> bool:
        """Whether none of its holders has opened it."""
        return self.status == "received"


def case_alert(session: Session, case_id: str) -> CaseAlert | None:
    """Return what alerts about a case depend on, None when there is no such case. Raises `SealError`."""
    row = session.execute(
        "SELECT role, status, urgent, round, delivered_at, sealed FROM report_cases WHERE id = ?", (case_id,)
    ).fetchone()
    if row is None:
        return None
    role, status, urgent, number, delivered, sealed = row
    routing = Routing.read(unpacked(session.ring, sealed))
    return CaseAlert(
        case_id,
        role,
        status,
        bool(urgent),
        number,
        utc(delivered) if delivered else None,
        frozenset(routing.persons(session.db)),
        frozenset(routing.parted(session.db, iso(session.now))),
    )


def told_roles(session: Session, case_id: str) -> set[str]:
    """Return the roles told of a case since it was last entrusted to one."""
    rows = session.execute(
        """SELECT DISTINCT a.role FROM report_alerts AS a JOIN report_cases AS c ON c.id = a.case_id
           WHERE a.case_id = ? AND a.round = c.round AND a.role IS NOT NULL""",
        (case_id,),
    )
    return {str(role) for (role,) in rows.fetchall()}


def handled_by_any(session: Session, case_id: str, persons: Collection[str]) -> bool:
    """Tell whether any of these persons handles a case, or was told of it."""
    (role,) = session.execute("SELECT role FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    return any(
        not set(persons).isdisjoint(roles.holders(session.db, handling, session.today))
        for handling in {role, *told_roles(session, case_id)}
    )


def may_know(session: Session, case_id: str, person_id: str) -> bool:
    """Tell whether someone may know of a case: they handle it, were told of it, and it spares them."""
    case, told = case_alert(session, case_id), told_roles(session, case_id)
    if case is None or not told or person_id in case.parted:
        return False
    return any(roles.has(session.db, person_id, role, session.today) for role in {case.role, *told})
