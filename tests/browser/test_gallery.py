"""The gallery in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from bot.conversation.forms import Reply
from tests.browser.conftest import PHONE, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


FOUND = "Un numéro qui n'existe pas"


async def test_one_finds_a_message_by_its_name_as_one_types(open_page: Open) -> None:
    page = await open_page("galerie")
    await expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d{3} messages$"))
    await page.get_by_label("Chercher un message").press_sequentially("numero existe pas")
    await expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d messages?$"))
    await page.get_by_role("link", name=FOUND).click()
    article = page.get_by_role("article", name=FOUND)
    await expect(article).to_be_in_viewport()
    await expect(article).to_contain_text("La clause 5.19 n'existe pas")
    await page.go_back()
    await expect(page.get_by_label("Chercher un message")).to_have_value("numero existe pas")
    await expect(page.get_by_role("link", name=FOUND)).to_be_visible()


async def test_one_finds_a_message_without_script(open_page: Open) -> None:
    page = await open_page("galerie", java_script_enabled=False)
    await page.get_by_label("Chercher un message").fill("numero existe pas")
    await page.get_by_role("button", name="Chercher").click()
    await page.get_by_role("link", name=FOUND).click()
    await expect(page.get_by_role("article", name=FOUND)).to_be_in_viewport()


async def test_one_goes_through_the_groups(open_page: Open, replies: dict[str, Reply]) -> None:
    page = await open_page("galerie")
    async with page.expect_navigation():
        await page.locator(".groups").get_by_role("link").first.click()
    count = await page.get_by_role("article").count()
    while await page.get_by_text("Groupe suivant").count():
        async with page.expect_navigation():
            await page.get_by_role("navigation", name="Autres groupes").get_by_role("link").last.click()
        count += await page.get_by_role("article").count()
    assert count == len(replies)


async def test_the_gallery_opens_in_the_time_of_a_few_messages(open_page: Open) -> None:
    page = await open_page("galerie")
    assert await page.locator("*").count() < 200
    assert await page.get_by_role("article").count() == 0


async def test_the_three_renderings_are_side_by_side_and_stacked_on_a_phone(open_page: Open) -> None:
    for options, columns in (({}, 3), ({"viewport": PHONE}, 1)):
        page = await open_page("galerie/lire-la-politique", **options)
        sections = await page.get_by_role("article").first.locator("section").all()
        boxes = [box for section in sections if (box := await section.bounding_box())]
        assert len({box["x"] for box in boxes}) == columns
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_what_is_sent_can_be_read(open_page: Open) -> None:
    page = await open_page("galerie/le-menu-l-aide-et-les-envois")
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
