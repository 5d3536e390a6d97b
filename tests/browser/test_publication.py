"""The public site in a real browser: accessible, read without a script, and searched with one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeAlias

import pypdfium2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.conftest import DESKTOP, PATIENCE, PHONE
from tests.browser.test_accessibility import COLOURS, SCHEMES, axe
from tests.publication.lookups import LOOKUPS, bots_first, sites_first
from tests.publication.publisher import ADDRESS, CLUB, Publisher, shipped

pytestmark = pytest.mark.asyncio(loop_scope="session")

Visit: TypeAlias = Callable[..., Awaitable[Page]]
TABLE: Final = (
    "## ARTICLE 4 : Prix\n\n4.1 Les prix sont :\n\n| Membre | Prix |\n|---|---|\n| Adulte | 5 $ |\n"
)
# One of each kind of page.
PAGES: Final = (
    "index.html",
    "recherche.html",
    "club/index.html",
    "club/2018-09-10/index.html",
    "club/versions.html",
    "club/2.2.html",
    "club/2.3.html",
    "club/4.1.html",
    "club/3.html",
    "club/2015-05-04/2.2.html",
    "club/id/2015-05-04/2.2.html",
    "club/comparaison/2018-09-10_2024-02-01.html",
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    texts = {day: f"{text}\n{TABLE}" for day, text in CLUB.items()}
    made = Publisher(tmp_path_factory.mktemp("site"), {"club": texts, "pa20": shipped("pa20")})
    made.public = {"club", "pa20"}
    made.settings |= {"vigie_slack_equipe": "T0123ABCD"}
    made.publish()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, published: Publisher) -> AsyncIterator[Visit]:
    """Open pages of the site from the disk; none may complain, nor ask for anything elsewhere."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def leaves(asked: Request) -> None:
        if not asked.url.startswith("file:"):
            complaints.append(asked.url)

    async def opened(path: str, **options: object) -> Page:
        context = await browser.new_context(locale="fr-CA", **{"viewport": DESKTOP, **options})  # type: ignore[arg-type]  # theirs to name
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: complaints.append(f"{path}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("request", leaves)
        await page.goto(f"{published.site.as_uri()}/{path}")
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert complaints == []


async def violations(page: Page) -> list[str]:
    """Return what axe finds in either theme. It may not read the style sheet again: the page forbids it."""
    found = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += await axe(page, {"preload": False, **({} if scheme == "light" else COLOURS)})
    return found


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_a_violation_or_is_wider_than_a_screen(visit: Visit, path: str) -> None:
    page = await visit(path, viewport=PHONE, reduced_motion="reduce")
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert await violations(page) == []
    await page.set_viewport_size(DESKTOP)
    assert await violations(page) == []


async def test_what_is_opened_has_no_violation(visit: Visit) -> None:
    page = await visit("club/2.2.html", viewport=PHONE, reduced_motion="reduce")
    await page.get_by_text("Citer").click()
    await page.locator(".term").click()
    await expect(page.locator(".definition:target")).to_be_in_viewport()
    assert await violations(page) == []


async def test_without_a_script_everything_is_read(visit: Visit) -> None:
    page = await visit("club/2.2.html", java_script_enabled=False, viewport=PHONE)
    await expect(page.locator("blockquote")).to_contain_text("Chaque membre garde le logo")
    await page.locator(".term").click()
    await expect(page.locator(".definition")).to_be_in_viewport()
    await page.get_by_role("link", name="Fermer").click()
    await expect(page.locator(".definition:target")).to_have_count(0)
    await page.get_by_text("Citer").click()
    await expect(page.get_by_text("https://politiques.exemple.ca/club/2024-02-01/2.2.html")).to_be_visible()
    await page.get_by_role("link", name="Chercher").click()
    await expect(page.get_by_role("searchbox")).to_have_count(0)
    await page.get_by_role("link", name="Code du club", exact=True).click()
    await page.get_by_role("navigation", name="Table des matières").get_by_role("link", name="2.1").click()
    await expect(
        page.locator("blockquote", has_text="Les photos du local sont permises.")
    ).to_be_in_viewport()


async def test_on_a_phone_a_text_is_named_before_its_contents(visit: Visit) -> None:
    page = await visit("club/index.html", java_script_enabled=False, viewport=PHONE)
    tops = [await page.locator(each).bounding_box() for each in ("h1", ".toc", "article")]
    assert all(tops)
    heights = [box["y"] for box in tops if box]
    assert heights == sorted(heights)


async def test_two_versions_are_seen_side_by_side_without_a_script(visit: Visit) -> None:
    page = await visit("club/comparaison/2018-09-10_2024-02-01.html", java_script_enabled=False)
    await expect(page.locator(".sides").first).to_be_hidden()
    await page.get_by_label("Côte à côte").check()
    await expect(page.locator(".sides").first).to_be_visible()
    await expect(page.locator(".one").first).to_be_hidden()


async def test_a_redirection_leads_to_the_page(visit: Visit) -> None:
    page = await visit("club/2024-02-01/1.2.html", java_script_enabled=False)
    await expect(page).to_have_url(re.compile(r"/club/2015-05-04/1\.2\.html$"))


async def test_an_address_and_a_quotation_are_copied(visit: Visit) -> None:
    page = await visit("club/2.2.html", permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_text("Citer").click()
    await page.get_by_role("button", name="Copier l'adresse").click()
    await expect(page.get_by_role("button", name="Copié")).to_be_visible()
    copied = "navigator.clipboard.readText()"
    assert await page.evaluate(copied) == f"{ADDRESS}/club/2024-02-01/2.2.html"
    await page.get_by_role("button", name="Copier la citation").click()
    await expect(page.get_by_role("button", name="Copié")).to_have_count(2)
    assert (await page.evaluate(copied)).replace("\u00a0", " ") == (
        "« Chaque membre garde le logo du club pour soi. » (CLUB, 2.2, version révisée le 1er février 2024)"
    )


async def test_printed_pages_have_the_text_and_no_menus(visit: Visit) -> None:
    page = await visit("club/index.html")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("navigation", name="Table des matières")).to_be_hidden()
    await expect(page.locator("blockquote", has_text="Les photos du local sont permises.")).to_be_visible()


async def test_a_force_is_not_printed_on_another_page_than_its_clause(visit: Visit) -> None:
    page = await visit("pa20/index.html")
    await page.emulate_media(media="print")
    texts = pypdfium2.PdfDocument(await page.pdf(format="Letter"))
    ends = [sheet.get_textpage().get_text_range().split()[-1] for sheet in texts]
    assert len(ends) > 3
    assert not {"Interdiction", "Directive", "Invitation", "Permission", "Sanction"} & set(ends)


async def test_a_title_is_printed_on_one_page_with_what_follows(visit: Visit) -> None:
    page = await visit("pa20/index.html")
    await page.emulate_media(media="print")
    breaks = await page.locator("article :is(h1, h2, h3, h4, h5, h6)").evaluate_all(
        """(titles) => titles.map((each) => {
          const style = getComputedStyle(each);
          return `${style.breakInside} ${style.breakAfter}`;
        })"""
    )
    assert set(breaks) == {"avoid avoid"}


async def test_what_a_number_said_in_2016_and_what_replaced_it_is_a_few_clicks_away(visit: Visit) -> None:
    """From the first page, without a script: by the number today, then by the version of that year."""
    page = await visit("index.html", java_script_enabled=False, viewport=PHONE)
    contents = page.get_by_role("navigation", name="Table des matières")
    await page.get_by_role("link", name="Code du club", exact=True).click()
    await contents.get_by_role("link", name="2.2").click()
    await page.locator(":target").get_by_role("link", name="2.2").click()
    before = page.get_by_role("region", name="Ce que 2.2 désignait avant")
    await expect(before).to_contain_text("Jusqu'au 9 septembre 2018, 2.2 désignait la même disposition")
    await page.get_by_role("link", name="Le Grand Détour").click()
    await page.get_by_role("link", name="4 versions").first.click()
    await page.get_by_role("link", name="Version du 4 mai 2015").click()
    await contents.get_by_role("link", name="2.1").click()
    await page.locator(":target").get_by_role("link", name="2.1").click()
    await expect(page.locator("main")).to_contain_text("Il est interdit de courir dans les corridors.")
    await expect(page.locator("main")).to_contain_text("Abrogée le 1er février 2024, sans remplacement.")


async def test_a_definition_is_quoted_as_in_french(visit: Visit) -> None:
    page = await visit("club/2.2.html")
    quotes = await page.locator("q").first.evaluate("(words) => getComputedStyle(words).quotes")
    assert quotes == '"«\u00a0" "\u00a0»"'


async def test_a_printed_clause_says_where_its_words_come_from(visit: Visit) -> None:
    page = await visit("club/2.2.html", java_script_enabled=False)
    await page.emulate_media(media="print")
    await expect(page.get_by_role("navigation", name="Fil d'Ariane")).to_contain_text("CLUB")
    await expect(page.get_by_text("https://politiques.exemple.ca/club/2024-02-01/2.2.html")).to_be_visible()
    await expect(page.get_by_text("(CLUB, 2.2, version révisée le 1er février 2024)")).to_be_visible()
    await expect(page.get_by_role("link", name="Chercher")).to_be_hidden()


# --- Searching --------------------------------------------------------------------------------


async def test_the_site_finds_what_the_bot_finds_for_95_look_ups_of_100(visit: Visit) -> None:
    assert len(set(LOOKUPS)) == 100
    bot, site = bots_first(), await sites_first(await visit("recherche.html"))
    differ = {query: (site[query], first) for query, (first, _) in bot.items() if site[query] != first}
    assert len(differ) <= 5, differ


async def test_a_word_with_one_slip_finds_what_the_word_finds(visit: Visit) -> None:
    page = await visit("recherche.html")
    for right, slips in {
        "permises": ["permizes", "permies", "premises", "permisses", "pérmises"],
        "cotisation": ["cotization", "coitsation", "cotisatin", "Côtisation"],
    }.items():
        await page.get_by_role("searchbox").fill(right)
        first = page.locator("#resultats a").first
        wanted = await first.inner_text()
        for slip in slips:
            await page.get_by_role("searchbox").fill(slip)
            await expect(first).to_have_text(wanted)


async def test_results_are_shown_with_their_words_and_an_address_to_come_back(visit: Visit) -> None:
    page = await visit("recherche.html?q=photos", viewport=PHONE)
    await expect(page.locator("#resultats li").first).to_contain_text("Les photos du local sont permises.")
    assert await violations(page) == []
    await page.get_by_role("searchbox").fill("zzzzzz")
    await expect(page.get_by_role("status")).to_have_text("Rien ne répond à ces mots. Essayez-en d'autres.")
    await page.get_by_role("searchbox").fill("2.1")
    await page.locator("#resultats a").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("2.1")


@pytest.mark.parametrize("query", ["2.2 en 2016", "que disait 2.2 en 2016?", "2.2 le 3 mars 2016"])
async def test_what_a_number_said_in_a_year_comes_before_what_it_says_today(visit: Visit, query: str) -> None:
    page = await visit("recherche.html")
    await page.get_by_role("searchbox").fill(query)
    results = page.locator("#resultats li")
    assert [(await each.inner_text()).replace("\u00a0", " ") for each in await results.all()] == [
        "2.2 : du 4 mai 2015 au 9 septembre 2018\n\nChaque membre garde son logo pour soi.",
        "2.2 : aujourd'hui\n\nChaque membre garde le logo du club pour soi.",
    ]
    await page.locator("#resultats a").first.click()
    await expect(page.locator("main")).to_contain_text("aujourd'hui sous le même numéro, en d'autres mots")


@pytest.mark.parametrize("query", ["2.3", "2.3 en 2016", "2.3 2016", "que disait 2.3 en 2016?"])
async def test_a_number_that_is_no_more_is_found(visit: Visit, query: str) -> None:
    page = await visit("recherche.html")
    await page.get_by_role("searchbox").fill(query)
    await page.locator("#resultats a").first.click()
    await expect(page.locator("main")).to_contain_text("Rien ne porte plus le numéro 2.3 depuis")
