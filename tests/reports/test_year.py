"""A year of handovers, vacancies, departures and groups: nobody reads unannounced, no case is left alone.

Nor is there a day of handover, by hand, by group or from role to role, without anyone to read what is filed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.conversation.requests import Actor
from bot.people import appointments, membership, persons, roles
from bot.people.roles import ADMINISTRATION, Group
from bot.reports import access, cases, escalation, filing, handovers, readers, routing
from bot.reports.routing import load_routing
from bot.storage.database import Storage
from tests.kits.people import ADVISER_ROLE, ALTERNATE_ROLE, COMMUNICATIONS_ROLE, COUNCIL_ROLE
from tests.kits.reports.records import Desk, a_report

PEOPLE = [Actor("slack", "T1", f"U{number}") for number in range(6)]
ADMINS = [Actor("slack", "T1", f"UADMIN{number}") for number in range(2)]
RECEIVING = (COMMUNICATIONS_ROLE, ADVISER_ROLE, ALTERNATE_ROLE, COUNCIL_ROLE)
GROUP = Group("slack", "T1", "S1")


class Year(RuleBasedStateMachine):
    """An association, day after day. `handed`: the cases handed over, and the day.

    `morning`: the accounts that could read reports when the day began.
    """

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(storage=Storage())
        self.db = self.desk.db
        self.posts = 0
        self.handed: dict[str, date] = {}
        self.morning: set[str] = set()

    def teardown(self) -> None:
        self.desk.storage.close()

    # --- What the program does at each change and at each beat

    def changed(self, by: Actor | None = None) -> None:
        written = str(persons.account(by)) if by else ""
        readers.follow(self.db, self.today, self.desk.clock(), written)

    def beat(self) -> None:
        session = self.desk.session
        readers.follow(self.db, self.today, self.desk.clock())
        handovers.announce(session, escalation.beat(session))
        self.db.conn.execute(
            "UPDATE outbox SET state = 'sent', sent_day = ? WHERE state = 'queued'", (self.today.isoformat(),)
        )
        escalation.beat(self.desk.session)

    def day_begins(self) -> None:
        self.morning = self.able((), self.today)

    def able(self, excluded: Collection[str], day: date) -> set[str]:
        """Return the accounts that may read, on a day, reports that implicate these persons."""
        known = roles.reporting_roles(self.db, day)
        return set().union(*(routing.able_accounts(self.db, role, excluded, day) for role in known))

    @property
    def today(self) -> date:
        return self.desk.session.today

    def person(self, actor: Actor) -> str:
        return persons.known(self.db, actor)

    def open_cases(self) -> list[tuple[str, date]]:
        """Return the open cases and their days, in an order that no random identifier decides."""
        rows = self.db.conn.execute("SELECT id, opened_on, role FROM report_cases WHERE status <> 'closed'")

        def key(row: tuple[str, str, str]) -> tuple[object, ...]:
            whole = self.db.conn.execute("SELECT sealed FROM report_filings WHERE case_id = ?", row[:1])
            reports = [filing.open_report(self.desk.ring, sealed) for (sealed,) in whole.fetchall()]
            return (row[1:], sorted((report.address, report.implicated) for report in reports))

        return [(case_id, date.fromisoformat(day)) for case_id, day, _ in sorted(rows.fetchall(), key=key)]

    # --- What happens

    @initialize(by_group=st.sampled_from(RECEIVING))
    def begin(self, by_group: str) -> None:
        """Give each role to someone, one of them by way of a group."""
        for admin in ADMINS:
            roles.appoint(self.db, ADMINISTRATION, self.person(admin), self.today, replacing=False)
        for role, actor in zip(RECEIVING, PEOPLE, strict=False):
            roles.appoint(self.db, role, GROUP if role == by_group else self.person(actor), self.today)
            if role == by_group:
                membership.changed(self.db, GROUP.id, actor, inside=True, today=self.today)
        self.changed()
        self.day_begins()

    @rule(role=st.sampled_from(RECEIVING), who=st.sampled_from(PEOPLE + ADMINS), replacing=st.booleans())
    def name(self, role: str, who: Actor, replacing: bool) -> None:
        since = appointments.first_day(self.db, role, self.today)
        before = appointments.readers(self.db, role, self.today)
        roles.appoint(self.db, role, self.person(who), since, replacing=replacing)
        self.changed(ADMINS[0])
        assert appointments.readers(self.db, role, self.today) == before  # neither sooner nor later
        if appointments.readers(self.db, role, since):
            assert self.person(who) in appointments.readers(self.db, role, since)

    @rule(role=st.sampled_from(RECEIVING), who=st.sampled_from(PEOPLE + ADMINS))
    def dismiss(self, role: str, who: Actor) -> None:
        roles.dismiss(self.db, role, self.person(who), appointments.first_day(self.db, role, self.today))
        self.changed(ADMINS[0])

    @rule(role=st.sampled_from(RECEIVING))
    def give_to_a_group(self, role: str) -> None:
        roles.appoint(self.db, role, GROUP, appointments.first_day(self.db, role, self.today))
        self.changed(ADMINS[0])

    @rule(who=st.sampled_from(PEOPLE + ADMINS), inside=st.booleans())
    def a_group_changes(self, who: Actor, inside: bool) -> None:
        membership.changed(self.db, GROUP.id, who, inside=inside, today=self.today)
        for source in membership.sources(self.db):
            roles.relieve(self.db, source, self.today)
        self.changed()

    @rule(fallback=st.sampled_from([COUNCIL_ROLE, ADMINISTRATION, None]))
    def another_fallback(self, fallback: str | None) -> None:
        own = roles.role(self.db, ALTERNATE_ROLE)
        roles.change(self.db, roles.Role(own.id, own.title, own.email, fallback))
        self.changed(ADMINS[0])
        self.day_begins()  # no handover: a role taken out of the line receives nothing more, at once

    @rule(blamed=st.sampled_from([(), (COMMUNICATIONS_ROLE,), (ADVISER_ROLE,)]), again=st.booleans())
    def report(self, blamed: tuple[str, ...], again: bool) -> None:
        self.posts += not again
        filing.file_report(
            self.desk.session, a_report(f"https://x.com/a/status/{self.posts}", implicated=blamed)
        )

    @rule(days=st.integers(1, 21))
    def days_pass(self, days: int) -> None:
        for _ in range(min(days, 4)):
            self.desk.wait(hours=24)
            self.beat()
        self.desk.wait(hours=24 * max(0, days - 4))
        self.beat()
        self.day_begins()

    @rule(role=st.sampled_from(RECEIVING), close=st.booleans())
    def someone_reads(self, role: str, close: bool) -> None:
        for case_id, _ in self.open_cases():
            for reader in map(self.person, PEOPLE + ADMINS):
                if access.may_know(self.desk.session, case_id, reader):
                    cases.open_case(self.desk.session, case_id, reader)
                    if close:
                        cases.close_case(self.desk.session, case_id, reader, "handled", "")
                    elif role in cases.heirs(self.desk.session, case_id, reader):
                        cases.reassign(self.desk.session, case_id, reader, role)
                        self.handed[case_id] = self.today
                    return

    @precondition(lambda self: bool(handovers.stranded(self.desk.session)))
    @rule(alone=st.booleans())
    def the_administration_hands_over(self, alone: bool) -> None:
        takers = handovers.takers(self.desk.session)
        if not takers:
            return
        first, second = (str(persons.account(admin)) for admin in ADMINS)
        handovers.ask(self.desk.session, takers[0], first)
        if alone:
            self.beat()
            for _ in range(5):
                self.desk.wait(hours=19)
                self.beat()
            self.day_begins()
        if not handovers.stranded(self.desk.session) or not handovers.takers(self.desk.session):
            return
        waited = set(handovers.stranded(self.desk.session))
        handovers.finish(self.desk.session, first if alone else second)
        self.handed |= dict.fromkeys(waited, self.today)

    # --- What holds every day

    @invariant()
    def nobody_reads_without_a_row_told_before(self) -> None:
        session = self.desk.session
        rows = appointments.rows_after(self.db, "0")
        for case_id, filed in self.open_cases():
            for actor in PEOPLE + ADMINS:
                if not access.may_know(session, case_id, self.person(actor)):
                    continue
                account = str(persons.account(actor))
                since = [row.effective_on for row in rows if row.able and row.account == account]
                assert since
                assert min(since) <= self.handed.get(case_id, filed)
                first = min(row.decided_on for row in rows)
                own = [
                    row for row in rows if row.account == account and row.able and row.role != ADMINISTRATION
                ]
                assert any(row.decided_on < row.effective_on or row.decided_on == first for row in own)

    @invariant()
    def whoever_only_administers_reads_nothing(self) -> None:
        session = self.desk.session
        for admin in map(self.person, ADMINS):
            if not any(roles.has(self.db, admin, role, self.today) for role in RECEIVING):
                assert not any(access.may_know(session, case_id, admin) for case_id, _ in self.open_cases())

    @invariant()
    def a_day_ends_with_the_readers_that_it_began_with(self) -> None:
        assert self.able((), self.today) == self.morning

    @invariant()
    def what_is_filed_on_a_day_of_handover_has_a_reader_that_day_or_the_next(self) -> None:
        session, days = self.desk.session, (self.today, self.today + timedelta(1))
        for case_id, filed in self.open_cases():
            excluded = load_routing(session, case_id).persons(self.db)
            able = {
                account
                for account in self.morning
                if persons.person_of(self.db, persons.parse(account)) not in excluded
            }
            if filed == self.today and able:  # else this is a vacancy, or only those implicated receive
                granted = access.granted(session, case_id)
                assert any(self.able(excluded, day) & granted for day in days)

    @invariant()
    def each_case_has_someone_or_the_administration_can_give_it_to_someone(self) -> None:
        session = self.desk.session
        left = handovers.stranded(session)
        if not left or not handovers.takers(session):
            return  # whoever is named reads the next day, and may then be given what waits
        self.db.conn.execute("SAVEPOINT before")
        for case_id in left:
            for role in handovers.takers(session):
                access.hand_over(session, case_id, role)
        excluded_everyone = set(handovers.stranded(session))
        self.db.conn.execute("ROLLBACK TO before")
        self.db.conn.execute("RELEASE before")
        assert excluded_everyone <= set(left)
        for case_id in excluded_everyone:  # whoever could read it is the one that it is about
            implicated = load_routing(session, case_id).persons(self.db)
            able = {p for role in RECEIVING for p in appointments.readers(self.db, role, self.today)}
            assert able <= implicated


Year.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestYear = Year.TestCase


def test_the_walk_of_a_year_comes_to_every_state() -> None:
    """The machine is no use if it never strands a case: one is stranded, named for, and handed over."""
    year = Year()
    year.begin(COUNCIL_ROLE)
    year.report((), again=False)
    year.days_pass(2)
    year.a_group_changes(PEOPLE[3], inside=False)
    for role, actor in zip(RECEIVING, PEOPLE, strict=False):
        year.dismiss(role, actor)
    year.days_pass(1)
    assert handovers.stranded(year.desk.session)
    assert not handovers.takers(year.desk.session)
    year.name(COMMUNICATIONS_ROLE, PEOPLE[5], replacing=False)
    assert not handovers.takers(year.desk.session)
    year.days_pass(1)
    year.the_administration_hands_over(alone=True)
    year.days_pass(1)
    assert not handovers.stranded(year.desk.session)
    [(case_id, _)] = year.open_cases()
    assert access.may_know(year.desk.session, case_id, year.person(PEOPLE[5]))
    year.teardown()


@pytest.mark.parametrize("way", ["by hand", "by group", "by role"])
@pytest.mark.parametrize("filed_first", [True, False])
def test_a_day_of_handover_has_a_reader_and_so_has_the_next(way: str, *, filed_first: bool) -> None:
    """One role receives, and the machine's own promises are checked on the day that it changes hands."""
    year, (former, new) = Year(), (PEOPLE[0], PEOPLE[5])
    year.begin(COMMUNICATIONS_ROLE if way == "by group" else COUNCIL_ROLE)
    year.a_group_changes(PEOPLE[3], inside=False)
    for role, actor in list(zip(RECEIVING, PEOPLE, strict=False))[1:]:
        year.dismiss(role, actor)
    year.days_pass(1)
    assert year.morning == {str(persons.account(former))}
    if filed_first:
        year.report((), again=False)
    if way == "by group":
        year.a_group_changes(former, inside=False)
        year.a_group_changes(new, inside=True)
    else:
        year.name(COMMUNICATIONS_ROLE if way == "by hand" else COUNCIL_ROLE, new, replacing=True)
        year.dismiss(COMMUNICATIONS_ROLE, former)
    if not filed_first:
        year.report((), again=False)
    year.a_day_ends_with_the_readers_that_it_began_with()
    year.what_is_filed_on_a_day_of_handover_has_a_reader_that_day_or_the_next()
    year.days_pass(1)
    assert year.morning == {str(persons.account(new))}
    year.report((), again=False)
    year.what_is_filed_on_a_day_of_handover_has_a_reader_that_day_or_the_next()
    year.teardown()
