"""Who is asked to read, how far they are, whom to remind: the facts, without any message."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.onboarding import attempts, enrolment, reminders
from bot.onboarding.enrolment import DueDates, OnboardingPlan, Onboardings, VersionNotice
from bot.onboarding.quiz import session
from bot.outbox.notices import NoticeContext
from bot.people import membership, persons, roles
from bot.people.membership import BY_HAND
from bot.people.persons import Account
from bot.register import attestations
from bot.register.attestations import Attesting
from bot.register.signing import new_signer
from bot.times import Calendar
from tests.kits.people import (
    ADVISER_ROLE,
    ALEX,
    ALEX_ON_DISCORD,
    COMMUNICATIONS_ROLE,
    COUNCIL_ROLE,
    DAY,
    NOW,
    fresh,
)
from tests.kits.quiz import TARGET, finish, made_up

CALENDAR = Calendar(ZoneInfo("America/Toronto"))
REVISED = replace(TARGET, version=date(2027, 1, 20))
BANK = made_up()


@pytest.fixture
def db() -> Database:
    return fresh()


def follow(db: Database, now: datetime = NOW) -> int:
    return Onboardings(db, TARGET).follow(CALENDAR, now)


def officer(db: Database, actor: Actor = ALEX) -> str:
    person = persons.known(db, actor)
    membership.enter(db, person, "officer", BY_HAND, DAY)
    return person


def give(db: Database, plan: OnboardingPlan | None = None) -> None:
    """Have everyone's welcome delivered, with the date to aim for that it tells."""
    for standing in Onboardings(db, TARGET).standings():
        context = NoticeContext(db, DAY, f"person:{standing.person_id}")
        DueDates(plan or OnboardingPlan(), CALENDAR).give(context, VersionNotice("pa20", TARGET.version))


def queued(db: Database) -> list[tuple[str, str, int]]:
    rows = db.conn.execute(
        "SELECT recipient, notice, urgent FROM outbox WHERE state = 'queued' ORDER BY rowid"
    )
    return [(str(recipient), str(notice), int(urgent)) for recipient, notice, urgent in rows]


@pytest.mark.parametrize("kind", ["officer", "employee"])
def test_officers_and_employees_are_concerned(db: Database, kind: membership.Kind) -> None:
    person = persons.known(db, ALEX)
    membership.enter(db, person, kind, BY_HAND, DAY)
    assert enrolment.concerned(db, DAY) == {person}


@pytest.mark.parametrize(
    ("role", "concerned"),
    [
        (COUNCIL_ROLE, True),
        (COMMUNICATIONS_ROLE, True),
        (ADVISER_ROLE, True),
        (roles.ADMINISTRATION, False),
    ],
)
def test_those_who_hold_a_role_of_the_association_are_too(db: Database, role: str, concerned: bool) -> None:
    person = persons.known(db, ALEX)
    roles.appoint(db, role, person, DAY)
    assert (person in enrolment.concerned(db, DAY)) is concerned
    roles.dismiss(db, role, person, DAY + timedelta(days=9))
    assert enrolment.concerned(db, DAY + timedelta(days=9)) == set()


def test_someone_in_the_workspace_who_is_neither_is_not(db: Database) -> None:
    persons.known(db, ALEX)
    assert follow(db) == 0
    assert queued(db) == []


def test_following_twice_changes_nothing_more(db: Database) -> None:
    person = officer(db)
    assert (follow(db), follow(db)) == (1, 0)
    assert queued(db) == [(f"person:{person}", "accueil-bienvenue", 0)]


def test_a_welcome_that_answers_someone_s_doing_does_not_wait_for_working_hours(db: Database) -> None:
    officer(db)
    Onboardings(db, TARGET).follow(CALENDAR, NOW, at_once=True)
    assert [urgent for _, _, urgent in queued(db)] == [1]


def test_arguments_name_nobody_and_hold_no_text(db: Database) -> None:
    officer(db)
    follow(db)
    [(arguments,)] = db.conn.execute("SELECT arguments FROM outbox").fetchall()
    assert json.loads(arguments) == {"policy": "pa20", "version": "2015-12-13"}


def test_the_five_facts_are_independent_and_the_first_time_is_kept(db: Database) -> None:
    person = officer(db)
    follow(db)
    assert attestations.note_fact(db, person, TARGET, "passed", platform="slack", now=NOW)
    later = NOW + timedelta(days=2)
    assert not attestations.note_fact(db, person, TARGET, "passed", platform="discord", now=later)
    found = Onboardings(db, TARGET).standing(person)
    assert found is not None
    assert dict(found.steps) == {"passed": NOW}
    assert (found.done, found.active) == (False, True)
    assert found.missing == ["read"]


