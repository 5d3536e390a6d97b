"""Access rules for cases: a person must hold a role that handles the case, and not be implicated in it.

They must also have been able to read reports when the case was opened, or have been given access to it since.
Someone appointed later reads only the cases opened from then on (see `bot.people.appointments`).
"""

from collections.abc import Iterable

from bot.people import appointments, persons, roles
from bot.reports import routing
from bot.reports.records import Session


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


def granted(session: Session, case_id: str) -> set[str]:
    """Return the accounts that could read a case when it was opened, or have been given access since."""
    rows = session.execute("SELECT account FROM report_readers WHERE case_id = ?", (case_id,))
    return {str(account) for (account,) in rows.fetchall()}


def grant(session: Session, case_id: str, accounts: Iterable[str]) -> None:
    """Give accounts access to a case."""
    session.db.conn.executemany(
        "INSERT OR IGNORE INTO report_readers (case_id, account) VALUES (?, ?)",
        ((case_id, account) for account in sorted(accounts)),
    )


def hand_over(session: Session, case_id: str, role: str) -> None:
    """Give access to a case to the holders of a role who may read reports today, except any it implicates."""
    excluded = routing.load_routing(session, case_id).persons(session.db)
    grant(session, case_id, routing.able_accounts(session.db, role, excluded, session.today))


def may_know(session: Session, case_id: str, person_id: str) -> bool:
    """Return whether someone may know of a case: they handle it, and it does not implicate them.

    Nobody may know of it before its first alert is queued. Raises `SealError`, `StorageError`.
    """
    if not alerted_roles(session, case_id):  # same answer as for a case that does not exist
        return False
    accounts = {str(account) for account in persons.accounts_of(session.db, person_id)}
    accounts &= granted(session, case_id)
    if session.account:
        accounts &= {session.account}
    handles = any(
        roles.has(session.db, person_id, role, session.today)
        and not accounts.isdisjoint(appointments.effective(session.db, role, session.today))
        for role in handling_roles(session, case_id)
    )
    return handles and person_id not in routing.load_routing(session, case_id).persons(session.db)
