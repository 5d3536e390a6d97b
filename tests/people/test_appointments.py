"""Who becomes able to read reports, whatever the cause: a row that stays, from the next day on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date

import pytest
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.outbox.routes import Routes
from bot.people import appointments, membership, persons, roles
from bot.people.persons import Account, account
from bot.people.roles import ADMINISTRATION, Group
from tests.kits.outbox import Post
from tests.kits.people import (
    ADVISER_ROLE,
    ALEX,
    ALEX_ON_DISCORD,
    ALTERNATE_ROLE,
    BLAISE,
    COMMUNICATIONS_ROLE,
    COUNCIL_ROLE,
    DAY,
    day,
    fresh,
)

pytestmark = pytest.mark.attack("Se nommer pour lire")

CAMILLE, ADMIN, SECOND = (Actor("slack", "T1", user) for user in ("U3", "U0ADMIN", "U0SECOND"))
STAFF = Group("slack", "T1", "S1")


@pytest.fixture
def db() -> Database:
    """A registry at work for a month: a holder for each role that receives reports but the last."""
    db = fresh()
    for role, actor in {COMMUNICATIONS_ROLE: ALEX, ADVISER_ROLE: BLAISE, ADMINISTRATION: ADMIN}.items():
        roles.appoint(db, role, persons.known(db, actor), day(-30))
    roles.appoint(db, ADMINISTRATION, persons.known(db, SECOND), day(-30), replacing=False)
    appointments.follow(db, day(-30))
    return db


def written(actor: Actor) -> str:
    return str(account(actor))


def able(db: Database, role: str, on: date) -> set[str]:
    return appointments.effective(db, role, on)


def changes(db: Database, after: int = 0) -> list[tuple[str, str, bool, str, date]]:
    rows = appointments.rows_after(db, str(after))
    return [(row.role, row.account, row.able, row.how, row.effective_on) for row in rows]


def last(db: Database) -> int:
    return appointments.rows_after(db, "0")[-1].number


def test_the_very_first_appointment_takes_effect_at_once_and_no_other_does() -> None:
    db = fresh()
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, ALEX), appointments.first_day(db, "x", DAY))
    appointments.follow(db, DAY)
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(ALEX)}
    assert appointments.first_day(db, ADVISER_ROLE, DAY) == day(1)
    roles.appoint(db, ADVISER_ROLE, persons.known(db, BLAISE), DAY)
    appointments.follow(db, DAY)
    assert able(db, ADVISER_ROLE, DAY) == set()
    assert able(db, ADVISER_ROLE, day(1)) == {written(BLAISE)}


def test_nothing_is_immediate_once_a_report_was_made() -> None:
    db = fresh()
    db.conn.execute(
        """INSERT INTO report_cases (id, role, status, urgent, opened_on, sealed)
           VALUES ('a', 'vp-communications', 'received', 0, '2026-11-01', x'00')"""
    )
    assert appointments.first_day(db, COMMUNICATIONS_ROLE, DAY) == day(1)


def named(db: Database) -> None:
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, CAMILLE), DAY, replacing=False)


def in_a_group(db: Database) -> None:
    roles.appoint(db, COMMUNICATIONS_ROLE, STAFF, DAY, replacing=False)
    membership.reconcile(db, roles.source_of(db, STAFF), [CAMILLE], DAY)


def linked(db: Database) -> None:
    persons.link(db, ALEX, CAMILLE)


def linked_the_other_way(db: Database) -> None:
    persons.link(db, CAMILLE, ALEX)


@pytest.mark.parametrize("cause", [named, in_a_group, linked, linked_the_other_way])
def test_whatever_makes_an_account_able_is_a_row_with_effect_the_next_day(
    db: Database, cause: Callable[[Database], None]
) -> None:
    before = last(db)
    cause(db)
    assert appointments.follow(db, DAY, "slack:T1/U0ADMIN") is not None
    [(role, who, gained, how, since)] = changes(db, before)
    assert (role, who, gained, since) == (COMMUNICATIONS_ROLE, written(CAMILLE), True, day(1))
    assert how == {"named": "nomination", "in_a_group": "groupe"}.get(cause.__name__, "liaison")
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(ALEX)}
    assert able(db, COMMUNICATIONS_ROLE, day(1)) == {written(ALEX), written(CAMILLE)}
    assert appointments.follow(db, DAY) is None  # nothing more, however often it is asked


def test_the_next_in_line_is_recorded_when_a_vacancy_puts_them_there(db: Database) -> None:
    roles.appoint(db, COUNCIL_ROLE, persons.known(db, CAMILLE), day(-20))
    appointments.follow(db, day(-20))
    assert (ALTERNATE_ROLE, written(CAMILLE), True, "relève", day(-19)) in changes(db)
    before = last(db)
    for role, actor in ((COMMUNICATIONS_ROLE, ALEX), (ADVISER_ROLE, BLAISE)):
        roles.dismiss(db, role, persons.known(db, actor), day(1))
    appointments.follow(db, DAY)
    assert sorted(changes(db, before)) == [
        (ADVISER_ROLE, written(BLAISE), False, "fin", day(1)),
        (ADVISER_ROLE, written(CAMILLE), True, "relève", day(1)),
        (COMMUNICATIONS_ROLE, written(ALEX), False, "fin", day(1)),
        (COMMUNICATIONS_ROLE, written(CAMILLE), True, "relève", day(1)),
    ]


def test_another_fallback_or_address_is_recorded(db: Database) -> None:
    roles.appoint(db, COUNCIL_ROLE, persons.known(db, CAMILLE), day(-20))
    appointments.follow(db, day(-20))
    before = last(db)
    suppleance = roles.role(db, ALTERNATE_ROLE)
    roles.change(db, roles.Role(ALTERNATE_ROLE, suppleance.title, "s@exemple.ca", ADMINISTRATION))
    appointments.follow(db, DAY)
    assert (ALTERNATE_ROLE, "courriel:s@exemple.ca", True, "courriel", day(1)) in changes(db, before)
    assert (COUNCIL_ROLE, written(CAMILLE), False, "fin", DAY) in changes(db, before)


def test_the_administration_is_never_in_the_line_of_reports(db: Database) -> None:
    assert roles.reporting_roles(db, DAY) == [COMMUNICATIONS_ROLE, ADVISER_ROLE, ALTERNATE_ROLE, COUNCIL_ROLE]
    roles.change(db, roles.Role(ALTERNATE_ROLE, "Suppléance", None, ADMINISTRATION))
    assert roles.reporting_roles(db, DAY) == [COMMUNICATIONS_ROLE, ADVISER_ROLE, ALTERNATE_ROLE]
    for role, actor in ((COMMUNICATIONS_ROLE, ALEX), (ADVISER_ROLE, BLAISE)):
        roles.dismiss(db, role, persons.known(db, actor), DAY)
    appointments.follow(db, DAY)
    assert {role for role, *_ in changes(db) if role != ADMINISTRATION} == {COMMUNICATIONS_ROLE, ADVISER_ROLE}


def test_to_be_named_and_dismissed_the_same_day_leaves_both_rows(db: Database) -> None:
    before, camille = last(db), persons.known(db, CAMILLE)
    roles.appoint(db, COMMUNICATIONS_ROLE, camille, day(1))
    appointments.follow(db, DAY)
    roles.dismiss(db, COMMUNICATIONS_ROLE, camille, day(1))
    appointments.follow(db, DAY)
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, ALEX), day(1))
    appointments.follow(db, DAY)
    assert [change[1:3] for change in changes(db, before)] == [
        (written(CAMILLE), True),
        (written(ALEX), False),
        (written(CAMILLE), False),
        (written(ALEX), True),
    ]
    assert able(db, COMMUNICATIONS_ROLE, day(1)) == {written(ALEX)}


def test_on_a_handover_the_former_holder_reads_until_the_next_one_does(db: Database) -> None:
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, CAMILLE), day(1))
    appointments.follow(db, DAY)
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(ALEX)}
    assert able(db, COMMUNICATIONS_ROLE, day(1)) == {written(CAMILLE)}


def test_a_group_that_takes_a_role_leaves_it_to_the_former_holder_until_it_may_read(db: Database) -> None:
    roles.appoint(db, COMMUNICATIONS_ROLE, STAFF, DAY)
    membership.reconcile(db, roles.source_of(db, STAFF), [CAMILLE], DAY)
    roles.relieve(db, roles.source_of(db, STAFF), DAY)
    appointments.follow(db, DAY)
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(ALEX)}
    assert able(db, COMMUNICATIONS_ROLE, day(1)) == {written(CAMILLE)}


def test_who_leaves_a_group_reads_until_the_next_day_and_who_comes_back_that_day_loses_nothing(
    db: Database,
) -> None:
    in_a_group(db)
    appointments.follow(db, day(-10))
    membership.changed(db, "S1", CAMILLE, inside=False, today=DAY)
    appointments.follow(db, DAY)
    assert written(CAMILLE) in able(db, COMMUNICATIONS_ROLE, DAY)
    assert written(CAMILLE) not in able(db, COMMUNICATIONS_ROLE, day(1))
    membership.changed(db, "S1", CAMILLE, inside=True, today=DAY)
    appointments.follow(db, DAY)
    assert written(CAMILLE) in able(db, COMMUNICATIONS_ROLE, DAY)
    assert written(CAMILLE) in able(db, COMMUNICATIONS_ROLE, day(1))


def test_who_leaves_the_group_of_the_administration_no_longer_administers_that_very_day(
    db: Database,
) -> None:
    roles.appoint(db, ADMINISTRATION, STAFF, day(-10), replacing=False)
    membership.reconcile(db, roles.source_of(db, STAFF), [CAMILLE], day(-10))
    appointments.follow(db, day(-10))
    assert written(CAMILLE) in able(db, ADMINISTRATION, DAY)
    membership.changed(db, "S1", CAMILLE, inside=False, today=DAY)
    appointments.follow(db, DAY)
    assert not roles.has(db, persons.known(db, CAMILLE), ADMINISTRATION, DAY)
    assert written(CAMILLE) not in able(db, ADMINISTRATION, DAY)


def test_what_is_planned_for_later_is_recorded_now_and_so_is_its_cancelling(db: Database) -> None:
    before, camille = last(db), persons.known(db, CAMILLE)
    roles.appoint(db, COMMUNICATIONS_ROLE, camille, day(40))
    appointments.follow(db, DAY)
    assert (COMMUNICATIONS_ROLE, written(CAMILLE), True, "nomination", day(40)) in changes(db, before)
    assert able(db, COMMUNICATIONS_ROLE, day(39)) == {written(ALEX)}
    roles.dismiss(db, COMMUNICATIONS_ROLE, camille, day(40))
    appointments.follow(db, day(3))
    assert able(db, COMMUNICATIONS_ROLE, day(40)) == set()


@pytest.mark.parametrize("change", ["UPDATE appointments SET able = 0", "DELETE FROM appointments"])
def test_no_row_is_changed_or_deleted(db: Database, change: str) -> None:
    before = changes(db)
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        db.conn.execute(change)
    assert changes(db) == before


# --- A second administrator -------------------------------------------------------------------


def decide(db: Database, by: Actor = ADMIN) -> None:
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, CAMILLE), day(1))
    appointments.follow(db, DAY, written(by))


def test_a_second_administrator_puts_a_change_into_effect_that_very_day(db: Database) -> None:
    decide(db)
    before = last(db)
    assert appointments.confirm(db, COMMUNICATIONS_ROLE, DAY, written(SECOND)) is not None
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(CAMILLE)}
    assert roles.holders(db, COMMUNICATIONS_ROLE, DAY) == [persons.known(db, CAMILLE)]
    assert {row.confirmed_by for row in appointments.rows_after(db, str(before))} == {written(SECOND)}
    assert appointments.follow(db, DAY) is None
    assert appointments.confirm(db, COMMUNICATIONS_ROLE, DAY, written(SECOND)) is None


def test_to_confirm_another_s_decision_brings_nothing_of_one_s_own_forward(db: Database) -> None:
    decide(db)
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, SECOND), day(1), replacing=False)
    appointments.follow(db, DAY, written(SECOND))
    assert appointments.confirm(db, COMMUNICATIONS_ROLE, DAY, written(SECOND)) is not None
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(CAMILLE)}
    assert persons.known(db, SECOND) not in roles.holders(db, COMMUNICATIONS_ROLE, DAY)
    assert able(db, COMMUNICATIONS_ROLE, day(1)) == {written(CAMILLE), written(SECOND)}


def same_person(_: Database) -> Actor:
    return ADMIN


def own_other_account(db: Database) -> Actor:
    persons.link(db, ADMIN, ALEX_ON_DISCORD)
    appointments.follow(db, DAY)
    return ALEX_ON_DISCORD


def named_since(db: Database) -> Actor:
    roles.appoint(db, ADMINISTRATION, persons.known(db, CAMILLE), DAY, replacing=False)
    appointments.follow(db, DAY, written(ADMIN))
    return CAMILLE


def no_longer_there(db: Database) -> Actor:
    roles.dismiss(db, ADMINISTRATION, persons.known(db, SECOND), DAY)
    appointments.follow(db, DAY, written(ADMIN))
    return SECOND


@pytest.mark.parametrize("who", [same_person, own_other_account, named_since, no_longer_there])
def test_only_another_person_who_administered_before_may_confirm(
    db: Database, who: Callable[[Database], Actor]
) -> None:
    decide(db)
    by = written(who(db))
    assert appointments.confirm(db, COMMUNICATIONS_ROLE, DAY, by) is None
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(ALEX)}


def test_nobody_is_named_in_the_morning_to_confirm_in_the_afternoon(db: Database) -> None:
    """In any order of the two, someone alone would read reports that very day."""
    by = written(named_since(db))
    decide(db)
    assert appointments.confirm(db, COMMUNICATIONS_ROLE, DAY, by) is None
    assert able(db, COMMUNICATIONS_ROLE, DAY) == {written(ALEX)}


@pytest.mark.parametrize("by", ["", "machine"])
def test_what_no_administrator_decided_has_no_second_one(db: Database, by: str) -> None:
    roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, CAMILLE), day(1))
    appointments.follow(db, DAY, by)
    assert appointments.confirm(db, COMMUNICATIONS_ROLE, DAY, written(SECOND)) is None


def test_rows_written_since_a_copy_are_carried_into_it_once(db: Database) -> None:
    copy = fresh()
    appointments.carry(db, copy)
    decide(db)
    for _ in "12":
        appointments.carry(db, copy)
    assert changes(copy) == changes(db)
    assert Account("slack", "T1", "U3") == persons.parse(written(CAMILLE))


# --- Alerts -----------------------------------------------------------------------------------


def routes_to_the_vice_presidency(db: Database, on: date) -> set[str]:
    platforms = {name: Post(name) for name in ("slack", "discord", "courriel")}
    ways = Routes(platforms).of(db, f"role:{COMMUNICATIONS_ROLE}/{persons.known(db, ALEX)}", on)
    return {to.id for to in ways}


def test_an_alert_goes_only_to_accounts_and_addresses_that_take_effect(db: Database) -> None:
    assert routes_to_the_vice_presidency(db, DAY) == {"U1"}
    persons.link(db, ALEX, ALEX_ON_DISCORD)
    role = roles.role(db, COMMUNICATIONS_ROLE)
    roles.change(db, roles.Role(role.id, role.title, "autre@exemple.ca", role.fallback_id))
    appointments.follow(db, DAY)
    assert routes_to_the_vice_presidency(db, DAY) == {"U1"}
    assert routes_to_the_vice_presidency(db, day(1)) == {"U1", "111", "autre@exemple.ca"}