def test_delivered_is_what_the_outbox_says(db: Database) -> None:
    person = officer(db)
    follow(db)
    Onboardings(db, TARGET).note_delivered(CALENDAR)
    assert attestations.facts(db, person, TARGET) == {}
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = '2026-11-25', route = 'discord'")
    for _ in range(2):
        Onboardings(db, TARGET).note_delivered(CALENDAR)
    db.conn.execute("DELETE FROM outbox")  # kept for a year only
    facts = attestations.facts(db, person, TARGET)
    assert {fact: CALENDAR.day(at).isoformat() for fact, at in facts.items()} == {"delivered": "2026-11-25"}
    [(platform,)] = db.conn.execute("SELECT platform FROM reading_facts").fetchall()
    assert platform == "discord"


def test_a_welcome_that_only_the_administration_saw_is_not_delivered(db: Database) -> None:
    person = officer(db)
    follow(db)
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = '2026-11-25', problem = 'unreached'")
    Onboardings(db, TARGET).note_delivered(CALENDAR)
    assert attestations.facts(db, person, TARGET) == {}


def test_attesting_without_what_comes_before_is_refused(db: Database) -> None:
    person = officer(db)
    account = Account("slack", "T1", "U1")
    asked = Attesting(person, "Alex", account, TARGET, NOW)
    with pytest.raises(ValueError, match="read"):
        Onboardings(db, TARGET).attest(asked, lambda _db, _asked: None)


def test_an_adopted_revision_begins_anew_and_reminds_of_the_new_text_alone(db: Database) -> None:
    person = officer(db)
    follow(db)
    assert Onboardings(db, REVISED).follow(CALENDAR, NOW) == 1
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = '2026-11-24'")
    reminders.daily(db, REVISED, OnboardingPlan(), CALENDAR, NOW + timedelta(days=3))
    assert queued(db) == [(f"person:{person}", "accueil-rappel", 0)]
    [(arguments,)] = db.conn.execute("SELECT arguments FROM outbox WHERE state = 'queued'").fetchall()
    assert json.loads(arguments)["version"] == "2027-01-20"


def test_whoever_attested_an_earlier_version_is_left_to_what_is_told_of_revisions(db: Database) -> None:
    person = officer(db)
    attesting = Attesting(person, "Alex", Account("slack", "T1", "U1"), TARGET, NOW)
    attestations.attest(db, attesting, new_signer())
    other = officer(db, Actor("slack", "T1", "U2"))
    assert Onboardings(db, REVISED).follow(CALENDAR, NOW) == 1
    assert [standing.person_id for standing in Onboardings(db, REVISED).standings()] == [other]
    assert Onboardings(db, REVISED).begin(person, NOW, by_hand=True)


def test_whoever_was_begun_by_hand_is_followed_like_the_others_once_they_are_an_officer(db: Database) -> None:
    person = persons.known(db, ALEX)
    Onboardings(db, TARGET).begin(person, NOW, by_hand=True)
    assert follow(db) == 0
    officer(db)
    assert follow(db) == 0
    membership.leave(db, person, "officer", BY_HAND, DAY)
    assert follow(db) == 1
    assert queued(db) == []


@pytest.mark.parametrize("given", [False, True])
def test_nobody_is_late_without_a_date_that_they_were_given(db: Database, given: bool) -> None:
    officer(db)
    follow(db)
    if given:
        give(db, OnboardingPlan(due_days=0))  # a setting that gives none
    later = NOW + timedelta(days=40)
    reminders.daily(db, TARGET, OnboardingPlan(reminder_days=()), CALENDAR, later)
    assert [notice for _, notice, _ in queued(db)] == ["accueil-bienvenue"]
    [standing] = Onboardings(db, TARGET).standings()
    assert not standing.late(CALENDAR.day(later))
    give(db)
    [standing] = Onboardings(db, TARGET).standings()
    assert standing.late(CALENDAR.day(later))


def test_the_date_to_aim_for_is_a_working_day_and_stays_when_the_setting_changes(db: Database) -> None:
    officer(db)
    follow(db)
    give(db, OnboardingPlan(due_days=31))  # the 25th of December, a Friday: the next working day is Monday
    for plan in (OnboardingPlan(due_days=3), OnboardingPlan(due_days=0)):
        give(db, plan)
        assert [standing.due_on for standing in Onboardings(db, TARGET).standings()] == [date(2026, 12, 28)]


