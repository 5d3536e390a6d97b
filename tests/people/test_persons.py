"""A person is one person: on each platform at first, then on both once they linked their accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.outbox import rows as outbox
from bot.people import membership, persons, roles
from bot.people.persons import Account
from tests.kits.outbox import delivery
from tests.kits.people import ALEX, ALEX_ON_DISCORD, BLAISE, COUNCIL_ROLE, DAY, NOW, count, day, fresh

ACTORS = [Actor("slack", "T1", f"U{n}") for n in range(3)] + [
    Actor("discord", "900", str(n)) for n in range(3)
]


@pytest.fixture
def db() -> Database:
    return fresh()


def test_a_person_is_met_once(db: Database) -> None:
    assert persons.person_of(db, ALEX) is None
    assert persons.known(db, ALEX) == persons.known(db, ALEX) == persons.person_of(db, ALEX)
    assert persons.known(db, ALEX) != persons.known(db, BLAISE)


def test_on_discord_one_is_the_same_in_the_server_and_in_private(db: Database) -> None:
    assert persons.known(db, ALEX_ON_DISCORD) == persons.known(db, Actor("discord", "", "111"))


def test_on_slack_one_is_not_the_same_in_two_workspaces(db: Database) -> None:
    assert persons.known(db, ALEX) != persons.known(db, Actor("slack", "T2", "U1"))


def test_a_code_makes_one_person_of_two_accounts(db: Database) -> None:
    code = persons.issue_code(db, ALEX, NOW)
    assert persons.look_up_code(db, ALEX_ON_DISCORD, code, NOW) == (
        "linked",
        persons.known(db, ALEX),
    )
    assert persons.redeem(db, ALEX_ON_DISCORD, code, NOW) == "linked"
    assert persons.known(db, ALEX) == persons.known(db, ALEX_ON_DISCORD)
    assert len(persons.accounts_of(db, persons.known(db, ALEX))) == 2


def test_a_code_is_typed_as_it_is_read(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persons, "random_code", lambda: "K0PM1-3TXDW")
    assert persons.issue_code(db, ALEX, NOW) == "K0PM1-3TXDW"
    assert persons.redeem(db, ALEX_ON_DISCORD, " kopml 3txdw ", NOW) == "linked"


def test_a_code_that_is_used_again_changes_nothing(db: Database) -> None:
    code = persons.issue_code(db, ALEX, NOW)
    persons.redeem(db, ALEX_ON_DISCORD, code, NOW)
    assert persons.redeem(db, ALEX_ON_DISCORD, code, NOW) == "already"
    assert persons.redeem(db, BLAISE, code, NOW) == "unknown"
    assert persons.person_of(db, BLAISE) is None


def test_a_code_lasts_ten_minutes_and_a_new_one_replaces_it(db: Database) -> None:
    late = persons.issue_code(db, ALEX, NOW)
    assert persons.redeem(db, ALEX_ON_DISCORD, late, NOW + timedelta(minutes=10)) == "unknown"
    first, second = persons.issue_code(db, ALEX, NOW), persons.issue_code(db, ALEX, NOW)
    assert persons.redeem(db, ALEX_ON_DISCORD, first, NOW) == "unknown"
    assert persons.redeem(db, ALEX_ON_DISCORD, second, NOW + timedelta(minutes=9)) == "linked"


def test_a_code_typed_where_it_was_given_stays_good(db: Database) -> None:
    code = persons.issue_code(db, ALEX, NOW)
    assert persons.redeem(db, ALEX, code, NOW) == "own"
    assert persons.redeem(db, ALEX_ON_DISCORD, code, NOW) == "linked"


def test_no_code_is_in_the_database(db: Database) -> None:
    code = persons.issue_code(db, ALEX, NOW)
    dump = "\n".join(db.conn.iterdump())
    assert code not in dump
    assert code.replace("-", "") not in dump


@given(st.text())
def test_any_text_typed_as_a_code_is_merely_unknown(text: str) -> None:
    db = fresh()
    persons.issue_code(db, ALEX, NOW)
    assert persons.redeem(db, BLAISE, text, NOW) == "unknown"


def test_the_facts_of_both_become_those_of_one(db: Database) -> None:
    alex, other = persons.known(db, ALEX), persons.known(db, ALEX_ON_DISCORD)
    roles.appoint(db, COUNCIL_ROLE, other, DAY)
    for who in (alex, other):
        membership.enter(db, who, "officer", membership.BY_HAND, DAY)
    persons.merge(db, alex, other)
    assert roles.holders(db, COUNCIL_ROLE, DAY) == [alex]
    assert membership.members(db, "officer") == [alex]
    assert count(db, "members") == count(db, "people") == 1
    assert db.conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_what_was_to_be_said_to_both_is_said_once(db: Database) -> None:
    alex, other = persons.known(db, ALEX), persons.known(db, ALEX_ON_DISCORD)
    for who in (alex, other):
        outbox.enqueue(db, delivery(f"rappel:{who}", f"person:{who}", "rappel", "1"), NOW)
    outbox.enqueue(db, delivery(f"bienvenue:{other}", f"person:{other}", "bienvenue"), NOW)
    outbox.enqueue(db, delivery(f"avis→{other}", f"role:administration/{other}"), NOW)
    persons.merge(db, alex, other)
    rows = db.conn.execute(
        "SELECT recipient, notice FROM outbox WHERE state = 'queued' ORDER BY 2"
    ).fetchall()
    assert rows == [
        (f"role:administration/{alex}", "avis"),
        (f"person:{alex}", "bienvenue"),
        (f"person:{alex}", "rappel"),
    ]


def test_a_table_of_later_takes_part_in_linking_without_being_named(db: Database) -> None:
    db.conn.execute("CREATE TABLE later (id TEXT PRIMARY KEY, who TEXT REFERENCES people(id)) STRICT")
    alex, other = persons.known(db, ALEX), persons.known(db, ALEX_ON_DISCORD)
    db.conn.execute("INSERT INTO later VALUES ('x', ?)", (other,))
    persons.merge(db, alex, other)
    assert db.conn.execute("SELECT who FROM later").fetchone() == (alex,)


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("slack:T0123ABCD/U0123ABCD", Account("slack", "T0123ABCD", "U0123ABCD")),
        (" discord:123456789012345678 ", Account("discord", "", "123456789012345678")),
        ("local:administration", Account("local", "", "administration")),
    ],
)
def test_an_account_is_read_as_the_settings_write_it(text: str, account: Account) -> None:
    assert persons.read_account(text) == account


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "U0123",
            "slack:U0123",
            "slack:T0123ABCD/S0123ABCD",
            "slack:U0123ABCD/T0123ABCD",
            "slack:t0123abcd/u0123abcd",
        ),
        *("discord:T1/1", "discord:moi", "discord:0123456789012345678", "x:y"),
    ],
)
def test_what_is_not_an_account_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match="doit"):
        persons.read_account(text)


class Linking(RuleBasedStateMachine):
    """Accounts, codes and time against a model: sets of accounts, and the codes that are still good."""

    codes = Bundle("codes")

    def __init__(self) -> None:
        super().__init__()
        self.db = fresh()
        self.now = NOW
        self.groups = [{actor} for actor in ACTORS]
        self.good: dict[str, tuple[Actor, object]] = {}
        for actor in ACTORS:
            membership.enter(self.db, persons.known(self.db, actor), "officer", actor.user, DAY)

    def group(self, actor: Actor) -> set[Actor]:
        return next(group for group in self.groups if actor in group)

    @rule(target=codes, actor=st.sampled_from(ACTORS))
    def issue(self, actor: Actor) -> str:
        self.good = {code: issued for code, issued in self.good.items() if issued[0] not in self.group(actor)}
        code = persons.issue_code(self.db, actor, self.now)
        self.good[code] = (actor, self.now + timedelta(minutes=10))
        return code

    @rule(minutes=st.integers(1, 8))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(code=codes, actor=st.sampled_from(ACTORS))
    def redeem(self, code: str, actor: Actor) -> None:
        issuer, until = self.good.get(code, (None, self.now))
        good = issuer is not None and self.now < until  # type: ignore[operator]  # a time
        outcome = persons.redeem(self.db, actor, code, self.now)
        if not good or issuer is None:
            assert outcome == ("already" if len(self.group(actor)) > 1 else "unknown")
        elif actor in self.group(issuer):
            assert outcome == "own"
        else:
            assert outcome == "linked"
            mine, theirs = self.group(actor), self.group(issuer)
            self.groups.remove(mine)
            theirs |= mine
            del self.good[code]

    @invariant()
    def accounts_are_shared_as_in_the_model(self) -> None:
        ids = {actor: persons.person_of(self.db, actor) for actor in ACTORS}
        for group in self.groups:
            assert len({ids[actor] for actor in group}) == 1
        assert len(set(ids.values())) == len(self.groups) == count(self.db, "people")

    @invariant()
    def no_fact_is_lost(self) -> None:
        rows = self.db.conn.execute("SELECT source_id, person_id FROM members").fetchall()
        for actor in ACTORS:
            assert (actor.user, persons.person_of(self.db, actor)) in rows


Linking.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLinking = Linking.TestCase


def test_both_accounts_in_one_role_are_one_line_of_the_registry(db: Database) -> None:
    alex, other = persons.known(db, ALEX), persons.known(db, ALEX_ON_DISCORD)
    for who, since in ((alex, day(-5)), (other, day(-9)), (alex, DAY)):
        roles.appoint(db, COUNCIL_ROLE, who, since, replacing=False)
    persons.merge(db, alex, other)
    [line] = roles.tenures(db, COUNCIL_ROLE, DAY)
    assert (line.holder, line.since, line.until) == (alex, day(-9), None)
