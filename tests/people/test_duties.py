"""Who receives reports follows the profile only once an administrator applies it, as for an appointment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlite_utils import Database

from bot.commands import roles as command
from bot.configuration.profile import Profile, ReportsProfile, RoleProfile, shipped
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.requests import Actor, Command
from bot.people import appointments, persons, roles
from bot.people.office import admin_refusal
from tests.kits.people import ALEX, BLAISE, COMMUNICATIONS_ROLE
from tests.kits.registry import ADMIN, Desk, desk, pressed, words

Result = TypeVar("Result")
SECOND = Actor("slack", "T1", "U0SECOND")
CAMILLE = Actor("slack", "T1", "U0CAMILLE")
TREASURY = "tresorerie"
OTHERS: Profile = replace(
    shipped(),
    roles=(RoleProfile(TREASURY, "Trésorerie"), *shipped().roles),
    reports=ReportsProfile("5.10", (TREASURY,)),
)


@pytest.fixture
def office() -> Iterator[Desk]:
    """Two administrators, and a profile that gives reports to the treasury, which Blaise holds."""
    with desk() as made:
        made.office = replace(made.office, profile=OTHERS)
        roles_command = Command(
            "roles",
            "Qui tient quel rôle.",
            lambda request: command.manage(made.office, request),
            opens_form=True,
            refusal=lambda request: admin_refusal(made.office, request),
        )
        commands = [each for each in made.dispatcher.commands if each.name != "roles"]
        made.dispatcher = Dispatcher([*commands, roles_command], made.office.storage.executor)

        def settle(db: Database) -> None:
            today = made.office.today()
            roles.appoint(db, roles.ADMINISTRATION, persons.known(db, SECOND), today, replacing=False)
            roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, ALEX), today)
            made.office.registry_changed(db, "")
            roles.seed(db, OTHERS)
            roles.appoint(db, TREASURY, persons.known(db, BLAISE), today)
            made.office.registry_changed(db, "")

        within(made, settle)
        made.wait(days=1)
        yield made


def within(office: Desk, work: Callable[[Database], Result]) -> Result:
    def run() -> Result:
        with office.office.storage.transaction() as db:
            return work(db)

    return office.office.storage.executor.submit(run).result()


def able(office: Desk, days: int = 0) -> set[str]:
    """Return the accounts that may read reports in some days."""
    day = office.office.today() + timedelta(days)

    def read(db: Database) -> set[str]:
        return set().union(
            *(appointments.effective(db, role, day) for role in roles.reporting_roles(db, day))
        )

    return within(office, read)


def written(actor: Actor) -> str:
    return str(persons.account(actor))


async def applied(office: Desk, actor: Actor = ADMIN) -> str:
    """Apply the profile as an administrator does. Return what the question said."""
    asked = await office.press(pressed(await office.ask("roles", actor), "Appliquer le profil"), actor)
    await office.press(pressed(asked, "Appliquer"), actor)
    return words(asked)


async def test_a_changed_file_gives_nobody_the_right_to_read(office: Desk) -> None:
    within(office, lambda db: roles.seed(db, OTHERS))  # a restart
    within(office, lambda db: office.office.registry_changed(db, ""))
    assert able(office) == able(office, 1) == {written(ALEX)}
    reply = await office.said("roles")
    assert "Le profil dit\u00a0: «\u00a0Trésorerie\u00a0»." in reply
    assert "Il ne change rien de lui-même" in reply


async def test_an_administrator_applies_it_and_it_waits_for_the_next_day(office: Desk) -> None:
    assert "«\u00a0Trésorerie\u00a0»" in await applied(office)
    assert able(office) == {written(ALEX)}, "a day ends with the readers that it began with"
    assert able(office, 1) == {written(BLAISE)}, "with neither gap nor overlap"
    recipients = {recipient for recipient, notice in office.queued() if notice == "nomination"}
    assert {f"person:{who.platform}/{who.team}/{who.user}" for who in (ALEX, BLAISE)} <= recipients
    assert "Le profil dit" not in await office.said("roles")


async def test_a_question_typed_rather_than_pressed_changes_nothing(office: Desk) -> None:
    line = pressed(await office.ask("roles"), "Appliquer le profil")
    for typed in (line, f"{line} oui", pressed(await office.press(line), "Appliquer")):
        await office.ask(typed)
    assert able(office, 1) == {written(ALEX)}


async def test_a_profile_changed_since_the_question_is_refused(office: Desk) -> None:
    asked = await office.press(pressed(await office.ask("roles"), "Appliquer le profil"))
    office.office = replace(
        office.office, profile=replace(OTHERS, reports=ReportsProfile("5.10", ("suppleance",)))
    )
    assert "a changé depuis" in words(await office.press(pressed(asked, "Appliquer")))
    assert able(office, 1) == {written(ALEX)}


async def test_a_second_administrator_confirms_it_for_today(office: Desk) -> None:
    await applied(office)
    assert "rien à confirmer" in words(await office.press(f"roles confirmer {TREASURY}", ADMIN))
    await office.press(f"roles confirmer {TREASURY}", SECOND)
    assert able(office) == {written(ALEX), written(BLAISE)}
    await office.press(f"roles confirmer {COMMUNICATIONS_ROLE}", SECOND)
    assert able(office) == {written(BLAISE)}


async def test_to_confirm_someone_s_appointment_does_not_bring_one_s_own_profile_forward(
    office: Desk,
) -> None:
    await applied(office, SECOND)

    def decide(db: Database) -> None:
        tomorrow = office.office.today() + timedelta(1)
        roles.appoint(db, TREASURY, persons.known(db, CAMILLE), tomorrow, replacing=False)
        office.office.registry_changed(db, written(ADMIN))

    within(office, decide)
    await office.press(f"roles confirmer {TREASURY}", SECOND)
    assert able(office) == {written(ALEX)}
    assert able(office, 1) == {written(BLAISE), written(CAMILLE)}


def test_until_anyone_holds_a_role_the_profile_decides() -> None:
    with desk() as made:
        within(made, lambda db: roles.seed(db, OTHERS))
        today = made.office.today()
        assert within(made, lambda db: roles.reporting_roles(db, today)) == [TREASURY]
        assert within(made, lambda db: [role.id for role in roles.all_roles(db)])[0] == TREASURY
        alone = replace(
            OTHERS, roles=(RoleProfile(TREASURY, "Trésorerie"), RoleProfile("administration", "A"))
        )
        within(made, lambda db: roles.seed(db, alone))
        assert within(made, lambda db: [role.id for role in roles.all_roles(db)]) == [
            TREASURY,
            "administration",
        ]


def test_without_reports_nobody_receives_any() -> None:
    with desk() as made:
        today = made.office.today()
        within(made, lambda db: roles.seed(db, replace(shipped(), reports=None)))
        assert within(made, lambda db: roles.reporting_roles(db, today)) == []
