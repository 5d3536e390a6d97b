"""Whose right begins and ends on which day, and what following a group asks of the administration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlite_utils import Database

from bot.people import appointments, membership, office, persons, roles
from bot.people.group_sync import GroupSync
from bot.people.membership import Source, SourceType
from bot.people.office import Office
from bot.people.roles import ADMINISTRATION, Group
from tests.kits.office import offices
from tests.kits.people import (
    ADVISER_ROLE,
    ALEX,
    BLAISE,
    COMMUNICATIONS_ROLE,
    COUNCIL_ROLE,
    DAY,
    NOW,
    day,
    fresh,
    person,
)


@pytest.fixture
def db() -> Database:
    return fresh()


def test_an_administrator_administers_the_same_day_though_reports_wait_for_the_next(db: Database) -> None:
    for name, role in (("U1", COMMUNICATIONS_ROLE), ("U1", ADMINISTRATION)):
        roles.appoint(db, role, person(db, name), day(-10))
    appointments.follow(db, day(-10))
    roles.appoint(db, ADMINISTRATION, person(db, "U2"), DAY, replacing=False)
    roles.appoint(db, ADVISER_ROLE, person(db, "U2"), day(1))
    appointments.follow(db, DAY)
    assert appointments.effective(db, ADMINISTRATION, DAY) == {"slack:T1/U1", "slack:T1/U2"}
    assert appointments.effective(db, ADVISER_ROLE, DAY) == set()
    assert appointments.effective(db, ADVISER_ROLE, day(1)) == {"slack:T1/U2"}


def a_source(source: SourceType, identifier: str) -> Source:
    platform = "discord" if source == "discord_role" else "slack"
    return Source("s", "officer", platform, "T1", source, identifier)


@pytest.mark.parametrize(
    ("source", "followed", "starts"),
    [
        ("slack_group", [], "Si la permission facultative usergroups:read n'a pas été accordée"),
        ("slack_group", ["slack_channel"], "Si la permission facultative usergroups:read"),
        ("slack_group", ["slack_group"], ""),
        ("slack_group", ["discord_role"], "Si la permission facultative usergroups:read"),
        ("slack_channel", ["slack_group"], "Si la permission facultative groups:read"),
        ("slack_channel", ["slack_channel"], ""),
        ("discord_role", ["slack_group"], "C'est le premier rôle de Discord que je suis"),
        ("discord_role", ["discord_role"], ""),
    ],
)
def test_the_first_group_of_each_kind_asks_for_a_setting(
    db: Database, source: SourceType, followed: list[SourceType], starts: str
) -> None:
    known = [a_source(kind, "S9") for kind in followed]
    setting = office.follow_group(db, a_source(source, "S1"), known, NOW)
    assert setting.startswith(starts)
    assert bool(setting) is bool(starts)
    assert setting.endswith("invitez-moi.") is (source == "slack_channel" and bool(starts))


@pytest.fixture
def commons() -> Iterator[Office]:
    with offices() as made:
        yield made


async def test_who_belongs_to_which_groups_is_recorded_and_unused_groups_are_left(commons: Office) -> None:
    calls: list[str] = []
    sync = GroupSync(commons.storage, commons.clock, commons.calendar, lambda _, by: calls.append(by))

    def within(work: object = None) -> dict[str, list[str]]:
        with commons.storage.transaction() as db:
            if callable(work):
                work(db)
            people = {persons.known(db, ALEX): "alex", persons.known(db, BLAISE): "blaise"}
            tomorrow = commons.today() + timedelta(1)  # whoever leaves a group holds its roles until then
            held = {role: roles.holders(db, role, tomorrow) for role in (COUNCIL_ROLE, ADVISER_ROLE)}
            return {role: [people[who] for who in holders] for role, holders in held.items()}

    def appoint(db: Database) -> None:
        for role, name in ((COUNCIL_ROLE, "S1"), (ADVISER_ROLE, "S2")):
            roles.appoint(db, role, Group("slack", "T1", name), commons.today())

    await commons.storage.run(lambda: within(appoint))
    await sync.belongs(ALEX, ["S1"])
    await sync.changed(BLAISE, "S2", inside=True)
    assert await commons.storage.run(within) == {COUNCIL_ROLE: ["alex"], ADVISER_ROLE: ["blaise"]}
    await sync.belongs(ALEX, ["S2"])
    found = await commons.storage.run(within)
    assert (found[COUNCIL_ROLE], sorted(found[ADVISER_ROLE])) == ([], ["alex", "blaise"])
    await sync.gone(BLAISE)
    assert (await commons.storage.run(within))[ADVISER_ROLE] == ["alex"]
    assert set(calls) == {""}
    assert len(calls) == 4

    def dismiss(db: Database) -> None:
        roles.dismiss(db, COUNCIL_ROLE, Group("slack", "T1", "S1"), commons.today())

    await commons.storage.run(lambda: within(dismiss))
    assert await sync.reconcile({}) == []

    def left() -> list[str]:
        with commons.storage.transaction() as db:
            return [source.source_id for source in membership.sources(db)]

    assert await commons.storage.run(left) == ["S2"]
