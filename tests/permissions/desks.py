"""A desk over a database of its own, with people who ask and people who decide."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from sqlite_utils import Database

from bot.configuration.profile import shipped
from bot.people import roles
from bot.permissions import requests
from bot.permissions.kinds import all_kinds
from bot.permissions.requests import Asking, PermissionDesk, PermissionRequest, PermissionSession, Ruling
from bot.policy.library import Library
from bot.policy.loading import load_library
from bot.settings import SEED
from tests.kits.office import CALENDAR
from tests.kits.people import COUNCIL_ROLE, DAY, NOW, fresh, person

DECIDERS = {"logo": COUNCIL_ROLE, "parole": COUNCIL_ROLE}


@cache
def library() -> Library:
    return load_library([SEED], "pa20", lambda: DAY, {})


def a_desk(**more: object) -> PermissionDesk:
    kinds = all_kinds(library(), shipped(), DECIDERS)
    return PermissionDesk(lambda: kinds, CALENDAR, **more)  # type: ignore[arg-type]  # the test's own


def staffed(**holders: str) -> Database:
    """Return a database in which accounts hold roles: `vp_communications="VP"`."""
    db = fresh()
    for role, user in ({"vp_communications": "VP", "conseil_executif": "CE"} | holders).items():
        if user:
            role_id = role.replace("_", "-")
            roles.appoint(db, role_id, person(db, user), DAY - timedelta(days=30), replacing=False)
    return db


def a_page(**more: object) -> Asking:
    """Return what someone asks: a page by default."""
    return Asking(**{"kind": "page", "subject": "Une page pour le club", "name": "Zoé Tremblay", **more})  # type: ignore[arg-type]


def at(db: Database, days: float = 0, desk: PermissionDesk | None = None) -> PermissionSession:
    """Return what happens in a database some days after the tests' day."""
    return PermissionSession(db, desk or a_desk(), NOW + timedelta(days=days))


def asked(session: PermissionSession, user: str = "U1", **more: object) -> PermissionRequest:
    return requests.ask(session, person(session.db, user), a_page(**more))


def granted(
    session: PermissionSession, user: str = "U1", by: str = "VP", until: date | None = None, **more: object
) -> PermissionRequest:
    request = asked(session, user, **more)
    ruling = Ruling(granted=True, until=until, name="Le Quang Vinh")
    return requests.decide(session, request.id, person(session.db, by), ruling)
