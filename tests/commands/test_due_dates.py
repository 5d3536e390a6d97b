"""A date to aim for, and « me le rappeler demain, lundi », as a new officer meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.conversation.requests import Actor
from bot.onboarding.enrolment import OnboardingPlan
from bot.people import persons
from tests.kits.onboarding import School, school
from tests.kits.people import ALEX, ALEX_ON_DISCORD, BLAISE
from tests.kits.registry import pressed

ALEX_DIRECT, DISCORD_DIRECT = "person:slack/T1/U1", "person:discord//111"
THREAD = "thread:discord/777/111"
DUE = "Date visée\u00a0: le 8\u00a0décembre\u00a02026."  # two weeks after the 24th of November, a Tuesday
REMINDER = "Le rappel que vous vouliez"


@pytest.fixture
def desk() -> Iterator[School]:
    with school() as made:
        yield made


async def finishes(desk: School, actor: Actor = ALEX) -> None:
    """Read, take the quiz, attest."""
    await desk.read_all(actor)
    await desk.pass_quiz(actor)
    await desk.ask("accueil confirmer", actor, nom="Alex Tremblay")


def asked_reminders(desk: School) -> int:
    """Return how many reminders that someone asked for are stored."""

    def read() -> int:
        with desk.office.storage.transaction() as db:
            where = "notice = 'accueil-rappel-demande' AND state <> 'sent'"
            return int(db.conn.execute(f"SELECT count(*) FROM outbox WHERE {where}").fetchone()[0])  # noqa: S608 — ours

    return desk.office.storage.executor.submit(read).result()


# --- The date -----------------------------------------------------------------------------------


async def test_the_date_is_told_by_the_welcome_and_given_once_it_is_delivered(desk: School) -> None:
    await desk.enters()
    assert "Date visée" not in await desk.said("accueil", ALEX)
    await desk.delivers()
    assert [DUE in text for text in desk.slack.received[ALEX_DIRECT]] == [True]
    assert DUE in await desk.said("accueil", ALEX)
    await desk.days(3)
    assert DUE in desk.slack.received[ALEX_DIRECT][-1], "the reminder tells it too"
    assert "à faire d'ici le 8\u00a0décembre\u00a02026" in await desk.said("mesdonnees", ALEX)
    desk.wait(days=12)
    assert "il est encore temps" in await desk.said("accueil", ALEX)
    await finishes(desk)
    assert "Date visée" not in await desk.said("accueil", ALEX)


async def test_a_setting_that_changes_leaves_the_date_that_was_given(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    desk.plan = OnboardingPlan(due_days=2)
    await desk.enters(BLAISE)
    await desk.days(3)
    assert DUE in await desk.said("accueil", ALEX)
    assert DUE in desk.slack.received[ALEX_DIRECT][-1]
    # Told on the 25th, for the 27th.
    assert "le 27\u00a0novembre\u00a02026" in await desk.said("accueil", BLAISE)


async def test_nobody_is_late_whose_welcome_reached_nobody_until_a_reminder_gives_a_date(
    desk: School,
) -> None:
    desk.slack.closed.add(ALEX_DIRECT)
    await desk.enters()
    await desk.days(2)
    assert "Date visée" not in await desk.said("accueil", ALEX)
    desk.slack.closed.clear()
    await desk.days(1)
    given = "Date visée\u00a0: le 11\u00a0décembre\u00a02026."  # two weeks after the reminder
    assert [given in text for text in desk.slack.received[ALEX_DIRECT]] == [True]
    assert given in await desk.said("accueil", ALEX)


async def test_the_administration_is_told_only_of_those_who_were_given_a_date(desk: School) -> None:
    desk.slack.closed.add(ALEX_DIRECT)
    await desk.enters()
    await desk.enters(BLAISE)
    await desk.days(30)
    text = "\n".join(desk.slack.all())
    assert "l'accueil sur la PA20 n'est pas terminé pour\u00a0: compte Slack U2." in text
    gestion = await desk.said("accueil gestion")
    assert "En retard\u00a0: 1 sur 2" in gestion
    assert "En retard\u00a0: compte Slack U2." in gestion


async def test_the_date_that_was_told_before_a_crash_is_the_one_that_is_stored(desk: School) -> None:
    await desk.enters()
    desk.slack.script.append("acted-unknown")  # delivered on the 24th, its answer lost
    await desk.delivers()
    assert "Date visée" not in await desk.said("accueil", ALEX)
    desk.plan = OnboardingPlan()
    desk.wait(days=1)
    await desk.delivers()
    assert [DUE in text for text in desk.slack.received[ALEX_DIRECT]] == [True]
    assert DUE in await desk.said("accueil", ALEX)


async def test_a_welcome_that_waits_behind_a_button_gives_its_date_when_it_is_opened(desk: School) -> None:
    desk.discord.closed.add(DISCORD_DIRECT)
    await desk.enters(ALEX_ON_DISCORD)
    await desk.delivers()
    assert THREAD in desk.discord.received
    assert "Date visée" not in await desk.said("accueil", ALEX_ON_DISCORD)

    def waiting() -> str:
        with desk.office.storage.transaction() as db:
            return str(db.conn.execute("SELECT id FROM outbox WHERE problem = 'waiting'").fetchone()[0])

    number = await desk.office.storage.run(waiting)
    desk.wait(days=2)
    opened = await desk.said(f"lire {number}", ALEX_ON_DISCORD)
    assert "Date visée\u00a0: le 10\u00a0décembre\u00a02026." in opened
    desk.wait(days=5)
    assert await desk.said(f"lire {number}", ALEX_ON_DISCORD) == opened, "opened again, it says the same"
    assert "le 10\u00a0décembre\u00a02026" in await desk.said("accueil", ALEX_ON_DISCORD)


async def test_who_comes_back_is_given_another_date(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    await desk.leaves()
    desk.wait(days=28)
    await desk.enters()
    assert "Date visée" not in await desk.said("accueil", ALEX)
    await desk.delivers()
    assert "Date visée\u00a0: le 5\u00a0janvier\u00a02027." in await desk.said("accueil", ALEX)


# --- « Me le rappeler » ---------------------------------------------------------------------------


async def test_a_reminder_comes_on_the_day_that_was_asked_for_even_a_day_off(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    desk.wait(days=3)  # a Friday
    where = await desk.ask("accueil", ALEX)
    for _ in "12":
        reply = await desk.said(pressed(where, "Demain"), ALEX)
        assert reply.startswith(
            "C'est noté\u00a0: je vous le rappellerai demain, le 28\u00a0novembre\u00a02026."
        )
    assert "Rappel demandé pour le 28\u00a0novembre\u00a02026" in await desk.said("accueil", ALEX)
    assert "rappel demandé pour le 28\u00a0novembre\u00a02026" in await desk.said("mesdonnees", ALEX)
    desk.wait(hours=22)  # at 8 in the morning
    await desk.delivers()
    assert REMINDER not in "\n".join(desk.slack.all())
    desk.wait(hours=2)
    for _ in "12":
        await desk.delivers()
    reminders = [text for text in desk.slack.received[ALEX_DIRECT] if REMINDER in text]
    assert len(reminders) == 1
    assert "il vous reste à lire, à répondre aux questions, puis à attester votre lecture" in reminders[0]
    assert DUE in reminders[0]
    assert "Rappel demandé" not in await desk.said("accueil", ALEX)


async def test_a_reminder_that_is_asked_for_replaces_the_one_before(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    for when, day in (("Demain", 25), ("Lundi", 30), ("Demain", 25), ("Lundi", 30)):
        where = await desk.ask("accueil", ALEX)
        assert f"le {day}\u00a0novembre\u00a02026" in await desk.said(pressed(where, when), ALEX)
        assert asked_reminders(desk) == 1
    await desk.days(10)
    received = desk.slack.received[ALEX_DIRECT]
    assert sum(REMINDER in text for text in received) == 1


async def test_on_a_monday_the_monday_is_the_next(desk: School) -> None:
    await desk.enters()
    desk.wait(days=6)
    assert "lundi, le 7\u00a0décembre\u00a02026" in await desk.said("accueil rappeler lundi", ALEX)


async def test_a_reminder_that_was_asked_for_takes_the_place_of_those_in_between(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    desk.wait(days=2)
    await desk.ask("accueil rappeler lundi", ALEX)
    await desk.days(1)  # the third day, when the first reminder is due
    assert len(desk.slack.received[ALEX_DIRECT]) == 1
    await desk.days(3)
    assert [REMINDER in text for text in desk.slack.received[ALEX_DIRECT]] == [False, True]
    await desk.days(1)  # the seventh
    assert "vous attend" in desk.slack.received[ALEX_DIRECT][-1]


async def test_nothing_remains_of_it_once_it_is_cancelled_done_or_one_leaves(desk: School) -> None:
    await desk.enters()
    asked = await desk.ask("accueil rappeler lundi", ALEX)
    for _ in "12":
        assert "Rappel demandé" not in await desk.said(pressed(asked, "Annuler le rappel"), ALEX)
    assert asked_reminders(desk) == 0
    await desk.ask("accueil rappeler lundi", ALEX)
    await desk.leaves()
    assert asked_reminders(desk) == 0
    assert "plus rien ne vous est demandé" in await desk.said("accueil rappeler lundi", ALEX)
    await desk.enters()
    await desk.ask("accueil rappeler demain", ALEX)
    await finishes(desk)
    assert asked_reminders(desk) == 0
    assert "Tout est fait" in await desk.said("accueil rappeler demain", ALEX)
    assert "Aucun accueil" in await desk.said("accueil rappeler demain", BLAISE)
    await desk.days(8)
    assert REMINDER not in "\n".join(desk.slack.all())


async def test_who_erases_what_may_be_keeps_the_date_and_loses_the_reminder(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    await desk.ask("accueil rappeler lundi", ALEX)
    await desk.press("mesdonnees effacer ✓", ALEX)
    assert asked_reminders(desk) == 0
    assert DUE in await desk.said("accueil", ALEX)
    await desk.leaves()
    await desk.ask("accueil rappeler lundi", ALEX)
    await desk.press("mesdonnees effacer ✓", ALEX)
    assert "Je ne conserve rien à votre sujet" in await desk.said("mesdonnees", ALEX)


async def test_a_reminder_survives_a_restart_and_comes_where_it_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    with school(path) as before:
        await before.enters()
        await before.delivers()

        def link() -> None:
            with before.office.storage.transaction() as db:
                persons.redeem(db, ALEX_ON_DISCORD, persons.issue_code(db, ALEX, before.now), before.now)

        await before.ask("accueil rappeler lundi", ALEX)
        await before.office.storage.run(link)
        assert "Rappel demandé pour le 30" in await before.said("accueil", ALEX_ON_DISCORD)
        await before.ask("accueil rappeler demain", ALEX_ON_DISCORD)
    with school(path) as after:
        assert DUE in await after.said("accueil", ALEX_ON_DISCORD)
        await after.days(10)
        assert [REMINDER in text for text in after.discord.received[DISCORD_DIRECT]].count(True) == 1
        assert REMINDER not in "\n".join(after.slack.all())
