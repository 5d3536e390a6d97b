"""The administration makes a line of the bank from a question that was not answered, by buttons alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.answers import unanswered
from bot.app.build import Bot
from bot.language.masking import Masked
from tests.browser.conftest import Open
from tests.browser.test_accessibility import violations
from tests.browser.test_chat import last, write

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_question_without_answer_becomes_a_line(bot: Bot, open_page: Open) -> None:
    def keep() -> None:
        with bot.storage.transaction() as db:
            unanswered.keep_question(db, "pa20", Masked("Peut-on filmer?"), "not_found", bot.today())

    await bot.storage.run(keep)
    page = await open_page("#administration/vigie")
    await write(page, "menu")
    await last(page).get_by_role("button", name="Questions", exact=True).click()
    await expect(last(page)).to_contain_text("Peut-on filmer?")
    await last(page).get_by_role("button", name="En faire une ligne").click()
    window = page.get_by_role("dialog", name="Une ligne de la banque")
    await window.get_by_role("textbox", name="Les clauses qui répondent").fill("5.5")
    assert await violations(page) == []
    await window.get_by_role("button", name="Ajouter").click()
    await expect(last(page)).to_contain_text("Ajoutée")
    await last(page).get_by_role("button", name="Toutes les questions").click()
    await expect(last(page)).to_contain_text("Aucune question n'attend")
    own = bot.settings.own_data()
    assert own is not None
    assert "Peut-on filmer?" in (own / "politique" / "pa20" / "questions.jsonl").read_text("utf-8")
