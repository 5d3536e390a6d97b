"""What the database's file tells of reports: not their order, not where they came from."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot, build
from bot.app.tasks import Tasks
from bot.backup import destroyed
from bot.conversation.forms import Form
from bot.conversation.messages import Message
from bot.conversation.requests import Actor, Request
from bot.outbox.routes import Routes
from bot.outbox.rows import bury, enqueue
from bot.outbox.sending import Sender
from bot.people import persons, roles
from bot.people.roles import ADMINISTRATION
from bot.platforms.contract import Destination
from bot.reports import codes
from bot.reports.filing import Report, open_report
from bot.schedule.clock import Schedule
from bot.settings import Settings
from bot.storage.database import Storage
from bot.times import public_holidays, utc
from bot.web.form import WebForm
from tests.kits.fake_clock import FakeClock
from tests.kits.office import CALENDAR
from tests.kits.outbox import Outcome, Post, delivery
from tests.kits.people import ALEX
from tests.kits.people import COMMUNICATIONS_ROLE as VP
from tests.leaks import sinks

ADMIN = Actor("slack", "T1", "U9")
SUMMARY = "On y dit du mal de l'association."
WHERE = "https://www.facebook.com/spotted/posts/123"


class Life:
    """A bot on a file, with a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.storage = folder, FakeClock(), Storage(folder / "vigie.db")
        settings = Settings(vigie_db=folder / "vigie.db", discord_token="x")
        self.bot = build(settings, self.storage, self.clock)
        self.storage.executor.submit(starting.settle, self.bot).result()
        self.within(lambda db: roles.appoint(db, VP, persons.known(db, ALEX), CALENDAR.today(self.clock)))
        self.schedule = Schedule(self.storage, Tasks(self.bot, {}).work(), CALENDAR, self.clock)

    async def beat(self, **span: float) -> None:
        """Let some time go by, then have the clock beat, and its errands done."""
        self.clock.move(**span)
        await self.schedule.tick()
        await asyncio.gather(*self.schedule._errands.values())

    async def hour(self) -> None:
        """Let an hour go by, and the beat after it."""
        await self.beat(hours=1)
        await self.beat(seconds=10)

    def within(self, work: Callable[[Database], object]) -> None:
        def done() -> None:
            with self.storage.transaction() as db:
                work(db)

        self.storage.executor.submit(done).result()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.storage.executor.submit(lambda: self.storage._db.conn.execute(sql).fetchall()).result()


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.storage.close()


@pytest.fixture
def bot(life: Life) -> Bot:
    return life.bot


async def report(bot: Bot, where: str, **more: Any) -> str:  # noqa: ANN401 — the fields of a report
    """Report from the web form; return the code."""
    form, code = WebForm(bot.reporting, port=0), codes.new_code()
    review = await form._reviewed(Report(where, SUMMARY, **more))
    assert not review.problems
    bot.reporting.limiter._shared["web"]._ends.clear()
    await form._file(review.report, None, code)
    return code


async def withdraw(bot: Bot, code: str) -> None:
    """Withdraw a report, with its code."""
    reporting = bot.reporting
    await bot.office.storage.run(lambda: reporting.withdraw(reporting.receipt_of(code)))


def whole(folder: Path) -> bytes:
    """Return what the database and its companions hold."""
    return b"".join(path.read_bytes() for path in folder.glob("vigie.db*"))


def pages_of(file: Path) -> list[tuple[str, int]]:
    """Return where each report's sealed content begins in the file, by identifier."""
    content = file.read_bytes()
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as conn:
        rows = conn.execute("SELECT id, sealed FROM report_filings ORDER BY id").fetchall()
    return [(row_id, content.find(sealed[-64:])) for row_id, sealed in rows]


async def test_each_hour_the_file_forgets_in_which_order_reports_came(life: Life, tmp_path: Path) -> None:
    file = tmp_path / "vigie.db"
    for number in range(12):
        await report(life.bot, f"https://exemple.ca/{number}")
    await life.beat(seconds=10)
    came = [row_id for row_id, _ in sorted(pages_of(file), key=lambda row: row[1])]
    await life.hour()
    assert (tmp_path / "vigie.db-wal").stat().st_size == 0, "the WAL would tell it"
    by_place = [row_id for row_id, _ in sorted(pages_of(file), key=lambda row: row[1])]
    assert by_place == sorted(by_place), "they lie in the order of their identifiers, which are random"
    assert by_place != came, "before that, the file tells"


