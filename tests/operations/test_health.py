"""What the three pages say of the bot, when it is well and when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlite_utils import Database

from bot import __version__
from bot.operations import health
from bot.operations.health import Health
from bot.operations.metrics import Metrics
from bot.operations.pending import Machine
from bot.schedule.clock import plan
from bot.storage import state
from bot.storage.database import Storage
from bot.times import iso
from tests.kits.fake_clock import FakeClock


@dataclass
class Watched:
    """A bot that is watched. `connected`: what each platform says of itself."""

    storage: Storage
    clock: FakeClock
    metrics: Metrics
    connected: dict[str, bool]
    sending: bool = True
    port: int = 0
    is_well: Callable[[], Awaitable[bool]] = field(init=False)

    async def get(self, page: str) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/{page}") as answer,
        ):
            json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if json else answer.text())

    async def figures(self) -> dict[str, float]:
        status, text = await self.get("metrics")
        assert status == 200
        return {
            " ".join([sample.name, *(value for _, value in sorted(sample.labels.items()))]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def within(self, something: Callable[[Database], object]) -> None:
        def work() -> None:
            with self.storage.transaction() as db:
                something(db)

        await self.storage.run(work)

    async def queue(self, key: str, state: str = "queued", late: float = 0) -> None:
        due = iso(self.clock() - timedelta(seconds=late))
        await self.within(
            lambda db: db.conn.execute(
                """INSERT INTO outbox (id, key, recipient, notice, state, due_at)
                   VALUES (?1, ?1, 'role:x', 'n', ?2, ?3)""",
                (key, state, due),
            )
        )


@pytest.fixture
async def bot() -> AsyncIterator[Watched]:
    watched = Watched(Storage(), FakeClock(), Metrics(), {"Slack": True, "Discord": True})

    def asks(name: str) -> Callable[[], Awaitable[bool]]:
        async def ready() -> bool:
            return watched.connected[name]

        return ready

    ready = {name: asks(name) for name in watched.connected}
    pages = Health(
        watched.storage,
        lambda: watched.metrics,
        ready,
        watched.clock,
        0,
        sending=lambda: watched.sending,
        refused=lambda: {name: not is_on for name, is_on in watched.connected.items()},
        machine=lambda: Machine({"hour": 1_700_000_000.0}, 5_000),
        recurring=["copie"],
    )
    watched.is_well = pages.is_well
    await pages.start()
    watched.port = pages.port
    yield watched
    await pages.close()
    watched.storage.close()


async def test_a_bot_that_is_well_says_so(bot: Watched) -> None:
    assert await bot.get("healthz") == (
        200,
        {"status": "ok", "database": "ok", "sending": "ok", "questions": "ok", "keys": "ok"},
    )
    status, output = await bot.get("readyz")
    assert status == 200
    assert output == {
        "ready": True,
        "platforms": {"Slack": True, "Discord": True},
        "database": True,
        "questions": "ok",
        "keys": "ok",
        "oldest_message_seconds": 0,
        "oldest_task_seconds": 0,
        "paused": False,
    }


async def test_a_platform_that_is_not_connected_is_named(bot: Watched) -> None:
    bot.connected["Discord"] = False
    status, output = await bot.get("readyz")
    assert (status, output["ready"], output["platforms"]["Discord"]) == (503, False, False)
    assert (await bot.get("healthz"))[0] == 200


async def test_a_message_that_waits_too_long_is_seen_unless_all_is_paused(bot: Watched) -> None:
    await bot.queue("a", late=health.LATE - 1)
    assert (await bot.get("readyz"))[0] == 200
    bot.clock.move(seconds=1)
    status, output = await bot.get("readyz")
    assert (status, output["oldest_message_seconds"]) == (503, health.LATE)
    await bot.within(lambda db: state.hoist(db, state.PAUSED, bot.clock()))
    status, output = await bot.get("readyz")
    assert (status, output["paused"]) == (200, True)


async def test_messages_of_tomorrow_and_those_that_are_held_are_not_late(bot: Watched) -> None:
    await bot.queue("a", late=-86_400)
    await bot.queue("b", "held", late=86_400)
    assert (await bot.get("readyz"))[0] == 200


async def test_a_task_that_waits_too_long_is_seen(bot: Watched) -> None:
    await bot.within(lambda db: plan(db, "a", "retention", bot.clock() - timedelta(hours=1)))
    assert (await bot.get("readyz"))[0] == 503


async def test_a_database_that_does_not_answer_is_said(bot: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    bot.storage.executor.submit(lambda: asyncio.run_coroutine_threadsafe(release.wait(), loop).result())
    assert await bot.get("healthz") == (
        503,
        {"status": "error", "database": "error", "sending": "ok", "questions": "ok"},
    )
    assert (await bot.get("readyz"))[0] == 503
    assert (await bot.get("metrics"))[0] == 503
    release.set()
    await bot.storage.run(lambda: None)
    assert (await bot.get("healthz"))[0] == 200


async def test_a_database_that_is_closed_is_said(bot: Watched) -> None:
    bot.storage.close()
    assert (await bot.get("healthz"))[0] == 503


async def test_an_outbox_that_nobody_looks_at_any_more_is_said(bot: Watched) -> None:
    bot.sending = False
    assert await bot.get("healthz") == (
        503,
        {"status": "error", "database": "ok", "sending": "error", "questions": "ok", "keys": "ok"},
    )


async def test_the_figures_are_those_that_were_promised(bot: Watched) -> None:
    await bot.queue("a", late=100)
    await bot.queue("b", "dead")
    bot.metrics.ack.labels("slack").observe(0.02)
    bot.metrics.rate_limited.labels("discord").inc()
    bot.metrics.reconnects.labels("slack").inc(2)
    bot.metrics.sent.labels("slack").inc()
    bot.metrics.task_failures.labels("retention").inc()
    bot.connected["Discord"] = False
    due = bot.clock() + timedelta(hours=1)
    await bot.within(lambda db: plan(db, "copie:1", "copie", due))
    await bot.within(lambda db: plan(db, "case:1", "dossier", due - timedelta(minutes=30)))
    figures = await bot.figures()
    assert [name for name in figures if name.startswith("vigie_task_next")] == [
        "vigie_task_next_timestamp_seconds copie"
    ], "what is planned about a report is not shown"
    [build] = [name for name in figures if name.startswith("vigie_build_info")]
    assert __version__ in build
    expected = {
        "vigie_task_next_timestamp_seconds copie": due.timestamp(),
        "vigie_last_copy_timestamp_seconds hour": 1_700_000_000,
        "vigie_disk_free_bytes": 5_000,
        "vigie_token_refused Slack": 0,
        "vigie_token_refused Discord": 1,
        "vigie_outbox_oldest_seconds": 60,
        "vigie_dead_letters": 1,
        "vigie_ack_seconds_count slack": 1,
        "vigie_ack_seconds_bucket 0.025 slack": 1,
        "vigie_ack_seconds_bucket 0.01 slack": 0,
        "vigie_rate_limited_total discord": 1,
        "vigie_reconnects_total slack": 2,
        "vigie_sent_total slack": 1,
        "vigie_task_failures_total retention": 1,
        "vigie_platform_ready Slack": 1,
        "vigie_platform_ready Discord": 0,
        "vigie_paused": 0,
    }
    assert {name: figures[name] for name in expected} == expected


@pytest.mark.parametrize(("late", "bucket"), [(0.0, "0.005"), (-60.0, "0.005"), (1.5, "2.0")])
def test_a_wait_is_counted_from_the_platform_s_time_and_never_below_zero(
    monkeypatch: pytest.MonkeyPatch, late: float, bucket: str
) -> None:
    metrics = Metrics()
    monkeypatch.setattr("time.time", lambda: 1_000.0 + late)
    metrics.observe_ack("slack", 1_000.0)
    counts = {
        sample.labels["le"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "vigie_ack_seconds_bucket"
    }
    assert next(le for le, count in counts.items() if count) == bucket


async def test_all_is_well_when_both_pages_say_so(bot: Watched) -> None:
    assert await bot.is_well()
    bot.sending = False
    assert not await bot.is_well()
    bot.sending = True
    bot.connected["Slack"] = False
    assert not await bot.is_well()


async def test_other_pages_do_not_exist(bot: Watched) -> None:
    assert (await bot.get(""))[0] == 404


async def test_a_database_that_takes_nothing_in_any_more_is_said(bot: Watched) -> None:
    def full(value: int) -> None:
        bot.storage._db.conn.execute(f"PRAGMA query_only = {value}")

    await bot.storage.run(lambda: full(1))
    status, output = await bot.get("healthz")
    assert (status, output["database"]) == (503, "error")
    assert (await bot.get("readyz"))[0] == 503
    await bot.storage.run(lambda: full(0))
    assert (await bot.get("healthz"))[0] == 200
    await bot.within(_nothing_is_kept)


def _nothing_is_kept(db: Database) -> None:
    assert db.conn.execute("SELECT count(*) FROM state").fetchone() == (0,)
