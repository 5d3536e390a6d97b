"""Take the documents' pictures of the sandbox: `make pages`, or `python -m tests.browser.pictures`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from bot.settings import Settings
from bot.times import AdvancedClock
from tests.browser.conftest import ARGUMENTS, CHROMIUM, DESKTOP, PHONE
from tests.kits.office import built, sandbox_of

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"

Scheme = Literal["light", "dark"]
SCHEMES: tuple[tuple[Scheme, str], ...] = (("light", "clair"), ("dark", "sombre"))


async def in_private(page: Page) -> None:
    """Show an answer in private, and what is offered as one types."""
    await page.get_by_role("combobox").click()
    await page.keyboard.type("Bonjour\n")
    await page.get_by_role("button", name="Plus…").wait_for()
    await page.keyboard.type("/politique 5.10\n")
    await page.locator("blockquote").wait_for()
    await page.keyboard.type("/politique photos")
    await page.get_by_role("option", name="5.5").wait_for()


async def on_a_phone(page: Page) -> None:
    """Show an answer to a mere number."""
    await page.get_by_role("combobox").click()
    await page.keyboard.type("Bonjour\n")
    await page.get_by_role("button", name="Plus…").wait_for()
    await page.keyboard.type("5.10\n")
    await page.locator("blockquote").wait_for()


async def in_channel(page: Page) -> None:
    """Show an answer that one person alone sees in the channel."""
    await page.get_by_role("combobox").click()
    await page.keyboard.type("/politique 5.5\n")
    await page.locator("blockquote").wait_for()


Play = Callable[[Page], Awaitable[None]]
Scene = tuple[str, str, Play, ViewportSize]
SCENES: tuple[Scene, ...] = (
    ("conversation", "#officier/vigie", in_private, DESKTOP),
    ("canal", "#conseil/general", in_channel, DESKTOP),
    ("telephone", "#communications/vigie", on_a_phone, PHONE),
)


async def take(browser: Browser, scene: Scene, scheme: Scheme, path: Path) -> None:
    """Take one picture, in a sandbox of its own so that nothing of another is in it."""
    settings = Settings().model_copy(update={"vigie_port": 0})
    with built(settings, AdvancedClock()) as bot:
        sandbox = sandbox_of(bot)
        await sandbox.start()
        await shoot(browser, sandbox.address, scene, scheme, path)
        await sandbox.close()


async def shoot(browser: Browser, address: str, scene: Scene, scheme: Scheme, path: Path) -> None:
    """Open a page as a screen would, play the scene, and keep what is seen."""
    _, where, play, viewport = scene
    context = await browser.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        device_scale_factor=1.5,
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="fr-CA",
        timezone_id="America/Toronto",
    )
    page = await context.new_page()
    await page.goto(address + where)
    await page.wait_for_load_state()
    await play(page)
    await page.screenshot(path=path, caret="hide")
    await context.close()


async def main() -> None:
    """Take every picture, in both themes."""
    if CHROMIUM is None:
        sys.exit("Chromium manque\u00a0: installez-le (apt-get install chromium).")
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for scene in SCENES:
            for scheme, name in SCHEMES:
                path = IMAGES / f"{scene[0]}-{name}.png"
                await take(browser, scene, scheme, path)
                print(path)  # noqa: T201 — a script says what it has made
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
