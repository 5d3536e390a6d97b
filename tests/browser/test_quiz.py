"""Reading, quiz and attestation in the sandbox: by the keyboard alone, and what axe-core finds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from bot.onboarding.quiz import bank
from bot.policy import loading
from bot.settings import SEED
from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.test_accessibility import violations
from tests.browser.test_chat import last, write
from tests.conftest import TODAY

pytestmark = pytest.mark.asyncio(loop_scope="session")


BANK = bank.load_bank(
    SEED / "politique" / "pa20" / "quiz.toml",
    loading.load_library([SEED], "pa20", lambda: TODAY).default.versions[-1],
)
ONWARD = ("Question suivante", "Voir mon résultat")
OFFICER = "#officier/vigie"


async def focused(page: Page) -> str:
    """Return the label of what has the focus, "" when it is no button."""
    label: str = await page.evaluate(
        "document.activeElement.tagName === 'BUTTON' ? document.activeElement.textContent.trim() : ''"
    )
    return label


async def choose(page: Page, label: str) -> None:
    """Press a button of the last message by the keyboard alone, from where the focus is, and wait."""
    button = last(page).get_by_role("button", name=label, exact=True)
    await expect(button).to_be_visible()
    before = await last(page).inner_text()
    await last(page).focus()
    for _ in range(8):
        if await focused(page) == label:
            break
        await page.keyboard.press("Tab")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(last(page)).not_to_have_text(before, use_inner_text=True)


async def read_to_the_end(page: Page) -> None:
    while await last(page).get_by_role("button", name="Suivant →").count():
        await choose(page, "Suivant →")
    await choose(page, "Terminer la lecture")


def plain(text: str) -> str:
    return " ".join(text.split())


async def right_letters(page: Page) -> list[str]:
    """Return the letters to choose, as someone who knows the policy would."""
    lines = [plain(line) for line in (await last(page).inner_text()).splitlines()]
    shown = " ".join(lines)
    [question] = [question for question in BANK.questions if f" {plain(question.text)} " in f" {shown} "]
    good = {plain(choice.text) for choice in question.choices if choice.right}
    letters = [line[0] for line in lines if line[1:3] == ". " and line[3:] in good]
    return letters or [line for line in lines if line in good & {"Vrai", "Faux"}]


async def answer(page: Page) -> None:
    """Answer the question that is asked, by the keyboard."""
    letters = await right_letters(page)
    if await last(page).get_by_role("button", name="Valider").count():
        for letter in letters:
            await choose(page, letter)
        await choose(page, "Valider")
    else:
        await choose(page, letters[0])


async def play_to_the_end(page: Page) -> AsyncIterator[str]:
    """Play, giving each different kind of screen once it is shown."""
    kinds: set[bool] = set()
    while not await last(page).get_by_text("Quiz réussi").count():
        several = bool(await last(page).get_by_role("button", name="Valider").count())
        new = several not in kinds
        kinds.add(several)
        if new:
            yield f"question, several choices: {several}"
        await answer(page)
        if new:
            yield f"feedback, several choices: {several}"
        label = next(
            [one for one in ONWARD if await last(page).get_by_role("button", name=one).count()].__iter__()
        )
        await choose(page, label)
    yield "result"


async def test_one_reads_plays_and_attests_with_the_keyboard_alone(open_page: Open) -> None:
    page = await open_page(OFFICER)
    await write(page, "/vigie accueil moi")
    await expect(last(page).get_by_role("heading", name="Votre accueil")).to_be_visible()
    await choose(page, "Commencer la lecture")
    await read_to_the_end(page)
    await choose(page, "Passer au quiz")
    await choose(page, "Commencer le quiz")
    screens = [screen async for screen in play_to_the_end(page)]
    assert len(screens) == 5
    await expect(page.get_by_role("article")).to_have_count(2)  # everything took place in one message
    await last(page).get_by_role("button", name="Attester ma lecture").press("Enter")
    name = page.get_by_role("textbox", name="Votre nom, pour le reçu")
    await expect(name).to_be_focused()
    await expect(name).to_have_value("Camille")
    await name.fill("")
    await page.keyboard.press("Enter")
    await expect(page.locator("[aria-invalid]")).to_be_focused()
    await page.keyboard.type("Camille Roy")
    await page.keyboard.press("Enter")
    await expect(last(page).get_by_role("heading", name="C'est attesté")).to_be_visible()


async def test_after_an_answer_the_focus_is_on_what_was_said_of_it(open_page: Open) -> None:
    page = await open_page(OFFICER)
    await write(page, "/quiz nouveau -")
    await expect(last(page).get_by_role("heading", name="Question 1 sur 12")).to_be_visible()
    several = await last(page).get_by_role("button", name="Valider").count()
    await last(page).get_by_role("button", name=re.compile("^(A|Vrai)$")).press("Enter")
    if several:
        await expect(last(page).get_by_role("button", name="A (coché)")).to_be_focused()
        await last(page).get_by_role("button", name="Valider").press("Enter")
    await expect(last(page).get_by_role("button", name="Question suivante")).to_be_visible()
    await expect(last(page)).to_be_focused()
    await page.keyboard.press("Tab")
    assert await focused(page) in {"Question suivante", ""}
    await expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")


async def no_violation(page: Page, where: str) -> None:
    assert (where, await violations(page)) == (where, [])
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


def said(page: Page, words: str) -> Locator:
    return last(page).get_by_text(words).first


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_no_screen_of_the_way_has_a_violation(open_page: Open, viewport: dict[str, int]) -> None:
    page = await open_page(OFFICER, viewport=viewport, reduced_motion="reduce")
    await write(page, "/vigie accueil moi")
    await expect(said(page, "Votre accueil")).to_be_visible()
    await no_violation(page, "where one is")
    await choose(page, "Commencer la lecture")
    await no_violation(page, "a page")
    await read_to_the_end(page)
    await no_violation(page, "the reading is over")
    await choose(page, "Passer au quiz")
    await no_violation(page, "what the quiz is")
    await choose(page, "Commencer le quiz")
    async for screen in play_to_the_end(page):
        await no_violation(page, screen)
    await last(page).get_by_role("button", name="Attester ma lecture").press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await no_violation(page, "the form")
