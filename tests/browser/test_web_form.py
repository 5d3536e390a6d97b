"""The web form in a real browser, without scripts: it works, it is accessible, it fits a telephone."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeAlias

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, expect

from bot.policy.library import Library
from tests.browser.conftest import DESKTOP, PATIENCE, PHONE
from tests.browser.test_accessibility import violations
from tests.kits.reports.chat import Chat, chatting
from tests.kits.reports.web import TYPED, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

Visit: TypeAlias = Callable[..., Awaitable[Page]]


def capture() -> FilePayload:
    """Return a picture, as one chooses it on one's disk."""
    written = io.BytesIO()
    Image.new("RGB", (900, 400), (90, 120, 160)).save(written, "PNG")
    return {"name": "Capture d'écran.png", "mimeType": "image/png", "buffer": written.getvalue()}


async def filled(page: Page) -> None:
    await page.get_by_label("Adresse de la publication").fill(TYPED["address"])
    await page.get_by_label("Ce qu'elle dit").fill(TYPED["summary"])
    await page.get_by_label("Sérieuse").check()
    await page.get_by_role("group", name="L'une de ces personnes").get_by_role("checkbox").last.check()
    await page.get_by_label("Une capture d'écran").set_input_files(capture())


async def with_something_wrong(page: Page) -> None:
    await filled(page)
    await page.get_by_label("Adresse de la publication").fill("  ")
    await page.get_by_role("button", name="Relire").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def reading_again(page: Page) -> None:
    await filled(page)
    await page.get_by_role("button", name="Relire").click()
    await expect(page.locator("mark")).to_have_count(2)
    await expect(page.get_by_role("img")).to_be_visible()


async def with_the_code(page: Page) -> str:
    await reading_again(page)
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator(".code")).to_be_visible()
    return await page.locator(".code").inner_text()


async def following(page: Page) -> None:
    code = await with_the_code(page)
    await page.get_by_role("link", name="Suivre un signalement").click()
    await page.get_by_label("Votre code").fill(code)
    await page.get_by_role("button", name="Voir").click()
    await page.get_by_label("Répondre ou ajouter").fill("La publication a été retirée.\nMerci.")
    await page.get_by_role("button", name="Ajouter").click()
    await expect(page.get_by_role("status")).to_have_text("C'est ajouté.")
    await page.get_by_text("Retirer ce signalement").click()


@pytest.fixture
def chat(library: Library) -> Iterator[Chat]:
    with chatting(library) as chat:
        yield chat


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, chat: Chat) -> AsyncIterator[Visit]:
    """Open the form; at the end, no page may have complained nor asked for anything elsewhere."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    async with served(chat.reporting) as (_, form):

        async def visited(**options: object) -> Page:
            known: dict[str, object] = {"viewport": DESKTOP, "locale": "fr-CA"}
            context = await browser.new_context(**{**known, **options})  # type: ignore[arg-type]  # theirs to name
            contexts.append(context)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
            page.on("request", lambda asked: elsewhere(asked.url, form.address, complaints))
            await page.goto(form.address)
            return page

        yield visited
        for context in contexts:
            assert await context.cookies() == []
            await context.close()
    assert [complaint for complaint in complaints if not _expected(complaint)] == []


def elsewhere(url: str, address: str, complaints: list[str]) -> None:
    if not url.startswith((address, "data:image/png;base64,")):
        complaints.append(url)


def _expected(complaint: str) -> bool:
    """Tell whether the browser merely says that a page was answered with 422, or that it has no icon."""
    return bool(re.search("status of 4(22|04)", complaint))


@pytest.mark.parametrize("state", [with_something_wrong, following])
async def test_it_works_without_any_script(visit: Visit, state: Callable[[Page], Awaitable[object]]) -> None:
    page = await visit(java_script_enabled=False)
    await state(page)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("state", [with_something_wrong, reading_again, with_the_code, following])
async def test_it_has_no_violation_and_fits(
    visit: Visit, viewport: dict[str, int], state: Callable[[Page], Awaitable[object]]
) -> None:
    page = await visit(viewport=viewport)
    await state(page)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


async def test_it_is_used_with_the_keyboard_alone(visit: Visit) -> None:
    page = await visit(java_script_enabled=False)
    await page.get_by_label("Adresse de la publication").focus()
    await page.keyboard.type(TYPED["address"])
    await page.keyboard.press("Tab")
    await page.keyboard.type("Rien de vrai.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.get_by_role("button", name="Relire").evaluate("button => button.matches(':focus')"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Relisez avant d'envoyer")