def test_days_and_settings_are_those_of_the_plan(db: Database) -> None:
    officer(db)
    follow(db)
    db.conn.execute("DELETE FROM outbox")
    plan = OnboardingPlan(reminder_days=(1,), refresher_days=0, due_days=1)
    give(db, plan)
    notices = []
    for number in range(1, 8):
        reminders.daily(db, TARGET, plan, CALENDAR, NOW + timedelta(days=number))
        notices += [(number, notice) for _, notice, _ in queued(db)]
        db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = '2026-11-24'")
    assert notices == [(1, "accueil-rappel"), (2, "accueil-retards")]


def test_the_late_ones_of_a_day_are_told_in_one_word(db: Database) -> None:
    for number in range(3):
        officer(db, Actor("slack", "T1", f"U{number}"))
    follow(db)
    give(db)
    for days in (3, 7, 14, 15, 16):
        reminders.daily(db, TARGET, OnboardingPlan(), CALENDAR, NOW + timedelta(days=days))
    words = [recipient for recipient, notice, _ in queued(db) if notice == "accueil-retards"]
    assert words == ["role:administration"]


def test_when_two_accounts_become_one_person_all_that_was_done_is_theirs(db: Database) -> None:
    mine, other = officer(db, ALEX), officer(db, ALEX_ON_DISCORD)
    follow(db)
    Onboardings(db, TARGET).turn_page(mine, "1/1", DAY)
    Onboardings(db, TARGET).turn_page(other, "1/1", DAY)
    Onboardings(db, TARGET).turn_page(other, "2/1", DAY)
    context = NoticeContext(db, DAY, f"person:{other}")  # the other alone was told of a date
    DueDates(OnboardingPlan(), CALENDAR).give(context, VersionNotice("pa20", TARGET.version))
    attestations.note_fact(db, other, TARGET, "opened", platform="discord", now=NOW)
    sitting = session.draw_quiz(BANK, Random(1))  # noqa: S311 — a test's own luck
    attempt = attempts.begin_attempt(db, other, TARGET, sitting, NOW, kind="quiz")
    attempts.save_attempt(db, attempt, finish(sitting, BANK, right=lambda n: n > 2), NOW)
    persons.merge(db, mine, other)
    assert Onboardings(db, TARGET).pages_read(mine) == {"1/1", "2/1"}
    assert len(Onboardings(db, TARGET).standings()) == 1
    assert [standing.due_on for standing in Onboardings(db, TARGET).standings()] == [date(2026, 12, 8)]
    assert len(attempts.missed(db, mine, "pa20")) == 3
    assert set(attestations.facts(db, mine, TARGET)) == {"opened"}


def test_when_a_person_is_forgotten_nothing_of_their_path_remains(db: Database) -> None:
    person = officer(db)
    follow(db)
    give(db)
    Onboardings(db, TARGET).turn_page(person, "1/1", DAY)
    sitting = session.draw_quiz(BANK, Random(1))  # noqa: S311 — as above
    attempt = attempts.begin_attempt(db, person, TARGET, sitting, NOW, kind="quiz")
    attempts.save_attempt(db, attempt, finish(sitting, BANK), NOW)
    db.conn.execute("DELETE FROM people WHERE id = ?", (person,))
    for table in ("onboardings", "due_dates", "pages_read", "quiz_attempts", "quiz_answers", "reading_facts"):
        assert db.conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # noqa: S608 — the five above


def test_what_is_kept_of_an_attempt_is_what_was_played(db: Database) -> None:
    person = officer(db)
    sitting = session.draw_quiz(BANK, Random(5))  # noqa: S311 — as above
    attempt = attempts.begin_attempt(db, person, TARGET, sitting, NOW, kind="quiz")
    assert attempts.load_attempt(db, attempt.id) == attempt == attempts.under_way(db, person, "pa20", "quiz")
    over = finish(sitting, BANK, right=lambda n: n != 4)
    saved = attempts.save_attempt(db, attempt, over, NOW)
    assert attempts.load_attempt(db, attempt.id) == saved == attempts.latest(db, person, "pa20", "quiz")
    assert saved.finished_at == NOW
    assert attempts.save_attempt(db, saved, over, NOW + timedelta(days=1)).finished_at == NOW
    assert attempts.times_asked(db, person, "pa20") == {item.question: 1 for item in sitting.items}
    assert attempts.missed(db, person, "pa20") == session.missed(over)
    assert attempts.load_attempt(db, "autre") is None
