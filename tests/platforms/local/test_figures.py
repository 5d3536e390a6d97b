"""The page of the figures: a table a section, links to the periods, and nothing taken for markup."""

from __future__ import annotations

from html import unescape

from aiohttp import ClientSession

from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.figures import NOT_FOUND, FigureRow, FigureSheet, FigureTable, figures_page

pytest_plugins = ["tests.kits.platforms.local_fixtures"]

SHEET = FigureSheet(
    "2026-10",
    "octobre\u00a02026",
    "septembre\u00a02026",
    "Par tranches de cinq.",
    (
        FigureTable("a", "Les <accueils>", "Une note.", (FigureRow("Terminés", "5 à 9", "", "en hausse"),)),
        FigureTable("b", "Les signalements", "Leurs clés manquent.", ()),
    ),
    [("2026-10", "octobre\u00a02026"), ("2025-2026", "année\u00a02025-2026")],
)


def test_each_section_is_a_table_with_the_period_before() -> None:
    html = figures_page(SHEET)
    assert "Les &lt;accueils&gt;" in html
    assert html.count("<table>") == 1
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1
    assert "Leurs clés manquent." in unescape(html)


def test_the_other_periods_are_a_link_away() -> None:
    html = figures_page(SHEET)
    assert 'href="/tableau?periode=2025-2026"' in html
    assert html.count('aria-current="page"') == 1


async def test_the_page_is_served_and_says_when_there_is_nothing(sandbox: LocalAdapter) -> None:
    async with ClientSession() as session, session.get(f"{sandbox.address}tableau?periode=x") as response:
        assert response.status == 200
        assert NOT_FOUND in unescape(await response.text())
