"""What the database's file tells of reports: not their order, not where they came from."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.app import starting
from bot.app.build import Bot, build
from bot.conversation.forms import Form
from bot.conversation.messages import Message
from bot.conversation.requests import Request
from bot.reports import codes
from bot.reports.filing import Report, open_report
from bot.reports.reporter_access import UnknownCodeError
from bot.settings import Settings
from bot.storage.database import Storage
from bot.web.form import WebForm

SUMMARY = "On y dit du mal de l'association."
WHERE = "https://www.facebook.com/spotted/posts/123"


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    storage = Storage(tmp_path / "vigie.db")
    try:
        bot = build(Settings(_env_file=None, vigie_cles=tmp_path / "cles"), storage)
        storage.executor.submit(starting.settle, bot).result()
        yield bot
    finally:
        storage.close()


async def report(bot: Bot, where: str) -> str:
    """Report from the web form; return the code."""
    form, code = WebForm(bot.reporting, port=0), codes.new_code()
    review = await form._reviewed(Report(where, SUMMARY))
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


async def test_the_file_does_not_tell_in_which_order_reports_came(bot: Bot, tmp_path: Path) -> None:
    file, order = tmp_path / "vigie.db", []
    for number in range(12):
        await report(bot, f"https://exemple.ca/{number}")
        order = [one for one, _ in pages_of(file)]
        assert (tmp_path / "vigie.db-wal").stat().st_size == 0, "the WAL would tell it"
    by_place = [one for one, _ in sorted(pages_of(file), key=lambda one: one[1])]
    assert by_place == order, "they lie in the order of their identifiers, which are random"


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


async def test_what_is_withdrawn_is_at_once_nowhere_in_the_file(bot: Bot, tmp_path: Path) -> None:
    code = await report(bot, WHERE)
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as conn:
        (sealed,) = conn.execute("SELECT sealed FROM report_filings").fetchone()
    await withdraw(bot, code)
    left = whole(tmp_path)
    assert sealed[-64:] not in left
    assert sealed[20:84] not in left


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
    button = next(one for one in message.buttons() if one.label == label)
    return await bot.dispatcher.handle(bot.dispatcher.from_command(getattr(button, "command", "")))


@pytest.fixture
def rewritings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the size of the file each time that it is laid out anew."""
    sizes: list[int] = []
    scatter = Storage.scatter

    def counted(storage: Storage) -> bool:
        sizes.append(storage.size)
        return scatter(storage)

    monkeypatch.setattr(Storage, "scatter", counted)
    return sizes


async def test_a_code_that_opens_nothing_has_nothing_laid_out_anew(bot: Bot, rewritings: list[int]) -> None:
    await report(bot, WHERE)
    assert len(rewritings) == 1
    reporting = bot.reporting
    receipt = await bot.office.storage.run(lambda: reporting.receipt_of("abaisser " * 9))
    for change in (partial(reporting.withdraw, receipt), partial(reporting.add, receipt, "Un mot.")):
        with pytest.raises(UnknownCodeError):
            await bot.office.storage.run(change)
    assert len(rewritings) == 1, "or anyone could keep everyone waiting"


async def test_a_large_file_waits_for_the_night_and_what_is_withdrawn_does_not(
    bot: Bot, tmp_path: Path, rewritings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reports.intake.AT_ONCE", 0)
    code = await report(bot, WHERE)
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as conn:
        (sealed,) = conn.execute("SELECT sealed FROM report_filings").fetchone()
    await withdraw(bot, code)
    assert sealed[-64:] not in whole(tmp_path)
    assert rewritings == []


async def test_a_sandbox_that_is_kept_opens_its_reports_after_a_restart(bot: Bot, tmp_path: Path) -> None:
    code = await report(bot, WHERE)
    bot.office.storage.close()
    with closing(Storage(tmp_path / "vigie.db")) as storage:
        again = build(Settings(_env_file=None, vigie_cles=tmp_path / "cles"), storage)
        reporting = again.reporting
        followup = await storage.run(lambda: reporting.follow(reporting.receipt_of(code)))
    assert followup.status == "Reçu"
