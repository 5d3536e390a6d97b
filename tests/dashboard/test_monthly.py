"""The report of a month reaches each holder of its roles once, when people work, come what may."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pikepdf
import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot, build
from bot.app.tasks import Tasks
from bot.backup import restore
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.dashboard import notices
from bot.dashboard.monthly import REPORT, latest_due, next_due
from bot.dashboard.periods import month_of
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes
from bot.outbox.sending import Sender
from bot.people import persons, roles
from bot.platforms.contract import Destination
from bot.schedule import names
from bot.schedule.clock import Schedule
from bot.settings import Settings
from bot.storage import state
from bot.storage.database import Storage
from tests.dashboard.test_report import read
from tests.kits.fake_clock import FakeClock
from tests.kits.office import CALENDAR
from tests.kits.outbox import Post, until_idle

THURSDAY = "2026-10-29T15:00:00Z"
FRIDAY = "2026-10-30T15:00:00Z"  # the 1st of November is a Sunday
MONDAY_AT_NINE = "2026-11-02T14:00:00Z"
MONDAY_AFTER = "2026-11-02T14:20:00Z"
COUNCIL, ADMINISTRATION = "conseil-executif", roles.ADMINISTRATION
DAY = date(2026, 1, 1)


@dataclass
class Inbox(Post):
    """A platform that keeps the messages themselves, by who receives them."""

    messages: list[tuple[str, Message]] = field(default_factory=list)

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        await super().deliver(to, message, delivery_id)
        self.messages.append((to.id, message))


@dataclass
class Association:
    """A bot on a file, its clock and its outbox, as they run."""

    path: Path
    roles: str
    clock: FakeClock = field(default_factory=lambda: FakeClock(THURSDAY))
    inbox: Inbox = field(default_factory=lambda: Inbox("discord"))

    def __post_init__(self) -> None:
        self.storage, self.bot = self.start()

    def start(self) -> tuple[Storage, Bot]:
        storage = Storage(self.path / "vigie.db")
        own = {"vigie_db": self.path / "vigie.db", "discord_token": "x", "vigie_rapport_roles": self.roles}
        bot = build(Settings().model_copy(update=own), storage, self.clock)
        storage.executor.submit(starting.settle, bot).result()
        return storage, bot

    def restart(self) -> None:
        self.storage.close()
        self.storage, self.bot = self.start()

    def within(self, work: Callable[[Database], object]) -> None:
        def done() -> None:
            with self.storage.transaction() as db:
                work(db)

        self.storage.executor.submit(done).result()

    def appoint(self, role: str, *users: str) -> None:
        def appoint(db: Database) -> None:
            for user in users:
                roles.appoint(db, role, persons.known(db, Actor("discord", "", user)), DAY, replacing=False)

        self.within(appoint)

    async def begin(self) -> None:
        """Let the clock beat on two days, so that counting has begun."""
        for moment in (THURSDAY, FRIDAY):
            assert await self.at(moment) == []

    async def at(self, moment: str) -> list[tuple[str, Message]]:
        """Make it that time, let the clock beat and the outbox send; return what was received."""
        self.clock.set(moment)
        before = len(self.inbox.messages)
        table = Tasks(self.bot, {}).work()
        ours = [daily for daily in table.daily if daily.task in {names.FIGURES, names.REPORT}]
        work = replace(table, daily=ours, hourly=(), on_beat=lambda _db, _now: None, ended=lambda: None)
        schedule = Schedule(self.storage, work, self.bot.calendar, self.clock)
        await schedule.tick()
        await schedule.close()
        routes, idle = Routes({"discord": self.inbox}), asyncio.Event()
        sender = Sender(
            self.storage, routes, self.bot.notices, self.clock, self.bot.calendar, settle=timedelta(0)
        )
        await until_idle(Pump(sender, idle=idle.set), idle)
        return [
            each for each in self.inbox.messages[before:] if next(each[1].own_words()).startswith("Rapport")
        ]

    def count_unanswered(self, month: str, count: int) -> None:
        """Have questions without an answer in a month, where people are enough for them to be counted."""

        def write(db: Database) -> None:
            for user in range(100, 106):
                persons.known(db, Actor("discord", "", str(user)))
            db.conn.execute(
                "INSERT INTO nameless_counts VALUES ('unanswered', 'pa20', '', ?, ?)", (month, count)
            )

        self.within(write)


@pytest.fixture
def association(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Association]:
    opened = Association(tmp_path, getattr(request, "param", f"{COUNCIL}, {ADMINISTRATION}"))
    yield opened
    opened.storage.close()


def people(received: Sequence[tuple[str, Message]]) -> list[str]:
    return sorted(person for person, _ in received)


def titles(received: Sequence[tuple[str, Message]]) -> list[str]:
    return [next(message.own_words()) for _, message in received]


def words(message: Message) -> str:
    return "\n".join(message.own_words())


async def test_it_comes_once_to_each_holder_on_the_first_working_day(association: Association) -> None:
    association.appoint(COUNCIL, "1", "2")
    association.appoint(ADMINISTRATION, "2", "3")  # who holds both roles receives it once
    await association.begin()
    for moment in ("2026-10-31T16:00:00Z", "2026-11-01T16:00:00Z", MONDAY_AT_NINE):
        assert await association.at(moment) == []
    assert people(await association.at(MONDAY_AFTER)) == ["1", "2", "3"]
    for moment in ("2026-11-02T15:00:00Z", "2026-11-03T15:00:00Z", "2026-11-20T15:00:00Z"):
        association.restart()
        assert await association.at(moment) == []
    assert people(await association.at("2026-12-01T14:30:00Z")) == ["1", "2", "3"]


async def test_after_days_without_the_bot_it_comes_when_people_work_again(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    assert await association.at("2026-11-07T16:00:00Z") == []  # a Saturday
    [(_, message)] = await association.at("2026-11-09T14:30:00Z")
    assert "Rapport d'octobre\u00a02026" in words(message)


async def test_after_months_without_it_the_last_three_come(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    received = await association.at("2027-03-09T15:00:00Z")
    assert titles(received) == [
        f"Rapport de {month}" for month in ("décembre\u00a02026", "janvier\u00a02027", "février\u00a02027")
    ]


async def test_a_clock_set_back_sends_nothing_twice(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    assert people(await association.at(MONDAY_AFTER)) == ["1"]
    for moment in ("2026-10-28T15:00:00Z", "2026-11-02T15:00:00Z", "2026-11-03T15:00:00Z"):
        assert await association.at(moment) == []


async def test_a_clock_that_was_years_ahead_silences_no_month(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    await association.at("2031-05-05T15:00:00Z")
    await association.at("2026-11-10T15:00:00Z")
    received = await association.at("2026-12-01T15:00:00Z")
    assert titles(received) == ["Rapport d'octobre\u00a02026", "Rapport de novembre\u00a02026"]


async def test_what_a_restored_copy_may_repeat_waits_for_a_yes(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    association.clock.set("2026-11-04T15:00:00Z")
    association.within(lambda db: state.hoist(db, state.RESTORED, association.clock(), "copie"))
    assert await association.at("2026-11-04T15:00:00Z") == []
    association.within(lambda db: restore.settle_held(db, association.clock(), send=True))
    assert people(await association.at("2026-11-04T15:10:00Z")) == ["1"]


@pytest.mark.parametrize("association", [""], indirect=True)
async def test_without_the_setting_nobody_receives_it(association: Association) -> None:
    association.appoint(ADMINISTRATION, "1")
    await association.begin()
    assert await association.at(MONDAY_AFTER) == []


async def test_a_role_that_is_new_in_the_setting_waits_for_the_next_month(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    association.appoint("suppleance", "2")
    await association.begin()
    await association.at(MONDAY_AFTER)
    association.roles = f"{COUNCIL}, suppleance"
    association.restart()
    assert await association.at("2026-11-10T15:00:00Z") == []
    assert people(await association.at("2026-12-01T15:00:00Z")) == ["1", "2"]


async def test_it_goes_to_who_holds_the_role_when_it_leaves(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    await association.at("2026-11-07T16:00:00Z")  # queued, on a Saturday
    association.within(
        lambda db: roles.appoint(
            db, COUNCIL, persons.known(db, Actor("discord", "", "2")), date(2026, 11, 8), replacing=True
        )
    )
    assert people(await association.at("2026-11-09T14:30:00Z")) == ["2"]


async def test_a_month_that_has_something_comes_as_a_pdf_and_a_quiet_one_as_a_line(
    association: Association,
) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    association.count_unanswered("2026-10", 12)
    [(_, message)] = await association.at(MONDAY_AFTER)
    [file] = message.files()
    assert file.name == "rapport-2026-10.pdf"
    assert "Les questions sans réponse\u00a0: 10 à 14, en hausse" in words(message)
    with pikepdf.open(io.BytesIO(file.content)) as pages:
        assert pages.open_metadata()["pdfuaid:part"] == "1"
    [(_, message)] = await association.at("2026-12-01T15:00:00Z")
    assert message.files(), "what left « 10 à 14 » is news"
    [(_, message)] = await association.at("2027-01-04T15:00:00Z")
    assert not message.files()
    assert "il n'y a pas de rapport à lire" in words(message)
    assert len(words(message)) < 300


async def test_the_month_that_ends_the_year_comes_with_the_year(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    association.count_unanswered("2026-10", 12)
    await association.at("2027-08-30T15:00:00Z")
    [(_, message)] = await association.at("2027-09-01T14:30:00Z")
    [file] = message.files()
    text = read(file.content)
    assert "Rapport d’août 2027" in text
    assert "Année 2026-2027" in text


async def test_a_role_that_nobody_holds_makes_no_dead_letter(association: Association) -> None:
    association.appoint(ADMINISTRATION, "1")
    await association.begin()
    assert people(await association.at(MONDAY_AFTER)) == ["1"]
    states: list[str] = []
    association.within(
        lambda db: states.extend(row[0] for row in db.conn.execute("SELECT DISTINCT state FROM outbox"))
    )
    assert "dead" not in states


async def test_a_picture_comes_once_a_minute_to_who_may_see_it(association: Association) -> None:
    association.appoint(COUNCIL, "1")
    await association.begin()
    await association.at(MONDAY_AFTER)
    month = month_of(date(2026, 10, 1))

    def ask(user: str) -> None:
        def queue(db: Database) -> None:
            person = persons.known(db, Actor("discord", "", user))
            notices.send_picture(db, person, month, association.clock())

        association.within(queue)

    for user in ("1", "1", "9"):
        ask(user)
    await association.at("2026-11-02T14:21:00Z")
    [(person, message)] = [each for each in association.inbox.messages if each[1].files()]
    [file] = message.files()
    assert (person, file.name) == ("1", "tableau-2026-10.png")
    assert "les accueils" in file.alternative


@pytest.mark.parametrize(
    ("today", "due", "leaves"),
    [
        ("2026-10-30", "2026-09", "2026-11-02"),  # the 1st of November is a Sunday
        ("2026-11-01", "2026-09", "2026-11-02"),
        ("2026-11-02", "2026-10", "2026-11-02"),
        ("2026-11-03", "2026-10", "2026-12-01"),
        ("2026-12-31", "2026-11", "2027-01-04"),  # a public holiday, then a weekend
    ],
)
def test_a_month_is_due_from_the_first_working_day_of_the_next(today: str, due: str, leaves: str) -> None:
    day = date.fromisoformat(today)
    assert latest_due(day, CALENDAR).id == due
    assert next_due(day, CALENDAR) == date.fromisoformat(leaves)


def test_its_notice_is_named_for_the_administration(association: Association) -> None:
    assert association.bot.notices.title(REPORT.name) == "le rapport du mois"
