"""What runs beside the platforms: done whatever else goes wrong, and ended in time."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import pytest
from sqlite_utils import Database

from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources, Verdict
from bot.app import background, serving, starting
from bot.app.build import Bot, build
from bot.app.tasks import Tasks
from bot.backup import copies as backup
from bot.backup import restore
from bot.conversation.deferred import aside
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.outbox.notices import DEAD_LETTER, DeadLetter
from bot.outbox.rows import Delivery, enqueue
from bot.people import persons, roles
from bot.platforms.contract import Destination
from bot.platforms.groups import FollowedGroup
from bot.policy.articles import PolicyError
from bot.register import signing
from bot.register.attestations import Attesting
from bot.reports import access, escalation, filing, handovers, readers
from bot.reports.records import Session
from bot.revision import revisions
from bot.revision.revisions import Dates, Proposal
from bot.schedule import inbound
from bot.schedule.clock import Schedule, plan
from bot.schedule.names import LEARN
from bot.settings import Settings
from bot.storage import state
from bot.storage.database import Storage, StorageError
from bot.times import utc
from tests.kits.effort import PATIENCE
from tests.kits.fake_clock import FakeClock
from tests.kits.office import CALENDAR, already
from tests.kits.outbox import delivery
from tests.kits.people import COUNCIL_ROLE
from tests.kits.register import PA20
from tests.kits.reports.records import VP, a_report
from tests.wire.bot_process import MODELS, free_port

Found = TypeVar("Found")
WORD = DeadLetter("0f3c9a5be2d14c70", "avis", "gone")


@dataclass
class Stuck:
    """A platform that starts, and then never ends anything."""

    name: str = "Discord"
    address: str = ""
    sending: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None: ...

    async def close(self) -> None:
        await asyncio.Event().wait()

    async def ready(self) -> bool:
        return True

    async def fetch_members(self, group: FollowedGroup) -> Collection[Actor]:
        raise NotImplementedError(group)

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        del to, message, delivery_id
        self.sending.set()
        await asyncio.Event().wait()

    async def was_delivered(self, *_: object) -> bool:
        return False


@dataclass
class Home:
    """A whole bot on a file, with a clock that the test moves."""

    bot: Bot
    storage: Storage
    clock: FakeClock

    def within(self, work: Callable[[Database], Found]) -> Found:
        def done() -> Found:
            with self.storage.transaction() as db:
                return work(db)

        return self.storage.executor.submit(done).result()

    def schedule(self) -> Schedule:
        return Schedule(self.storage, Tasks(self.bot, {}).work(), CALENDAR, self.clock)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    clock, storage = FakeClock(), Storage(tmp_path / "vigie.db")
    settings = {
        "vigie_db": str(tmp_path / "vigie.db"), "discord_token": "x",
        "vigie_admins": "discord:123456789012345678",
        "vigie_sante_port": str(free_port()), "vigie_modeles": str(MODELS),
    }  # fmt: skip
    bot = build(Settings.model_validate(settings), storage, clock)
    storage.executor.submit(starting.settle, bot).result()
    yield Home(bot, storage, clock)
    storage.close()


async def test_an_event_is_forgotten_once_the_day_after_it_is_over(home: Home) -> None:
    schedule = home.schedule()
    home.within(lambda db: inbound.hear(db, "Ev1", home.clock()))
    home.clock.move(hours=48)
    await schedule.tick()
    await schedule.close()
    assert not home.within(lambda db: db["inbound_events"].count)


async def test_a_restoration_with_nothing_held_is_over_once_the_bot_has_caught_up(home: Home) -> None:
    home.within(lambda db: state.hoist(db, state.RESTORED, home.clock()))
    home.within(lambda db: plan(db, "vieux", "retention", home.clock() - timedelta(hours=1)))
    assert home.within(lambda db: restore.settle_held(db, home.clock(), send=True)) == 0
    assert home.within(lambda db: state.flag(db, state.RESTORED)), "what is overdue is still to be done"
    schedule = home.schedule()
    await schedule.tick()
    await schedule.tick()
    await schedule.close()
    assert home.within(lambda db: state.flag(db, state.RESTORED)) is None


async def test_a_restoration_lasts_until_what_is_held_is_settled(home: Home) -> None:
    home.within(lambda db: state.hoist(db, state.RESTORED, home.clock()))
    home.within(lambda db: enqueue(db, delivery("un", "role:administration"), home.clock()))
    home.within(lambda db: db.conn.execute("UPDATE outbox SET state = 'held'"))
    schedule = home.schedule()
    await schedule.tick()
    await schedule.tick()
    await schedule.close()
    assert home.within(lambda db: state.flag(db, state.RESTORED))
    assert home.within(lambda db: restore.settle_held(db, home.clock(), send=False)) == 1
    assert home.within(lambda db: state.flag(db, state.RESTORED)) is None


async def test_old_copies_but_the_last_expire_even_when_the_new_one_fails(home: Home) -> None:
    copies, keys = home.bot.settings.copies(), home.bot.settings.keys()
    copies.mkdir()
    for day in ("2020-01-01", "2020-01-02"):
        (copies / f"vigie-{day}.chiffre").write_bytes(b"x")
    (keys / backup.KEY_FILE).write_text("abîmée", encoding="utf-8")
    with pytest.raises(StorageError):
        await Tasks(home.bot, {}).work().errands["copie"]({}, home.clock())
    assert [path.name for path in copies.iterdir()] == ["vigie-2020-01-02.chiffre"]


def test_a_copy_under_way_keeps_nothing_from_ending() -> None:
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def copy() -> None:
        started.set()
        release.wait(PATIENCE)
        ended.set()

    async def stopped_meanwhile() -> None:
        copying = asyncio.create_task(aside(copy))
        await asyncio.to_thread(started.wait, 10)
        copying.cancel()

    asyncio.run(stopped_meanwhile())
    assert not ended.is_set()
    release.set()


async def test_all_is_closed_in_one_delay_when_nothing_ends(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "ENDING_SECONDS", 0.5)
    monkeypatch.setattr(serving, "CLOSING_SECONDS", 0.8)
    monkeypatch.setattr(serving, "LEAST_SECONDS", 0.1)
    stuck = Stuck()
    account = persons.Account("discord", "", "1")
    home.within(lambda db: _cause(db, persons.known(db, account), home.clock))
    platforms = {"discord": stuck}
    behind = background.running(home.bot, platforms, platforms, _silent, already())
    life = asyncio.create_task(serving.serve([stuck], _silent, behind))
    async with asyncio.timeout(PATIENCE):
        await stuck.sending.wait()
        with patch.object(asyncio, "wait", wraps=asyncio.wait) as wait:
            os.kill(os.getpid(), signal.SIGTERM)
            assert await life is serving.Ending.DONE
    ending, closing = [call.kwargs["timeout"] for call in wait.await_args_list if "timeout" in call.kwargs]
    assert ending == 0.5
    assert 0.1 <= closing <= 0.3, "what is left of the one delay, and not all of it"


async def test_what_a_report_needs_is_loaded_a_while_after_the_start_and_not_at_the_first_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "PREPARED_SECONDS", 0.0)
    prepared = threading.Event()
    monkeypatch.setattr(Bot, "prepare_reports", lambda _: prepared.set())
    async with background.running(home.bot, {}, {}, _silent, already()):
        assert await asyncio.to_thread(prepared.wait, PATIENCE)


async def test_what_a_report_needs_and_does_not_read_is_one_line_of_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "PREPARED_SECONDS", 0.0)

    def broken(_: Bot) -> None:
        raise PolicyError("banque.toml", 3, "ce n'est pas du TOML valide")

    monkeypatch.setattr(Bot, "prepare_reports", broken)
    async with background.running(home.bot, {}, {}, _silent, already()), asyncio.timeout(PATIENCE):
        while "that reports need cannot be read" not in caplog.text:  # noqa: ASYNC110 — it is only logged
            await asyncio.sleep(0.01)
    assert "Traceback" not in caplog.text


async def test_a_clock_that_does_not_start_well_is_one_line_of_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Schedule) -> None:
        raise RuntimeError("s3cr3t")

    monkeypatch.setattr(Schedule, "start", broken)
    async with background.running(home.bot, {}, {}, _silent, already()), asyncio.timeout(PATIENCE):
        while "the clock's start failed: RuntimeError" not in caplog.text:  # noqa: ASYNC110 — only logged
            await asyncio.sleep(0.01)
    assert "s3cr3t" not in caplog.text


async def test_the_clock_waits_for_the_platforms_to_be_tried_but_not_for_ever(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, tried = asyncio.Event(), asyncio.Event()

    async def start(_: Schedule) -> None:
        began.set()

    monkeypatch.setattr(Schedule, "start", start)
    async with background.running(home.bot, {}, {}, _silent, tried):
        await asyncio.sleep(0)
        assert not began.is_set()
        tried.set()
        await asyncio.wait_for(began.wait(), PATIENCE)
    began.clear()
    monkeypatch.setattr(background, "TRIED_SECONDS", 0.01)
    async with background.running(home.bot, {}, {}, _silent, asyncio.Event()):
        await asyncio.wait_for(began.wait(), PATIENCE)


def _cause(db: Database, person: str, clock: FakeClock) -> None:
    word = Delivery("un", f"person:{person}", DEAD_LETTER, WORD, urgent=True)
    enqueue(db, word, clock() - timedelta(minutes=1))


def _silent(_: str) -> None:
    """Say nothing."""


def test_the_delays_leave_room_before_the_ten_seconds() -> None:
    assert background.ENDING_SECONDS + 5 < serving.CLOSING_SECONDS + serving.LEAST_SECONDS <= 10


def test_at_the_start_what_keeps_things_from_going_as_usual_is_said(home: Home) -> None:
    assert home.storage.executor.submit(starting.reminders, home.bot).result() == []

    def spoil(db: Database) -> None:
        state.hoist(db, state.PAUSED, home.clock())
        for key, what in (("un", "held"), ("deux", "dead")):
            enqueue(db, delivery(key, "role:administration"), home.clock())
            db.conn.execute("UPDATE outbox SET state = ? WHERE key = ?", (what, key))
        db.conn.execute("DELETE FROM role_holders")

    home.within(spoil)
    paused, held, dead, nobody = home.storage.executor.submit(starting.reminders, home.bot).result()
    assert "vigie reprendre" in paused
    assert "vigie retenus" in held
    assert "vigie lettres" in dead
    assert "vigie roles nommer administration" in nobody


async def test_an_administrator_named_on_the_machine_is_told_to_every_holder_and_to_the_log(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    schedule = home.schedule()
    appoint(home, VP, "111")
    appoint(home, COUNCIL_ROLE, "222")
    await schedule.tick()

    def on_the_machine(db: Database) -> None:
        db.conn.execute("UPDATE outbox SET state = 'sent'")
        newcomer = persons.known(db, Actor("discord", "", "333"))
        roles.appoint(db, roles.ADMINISTRATION, newcomer, home.bot.today())
        readers.follow(db, home.bot.today(), home.clock(), readers.MACHINE)

    home.within(on_the_machine)
    caplog.clear()
    await schedule.tick()
    asked = "SELECT recipient FROM outbox WHERE state = 'queued' AND notice = 'nomination' ORDER BY 1"
    recipients = [row[0] for row in home.within(lambda db: db.conn.execute(asked).fetchall())]
    former = "person:discord//123456789012345678"
    assert recipients == ["person:discord//111", former, "person:discord//222", "person:discord//333"]
    [line] = [
        record.getMessage()
        for record in caplog.records
        if "command line" in record.getMessage() and "is able" in record.getMessage()
    ]
    assert line.startswith("roles: administration: someone is able from 2026-11-24 on")
    await schedule.close()


def test_a_setting_that_is_out_of_date_brings_no_administrator_back(home: Home) -> None:
    def leave(db: Database) -> None:
        db.conn.execute("DELETE FROM role_holders")

    home.within(leave)
    home.storage.executor.submit(starting.settle, home.bot).result()
    assert not home.within(lambda db: roles.holders(db, roles.ADMINISTRATION, home.bot.today()))


async def test_a_bank_that_cannot_be_learnt_keeps_no_other_from_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def make(sources: Sources, models: Path) -> Verdict:
        del models
        tried.append(sources.version.key)
        raise ModelError("l'entraînement a été trop long.")

    monkeypatch.setattr(store, "learn", make)
    home.bot.settings = home.bot.settings.model_copy(update={"vigie_modeles": tmp_path / "modeles"})
    schedule = home.schedule()
    home.within(lambda db: approve(home, db))
    await settled(home, schedule)
    await schedule.close()
    assert tried == ["2015-12-13", "2026-11-20"]


async def test_a_revision_is_learnt_once_it_is_approved_and_is_ready_on_its_day(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make(sources: Sources, models: Path) -> Verdict:
        made.append(sources.version.key)
        assert threading.current_thread().name == "aside", "not where everything is stored"
        found = Verdict(sources.key(), sources.base(), 1, f"pa20-{sources.key()}.npz", swapped=True)
        store.save_verdict(models, "pa20", found)
        (models / found.model).touch()
        return found

    monkeypatch.setattr(store, "learn", make)
    home.bot.settings = home.bot.settings.model_copy(update={"vigie_modeles": tmp_path / "modeles"})
    schedule = home.schedule()
    home.within(lambda db: approve(home, db))
    await settled(home, schedule)
    assert made == ["2015-12-13", "2026-11-20"]
    home.clock.move(hours=15 * 24)
    await settled(home, schedule)
    await schedule.close()
    assert home.bot.library.default.versions[-1].key == "2026-11-20"
    assert made == ["2015-12-13", "2026-11-20"], "it was ready"


def approve(home: Home, db: Database) -> None:
    archive, today = home.bot.archive, CALENDAR.day(home.clock())
    text = home.bot.library.default.versions[-1].markdown.replace("nous vous invitons", "nous vous prions")
    proposed = archive.propose(db, Proposal("pa20", text, "file", "2015-12-13"), today)
    dates = Dates(date(2026, 11, 20), today + timedelta(days=14))
    archive.plan(db, revisions.approve(db, proposed, None, dates, today), home.clock())


async def settled(home: Home, schedule: Schedule) -> None:
    """Beat until nothing that is due is still under way."""
    await schedule.tick()
    while home.within(lambda db: db.execute("SELECT 1 FROM due_tasks WHERE task = ?", [LEARN]).fetchone()):
        await asyncio.sleep(0.01)
        await schedule.tick()


# --- Reports that have no recipient ----------------------------------------------


def report(home: Home, where: str, **choices: object) -> None:
    """Report a post, urgently."""
    records = home.bot.reporting.records
    reported = a_report(where, urgent=True, **choices)
    home.within(lambda db: filing.file_report(Session(db, records, home.clock()), reported))


def appoint(home: Home, role: str, user: str) -> None:
    """Have someone hold a role."""
    actor = Actor("discord", "", user)
    home.within(lambda db: roles.appoint(db, role, persons.known(db, actor), CALENDAR.day(home.clock())))


async def told_over(
    home: Home, schedule: Schedule, caplog: pytest.LogCaptureFixture, hours: int
) -> list[str]:
    """Let the clock beat for so many working hours; return what the log says of reports meanwhile."""
    caplog.clear()
    for _ in range(hours * 2):
        home.clock.move(minutes=30)
        await schedule.tick()
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("reports: ")]


async def test_reports_that_nobody_can_be_told_of_are_counted_in_the_log_once_until_someone_is_there(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    schedule = home.schedule()
    report(home, "a")
    report(home, "b")
    nobody = "reports: 2 have no recipient: see vigie roles"
    assert await told_over(home, schedule, caplog, hours=3) == [nobody]
    appoint(home, VP, "111")
    assert await told_over(home, schedule, caplog, hours=48) == []  # named since: nobody reads them yet

    def hand_over(db: Database) -> None:
        session = Session(db, home.bot.records, home.clock())
        for case_id in handovers.stranded(session):
            access.hand_over(session, case_id, VP)
            escalation.entrust(session, case_id, VP, session.at_once)

    home.within(hand_over)
    assert await told_over(home, schedule, caplog, hours=1) == []
    notices = home.within(
        lambda db: db.conn.execute(
            "SELECT notice FROM outbox WHERE notice LIKE 'signalement%' ORDER BY 1"
        ).fetchall()
    )
    assert notices == [
        ("signalement",),
        ("signalement",),
        ("signalements-sans-personne",),
    ]
    await schedule.close()


@pytest.mark.parametrize("accused", [True, False], ids=["after one that names her", "alone"])
async def test_an_administrator_learns_nothing_from_the_notice_that_does_not_come(
    home: Home, *, accused: bool
) -> None:
    """She is the only administrator, and the only one who could read: the first report names her."""
    schedule = home.schedule()
    appoint(home, VP, "123456789012345678")
    home.clock.move(days=1)
    await schedule.tick()
    if accused:
        report(home, "a", implicated=(VP,))
    notices = await strandings(home, schedule)
    her = Actor("discord", "", "123456789012345678")
    home.within(lambda db: roles.dismiss(db, VP, persons.known(db, her), CALENDAR.day(home.clock())))
    notices += await strandings(home, schedule)
    report(home, "b")
    notices += await strandings(home, schedule)
    report(home, "c")
    notices += await strandings(home, schedule)
    await schedule.close()
    assert notices == [0, 0, 1, 2], "one for each case that she may hear of, as it comes"


async def strandings(home: Home, schedule: Schedule) -> list[int]:
    """Let the clock beat; return how many times someone was told that reports have nobody."""
    for _ in range(4):
        home.clock.move(minutes=30)
        await schedule.tick()
    query = "SELECT count(*) FROM outbox WHERE notice = 'signalements-sans-personne'"
    return [home.within(lambda db: int(db.conn.execute(query).fetchone()[0]))]


async def test_a_report_that_someone_was_told_of_is_not_said_to_have_nobody_when_no_other_can_be(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    schedule = home.schedule()
    appoint(home, VP, "111")
    report(home, "a")
    assert await told_over(home, schedule, caplog, hours=2) == []
    home.within(lambda db: db.conn.execute("UPDATE outbox SET state = 'dead', problem = 'closed'"))
    assert await told_over(home, schedule, caplog, hours=2) == []
    await schedule.close()


async def test_what_was_refused_is_told_once_the_next_morning_without_a_moment_or_a_name(home: Home) -> None:
    schedule, notices, limiter = home.schedule(), [], home.bot.reporting.limiter
    await schedule.tick()
    for _ in range(24 * 4):
        limiter.take("slack:T1/U1")
        while home.clock() < utc("2026-11-25T02:00:00Z") and limiter.take_from_web():
            pass
        home.clock.move(minutes=15)
        await schedule.tick()
        rows = home.within(
            lambda db: db.conn.execute("SELECT arguments FROM outbox WHERE notice = 'signalements-limite'")
        ).fetchall()
        notices.append((home.clock(), rows, sample(home, "web"), sample(home, "chat")))
    await schedule.close()
    morning = next(at for at, rows, *_ in notices if rows)
    assert CALENDAR.day(morning) == date(2026, 11, 25)
    assert morning.astimezone(CALENDAR.zone).time() == time(9, 15)
    for at, rows, web, chat in notices:
        assert (rows, web, chat) == (([('{"doors": ["web"]}',)], 1, 0) if at >= morning else ([], None, None))


def sample(home: Home, door: str) -> float | None:
    """Return what the metrics say of a door's limit."""
    registry = home.bot.metrics.registry
    return registry.get_sample_value("vigie_reports_limited", {"door": door})


