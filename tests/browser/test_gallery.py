"""The gallery in a browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.conversation.forms import Reply
from tests.browser.conftest import PHONE, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_finds_a_message_by_its_name(open_page: Open, replies: dict[str, Reply]) -> None:
    page = await open_page("galerie")
    await expect(page.get_by_role("article")).to_have_count(len(replies))
    await page.get_by_role("navigation").get_by_role("link", name="Un numéro qui n'existe pas").click()
    article = page.get_by_role("article", name="Un numéro qui n'existe pas")
    await expect(article).to_be_in_viewport()
    await expect(article).to_contain_text("La clause 5.19 n'existe pas")


async def test_the_three_renderings_are_side_by_side_and_stacked_on_a_phone(open_page: Open) -> None:
    for options, columns in (({}, 3), ({"viewport": PHONE}, 1)):
        page = await open_page("galerie", **options)
        sections = await page.get_by_role("article").first.locator("section").all()
        boxes = [box for section in sections if (box := await section.bounding_box())]
        assert len({box["x"] for box in boxes}) == columns
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_what_is_sent_can_be_read(open_page: Open) -> None:
    page = await open_page("galerie")
    article = page.get_by_role("article").first
    await expect(article.get_by_role("region")).to_have_count(0)
    await article.get_by_text("Données envoyées").first.click()
    await expect(article.get_by_role("region").first).to_contain_text('"type": "header"')


async def test_one_goes_to_the_gallery_and_back(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("link", name="Tous les messages de Vigie").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tous les messages de Vigie")
    await page.get_by_role("link", name="Retour au clavardage").click()
    await expect(page.get_by_role("combobox")).to_be_visible()
