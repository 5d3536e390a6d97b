"""Who may know of a case: those who hold a role that handles it, and whom it does not name."""

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
    """What it takes to tell someone of a case.

    `excluded`: who is not to be told of it; `parted`: those of them who may not see it (see `Routing`).
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
        """Whether nobody who handles it has opened it."""
        return self.status == "received"


_COLUMNS = "id, role, status, urgent, round, delivered_at, sealed"


def read(session: Session, case_id: str) -> CaseAlert | None:
    """Return a case, None when there is none. Raises `SealError`."""
    row = session.execute(f"SELECT {_COLUMNS} FROM report_cases WHERE id = ?", (case_id,)).fetchone()  # noqa: S608 — a constant
    if row is None:
        return None
    routing = Routing.read(unpacked(session.ring, row[6]))
    excluded, parted = routing.persons(session.db), routing.parted(session.db, iso(session.now))
    delivered = utc(row[5]) if row[5] else None
    return CaseAlert(
        row[0], row[1], row[2], bool(row[3]), row[4], delivered, frozenset(excluded), frozenset(parted)
    )


def told_roles(session: Session, case_id: str) -> set[str]:
    """Return the roles that were told of a case since it was last entrusted to someone."""
    rows = session.execute(
        """SELECT DISTINCT a.role FROM report_alerts AS a JOIN report_cases AS c ON c.id = a.case_id
           WHERE a.case_id = ? AND a.round = c.round AND a.role IS NOT NULL""",
        (case_id,),
    )
    return {str(row[0]) for row in rows.fetchall()}


def was_told(session: Session, case_id: str) -> bool:
    """Tell whether anyone was told of a case since it was last entrusted to someone."""
    return bool(told_roles(session, case_id))


def concerns(session: Session, case_id: str, persons: Collection[str]) -> bool:
    """Tell whether any of these persons handles a case, or was told of it."""
    (role,) = session.execute("SELECT role FROM report_cases WHERE id = ?", (case_id,)).fetchone()
    held = {
        one
        for each in {role, *told_roles(session, case_id)}
        for one in roles.holders(session.db, each, session.today)
    }
    return bool(held & set(persons))


def may_know(session: Session, case_id: str, person_id: str) -> bool:
    """Tell whether someone may know of a case: they hold a role that handles it, and it names them not."""
    found = read(session, case_id)
    if found is None or person_id in found.parted:
        return False
    handling = {found.role, *told_roles(session, case_id)} if was_told(session, case_id) else set()
    return any(roles.has(session.db, person_id, role, session.today) for role in handling)
