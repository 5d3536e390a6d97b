"""The page of revisions: what went is deleted, what came is inserted, and nothing is taken for markup."""

from __future__ import annotations

import re
from html import unescape
from typing import Literal

import pytest
from aiohttp import ClientSession

from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.revisions import Changed, Sheet, SheetPassage, revisions_page

pytest_plugins = ["tests.kits.platforms.local_fixtures"]

SHEET = Sheet(
    "revision-1",
    "PA20, version adoptée le 1er\u00a0décembre\u00a02026",
    "proposée",
    "Une clause modifiée.",
    (
        Changed(
            "5.10, modifiée",
            "substantielle",
            (
                (
                    "5.10",
                    (
                        (
                            ("equal", "Vous "),
                            ("delete", "pouvez"),
                            ("insert", "devez"),
                            ("equal", " <b>lire</b>."),
                        ),
                    ),
                ),
            ),
        ),
        Changed("5.3, devenue 5.4", "éditoriale", ()),
    ),
)


def test_what_went_is_deleted_and_what_came_is_inserted() -> None:
    html = revisions_page([SHEET])
    assert re.findall('class="(quote side [a-z]+)"', html) == ["quote side before", "quote side after"]
    before, after = re.findall(r"<h4>(Avant|Après)</h4><blockquote>(.*?)</blockquote>", html)
    assert before == ("Avant", "<p>Vous <del>pouvez</del> &lt;b&gt;lire&lt;/b&gt;.</p>")
    assert after == ("Après", "<p>Vous <ins>devez</ins> &lt;b&gt;lire&lt;/b&gt;.</p>")
    assert re.search(r"Titres et numéros.*<li>5\.3, devenue 5\.4</li>", html, re.DOTALL)


@pytest.mark.parametrize(("op", "none"), [("insert", "n'y était pas"), ("delete", "n'y est plus")])
def test_a_clause_on_one_side_alone_is_said_to_be_absent_from_the_other(
    op: Literal["insert", "delete"], none: str
) -> None:
    passages: tuple[SheetPassage, ...] = (("5.19", (((op, "Tout."),), ((op, "Et encore."),))),)
    html = revisions_page([Sheet("a", "t", "s", "r", (Changed("5.19", "substantielle", passages),))])
    assert html.count("<blockquote>") == 1
    assert none in unescape(html)


def test_numbers_stand_before_the_clauses_of_a_split() -> None:
    two: tuple[SheetPassage, ...] = tuple((number, ((("equal", "Un."),),)) for number in ("5.5", "5.6"))
    html = revisions_page([Sheet("a", "t", "s", "r", (Changed("5.5, scindée", "éditoriale", two),))])
    assert html.count("<figcaption>") == 2


async def test_the_page_is_served_and_says_when_there_is_nothing(sandbox: LocalAdapter) -> None:
    async with ClientSession() as session, session.get(f"{sandbox.address}revisions") as response:
        assert response.status == 200
        assert "Aucune révision pour l'instant." in unescape(await response.text())
