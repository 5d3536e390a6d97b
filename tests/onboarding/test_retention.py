"""What is kept of a person's path is erased on demand, and after its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sqlite_utils import Database

from bot.onboarding import attempts, retention
from bot.onboarding.enrolment import DueDates, OnboardingPlan, Onboardings, VersionNotice
from bot.onboarding.quiz import session
from bot.outbox.notices import NoticeContext
from bot.people.persons import Account
from tests.kits.people import DAY, NOW, count, fresh, person
from tests.kits.quiz import TARGET, finish, made_up
from tests.kits.registry import CALENDAR

BANK = made_up()


@pytest.fixture
def db() -> Database:
    return fresh()


class Remembered:
    """What was remembered before it was destroyed."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def __call__(self, table: str, identifiers: Sequence[str]) -> None:
        self.rows += [(table, identifier) for identifier in identifiers]


def path(db: Database, who: str, *, asked: bool = True) -> str:
    """Return someone who has read a page and taken the quiz."""
    found = person(db, who)
    if asked:
        Onboardings(db, TARGET).begin(found, NOW, by_hand=True)
        context = NoticeContext(db, DAY, f"person:{found}")
        DueDates(OnboardingPlan(), CALENDAR).give(context, VersionNotice("pa20", TARGET.version))
    Onboardings(db, TARGET).turn_page(found, "1/1", DAY)
    sitting = session.draw_quiz(BANK, Random(1))  # noqa: S311 — a test's own luck
    attempt = attempts.begin_attempt(db, found, TARGET, sitting, NOW, kind="quiz")
    attempts.save_attempt(db, attempt, finish(sitting, BANK), NOW)
    return found


def test_a_person_s_path_is_erased_on_demand_and_nobody_else_s(db: Database) -> None:
    mine, remembered = path(db, "U1"), Remembered()
    path(db, "U2")
    Onboardings(db, TARGET).ask_reminder(mine, DAY, Account("slack", "T1", "U1"), CALENDAR, NOW)
    assert retention.forget(db, mine, remembered, expected=True) == 3
    assert count(db, "due_dates") == 2, "what is still asked of them keeps its date"
    assert (count(db, "onboardings"), count(db, "pages_read"), count(db, "quiz_attempts")) == (2, 1, 1)
    assert [table for table, _ in remembered.rows] == ["quiz_attempts"]
    assert count(db, "quiz_answers") == 12
    assert retention.forget(db, mine, remembered, expected=False) == 2
    assert count(db, "due_dates") == 1


def test_what_concerns_those_who_left_is_erased_a_year_later_and_once(db: Database) -> None:
    left, stays = path(db, "U1"), path(db, "U2")
    guest = path(db, "U3", asked=False)
    Onboardings(db, TARGET).suspend(left, DAY)
    year = DAY + timedelta(days=365)
    assert retention.enforce(db, year - timedelta(days=1), Remembered()) == 0
    remembered = Remembered()
    assert retention.enforce(db, year + timedelta(days=1), remembered) == 6
    assert count(db, "due_dates") == 1
    assert retention.enforce(db, year + timedelta(days=1), remembered) == 0
    assert [standing.person_id for standing in Onboardings(db, TARGET).standings()] == [stays]
    assert attempts.latest(db, stays, "pa20", "quiz") is not None
    assert attempts.latest(db, guest, "pa20", "quiz") is None
    assert Onboardings(db, TARGET).pages_read(stays) == {"1/1"}
