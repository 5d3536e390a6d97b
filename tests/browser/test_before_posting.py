"""Before posting, in a browser: a draft is checked and corrected, then a consent asked for and given."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, ViewportSize, expect

from bot.app.build import Bot
from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.test_accessibility import violations
from tests.browser.test_chat import last, write
from tests.posting.scripted import scripted

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"]),
]

DRAFT = "Venez samedi, avec le logo en grand! L'affiche porte une photo, et l'asso dénonce la hausse."


async def press(page: Page, label: str) -> None:
    """Press a button of the last message, and see that the answer fits the screen and can be read by all."""
    await last(page).get_by_role("button", name=label, exact=True).first.click()
    await expect(page.get_by_role("status")).to_have_text("")
    width = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0
    assert await violations(page) == []


async def test_a_draft_is_checked_waved_away_and_corrected(
    open_page: Open, bot: Bot, viewport: ViewportSize
) -> None:
    scripted(bot)
    page = await open_page("#conseil/vigie", viewport=viewport)
    await write(page, DRAFT)
    await expect(last(page)).to_contain_text("Voulez-vous que je relise ce texte?")
    await press(page, "Oui, relire")
    await expect(last(page)).to_contain_text("3 points à regarder, les plus sûrs d'abord.")
    await expect(last(page)).to_contain_text("Touche\u00a0: le logo")
    await expect(last(page)).to_contain_text("Peut-être\u00a0: l'image d'autres personnes")
    await press(page, "Ce n'est pas le cas")
    await expect(last(page)).to_contain_text("2 points à regarder")
    await last(page).get_by_role("button", name="Corriger le texte").click()
    window = page.get_by_role("dialog")
    await expect(window.get_by_label("Le texte à publier")).to_have_value(DRAFT)
    assert await violations(page) == []
    await window.get_by_label("Le texte à publier").fill("Venez samedi, avec le logo en grand!")
    await window.get_by_role("button", name="Relire").click()
    await expect(last(page)).to_contain_text("vous avez écarté le seul point que j'avais vu")
    assert await violations(page) == []


async def test_a_consent_is_asked_from_a_draft_by_a_code_given_and_withdrawn(
    open_page: Open, bot: Bot, viewport: ViewportSize
) -> None:
    scripted(bot)
    teams = bot.office.teams
    assert isinstance(teams, dict)
    teams |= {"slack": "T0123ABCD", "discord": "123456789012345678"}  # a code is for both
    friend = await open_page("#officier/vigie", viewport=viewport)
    await write(friend, "/vigie demande code")
    code = await last(friend).locator("code").inner_text()

    page = await open_page("#conseil/vigie", viewport=viewport)
    await write(page, "/vigie verifier L'affiche porte une photo de notre souper")
    await expect(last(page)).to_contain_text("Un point à regarder")
    await press(page, "Demander")
    await press(page, "Oui, par son code")
    window = page.get_by_role("dialog")
    await expect(window.get_by_label("Où l'image paraîtrait")).to_have_value(re.compile("porte une photo"))
    await window.get_by_label("Ce que montre l'image").fill("Camille, devant le buffet")
    await window.get_by_label("Son code").fill(code)
    await window.get_by_role("button", name="Continuer").click()
    await expect(last(page)).to_contain_text("La demande ira à @Camille")
    await press(page, "Envoyer")
    await expect(last(page)).to_contain_text("C'est envoyé")

    await write(friend, "/vigie")
    await expect(last(friend)).to_contain_text("On demande votre consentement")
    await press(friend, "Ouvrir")
    await press(friend, "J'accepte")
    await friend.get_by_role("dialog").get_by_role("button", name="J'accepte").click()
    await expect(last(friend)).to_contain_text("C'est accepté")
    await press(friend, "Retirer mon consentement")
    await press(friend, "Retirer mon consentement")
    await expect(last(friend)).to_contain_text("Le consentement a été retiré")