def test_without_it_the_file_would_tell(tmp_path: Path) -> None:
    """The reason for the rewriting: pages are taken in turn, whatever the keys."""
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as conn:
        conn.execute("CREATE TABLE x (id TEXT PRIMARY KEY, sealed BLOB) STRICT, WITHOUT ROWID")
        dice = random.Random(3)  # noqa: S311 — to be the same each time
        contents = [dice.randbytes(3_000) for _ in range(20)]
        for content in contents:
            conn.execute("INSERT INTO x VALUES (?, ?)", (dice.randbytes(16).hex(), content))
    written = (tmp_path / "x.db").read_bytes()
    places = [written.find(content[-64:]) for content in contents]
    assert places == sorted(places)


async def test_what_is_withdrawn_is_nowhere_in_the_file_at_the_next_beat(life: Life, tmp_path: Path) -> None:
    code = await report(life.bot, WHERE)
    await life.beat(seconds=10)
    [(sealed,)] = life.rows("SELECT sealed FROM report_filings")
    assert sealed[-64:] in whole(tmp_path)
    await withdraw(life.bot, code)
    await life.beat(seconds=10)
    assert sealed[-64:] not in whole(tmp_path)
    assert sealed[20:84] not in whole(tmp_path)


async def add(life: Life, code: str) -> None:
    """Add a message to a report, with its code."""
    reporting = life.bot.reporting
    await life.storage.run(lambda: reporting.add(reporting.receipt_of(code), "Un mot de plus."))


