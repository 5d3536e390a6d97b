"""The role that a report goes to, on the day that one becomes vacant and on the next."""

from __future__ import annotations

import pytest
from sqlite_utils import Database

from bot.people import appointments, roles
from bot.reports import routing
from tests.kits.people import COMMUNICATIONS_ROLE, COUNCIL_ROLE, DAY, day, fresh, person


@pytest.fixture
def db() -> Database:
    return fresh()


@pytest.mark.parametrize(
    ("left", "today", "route"),
    [
        (None, 0, COMMUNICATIONS_ROLE),
        (0, 0, None),  # it became vacant today: its duties pass to the next role tomorrow
        (0, 1, COUNCIL_ROLE),
        (-1, 0, COUNCIL_ROLE),
    ],
)
def test_a_role_vacated_today_holds_a_report_back_until_tomorrow(
    db: Database, left: int | None, today: int, route: str | None
) -> None:
    vp, council = person(db, "U1"), person(db, "U2")
    roles.appoint(db, COMMUNICATIONS_ROLE, vp, day(-10))
    roles.appoint(db, COUNCIL_ROLE, council, day(-10))
    appointments.follow(db, day(-10))
    if left is not None:
        roles.dismiss(db, COMMUNICATIONS_ROLE, vp, day(left))
        appointments.follow(db, day(left))
    order = [COMMUNICATIONS_ROLE, COUNCIL_ROLE]
    assert routing.first_eligible(db, order, (), day(today)) == route
    assert routing.route(db, COMMUNICATIONS_ROLE, (), day(today)) == route
    assert routing.first_eligible(db, order, {vp, council}, day(today)) is None
    if left is None:
        assert routing.first_eligible(db, order, {vp}, DAY) == COUNCIL_ROLE
        assert routing.eligible(db, COMMUNICATIONS_ROLE, (), DAY, {"slack:T1/U1"}) == [vp]
        assert routing.eligible(db, COMMUNICATIONS_ROLE, (), DAY, set()) == []
        assert routing.able_accounts(db, COMMUNICATIONS_ROLE, (), DAY) == {"slack:T1/U1"}
        assert routing.able_accounts(db, COMMUNICATIONS_ROLE, {vp}, DAY) == set()


def test_a_role_left_as_was_decided_the_day_before_passes_on_that_very_day(db: Database) -> None:
    vp, council = person(db, "U1"), person(db, "U2")
    roles.appoint(db, COMMUNICATIONS_ROLE, vp, day(-10))
    roles.appoint(db, COUNCIL_ROLE, council, day(-10))
    appointments.follow(db, day(-10))
    roles.dismiss(db, COMMUNICATIONS_ROLE, vp, DAY)
    appointments.follow(db, day(-1))
    assert routing.route(db, COMMUNICATIONS_ROLE, (), day(-1)) == COMMUNICATIONS_ROLE
    assert routing.route(db, COMMUNICATIONS_ROLE, (), DAY) == COUNCIL_ROLE
