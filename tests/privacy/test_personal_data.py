"""What is held about a person can be seen, taken away, erased; nothing is kept longer than it may be."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlite_utils import Database

from bot.outbox import rows
from bot.people import appointments, membership, persons, roles
from bot.people.membership import BY_HAND
from bot.privacy import personal_data
from bot.privacy.personal_data import CATEGORIES
from bot.register import attestations, signing
from bot.register.attestations import Attesting, Target
from tests.kits.outbox import delivery
from tests.kits.people import (
    ADVISER_ROLE,
    ALEX,
    ALEX_ON_DISCORD,
    BLAISE,
    COMMUNICATIONS_ROLE,
    COUNCIL_ROLE,
    DAY,
    NOW,
    count,
    day,
    fresh,
)


class Notebook:
    """What was remembered as destroyed."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, table: str, identifiers: Sequence[str]) -> None:
        self.lines += [(table, identifier) for identifier in identifiers]


@pytest.fixture
def db() -> Database:
    return fresh()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def full(db: Database) -> str:
    """Return a person about whom something of every category is held."""
    alex = persons.known(db, ALEX)
    persons.issue_code(db, ALEX, NOW)
    roles.appoint(db, COUNCIL_ROLE, alex, day(-30))
    membership.enter(db, alex, "officer", BY_HAND, day(-30))
    rows.enqueue(db, delivery("rappel", f"person:{alex}", "rappel"), NOW)
    return alex


def attested(db: Database, person: str) -> None:
    """Have a person go through the onboarding, attest, and leave."""
    reading = Target("pa20", date(2015, 12, 13), "0" * 64, "J'atteste avoir lu la PA20")
    attestations.note_fact(db, person, reading, "read", platform="slack", now=NOW)
    attesting = Attesting(person, "Alex", persons.accounts_of(db, person)[0], reading, NOW)
    attestations.attest(db, attesting, signing.new_signer())
    for statement in (
        "INSERT INTO onboardings (person_id, policy, version, started_at) VALUES (:who, 'pa20', :day, :now)",
        "INSERT INTO pages_read VALUES (:who, 'pa20', :day, 'article-1', :day)",
        "INSERT INTO quiz_attempts VALUES ('q1', :who, 'pa20', :day, 'quiz', '[]', '[]', :now, NULL)",
        "INSERT INTO mandate_ends VALUES (:who, :day)",
        """INSERT INTO revisions (id, policy, state, source, text, sha256, proposed_by, proposed_on)
           VALUES ('r1', 'pa20', 'proposed', 'file', '', '', :who, :day)""",
        """INSERT INTO permission_requests (id, kind, policy, version, clauses, asker_id, asked_of,
             consenter_id, state, asked_on, decided_by)
           VALUES ('p1', 'page', 'pa20', '', '5.16', :who, '', :who, 'refused', :day, :who)""",
        "INSERT INTO permission_lines VALUES ('l1', 'p1', 1, :who, 'asker', 'Bonjour', :day)",
        """INSERT INTO revision_recipients (id, revision_id, person_id, asked, told, queued_on)
           VALUES ('d1', 'r1', :who, 'nothing', 'revision-avis', :day)""",
    ):
        db.conn.execute(statement, {"who": person, "day": "2026-11-24", "now": "2026-11-24T15:00:00Z"})


def test_every_category_is_shown_with_its_purpose_and_its_retention(db: Database) -> None:
    alex = full(db)
    attested(db, alex)
    appointments.follow(db, DAY)
    assert list(personal_data.held(db, alex)) == list(CATEGORIES)
    content = json.loads(personal_data.export(db, alex, DAY))
    assert set(content["renseignements"]) == {category.id for category in CATEGORIES}
    assert content["renseignements"]["roles"]["contenu"] == [
        {"role": "Conseil exécutif", "depuis": day(-30).isoformat(), "jusque": None}
    ]
    assert all(value["fins"] and value["conservation"] for value in content["renseignements"].values())


def test_nothing_of_someone_else_is_shown(db: Database) -> None:
    full(db)
    held = personal_data.held(db, persons.known(db, BLAISE))
    assert [category.id for category in held] == ["comptes"]


def test_every_column_about_a_person_is_in_some_category(db: Database) -> None:
    named = " ".join(category.rows for category in CATEGORIES)
    read = set(re.findall(r"(?:FROM|JOIN) (\w+)", named))
    assert {table for table, _ in persons.references(db)} <= read


def test_without_a_duty_to_keep_all_of_it_is_destroyed(db: Database, notebook: Notebook) -> None:
    alex = full(db)
    roles.dismiss(db, COUNCIL_ROLE, alex, DAY)
    membership.leave(db, alex, "officer", BY_HAND, DAY)
    assert personal_data.duties(db, alex, DAY) == []
    personal_data.erase(db, alex, DAY, notebook)
    assert [count(db, table) for table in ("people", "accounts", "members", "role_holders", "outbox")] == [
        0
    ] * 5
    assert alex not in "\n".join(db.conn.iterdump())
    assert ("people", alex) in notebook.lines


