"""Who may see the figures: the administration, and the roles that receive the monthly report."""

from collections.abc import Sequence
from datetime import date

from sqlite_utils import Database

from bot.people import roles


def may_see(db: Database, person_id: str | None, monthly_report_roles: Sequence[str], today: date) -> bool:
    """Return whether a person may see the figures on a given day.

    `monthly_report_roles`: the roles that the setting names.
    """
    return person_id is not None and (
        roles.has(db, person_id, roles.ADMINISTRATION, today)
        or bool(roles_of(db, person_id, monthly_report_roles, today))
    )


def roles_of(db: Database, person_id: str, monthly_report_roles: Sequence[str], today: date) -> list[str]:
    """Return the roles of `monthly_report_roles` whose messages a person receives, in the same order."""
    return [role for role in monthly_report_roles if person_id in _receivers(db, role, today)]


def is_received(db: Database, role: str, today: date) -> bool:
    """Return whether messages to a role reach anyone: a person, or the role's own address."""
    try:
        address = roles.role(db, role).email
    except roles.UnknownRoleError:
        return False
    return bool(address or _receivers(db, role, today))


def _receivers(db: Database, role: str, today: date) -> Sequence[str]:
    """Return who receives a role's messages: its holders, or those of the role that acts for it."""
    try:
        acting = roles.acting(db, role, today)
    except roles.UnknownRoleError:  # the setting names a role that the registry does not have
        return ()
    return roles.holders(db, acting, today) if acting else ()
