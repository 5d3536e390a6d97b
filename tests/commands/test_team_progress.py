"""« 8 sur 15 ont terminé », told to the team only if the administration turns it on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.conversation.requests import Actor
from bot.onboarding.enrolment import Onboardings
from bot.people import persons
from bot.register import attestations
from bot.register.attestations import Attesting, Noted
from tests.kits.onboarding import School, school
from tests.kits.quiz import TARGET
from tests.kits.registry import pressed

TOLD = "Ce que je dis à l'équipe"
CHOSEN = "L'administration a choisi de dire à l'équipe combien de personnes ont terminé."


def officer(number: int) -> Actor:
    return Actor("slack", "T1", f"U{number + 10}")


@pytest.fixture
def desk() -> Iterator[School]:
    with school() as made:
        yield made


async def team(desk: School, total: int, finished: int) -> None:
    """Have so many officers, welcomed, and so many of them who attest."""
    for number in range(total):
        await desk.enters(officer(number))
    await desk.delivers()
    for number in range(finished):
        await finishes(desk, officer(number))


async def finishes(desk: School, actor: Actor) -> None:
    """Have someone read, pass and attest."""
    steps: tuple[Noted, ...] = ("read", "passed")

    def finish() -> None:
        with desk.office.storage.transaction() as db:
            person, account = persons.known(db, actor), persons.account(actor)
            for step in steps:
                attestations.note_fact(db, person, TARGET, step, platform="slack", now=desk.now)
            Onboardings(db, TARGET).attest(Attesting(person, "Alex", account, TARGET, desk.now), desk.attest)

    await desk.office.storage.run(finish)


async def turn_on(desk: School) -> None:
    """Have the administration press « Le dire à l'équipe »."""
    await desk.press("accueil equipe dire ✓")


async def test_the_team_is_told_nothing_until_the_administration_presses_yes(desk: School) -> None:
    await team(desk, 15, 8)
    for line in ("accueil equipe", "accueil equipe dire", "accueil equipe dire ✓"):
        assert "Je ne dis rien à l'équipe" in await desk.said(line), line
    assert "revient au rôle" in await desk.said("accueil equipe", officer(0))
    assert "revient au rôle" in await desk.said("accueil equipe taire", officer(0))
    assert "Dans l'équipe" not in await desk.said("accueil moi", officer(9))
    await desk.press(pressed(await desk.ask("accueil equipe"), "Le dire à l'équipe"))
    for number in (0, 9):  # who has finished, and who has not
        reply = await desk.said("accueil moi", officer(number))
        assert "Dans l'équipe, 8 personnes sur 15 ont terminé." in reply
    assert "Dans l'équipe" not in await desk.said("accueil moi"), "who is not of the team"
    await desk.days(3)
    reminders = [text for text in desk.slack.received["person:slack/T1/U19"] if "vous attend" in text]
    assert ["8 personnes sur 15" in text for text in reminders] == [True]
    await desk.ask(pressed(await desk.ask("accueil equipe"), "Ne plus le dire"))
    assert "Dans l'équipe" not in await desk.said("accueil moi", officer(9))


@pytest.mark.parametrize(
    ("total", "finished", "told"),
    [
        (9, 5, False),
        (10, 4, False),
        (10, 5, True),
        (10, 6, False),  # four have not
        (12, 7, True),
        (12, 8, False),
    ],
)
async def test_neither_figure_is_told_under_five_nor_for_fewer_than_ten(
    desk: School, total: int, finished: int, told: bool
) -> None:
    await team(desk, total, finished)
    await turn_on(desk)
    reply = await desk.said("accueil moi", officer(0))
    assert (f"{finished} personnes sur {total} ont terminé" in reply) == told
    assert ("Dans l'équipe" in reply) == told


async def test_each_person_is_told_once_that_it_is_told(desk: School) -> None:
    await team(desk, 3, 1)
    await desk.enters(officer(3))  # their welcome has not left yet
    for _ in "12":
        await turn_on(desk)
        await desk.delivers()
    for number in range(3):
        received = desk.slack.received[f"person:slack/T1/U{number + 10}"]
        assert [CHOSEN in text for text in received] == [False, True], "after the welcome, one message"
        assert TOLD in received[1]
    received = desk.slack.received["person:slack/T1/U13"]
    assert [CHOSEN in text for text in received] == [True], "the welcome says it"
    assert CHOSEN in await desk.said("mesdonnees avis", officer(0))


async def test_who_leaves_before_it_was_told_is_not_told(desk: School) -> None:
    await team(desk, 2, 0)
    await turn_on(desk)
    await desk.leaves(officer(0))
    await desk.delivers()
    received = [CHOSEN in "".join(desk.slack.received[f"person:slack/T1/U{number}"]) for number in (10, 11)]
    assert received == [False, True]


async def test_what_was_turned_off_before_it_was_told_is_not_told(desk: School) -> None:
    await team(desk, 2, 0)
    await turn_on(desk)
    await desk.ask("accueil equipe taire")
    await desk.delivers()
    assert CHOSEN not in "\n".join(desk.slack.all())
    assert CHOSEN not in await desk.said("mesdonnees avis", officer(0))
    await turn_on(desk)
    await desk.delivers()
    assert "\n".join(desk.slack.all()).count(CHOSEN) == 2


async def test_those_who_left_are_in_neither_figure(desk: School) -> None:
    await team(desk, 12, 6)
    await turn_on(desk)
    await desk.leaves(officer(0))  # who had finished
    await desk.leaves(officer(11))
    assert "5 personnes sur 10 ont terminé" in await desk.said("accueil moi", officer(1))
    assert "Dans l'équipe" not in await desk.said("accueil moi", officer(11))
