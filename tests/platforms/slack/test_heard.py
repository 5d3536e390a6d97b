"""An event that Slack tells again after a restart is not answered again."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from bot.schedule.inbound import Heard
from bot.storage.database import Storage, StorageError
from tests.kits.fake_clock import FakeClock
from tests.kits.platforms.fake_slack import FakeSlack, SignedHttp
from tests.kits.platforms.slack import Commands, built, direct, running
from tests.kits.platforms.slack_checks import shown
from tests.leaks import sinks

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    it = Storage(tmp_path / "vigie.db")
    yield it
    it.close()


@asynccontextmanager
async def life(slack: FakeSlack, commands: Commands, storage: Storage) -> AsyncIterator[SignedHttp]:
    """Have the bot live for the time of the context, and give what speaks to it as Slack does."""
    with ThreadPoolExecutor(1) as executor:
        adapter = built(slack, commands, executor, heard=Heard(storage, FakeClock()))
        async with running(adapter), aiohttp.ClientSession() as session:
            yield SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")


async def test_an_event_told_again_after_a_restart_is_answered_once(
    slack: FakeSlack, commands: Commands, storage: Storage
) -> None:
    once = direct("5.10")
    async with life(slack, commands, storage) as http:
        assert (await http.event(once)).status == HTTPStatus.OK
        assert "5.10" in shown((await slack.said()).body["blocks"])
    async with life(slack, commands, storage) as http:
        assert (await http.event(once)).status == HTTPStatus.OK
        await http.event(direct("5.11"))
        assert "5.11" in shown((await slack.said()).body["blocks"])
    assert slack.silent()


async def test_who_steals_the_database_reads_neither_when_nor_in_which_order_someone_wrote(
    slack: FakeSlack, commands: Commands, storage: Storage, tmp_path: Path
) -> None:
    """What one writes may lead to a report, whose moment nothing may tell."""
    events = [direct("je veux signaler une publication") for _ in range(12)]
    async with life(slack, commands, storage) as http:
        for event in events:
            await http.event(event)
            await slack.said()
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as conn:
        rows = conn.execute("SELECT * FROM inbound_events").fetchall()
        tables = b"\n".join(content for _, content in sinks.cells("", conn, None))
    assert len(rows) == len(events)
    assert b"2026-11-24T" not in tables, "the day alone, in any table"
    assert not [event["event_id"] for event in events if event["event_id"].encode() in tables]
    assert rows == sorted(rows), "the order of random numbers"


async def test_an_event_that_cannot_be_recorded_is_answered_once_all_the_same(
    slack: FakeSlack, commands: Commands, caplog: pytest.LogCaptureFixture
) -> None:
    async def heard(_: str) -> bool:
        raise StorageError("le disque est plein.")

    once = direct("5.10")
    with ThreadPoolExecutor(1) as executor:
        adapter = built(slack, commands, executor, heard=heard)
        async with running(adapter), aiohttp.ClientSession() as session:
            http = SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
            assert (await http.event(once)).status == HTTPStatus.OK
            assert "5.10" in shown((await slack.said()).body["blocks"])
            assert (await http.event(once)).status == HTTPStatus.OK
            await http.event(direct("5.11"))
            assert "5.11" in shown((await slack.said()).body["blocks"])
    assert "le disque est plein." in caplog.text
