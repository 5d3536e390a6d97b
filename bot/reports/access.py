"""Access rules for cases: a person must hold a role that handles the case, and not be implicated by it."""

from __future__ import annotations

from bot.people import roles
from bot.reports.records import Session
from bot.reports.routing import load_routing


def alerted_roles(session: Session, case_id: str) -> set[str]:
    """Return the roles alerted to a case since it was last assigned."""
    rows = session.execute(
        """SELECT DISTINCT a.role FROM report_alerts AS a JOIN report_cases AS c ON c.id = a.case_id
           WHERE a.case_id = ? AND a.round = c.round AND a.role IS NOT NULL""",
        (case_id,),
    )
    return {str(role) for (role,) in rows.fetchall()}


def handling_roles(session: Session, case_id: str) -> set[str]:
    """Return the role that a case is assigned to, and the roles alerted to it since."""
    return {session.case(case_id).role, *alerted_roles(session, case_id)}


def may_know(session: Session, case_id: str, person_id: str) -> bool:
    """Return whether someone may know of a case: they handle it, and it does not implicate them.

    Nobody may know of it before its first alert is sent. Raises `SealError`, `StorageError`.
    """
    if not alerted_roles(session, case_id):  # same answer as for a case that does not exist
        return False
    handling = handling_roles(session, case_id)
    handles = any(roles.has(session.db, person_id, role, session.today) for role in handling)
    return handles and person_id not in load_routing(session, case_id).persons(session.db)
