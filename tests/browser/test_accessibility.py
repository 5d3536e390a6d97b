"""What axe-core finds: nothing, in either theme, on either screen, whatever is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.test_chat import last, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

Scheme = Literal["light", "dark"]


async def nothing_yet(page: Page) -> None:
    await expect(page.get_by_role("combobox")).to_be_visible()


async def with_an_answer(page: Page) -> None:
    await write(page, "/politique 5.10")
    await expect(last(page).locator("blockquote")).to_be_visible()
    await write(page, "@Vigie logo")
    await expect(last(page)).to_contain_text("logo")


async def with_suggestions(page: Page) -> None:
    await page.get_by_role("combobox").click()
    await page.keyboard.type("/")
    await expect(page.get_by_role("listbox")).to_be_visible()


async def with_a_form_to_correct(page: Page) -> None:
    await write(page, "/vigie chercher")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("[aria-invalid]")).to_be_visible()


async def with_a_message_menu(page: Page) -> None:
    await page.locator(".more").last.click()
    await expect(page.get_by_role("menu")).to_be_visible()


async def with_the_panel(page: Page) -> None:
    who = page.get_by_role("button", name="Vous êtes")
    if await who.is_visible():
        await who.click()
    await expect(page.locator("#personas")).to_be_visible()


async def violations(page: Page) -> list[str]:
    """Return what is wrong, best practices included, each with where."""
    found = await Axe().run(page)
    return [
        f"{each['id']}: {node['html'][:120]} {node.get('failureSummary', '')}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    "state",
    [
        nothing_yet,
        with_an_answer,
        with_suggestions,
        with_a_form_to_correct,
        with_a_message_menu,
        with_the_panel,
    ],
)
async def test_the_chat_has_no_violation(
    open_page: Open, scheme: Scheme, viewport: dict[str, int], state: Callable[[Page], Awaitable[None]]
) -> None:
    page = await open_page(
        "#officier/general", color_scheme=scheme, viewport=viewport, reduced_motion="reduce"
    )
    await state(page)
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_private_conversation_has_no_violation(open_page: Open, scheme: Scheme) -> None:
    page = await open_page(color_scheme=scheme, reduced_motion="reduce")
    assert await violations(page) == []
    await write(page, "Bonjour")
    await expect(last(page).get_by_role("button", name="Chercher")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_gallery_has_no_violation(
    open_page: Open, scheme: Scheme, viewport: dict[str, int]
) -> None:
    page = await open_page("galerie", color_scheme=scheme, viewport=viewport)
    await page.locator("summary").first.click()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_of_revisions_has_no_violation(open_page: Open, scheme: Scheme) -> None:
    page = await open_page("revisions", color_scheme=scheme)
    assert await violations(page) == []
