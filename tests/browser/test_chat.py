"""The chat, used as a person would: typing, reading, pressing, changing persona."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from bot.conversation.messages import Button, Buttons, Heading, Message, Text
from bot.platforms.contract import Destination
from bot.platforms.local.adapter import LocalAdapter
from tests.browser.conftest import PATIENCE, PHONE, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")
expect.set_options(timeout=PATIENCE)

CLAUSE = "S'il est porté à votre connaissance que des informations négatives"
HOSTILE = (
    '<img src=x onerror="document.title=1"> <script>document.title=2</script> *gras* @everyone &amp; "\'>'
)
ONLY = "Visible par vous seulement"
NAMED = "(({ textContent, ariaLabel, id }) => textContent.trim() || ariaLabel || id)(document.activeElement)"


async def write(page: Page, text: str) -> None:
    """Type a line and send it."""
    await page.get_by_role("combobox").click()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


def last(page: Page) -> Locator:
    return page.get_by_role("article").last


async def become(page: Page, name: str) -> None:
    await page.locator("#personas").get_by_text(name).click()
    await expect(page.locator("#personas [aria-current]")).to_contain_text(name)


async def go_to(page: Page, conversation: str) -> None:
    await page.get_by_role("navigation", name="Conversations").get_by_text(conversation).click()


async def test_a_newcomer_types_a_number_and_reads_the_clause(open_page: Open) -> None:
    page = await open_page()
    await expect(
        page.get_by_role("heading", name="Bonjour! Je cite la politique, mot pour mot.")
    ).to_be_visible()
    await write(page, "/politique 5.10")
    await expect(last(page).locator("blockquote")).to_contain_text(CLAUSE)
    await expect(last(page)).to_contain_text("13\u00a0décembre\u00a02015")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await expect(page.get_by_role("combobox")).to_have_text("")


async def test_a_first_click_is_enough(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("button", name="négatif sur l'association?").click()
    await expect(last(page).locator("blockquote").first).to_contain_text(CLAUSE)


async def test_the_sandbox_says_what_it_is(open_page: Open) -> None:
    page = await open_page()
    expected = "Bac à sable\u00a0: rien ne quitte cet ordinateur, tout s'efface à chaque démarrage."
    await expect(page.get_by_text(expected)).to_be_visible()
    await expect(page.get_by_role("combobox")).to_have_accessible_description(expected.replace("\u00a0", " "))


# --- As one types ---


async def test_commands_then_their_own_suggestions_are_chosen_from_the_keyboard(open_page: Open) -> None:
    page = await open_page()
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    await expect(box).to_have_attribute("aria-expanded", "false")
    await box.click()
    await page.keyboard.type("/po")
    await expect(options).to_have_count(1)
    await expect(box).to_have_attribute("aria-expanded", "true")
    await expect(box).to_have_attribute("aria-activedescendant", "option-0")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(box).to_have_text("/politique ")
    await expect(options).to_have_count(7)
    await page.keyboard.type("5.1")
    await expect(options.nth(1)).to_contain_text("5.10 · Les informations négatives")
    await page.keyboard.press("ArrowUp")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(box).to_have_text("/politique 5.10")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(last(page).locator("blockquote")).to_contain_text(CLAUSE)


async def test_a_command_that_is_whole_is_sent_though_its_suggestions_are_late(open_page: Open) -> None:
    page = await open_page("#officier/vigie")
    goes_on = asyncio.Event()

    async def held(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await page.get_by_role("combobox").click()
    await page.keyboard.type("/accuei")
    await expect(page.get_by_role("option")).to_have_count(1)  # those of what was typed before are gone
    await expect(page.get_by_role("option")).to_have_attribute("aria-selected", "true")
    await page.route("**/api/suggestions*", held)
    await page.keyboard.type("l")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("Votre accueil")
    goes_on.set()


async def test_the_commands_of_a_person_are_offered_by_group(open_page: Open) -> None:
    page = await open_page("#officier/vigie")
    for persona, offered in {"Camille": 0, "Sacha": 1}.items():
        await become(page, persona)
        await page.get_by_role("combobox").click()
        await page.keyboard.type("/")
        await expect(page.get_by_role("option").first).to_contain_text("/vigie")
        policy = page.get_by_role("group", name="La politique")
        await expect(policy.get_by_role("option").first).to_contain_text("/politique")
        await expect(page.get_by_role("group", name="L'administration")).to_have_count(offered)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Backspace")


async def test_escape_closes_the_suggestions_and_keeps_the_text(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("combobox").click()
    await page.keyboard.type("/")
    await expect(page.get_by_role("listbox")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await expect(page.get_by_role("combobox")).to_have_text("/")


async def test_a_suggestion_may_be_clicked(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("combobox").click()
    await page.keyboard.type("/")
    await page.get_by_role("option", name="/vigie chercher").click()
    await expect(page.get_by_role("combobox")).to_have_text("/vigie chercher")
    await expect(page.get_by_role("combobox")).to_be_focused()


async def test_a_line_may_have_several_lines(open_page: Open) -> None:
    page = await open_page("#officier/general")
    await page.get_by_role("combobox").click()
    await page.keyboard.type("Un")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("deux")
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".body")).to_have_text("Un\ndeux", use_inner_text=True)


# --- The channel ---


async def test_a_mention_is_read_by_all_and_answered_to_one(open_page: Open) -> None:
    page = await open_page("#officier/general")
    await page.get_by_role("combobox").click()
    await page.keyboard.type("@v")
    await expect(page.get_by_role("option", name="@Vigie")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("combobox")).to_have_text("@Vigie ")
    await page.keyboard.type("5.10")
    await page.keyboard.press("Enter")
    await expect(last(page).locator("blockquote")).to_contain_text(CLAUSE)
    await expect(last(page)).to_contain_text(ONLY)
    await become(page, "Maxime")
    await expect(last(page)).to_contain_text("@Vigie 5.10")
    await expect(page.get_by_role("log")).not_to_contain_text(CLAUSE)


async def test_a_share_is_read_by_everyone_at_once(open_page: Open) -> None:
    page, other = await open_page("#officier/general"), await open_page("#conseil/general")
    await write(page, "/politique 5.10")
    await expect(last(page)).to_contain_text(ONLY)
    await last(page).get_by_role("button", name="Partager ici").click()
    await expect(last(other).locator("blockquote")).to_contain_text(CLAUSE)
    await expect(last(other)).not_to_contain_text(ONLY)
    await last(other).get_by_role("button", name="Lire autour").click()
    await expect(last(other)).to_contain_text(ONLY)
    await expect(page.get_by_role("article")).to_have_count(4)


async def test_what_was_not_read_is_marked_until_it_is(sandbox: LocalAdapter, open_page: Open) -> None:
    page = await open_page()
    channel = page.get_by_role("navigation", name="Conversations").get_by_role("link", name="général")
    await expect(channel).to_contain_text("2 messages non lus")
    await sandbox.deliver(Destination("local", "", "administration"), Message(Text("Bonjour!")), "essai")
    someone = page.locator("#personas").get_by_role("link", name="Sacha")
    await expect(someone).to_contain_text("3 messages non lus")
    await someone.click()
    await expect(last(page)).to_contain_text("Bonjour!")
    await expect(someone).not_to_contain_text("lus")
    await go_to(page, "général")
    await become(page, "Dominique")
    await expect(someone).not_to_contain_text("lus")
    await page.reload()
    await expect(someone).not_to_contain_text("lus")


async def test_the_menu_of_a_message_asks_about_its_words(open_page: Open) -> None:
    page = await open_page("#officier/general")
    await page.get_by_role("button", name="Actions sur le message de Maxime").click()
    item = page.get_by_role("menuitem", name="Ce qu'en dit la PA20")
    await expect(item).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(item).to_be_hidden()
    await expect(page.get_by_role("button", name="Actions sur le message de Maxime")).to_be_focused()
    await page.keyboard.press("Enter")
    await item.press("Enter")
    await expect(last(page)).to_contain_text("En réponse à Ce qu'en dit la PA20")
    await expect(last(page)).to_contain_text(ONLY)


async def test_what_one_saw_alone_is_marked_and_gone_once_the_page_is_reloaded(open_page: Open) -> None:
    page = await open_page("#officier/general")
    await write(page, "Bonjour")
    await write(page, "/politique 5.10")
    await expect(last(page)).to_contain_text("jusqu'au rechargement")
    await go_to(page, "Vigie")
    await write(page, "/signalement")
    # The command itself is marked: an answer that was not waited for could come after the reload.
    await expect(page.get_by_role("article")).to_have_count(2)
    await expect(last(page)).to_contain_text("jusqu'au rechargement")
    await go_to(page, "général")
    await expect(last(page)).to_contain_text(CLAUSE)
    await page.reload()
    await expect(last(page)).to_contain_text("Bonjour")
    await go_to(page, "Vigie")
    await expect(page.get_by_role("article")).to_have_count(0)


# --- The clock ---


async def test_the_clock_is_advanced_and_messages_bear_their_day(open_page: Open) -> None:
    page = await open_page("#officier/general")
    await write(page, "Bonjour")
    time = last(page).get_by_role("time")
    await expect(time).to_have_text(re.compile(r"^\d+ h \d\d$"))
    now = page.get_by_role("region", name="Avancer l'horloge").locator("p")
    before = await now.inner_text()
    await page.get_by_role("button", name="À lundi").click()
    await expect(page.get_by_role("status")).to_have_text(re.compile("^Nous sommes le lundi .* à 9 h 45\\.$"))
    await expect(now).not_to_have_text(before)
    await expect(time).to_have_text(re.compile(r"^\d+ \S+, \d+ h \d\d$"))
    await page.reload()
    await expect(now).to_have_text(re.compile("^lundi"))
    await page.get_by_role("button", name="Remettre maintenant").click()
    await expect(page.get_by_role("status")).not_to_be_empty()


# --- Buttons and forms ---


async def test_a_button_turns_the_page_in_place_and_keeps_the_focus(open_page: Open) -> None:
    page = await open_page()
    await write(page, "/politique article 5")
    await expect(last(page)).to_contain_text("page 1 sur ")
    await last(page).get_by_role("button", name="Page suivante").press("Enter")
    await expect(last(page)).to_contain_text("page 2 sur ")
    await expect(page.get_by_role("article")).to_have_count(2)
    await expect(last(page).get_by_role("button", name="Page suivante")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("page 3 sur 3")
    await expect(last(page)).to_be_focused()  # there is no such button any more
    await last(page).get_by_role("button", name="Page précédente").press("Enter")
    await expect(last(page)).to_contain_text("page 2 sur ")


async def test_a_long_answer_is_read_from_its_beginning(open_page: Open) -> None:
    page = await open_page(viewport=PHONE)
    for answers in (1, 2):
        await write(page, "/politique article 5")
        await expect(page.get_by_role("article")).to_have_count(2 * answers)
        await expect(last(page)).to_contain_text("page 1 sur ")
    log, answer = await page.get_by_role("log").bounding_box(), await last(page).bounding_box()
    assert log is not None
    assert answer is not None
    assert 0 <= answer["y"] - log["y"] < 40
    assert answer["height"] > log["height"]


async def test_what_one_opens_is_seen_whole_and_the_starters_go(
    sandbox: LocalAdapter, open_page: Open
) -> None:
    page = await open_page("#communications/vigie")
    buttons = Buttons(Button("Ouvrir", "politique 5.10"))
    await sandbox.deliver(
        Destination("local", "", "communications"),
        Message(Heading("À lire"), Text("Ceci.\n" * 20), buttons),
        "x",
    )
    await expect(page.locator(".starters")).to_have_count(1)
    title = last(page).get_by_role("heading", name="À lire")
    await page.reload()
    await expect(title).to_be_in_viewport(ratio=1)
    await last(page).get_by_role("button", name="Ouvrir").click()
    await expect(last(page).locator("blockquote")).to_contain_text(CLAUSE)
    await expect(page.locator(".starters")).to_have_count(0)


async def test_the_first_of_a_month_is_said_as_in_french(open_page: Open) -> None:
    page = await open_page("#officier/general")
    now = page.get_by_role("region", name="Avancer l'horloge").locator("p")
    for _ in range(31):
        day = (await now.text_content() or "").partition(" à ")[0]
        if "1er" in day:
            break
        await page.get_by_role("button", name="À demain").click()
        await expect(now).not_to_contain_text(day)
    await expect(now).to_contain_text(" 1er ")


async def test_a_form_is_filled_corrected_and_answered(open_page: Open) -> None:
    page = await open_page()
    await write(page, "/vigie chercher")
    window = page.get_by_role("dialog", name="Poser une question")
    field = window.get_by_role("textbox", name="Votre question, un mot ou un numéro")
    await expect(field).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(
        "Exemples : Qui doit lire cette politique? · consentement · 5.10 Cette réponse est nécessaire."
    )
    await page.keyboard.type("5.10")
    await page.keyboard.press("Enter")
    await expect(window).to_be_hidden()
    await expect(last(page).locator("blockquote")).to_contain_text(CLAUSE)


async def test_a_form_opens_from_a_button_and_closes_with_escape(open_page: Open) -> None:
    page = await open_page()
    await write(page, "Bonjour")
    button = last(page).get_by_role("button", name="Poser une question")
    await button.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(button).to_be_focused()


# --- Hostile words ---


async def test_hostile_words_are_shown_as_they_were_written(open_page: Open) -> None:
    page = await open_page("#officier/general")
    title = await page.title()
    await write(page, HOSTILE)
    await expect(last(page).locator(".body")).to_have_text(HOSTILE)
    await write(page, f"@Vigie {HOSTILE}")
    await expect(last(page)).to_contain_text("<img src=x")
    await write(page, f"/politique {HOSTILE}")
    await expect(last(page).locator(".asked")).to_contain_text(HOSTILE)
    await write(page, f"/{HOSTILE}")
    await expect(last(page).locator(".body")).to_contain_text("/<img")
    assert await page.title() == title
    assert await page.locator(".log img, .log script").count() == 0


# --- Waiting, failing ---


async def test_a_slow_answer_is_announced(open_page: Open) -> None:
    page = await open_page()
    goes_on = asyncio.Event()

    async def held(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await page.route("**/api/say", held)
    await write(page, "logo")
    await expect(page.get_by_role("status")).to_have_text("Vigie écrit…")
    goes_on.set()
    await expect(last(page)).to_contain_text("logo")
    await expect(page.get_by_role("status")).to_have_text("")


async def test_what_could_not_be_sent_is_not_lost(sandbox: LocalAdapter, open_page: Open) -> None:
    page = await open_page()
    await sandbox.close()
    await expect(page.get_by_role("status")).to_contain_text("ne répond plus")
    await write(page, "logo")
    await expect(page.get_by_role("combobox")).to_have_text("logo")


async def test_what_one_began_to_write_waits_in_its_conversation(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("combobox").click()
    await page.keyboard.type("un brouillon")
    await go_to(page, "général")
    await expect(page.get_by_role("combobox")).to_have_text("")
    await go_to(page, "Vigie")
    await expect(page.get_by_role("combobox")).to_have_text("un brouillon")


# --- For everyone ---


async def test_the_keyboard_reaches_everything(open_page: Open) -> None:
    page = await open_page("#officier/general")
    await page.get_by_role("navigation", name="Conversations").get_by_role("link").first.focus()
    await page.keyboard.press("Shift+Tab")
    skip = page.get_by_role("link", name="Aller au champ de saisie")
    await expect(skip).to_be_focused()
    await skip.press("Enter")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await skip.focus()
    reached = set()
    for _ in range(28):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate(NAMED))
    for name in ("Vigie", "Tous les messages de Vigie", "@Vigie Est-ce que", "À lundi", "Envoyer", "saisie"):
        assert any(name in each for each in reached), name
    assert any("Maxime" in each for each in reached)


async def test_answers_are_announced_and_the_past_is_not(open_page: Open) -> None:
    page = await open_page("#officier/general")
    log = page.get_by_role("log", name="#général")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(page.get_by_role("article", name="Maxime")).to_be_visible()


async def test_on_a_phone_one_changes_persona_in_a_panel(open_page: Open) -> None:
    page = await open_page(viewport=PHONE, has_touch=True, is_mobile=True)
    await page.get_by_role("button", name="Vous êtes Camille").tap()
    await page.get_by_role("link", name="Dominique").tap()
    await expect(page.get_by_role("button", name="Vous êtes Dominique")).to_be_visible()
    await expect(page.locator("#personas")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 740), (640, 400), (1280, 800), (1920, 1080)])
async def test_nothing_overflows(open_page: Open, width: int, height: int) -> None:
    page = await open_page("#officier/general", viewport={"width": width, "height": height})
    await write(page, "/politique 5.10")
    await write(page, "a" * 300)
    await expect(last(page)).to_contain_text("aaa")
    await page.keyboard.type("/politique ")
    await expect(page.get_by_role("listbox")).to_be_visible()
    for where in ("document.documentElement", "document.querySelector('.log')"):
        assert await page.evaluate(f"{where}.scrollWidth <= {where}.clientWidth")
    for control in (
        page.get_by_role("combobox"),
        page.get_by_role("button", name="Envoyer"),
        page.get_by_role("listbox"),
    ):
        await expect(control).to_be_in_viewport(ratio=0.9)


async def test_nothing_moves_for_those_who_asked_for_it(open_page: Open) -> None:
    page = await open_page(reduced_motion="reduce")
    await write(page, "/vigie chercher")
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await page.evaluate("document.getAnimations().length") == 0