# --- The night's copy ---------------------------------------------------------------------------


async def night(home: Home) -> list[str]:
    """Let the clock come to the night's copy; return the errands that failed."""
    failed: list[str] = []
    schedule = Schedule(home.storage, Tasks(home.bot, {}).work(), CALENDAR, home.clock, failed=failed.append)
    home.within(lambda db: plan(db, "une copie", "copie", home.clock()))
    await schedule.tick()
    await asyncio.gather(*schedule._errands.values())  # the hour's copy is due too
    await schedule.close()
    home.within(lambda db: db.conn.execute("DELETE FROM due_tasks WHERE key = 'une copie'"))
    return failed


async def test_a_lost_key_is_never_replaced_while_sealed_copies_need_it(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    copies, keys = home.bot.settings.copies(), home.bot.settings.keys()
    assert await night(home) == []
    keys.rename(keys.with_name("ailleurs"))
    home.clock.move(days=1)
    assert set(await night(home)) == {"copie", "copie-heure"}
    assert "il manque la clé des sauvegardes" in caplog.text
    assert not (keys / backup.KEY_FILE).exists()
    assert len(backup.nights(copies)) == 1
    keys.with_name("ailleurs").rename(keys)
    assert await night(home) == []
    assert len(backup.nights(copies)) == 2


async def test_a_file_named_for_a_day_that_does_not_exist_stops_no_copy(home: Home) -> None:
    copies = home.bot.settings.copies()
    copies.mkdir()
    for name in ("vigie-2026-13-45.chiffre.sha256", "vigie-2020-01-01.chiffre.sha256"):
        (copies / name).write_bytes(b"x")
    assert await night(home) == []
    assert backup.nightly(copies, CALENDAR.day(home.clock())).exists()
    assert {path.name for path in copies.iterdir() if "2026-13" in path.name or "2020" in path.name} == {
        "vigie-2026-13-45.chiffre.sha256"
    }


async def test_an_old_copy_that_cannot_be_removed_does_not_stop_the_night_s(home: Home) -> None:
    copies = home.bot.settings.copies()
    (copies / "vigie-2020-01-01.chiffre.sha256").mkdir(parents=True)
    assert await night(home) == ["copie"], "it is said"
    assert backup.nightly(copies, CALENDAR.day(home.clock())).exists()


# --- The register's key and the note of its end ------------------------------------------------


async def test_a_lost_key_of_the_register_is_never_replaced_in_silence(home: Home) -> None:
    keys = home.bot.settings.keys()

    def attest(user: str) -> None:
        account = persons.Account("discord", "", user)

        def write(db: Database) -> None:
            person = persons.known(db, account)
            home.bot.registrar.attest(db, Attesting(person, user, account, PA20, home.clock()))

        home.within(write)
        home.storage.executor.submit(home.bot.registrar.catch_up).result()

    attest("1")
    keys.rename(keys.with_name("ailleurs"))
    with pytest.raises(StorageError, match="il manque la clé du registre"):
        attest("2")
    assert not (keys / signing.KEY_FILE).exists()
    lines = home.storage.executor.submit(starting.reminders, home.bot).result()
    assert [line for line in lines if line.startswith("Registre\u00a0: ")], "the bot starts, and says it"
    keys.with_name("ailleurs").rename(keys)
    attest("2")
    assert home.storage.executor.submit(starting.reminders, home.bot).result() == []
