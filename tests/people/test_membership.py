"""Who is an officer or an employee follows the groups, and arriving somewhere makes nobody anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import membership, persons
from bot.people.membership import BY_HAND, Source
from tests.kits.people import ALEX, BLAISE, DAY, day, fresh

CAMILLE = Actor("discord", "900", "1")


@pytest.fixture
def db() -> Database:
    return fresh()


@pytest.fixture
def officers(db: Database) -> Source:
    return membership.add_source(db, "officer", "slack_group", "S1", platform="slack", team="T1")


def test_a_group_that_is_followed_makes_officers(db: Database, officers: Source) -> None:
    membership.reconcile(db, officers, [ALEX, BLAISE], DAY)
    assert len(membership.members(db, "officer")) == 2
    membership.reconcile(db, officers, [ALEX], day(1))
    assert membership.members(db, "officer") == [persons.known(db, ALEX)]
    assert membership.members(db, "employee") == []


def test_an_event_about_a_group_that_is_not_followed_makes_nobody_anything(
    db: Database, officers: Source
) -> None:
    assert membership.changed(db, "S9", ALEX, inside=True, today=DAY) == 0
    assert membership.changed(db, "S1", Actor("slack", "T2", "U1"), inside=True, today=DAY) == 0
    assert persons.person_of(db, ALEX) is None
    assert officers.source_id == "S1"


def test_an_event_that_comes_twice_changes_nothing_more(db: Database, officers: Source) -> None:
    group = officers.source_id
    assert [membership.changed(db, group, ALEX, inside=True, today=DAY) for _ in range(2)] == [1, 0]
    assert [membership.changed(db, group, ALEX, inside=False, today=day(1)) for _ in range(2)] == [1, 0]


def test_to_leave_and_come_back_on_the_same_day_is_to_be_there(db: Database, officers: Source) -> None:
    for inside in (True, False, True):
        membership.changed(db, officers.source_id, ALEX, inside=inside, today=DAY)
    assert membership.members(db, "officer") == [persons.known(db, ALEX)]


def test_to_leave_the_server_ends_what_its_roles_made_and_nothing_else(db: Database) -> None:
    membership.add_source(db, "officer", "discord_role", "7", platform="discord", team="900")
    membership.changed(db, "7", CAMILLE, inside=True, today=DAY)
    membership.enter(db, persons.known(db, CAMILLE), "employee", BY_HAND, DAY)
    assert membership.gone(db, CAMILLE, DAY) == 1
    assert membership.members(db, "officer") == []
    assert membership.members(db, "employee") == [persons.known(db, CAMILLE)]
    assert membership.gone(db, BLAISE, DAY) == 0


def test_a_source_that_is_no_longer_followed_makes_nobody_anything(db: Database, officers: Source) -> None:
    membership.reconcile(db, officers, [ALEX, BLAISE], DAY)
    assert membership.remove_source(db, officers.id, day(1)) == 2
    assert membership.members(db, "officer") == []
    assert membership.sources(db) == []


def test_the_same_group_can_be_followed_once_for_each_thing_it_makes(db: Database, officers: Source) -> None:
    again = membership.add_source(db, "officer", "slack_group", "S1", platform="slack", team="T1")
    other = membership.add_source(db, "employee", "slack_group", "S1", platform="slack", team="T1")
    assert again == officers
    assert other in membership.sources(db)
    assert membership.changed(db, "S1", ALEX, inside=True, today=DAY) == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30), st.sets(st.integers(0, 3)))
def test_whatever_events_were_missed_a_reading_sets_things_right(
    events: list[tuple[int, bool]], there: set[int]
) -> None:
    db = fresh()
    source = membership.add_source(db, "officer", "slack_group", "S1", platform="slack", team="T1")
    actors = [Actor("slack", "T1", f"U{n}") for n in range(4)]
    for number, (who, inside) in enumerate(events):
        membership.changed(db, "S1", actors[who], inside=inside, today=day(number // 7))
    membership.reconcile(db, source, [actors[n] for n in there], day(10))
    assert set(membership.members(db, "officer")) == {persons.known(db, actors[n]) for n in there}
    lines = list(db["members"].rows)
    membership.reconcile(db, source, [actors[n] for n in there], day(10))
    assert list(db["members"].rows) == lines


def test_what_the_last_reading_came_to_is_kept_with_the_group(db: Database, officers: Source) -> None:
    def last() -> tuple[str | None, str | None]:
        [source] = membership.sources(db)
        return source.read_day, source.problem

    assert last() == (None, None)
    membership.note_reading(db, DAY, officers.id, "Slack refuse.")
    assert last() == (None, "Slack refuse.")
    membership.reconcile(db, officers, [ALEX], DAY)
    assert last() == (DAY.isoformat(), None)
    membership.note_reading(db, day(1), officers.id, "Slack refuse.")
    assert last() == (DAY.isoformat(), "Slack refuse.")