async def test_nothing_that_reporters_do_touches_the_file_nor_counts_in_it(
    life: Life, tmp_path: Path
) -> None:
    file = tmp_path / "vigie.db"
    await life.beat(seconds=10)
    before, content = file.stat(), file.read_bytes()
    code = await report(life.bot, WHERE)
    await add(life, code)
    await withdraw(life.bot, code)
    assert file.read_bytes() == content
    assert (file.stat().st_mtime_ns, file.stat().st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


async def test_the_schema_counts_the_hours_and_not_the_reports(life: Life) -> None:
    async def hour(reports: int) -> int:
        [(before,)] = life.rows("PRAGMA schema_version")
        for number in range(reports):
            await withdraw(life.bot, await report(life.bot, f"https://exemple.ca/{number}"))
        await life.hour()
        [(after,)] = life.rows("PRAGMA schema_version")
        return int(after) - int(before)

    await life.beat(seconds=10)
    assert [await hour(0), await hour(3), await hour(0)] == [1, 1, 1]


async def test_every_beat_dates_alike_what_a_report_or_a_withdrawal_writes(
    life: Life, tmp_path: Path
) -> None:
    keys = tmp_path / "cles"
    await withdraw(life.bot, await report(life.bot, WHERE))
    dated = [tmp_path / name for name in ("vigie.db", "vigie.db-wal", "vigie.db-shm")]
    dated += [keys, keys / destroyed.FILE]
    for path in dated:
        os.utime(path, (0, 0))
    with (keys / destroyed.FILE).open() as former:  # open, so that its number is not used again
        await life.beat(seconds=10)
        number = os.fstat(former.fileno()).st_ino
    assert [path.name for path in dated if path.stat().st_mtime < time.time() - 60] == []
    assert (keys / destroyed.FILE).stat().st_ino != number, "else it is as old as the withdrawal"


def test_the_keys_are_as_old_as_the_bot_and_not_as_its_first_report(life: Life, tmp_path: Path) -> None:
    assert life.rows("SELECT count(*) FROM report_cases") == [(0,)]
    assert (tmp_path / "cles" / "signalements.cles").exists()


async def test_the_list_of_what_was_destroyed_tells_neither_what_nor_the_order(
    life: Life, tmp_path: Path
) -> None:
    file, identifiers = tmp_path / "cles" / destroyed.FILE, list[str]()
    for number in range(8):
        code = await report(life.bot, f"https://exemple.ca/{number}")
        [row] = life.rows("SELECT id, case_id FROM report_filings")
        await withdraw(life.bot, code)
        identifiers += row
    lines = file.read_text("ascii").splitlines()
    assert lines == sorted(lines)
    assert len([line for line in lines if not line.startswith("liste ")]) == len(identifiers)
    assert not [word for word in (*identifiers, "report", "2026-11-24") if word in file.read_text("ascii")]


def test_what_no_copy_can_bring_back_leaves_the_list(life: Life, tmp_path: Path) -> None:
    keys = tmp_path / "cles"
    destroyed.record(keys, "people", ["then"], life.clock)
    listed = destroyed.row_hash("people", "then")
    destroyed.expire(keys, CALENDAR.day(life.clock() + timedelta(days=360)))
    assert listed in destroyed.recorded(keys)
    destroyed.expire(keys, CALENDAR.day(life.clock() + timedelta(days=400)))
    assert listed not in destroyed.recorded(keys)


# --- What a report has the bot load --------------------------------------------------------------


async def loaded(life: Life) -> set[str]:
    """Report in both ways, let the clock beat, and return the files and modules that were read meanwhile."""
    seen: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:  # a hook cannot be removed
        if watching and event in {"open", "import"}:
            seen.append(str(arguments[0]))

    sys.addaudithook(watch)
    await _from_the_chat(life.bot)
    code = await report(life.bot, f"https://exemple.ca/{len(seen)}", urgent=True)
    await add(life, code)
    for _ in range(3):
        await life.beat(seconds=10)
    await withdraw(life.bot, code)
    watching.clear()
    return {name for name in seen if not name.startswith(str(life.folder))}


async def test_the_first_report_after_a_start_loads_nothing_more_than_the_next(life: Life) -> None:
    """Everyone waits for what is loaded: whoever asks for pages all the time would see that moment."""
    public_holidays.cache_clear()  # another test may have read them
    life.bot.prepare_reports()
    first, second = await loaded(life), await loaded(life)
    assert first <= second


# --- The times of rows ---------------------------------------------------------------------------

_TIMES = """SELECT 'filing', appears_at FROM report_filings UNION ALL
            SELECT 'message', appears_at FROM report_messages UNION ALL
            SELECT 'alert', due_at FROM report_alerts WHERE sealed_due IS NULL UNION ALL
            SELECT 'outbox', due_at FROM outbox WHERE notice LIKE 'signalement%'"""
MIDNIGHT = "2026-11-24T05:00:00Z"  # in Trois-Rivières


@pytest.mark.parametrize("urgent", [True, False])
async def test_once_it_has_passed_a_report_has_no_time_left_but_its_day(life: Life, urgent: bool) -> None:
    code = await report(life.bot, WHERE, urgent=urgent)
    await add(life, code)
    if not urgent:
        drawn = {time for _, time in life.rows(_TIMES)}
        assert MIDNIGHT not in drawn
    await life.beat(hours=1, minutes=1)
    kinds = life.rows(_TIMES)
    assert {kind for kind, _ in kinds} == {"filing", "message", "alert", "outbox"}
    assert {time for _, time in kinds} == {MIDNIGHT}


async def test_until_a_case_is_read_its_delivery_and_its_reminders_are_sealed(life: Life) -> None:
    """The key is needed to know when they are due, which tells when an urgent report came."""
    await report(life.bot, WHERE, urgent=True)
    await life.beat(seconds=10)
    life.within(lambda db: db.conn.execute("UPDATE outbox SET state = 'sent' WHERE key LIKE 'signalement:%'"))
    await life.beat(seconds=10)
    [(delivered_at,)] = life.rows("SELECT delivered_at FROM report_cases")
    levels = dict(life.rows("SELECT level, due_at FROM report_alerts WHERE sealed_due > ''"))
    assert set(levels) == {"reminder", "other", "alternate"}
    assert {time[11:] for time in levels.values()} == {"05:00:00Z"}, "the days alone can be read"
    with pytest.raises(ValueError, match="isoformat"):
        datetime.fromisoformat(delivered_at)
    ring = life.bot.records.ring(life.storage._db)
    assert timedelta(0) <= life.clock() - ring.open_time(delivered_at) < timedelta(minutes=1)


async def test_the_rows_of_alerts_are_not_numbered_in_the_order_of_the_others(life: Life) -> None:
    for number in range(4):
        message = delivery(f"k{number}", "role:conseil-executif")
        life.within(partial(enqueue, delivery=message, now=life.clock()))
        await report(life.bot, f"https://exemple.ca/{number}", urgent=True)
        await life.beat(minutes=1)
    others = [row for (row,) in life.rows("SELECT rowid FROM outbox WHERE notice NOT LIKE 'signalement%'")]
    alerts = [row for (row,) in life.rows("SELECT rowid FROM outbox WHERE notice LIKE 'signalement%'")]
    assert sorted(others) == list(range(min(others), min(others) + len(others))), "no number is missing"
    assert len(alerts) >= 4
    assert max(alerts) < min(others)


async def test_an_alert_that_reached_nobody_tells_no_more_than_the_others(life: Life) -> None:
    code = await report(life.bot, WHERE, urgent=True)
    await life.beat(seconds=10)
    [(row_id,)] = life.rows("SELECT id FROM outbox WHERE notice = 'signalement'")
    life.within(partial(bury, row_id=row_id, problem="closed", now=life.clock()))
    life.within(lambda db: db.conn.execute("UPDATE outbox SET state = 'sent' WHERE notice = 'lettre-morte'"))
    await life.beat(seconds=10)
    announced = life.rows("SELECT due_at, rowid < 0 FROM outbox WHERE notice = 'lettre-morte'")
    assert announced == [(MIDNIGHT, 1)]
    await withdraw(life.bot, code)
    for _ in range(2):
        await life.beat(seconds=10)
    assert life.rows("SELECT * FROM outbox WHERE notice IN ('signalement', 'lettre-morte')") == []


async def test_a_report_that_nobody_may_read_tells_only_its_day(life: Life) -> None:
    """The administration is told that some wait: neither that row nor its flag may keep the moment."""

    def told() -> list[tuple[Any, ...]]:
        return life.rows("SELECT key, arguments, due_at FROM outbox WHERE notice LIKE 'signalements-%'")

    life.within(lambda db: roles.appoint(db, ADMINISTRATION, persons.known(db, ADMIN), date(2026, 11, 24)))
    life.clock.move(hours=1, minutes=37)
    code = await report(life.bot, WHERE, urgent=True, implicated=(VP,))
    for _ in range(3):
        await life.beat(seconds=10)
    assert len(told()) == 1
    life.within(lambda db: db.conn.execute("UPDATE outbox SET state = 'sent' WHERE state = 'queued'"))
    await life.beat(seconds=10)
    stored = [*told(), *life.rows("SELECT * FROM state")]
    assert f"{life.clock():%H:%M}" not in str(stored), "a beat comes within ten seconds of an urgent report"
    [(number,)] = life.rows("SELECT rowid FROM outbox WHERE notice LIKE 'signalements-%'")
    assert number < 0, "nor the order"
    await withdraw(life.bot, code)
    await life.beat(seconds=10)
    assert told() == []


async def test_a_row_that_no_longer_reads_stops_no_beat(life: Life) -> None:
    await report(life.bot, WHERE, urgent=True)
    await life.beat(seconds=10)
    life.within(lambda db: db.conn.execute("UPDATE outbox SET arguments = '{', state = 'dead'"))
    await withdraw(life.bot, await report(life.bot, "https://exemple.ca/2"))
    await life.beat(seconds=10)
    assert life.rows("SELECT DISTINCT due_at FROM outbox WHERE notice = 'signalement'") == [(MIDNIGHT,)]


@pytest.mark.parametrize("outcome", ["refused", "unknown", "acted-unknown", "busy", "away"])
async def test_an_urgent_alert_that_a_platform_does_not_take_tells_only_its_day(
    life: Life, outcome: Outcome | Literal["refused"]
) -> None:
    """While it waits: in its own row, and in what is kept and told of the platform that refuses it."""
    admin_post, slack = Post("discord", closed={"person:discord//9"}), Post("slack")
    channel = Destination("discord", "9", "C8", "channel")
    routes = Routes({"slack": slack, "discord": admin_post}, administrators=(channel,))
    sender = Sender(life.storage, routes, life.bot.notices, life.clock, CALENDAR)
    if outcome == "refused":
        slack.refused = "invalid_auth"
    else:
        slack.script.append(outcome)
    await life.beat()  # what it says of the nomination
    life.within(lambda db: db.conn.execute("DELETE FROM outbox"))
    life.clock.set("2026-11-24T16:37:23Z")
    await report(life.bot, WHERE, urgent=True)
    await life.beat(seconds=10)
    life.clock.set("2026-11-24T16:37:34Z")
    for _ in range(2 if outcome == "refused" else 1):  # the alert, then the notice of the refusal
        for candidate in await sender.choose((), 8):
            await sender.send(candidate)
    assert life.rows("SELECT state FROM outbox WHERE notice = 'signalement'") != [("sent",)]
    await life.beat(seconds=10)
    with closing(sqlite3.connect(life.folder / "vigie.db")) as conn:
        tables = dict(sinks.cells("", conn, None))
    assert [name for name, cells in tables.items() if b"T16:3" in cells] == []
    if outcome == "refused":
        assert len(admin_post.all()) == 1
    elif "unknown" in outcome:
        assert life.rows("SELECT claimed_at FROM outbox") == [(MIDNIGHT,)]
        [candidate] = await sender.choose((), 8)
        await sender.send(candidate)
        assert len(slack.all()) == 1, "it is looked for all the same"
    sender.close()


@pytest.mark.parametrize("urgent", [True, False])
async def test_a_withdrawn_report_leaves_no_row_and_no_time_even_when_it_was_alone(
    life: Life, urgent: bool
) -> None:
    code = await report(life.bot, WHERE, urgent=urgent)
    await life.beat(hours=1, minutes=1)
    assert life.rows("SELECT count(*) FROM outbox WHERE notice LIKE 'signalement%'") != [(0,)]
    await withdraw(life.bot, code)
    await life.beat(seconds=10)
    assert life.rows(_TIMES) == []


async def test_an_urgent_report_that_is_withdrawn_leaves_the_others_as_they_were(life: Life) -> None:
    await report(life.bot, WHERE)
    cases = "SELECT status, urgent, read_after FROM report_cases"
    before = life.rows(cases)
    await withdraw(life.bot, await report(life.bot, WHERE, urgent=True))
    assert life.rows(cases) == before
    urgent = await report(life.bot, WHERE, urgent=True)
    await withdraw(life.bot, await report(life.bot, WHERE, urgent=True))
    assert life.rows("SELECT urgent FROM report_cases") == [(1,)], "another one still is"
    await withdraw(life.bot, urgent)
    assert life.rows("SELECT urgent FROM report_cases") == [(0,)]


async def test_an_urgent_report_of_the_same_post_takes_nobody_s_delay_away(life: Life) -> None:
    """Whoever is asked a question could otherwise be seen to answer, by filing one more report."""
    code = await report(life.bot, WHERE)
    await report(life.bot, WHERE, urgent=True)
    await life.beat(hours=2)
    await add(life, code)
    [(appears_at,)] = life.rows("SELECT appears_at FROM report_messages")
    assert timedelta(minutes=5) <= utc(appears_at) - life.clock() <= timedelta(minutes=61)
    await life.beat(minutes=4)
    planned = "SELECT count(*) FROM report_alerts WHERE level LIKE 'news:%' AND state = 'planned'"
    assert life.rows(planned) == [(1,)]


async def test_nothing_tells_where_a_report_came_from(bot: Bot) -> None:
    """The same report, from the chat and from the web form, is the same thing kept."""
    await report(bot, WHERE)
    await _from_the_chat(bot)

    def kept() -> list[object]:
        with bot.reporting.session() as session:
            rows = session.execute("SELECT sealed, length(sealed), image, status, seen FROM report_filings")
            return [(open_report(session.ring, row[0]), *row[1:]) for row in rows.fetchall()]

    one, other = await bot.office.storage.run(kept)
    assert one == other


async def _from_the_chat(bot: Bot) -> None:
    first = await bot.dispatcher.handle(Request("signalement"))
    assert isinstance(first, Message)
    form = await _pressed(bot, first, "Continuer")
    assert isinstance(form, Form)
    name, _, text = form.command.partition(" ")
    typed = {"adresse": WHERE, "propos": SUMMARY, "gravite": "serious", "nom": ""}
    review = await bot.dispatcher.handle(Request(name, text, fields=typed))
    assert isinstance(review, Message)
    await _pressed(bot, review, "Envoyer")


async def _pressed(bot: Bot, message: Message, label: str) -> Message | Form:
    button = next(button for button in message.buttons() if button.label == label)
    return await bot.dispatcher.handle(bot.dispatcher.from_command(getattr(button, "command", "")))


async def test_a_large_file_waits_for_the_night_and_what_is_withdrawn_does_not(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.tasks.LARGEST_BY_DAY", 0)
    code = await report(life.bot, WHERE)
    await life.beat(seconds=10)
    [(sealed,)] = life.rows("SELECT sealed FROM report_filings")
    await withdraw(life.bot, code)
    versions = life.rows("PRAGMA schema_version")
    await life.hour()
    assert sealed[-64:] not in whole(tmp_path)
    assert life.rows("PRAGMA schema_version") == versions
    life.clock.set("2026-11-25T09:00:01Z")  # four in the morning
    await life.beat()
    assert life.rows("PRAGMA schema_version") > versions


async def test_a_sandbox_that_is_kept_opens_its_reports_after_a_restart(bot: Bot, tmp_path: Path) -> None:
    code = await report(bot, WHERE)
    bot.office.storage.close()
    with closing(Storage(tmp_path / "vigie.db")) as storage:
        again = build(bot.settings, storage)
        reporting = again.reporting
        followup = await storage.run(lambda: reporting.follow(reporting.receipt_of(code)))
    assert followup.status == "Reçu"
