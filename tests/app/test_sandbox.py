"""The sandbox whose clock is advanced: what comes with time is seen at once, in order, by whom it is for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app.build import Bot
from bot.app.tasks import Tasks
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes
from bot.outbox.sending import Sender
from bot.platforms.local.adapter import LocalAdapter
from bot.schedule.clock import Schedule
from bot.settings import Settings
from bot.times import AdvancedClock
from tests.kits.fake_clock import FakeClock
from tests.kits.office import built, sandbox_of
from tests.kits.outbox import until_idle
from tests.kits.platforms.local_world import Page
from tests.kits.reports.records import a_report

FRIDAY = "2026-11-27T15:00:00Z"  # 10 a.m.


@dataclass
class Playground:
    """A sandbox, and what runs beside it: a beat of the clock, then all that may be sent."""

    bot: Bot
    adapter: LocalAdapter
    schedule: Schedule
    page: Page

    async def beat(self) -> None:
        await self.schedule.tick()
        await asyncio.gather(*self.schedule._errands.values())
        sender = Sender(
            self.bot.storage,
            Routes({"local": self.adapter}, (), ()),
            self.bot.notices,
            self.bot.clock,
            self.bot.calendar,
        )
        idle = asyncio.Event()
        await until_idle(Pump(sender, idle=idle.set), idle)

    async def advance(self, to: str) -> str | None:
        """Advance the clock as a page does. Return the local day and hour, or None if nothing waits."""
        moved: dict[str, str | None] = await self.page.do("clock", to=to)
        await self.beat()
        return moved["at"] and self.bot.clock().astimezone(self.bot.calendar.zone).strftime("%a %d %H:%M")

    async def seen(self, persona: str) -> list[str]:
        """Return what a persona received from the bot, in their own conversation."""
        entries: list[dict[str, Any]] = await self.page.as_(persona, "vigie").seen()
        return [unescape(entry["html"]) for entry in entries]


@pytest.fixture
async def playground(tmp_path: Path) -> AsyncIterator[Playground]:
    settings = Settings(vigie_db=tmp_path / "vigie.db")
    clock = AdvancedClock(FakeClock(FRIDAY))
    with built(settings.model_copy(update={"vigie_port": 0}), clock) as bot:
        adapter = sandbox_of(bot)
        schedule = Schedule(bot.storage, Tasks(bot, {"local": adapter}).work(), bot.calendar, bot.clock)
        await adapter.start()
        async with aiohttp.ClientSession() as session:
            ground = Playground(bot, adapter, schedule, Page(session, adapter.address))
            await ground.beat()
            yield ground
        await schedule.close()
        await adapter.close()


async def test_the_clock_goes_to_the_morning_of_a_day_and_never_back(playground: Playground) -> None:
    assert await playground.advance("heure") == "Fri 27 11:00"
    assert await playground.advance("jour") == "Sat 28 09:45"
    assert await playground.advance("lundi") == "Mon 30 09:45"
    assert await playground.advance("lundi") == "Mon 07 09:45"
    assert await playground.advance("mois") == "Wed 06 09:45", "the next working day"
    clock = playground.bot.clock
    assert isinstance(clock, AdvancedClock)
    before = clock()
    clock.advance(before.replace(year=2020))
    assert clock() == before


async def test_someone_who_does_not_read_is_reminded_on_monday(playground: Playground) -> None:
    assert len(await playground.seen("officier")) == 1
    await playground.advance("lundi")
    assert len(await playground.seen("officier")) == 2


async def test_a_report_is_delivered_then_told_again_and_counted_in_the_week(playground: Playground) -> None:
    bot = playground.bot
    assert await playground.advance("remettre") is None, "nothing waits"
    await bot.storage.run(lambda: bot.reporting.file(a_report()))
    await playground.beat()
    before = len(await playground.seen("communications"))
    assert await playground.advance("remettre") is not None
    alert = (await playground.seen("communications"))[before:]
    assert len(alert) == 1
    assert "signalement" in alert[0]
    await playground.beat()
    assert await playground.advance("remettre") is not None, "nobody has opened it"
    assert len(await playground.seen("communications")) > before + 1
    await playground.advance("lundi")
    await playground.beat()
    assert any("Les signalements de la semaine" in each for each in await playground.seen("communications"))


async def test_messages_bear_the_time_of_the_sandbox(playground: Playground) -> None:
    await playground.advance("lundi")
    await playground.page.do("say", text="Bonjour")
    [entry] = await playground.page.seen()
    assert entry["at"].startswith("2026-11-30T14:45")


async def test_one_begins_with_questions(playground: Playground) -> None:
    async with playground.page.session.get(f"{playground.page.url}api/events") as stream:
        line = await anext(line async for line in stream.content if line.startswith(b"data: "))
    assert line.count(b"?") >= 3
    assert b"/politique" not in line


async def test_the_page_of_figures_has_their_picture_with_its_numbers_as_text(playground: Playground) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{playground.adapter.address}tableau") as response,
    ):
        shown = unescape(await response.text())
    assert 'src="data:image/png;base64,iVBORw0KGgo' in shown
    assert 'alt="Octobre\u00a02026.\n' in shown
    assert 'download="tableau-2026-10.png"' in shown
