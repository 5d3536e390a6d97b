"""The sandbox in a real browser: the real policy, the system's own Chromium."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    async_playwright,
)

from bot.answers.engine.shelf import FixedModel
from bot.app.build import Bot
from bot.platforms.local.adapter import LocalAdapter
from bot.settings import Settings
from bot.times import AdvancedClock
from tests.kits import effort
from tests.kits.office import built, sandbox_of

# The first is the same engine without a browser's own windows: a page costs it less than half.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE = 1_000 * effort.PATIENCE  # ms

# Opens the sandbox at an address of its own (« #conseil/general », « galerie »), as a screen would.
Open: TypeAlias = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium manque\u00a0: installez-le (apt-get install chromium) pour passer ces tests.")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    """The sandbox's bot, whose own questions are in a folder of the test."""
    folder = {"vigie_db": tmp_path / "vigie.db", "vigie_port": 0}
    settings = Settings().model_copy(update=folder)
    with built(settings, AdvancedClock()) as made:
        made.engine._shelf = FixedModel(None)  # questions are answered by text alone
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(bot: Bot) -> AsyncIterator[LocalAdapter]:
    adapter = sandbox_of(bot)
    await adapter.start()
    yield adapter
    await adapter.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, sandbox: LocalAdapter) -> AsyncIterator[Open]:
    """Open pages; at the end, none of them may have complained, of the content policy for instance.

    A connection that is cut (`net::ERR…`) is not a complaint: some tests close the server.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if "net::ERR" not in said.text:
            complaints.append(f"{said.type}: {said.text}")

    async def opened(where: str = "", **options: object) -> Page:
        known: dict[str, object] = {"viewport": DESKTOP, "locale": "fr-CA", "timezone_id": "America/Toronto"}
        context = await browser.new_context(**{**known, **options})  # type: ignore[arg-type]  # theirs to name
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(sandbox.address + where)
        if not where.startswith(("galerie", "revisions", "tableau")):
            await page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert complaints == []
