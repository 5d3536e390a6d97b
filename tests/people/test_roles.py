"""Who holds which role: one can tell for every day, whatever was changed and in which order."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.outbox import routes, rows
from bot.people import membership, persons, roles
from bot.people.roles import ADMINISTRATION, Group, Role, RoleError
from tests.kits.outbox import delivery
from tests.kits.people import (
    ADVISER_ROLE,
    ALEX,
    ALTERNATE_ROLE,
    BLAISE,
    COMMUNICATIONS_ROLE,
    COUNCIL_ROLE,
    DAY,
    NOW,
    day,
    fresh,
    person,
)

DAYS = 12
NAMES = ("U1", "U2", "U3")
STAFF = Group("slack", "T1", "S1")


@pytest.fixture
def db() -> Database:
    return fresh()


def days(on: date) -> int:
    return (on - DAY).days


class Registry(RuleBasedStateMachine):
    """The registry against the plainest of models: for each role, who holds it on each day."""

    def __init__(self) -> None:
        super().__init__()
        self.db = fresh()
        self.ids = {name: person(self.db, name) for name in NAMES}
        self.model: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))

    roles_ = st.sampled_from([COMMUNICATIONS_ROLE, ADMINISTRATION])
    names = st.sampled_from(NAMES)
    days = st.integers(0, DAYS - 1)

    @rule(role=roles_, name=names, since=days, replacing=st.booleans())
    def appoint(self, role: str, name: str, since: int, replacing: bool) -> None:
        roles.appoint(self.db, role, self.ids[name], day(since), replacing=replacing)
        later = set(range(since, DAYS))
        if replacing:
            for held in self.model[role].values():
                held.difference_update(later)
        self.model[role][name] |= later

    @rule(role=roles_, name=names, on=days)
    def dismiss(self, role: str, name: str, on: int) -> None:
        later = set(range(on, DAYS))
        dismissed = roles.dismiss(self.db, role, self.ids[name], day(on))
        assert dismissed == bool(self.model[role][name] & later)
        self.model[role][name] -= later

    @invariant()
    def each_day_has_its_holders(self) -> None:
        for role in (COMMUNICATIONS_ROLE, ADMINISTRATION):
            for number in range(DAYS):
                expected = {self.ids[name] for name in NAMES if number in self.model[role][name]}
                assert set(roles.holders(self.db, role, day(number))) == expected
                assert (roles.acting(self.db, role, day(number)) == role) == bool(expected)

    @invariant()
    def no_line_overlaps_another(self) -> None:
        for role in (COMMUNICATIONS_ROLE, ADMINISTRATION):
            for holder in self.ids.values():
                lines = [
                    tenure for tenure in roles.tenures(self.db, role, date.min) if tenure.holder == holder
                ]
                for first, second in itertools.pairwise(lines):
                    assert first.until is not None
                    assert first.until <= second.since


Registry.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestRegistry = Registry.TestCase


def test_on_a_handover_the_role_changes_hands_that_very_day(db: Database) -> None:
    first, second = person(db, "U1"), person(db, "U2")
    roles.appoint(db, COMMUNICATIONS_ROLE, first, day(-300))
    roles.appoint(db, COMMUNICATIONS_ROLE, second, day(3))
    assert roles.holders(db, COMMUNICATIONS_ROLE, day(2)) == [first]
    assert roles.holders(db, COMMUNICATIONS_ROLE, day(3)) == [second]
    assert roles.has(db, first, COMMUNICATIONS_ROLE, day(2))
    assert not roles.has(db, first, COMMUNICATIONS_ROLE, day(3))


def test_work_that_waits_for_a_role_is_for_whoever_holds_it_when_it_is_sent(db: Database) -> None:
    first, second = person(db, "U1"), person(db, "U2")
    roles.appoint(db, COMMUNICATIONS_ROLE, first, day(-300))
    rows.enqueue(db, delivery("avis:1", f"role:{COMMUNICATIONS_ROLE}"), NOW)
    roles.appoint(db, COMMUNICATIONS_ROLE, second, day(0))
    [row_id] = rows.due(db, NOW, NOW, "[]", 10)
    row = rows.load_row(db, row_id)
    assert routes.new_holders(db, row.recipient, DAY) == {second: f"role:{COMMUNICATIONS_ROLE}/{second}"}


def test_work_that_was_already_given_to_the_former_holder_moves_too(db: Database) -> None:
    first, second = person(db, "U1"), person(db, "U2")
    roles.appoint(db, COMMUNICATIONS_ROLE, first, day(-300))
    rows.enqueue(db, delivery("avis:1→U1", f"role:{COMMUNICATIONS_ROLE}/{first}"), NOW)
    [row_id] = rows.due(db, NOW, NOW, "[]", 10)
    row = rows.load_row(db, row_id)
    assert routes.new_holders(db, row.recipient, DAY) is None
    roles.appoint(db, COMMUNICATIONS_ROLE, second, day(0))
    assert routes.new_holders(db, row.recipient, DAY) == {second: f"role:{COMMUNICATIONS_ROLE}/{second}"}


def test_a_vacant_role_falls_back_on_the_next_that_someone_holds(db: Database) -> None:
    council = person(db)
    assert roles.acting(db, COMMUNICATIONS_ROLE, DAY) is None
    roles.appoint(db, ADMINISTRATION, council, DAY)
    assert roles.acting(db, COMMUNICATIONS_ROLE, DAY) is None, "the administration as such reads no report"
    roles.appoint(db, COUNCIL_ROLE, council, DAY)
    assert roles.chain(db, COMMUNICATIONS_ROLE) == [
        COMMUNICATIONS_ROLE,
        ADVISER_ROLE,
        COUNCIL_ROLE,
        ADMINISTRATION,
    ]
    assert roles.acting(db, COMMUNICATIONS_ROLE, DAY) == COUNCIL_ROLE
    assert roles.role(db, COMMUNICATIONS_ROLE).fallback_id == ADVISER_ROLE


def test_a_group_holds_a_role_by_those_who_are_in_it(db: Database) -> None:
    roles.appoint(db, COUNCIL_ROLE, STAFF, DAY)
    [source] = membership.sources(db, "slack")
    membership.reconcile(db, source, [ALEX, BLAISE], DAY)
    alex = persons.known(db, ALEX)
    assert set(roles.holders(db, COUNCIL_ROLE, DAY)) == {alex, persons.known(db, BLAISE)}
    membership.changed(db, "S1", ALEX, inside=False, today=DAY)
    assert set(roles.holders(db, COUNCIL_ROLE, DAY)) == {
        alex,
        persons.known(db, BLAISE),
    }  # until the day ends
    assert roles.holders(db, COUNCIL_ROLE, day(1)) == [persons.known(db, BLAISE)]
    roles.dismiss(db, COUNCIL_ROLE, STAFF, day(2))
    assert roles.holders(db, COUNCIL_ROLE, day(2)) == []


def _read(db: Database, *actors: Actor, on: date = DAY) -> None:
    [source] = membership.sources(db, "slack")
    membership.reconcile(db, source, actors, on)
    roles.relieve(db, source, on)


def test_a_group_takes_a_role_once_someone_is_known_to_be_in_it_and_not_before(db: Database) -> None:
    alex, blaise = persons.known(db, ALEX), persons.known(db, BLAISE)
    roles.appoint(db, ADMINISTRATION, alex, day(-30))
    roles.appoint(db, ADMINISTRATION, STAFF, DAY)
    assert roles.holders(db, ADMINISTRATION, DAY) == [alex]
    _read(db)
    assert roles.holders(db, ADMINISTRATION, DAY) == [alex]
    _read(db, BLAISE, on=day(3))
    assert roles.holders(db, ADMINISTRATION, day(2)) == [alex]
    assert roles.holders(db, ADMINISTRATION, day(3)) == [blaise]
    assert [line.waits for line in roles.tenures(db, ADMINISTRATION, day(3))] == [False]


def test_a_group_that_is_to_take_a_role_later_takes_it_that_day(db: Database) -> None:
    alex, blaise = persons.known(db, ALEX), persons.known(db, BLAISE)
    roles.appoint(db, COUNCIL_ROLE, alex, day(-30))
    roles.appoint(db, COUNCIL_ROLE, STAFF, day(10))
    _read(db, BLAISE)
    assert roles.holders(db, COUNCIL_ROLE, day(9)) == [alex]
    assert roles.holders(db, COUNCIL_ROLE, day(10)) == [blaise]


def test_who_is_in_the_group_of_a_role_is_neither_an_officer_nor_an_employee(db: Database) -> None:
    roles.appoint(db, COUNCIL_ROLE, STAFF, DAY)
    [source] = membership.sources(db)
    membership.reconcile(db, source, [ALEX], DAY)
    assert membership.members(db, "officer") == membership.members(db, "employee") == []


def test_the_first_administrator_comes_from_the_settings_and_only_the_first(db: Database) -> None:
    roles.appoint_first(db, [ALEX], DAY)
    assert roles.holders(db, ADMINISTRATION, DAY) == [persons.known(db, ALEX)]
    roles.appoint(db, ADMINISTRATION, persons.known(db, BLAISE), DAY)
    roles.appoint_first(db, [ALEX], DAY)
    assert roles.holders(db, ADMINISTRATION, DAY) == [persons.known(db, BLAISE)]


def test_the_registry_is_seeded_once_and_titles_are_kept(db: Database) -> None:
    roles.change(
        db, Role(COMMUNICATIONS_ROLE, "Coordination aux communications", "com@exemple.ca", COUNCIL_ROLE)
    )
    roles.seed(db)
    assert roles.title(db, COMMUNICATIONS_ROLE) == "Coordination aux communications"
    assert roles.role(db, COMMUNICATIONS_ROLE).email == "com@exemple.ca"
    assert [role.id for role in roles.all_roles(db)] == [
        COMMUNICATIONS_ROLE,
        ADVISER_ROLE,
        ALTERNATE_ROLE,
        COUNCIL_ROLE,
        ADMINISTRATION,
    ]


@pytest.mark.parametrize(
    "changed",
    [
        Role(ADMINISTRATION, "Administration", None, COMMUNICATIONS_ROLE),
        Role(ADMINISTRATION, "Administration", None, ADMINISTRATION),
        Role(ADMINISTRATION, " "),
        Role(ADMINISTRATION, "a" * 61),
        Role(ADMINISTRATION, "Administration", "pas une adresse"),
        Role(ADMINISTRATION, "Administration", "a@b.ca\nBcc: c@d.ca"),
        Role(ADMINISTRATION, "Administration", "a@b.ca,c@d.ca"),
        Role("tresorerie", "Trésorerie"),
    ],
)
def test_what_would_not_do_is_refused(db: Database, changed: Role) -> None:
    with pytest.raises(RoleError):
        roles.change(db, changed)


def test_nobody_at_all_holds_a_role_of_no_name(db: Database) -> None:
    assert not roles.has(db, None, ADMINISTRATION, DAY)
    with pytest.raises(RoleError, match="n'existe pas"):
        roles.appoint(db, "tresorerie", person(db), DAY)


def test_a_title_begins_with_a_capital_since_it_begins_lines_and_buttons(db: Database) -> None:
    roles.change(db, Role(COUNCIL_ROLE, "équipe de direction"))
    assert roles.title(db, COUNCIL_ROLE) == "Équipe de direction"