def test_what_was_attested_is_kept_until_it_expires_whatever_is_asked(
    db: Database, notebook: Notebook
) -> None:
    alex = persons.known(db, ALEX)
    attested(db, alex)
    assert personal_data.duties(db, alex, DAY) == ["attestations"]
    personal_data.erase(db, alex, DAY, notebook)
    assert attestations.holds_attestation(db, alex)
    personal_data.enforce(db, day(366 * 4), notebook)
    assert not attestations.holds_attestation(db, alex)


def test_what_a_duty_keeps_stays_and_the_rest_goes(db: Database, notebook: Notebook) -> None:
    alex = full(db)
    assert personal_data.duties(db, alex, DAY) == ["roles", "appartenance"]
    roles.appoint(db, ADVISER_ROLE, alex, day(-300))
    roles.dismiss(db, ADVISER_ROLE, alex, day(-200))
    personal_data.erase(db, alex, DAY, notebook)
    assert roles.holders(db, COUNCIL_ROLE, DAY) == membership.members(db, "officer") == [alex]
    assert count(db, "role_holders") == 1
    assert count(db, "link_codes") == 0
    assert count(db, "outbox") == 1
    assert [table for table, _ in notebook.lines] == ["role_holders"]


def test_a_future_role_is_a_duty_too(db: Database) -> None:
    alex = persons.known(db, ALEX)
    roles.appoint(db, COUNCIL_ROLE, alex, day(20))
    assert personal_data.duties(db, alex, DAY) == ["roles"]


def test_each_category_is_destroyed_when_its_time_comes_and_not_before(
    db: Database, notebook: Notebook
) -> None:
    alex, blaise = full(db), persons.known(db, BLAISE)
    roles.appoint(db, COUNCIL_ROLE, blaise, DAY)
    membership.leave(db, alex, "officer", BY_HAND, DAY)
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = ?", (DAY.isoformat(),))
    assert personal_data.enforce(db, DAY, notebook) == {"liaison": 1}
    assert personal_data.enforce(db, day(1), notebook) == {}
    assert personal_data.enforce(db, day(364), notebook) == {}
    assert personal_data.enforce(db, day(365), notebook) == {"appartenance": 1, "messages": 1}
    assert personal_data.enforce(db, day(729), notebook) == {}
    assert personal_data.enforce(db, day(730), notebook)["roles"] == 1
    assert personal_data.enforce(db, day(730), notebook) == {}
    assert roles.holders(db, COUNCIL_ROLE, day(730)) == [blaise]


def test_what_is_still_to_be_sent_is_never_destroyed_by_age(db: Database, notebook: Notebook) -> None:
    rows.enqueue(db, delivery("rappel", f"person:{persons.known(db, ALEX)}", "rappel"), NOW)
    personal_data.enforce(db, day(5_000), notebook)
    assert count(db, "outbox") == 1


def test_those_who_merely_asked_are_forgotten_once_a_university_year(
    db: Database, notebook: Notebook
) -> None:
    alex = persons.known(db, ALEX)
    membership.enter(db, alex, "officer", BY_HAND, DAY)
    personal_data.notice_shown(db, BLAISE)
    personal_data.enforce(db, DAY, notebook)
    personal_data.enforce(db, date(2027, 8, 31), notebook)
    assert persons.person_of(db, BLAISE)
    assert personal_data.enforce(db, date(2027, 9, 4), notebook) == {"comptes": 1}  # the first was missed
    assert persons.person_of(db, BLAISE) is None
    assert persons.person_of(db, ALEX) == alex
    personal_data.notice_shown(db, BLAISE)
    assert personal_data.enforce(db, date(2027, 9, 5), notebook) == {}


def test_the_certificate_holds_counts_and_no_contents(db: Database, notebook: Notebook) -> None:
    persons.issue_code(db, ALEX, NOW)
    persons.issue_code(db, BLAISE, NOW)
    personal_data.enforce(db, day(1), notebook)
    assert personal_data.certificate(db, DAY) == [(day(1).isoformat(), "liaison", 2)]
    assert personal_data.certificate(db, day(2)) == []


def test_the_notice_is_due_once_per_version_to_a_person_and_not_to_an_account(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert personal_data.notice_due(db, ALEX)
    assert persons.person_of(db, ALEX) is None
    personal_data.notice_shown(db, ALEX)
    assert not personal_data.notice_due(db, ALEX)
    assert personal_data.notice_due(db, ALEX_ON_DISCORD)
    code = persons.issue_code(db, ALEX, NOW)
    persons.redeem(db, ALEX_ON_DISCORD, code, NOW + timedelta(minutes=1))
    assert not personal_data.notice_due(db, ALEX_ON_DISCORD)
    monkeypatch.setattr(personal_data, "NOTICE_VERSION", "suivante")
    assert personal_data.notice_due(db, ALEX)


def test_what_someone_could_read_stays_and_their_account_need_not(db: Database, notebook: Notebook) -> None:
    alex = persons.known(db, ALEX)
    roles.appoint(db, COMMUNICATIONS_ROLE, alex, day(-300))
    appointments.follow(db, day(-300))
    roles.dismiss(db, COMMUNICATIONS_ROLE, alex, day(-200))
    appointments.follow(db, day(-200))
    assert personal_data.duties(db, alex, DAY) == ["nominations"]
    personal_data.erase(db, alex, DAY, notebook)
    assert persons.person_of(db, ALEX) is None
    assert count(db, "appointments") == 2
