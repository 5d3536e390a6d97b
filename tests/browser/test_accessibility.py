"""What axe-core finds: nothing, in either theme, on either screen, whatever is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.test_chat import last, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


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


# Reading contrast takes milliseconds for each text, of which the gallery has thousands, in a few looks.
# One of each look is marked: what is shown or not, its colour, its size, and all that lies behind it.
MARK_LOOKS = """() => {
  const looks = new Set();
  for (const marked of document.querySelectorAll("[data-look]")) delete marked.dataset.look;
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!text && !("value" in element)) continue;
    const own = getComputedStyle(element);
    const look = [element.checkVisibility(), own.color, own.fontSize, own.fontWeight, own.textShadow];
    for (let behind = element; behind; behind = behind.parentElement) {
      const style = getComputedStyle(behind);
      const seen = [style.backgroundColor, style.backgroundImage, style.opacity].join(" ");
      if (seen !== look.at(-1)) look.push(seen);
    }
    const name = look.join("|");
    if (!looks.has(name)) element.dataset.look = "";
    looks.add(name);
  }
}"""
CONTRAST: Final = "color-contrast"
RUN_AXE = """([rule, options]) => {
  axe.configure({rules: [{id: rule, selector: "[data-look]"}]});
  return axe.run({resultTypes: ["violations"], ...options}).then(({violations}) => violations);
}"""
COLOURS: Final[dict[str, Any]] = {"runOnly": [CONTRAST]}


async def violations(page: Page) -> list[str]:
    """Return what is wrong in either theme, best practices included, each with where."""
    found = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # Only colours differ from one theme to the other.
        found += [f"{scheme}: {one}" for one in await axe(page, {} if scheme == "light" else COLOURS)]
    return found


async def axe(page: Page, options: dict[str, Any]) -> list[str]:
    """Return what axe finds; a page reads its half megabyte once."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    await page.evaluate(MARK_LOOKS)
    return [
        f"{violation['id']}: {node['html'][:120]} {node.get('failureSummary', '')}"
        for violation in await page.evaluate(RUN_AXE, [CONTRAST, options])
        for node in violation["nodes"]
    ]


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
    open_page: Open, viewport: dict[str, int], state: Callable[[Page], Awaitable[None]]
) -> None:
    page = await open_page("#officier/general", viewport=viewport, reduced_motion="reduce")
    await state(page)
    assert await violations(page) == []


async def test_a_private_conversation_has_no_violation(open_page: Open) -> None:
    page = await open_page(reduced_motion="reduce")
    assert await violations(page) == []
    await write(page, "Bonjour")
    await expect(last(page).get_by_role("button", name="Plus…")).to_be_visible()
    assert await violations(page) == []


async def test_the_gallery_has_no_violation(open_page: Open) -> None:
    page = await open_page("galerie", viewport=DESKTOP)
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        assert await violations(page) == []
    await page.get_by_label("Chercher un message").fill("numero existe pas")
    await expect(page.get_by_role("status")).not_to_contain_text("00")
    assert await violations(page) == []


async def test_no_group_of_the_gallery_has_a_violation(open_page: Open) -> None:
    page = await open_page("galerie")
    for address in await page.locator(".groups h2 a").evaluate_all("(all) => all.map((each) => each.href)"):
        await page.goto(address)
        await page.locator("summary").first.click()
        assert await violations(page) == [], address
    await page.set_viewport_size(PHONE)
    assert await violations(page) == []


async def test_the_page_of_revisions_has_no_violation(open_page: Open) -> None:
    page = await open_page("revisions")
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_of_figures_has_no_violation(
    open_page: Open, scheme: Literal["light", "dark"]
) -> None:
    page = await open_page("tableau", color_scheme=scheme)
    assert await page.locator("table").count() > 3
    assert await violations(page) == []
    await page.set_viewport_size(PHONE)
    assert await violations(page) == []


async def test_a_text_that_does_not_stand_out_is_found_among_thousands(open_page: Open) -> None:
    page = await open_page("galerie/lire-la-politique", color_scheme="dark")
    assert await axe(page, COLOURS) == []
    await page.get_by_role("heading", level=3).last.evaluate("(one) => { one.style.color = '#767676' }")
    [violation] = await axe(page, COLOURS)
    assert violation.startswith("color-contrast: <h3")
