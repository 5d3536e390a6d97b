"""The figures in chat: a month, a year, what was before, and how each is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.commands.tableau import messages
from bot.conversation.messages import Button, Message, Quoter
from bot.conversation.requests import Actor
from bot.dashboard import boards, periods
from bot.dashboard.figures import Board, Figure, Section
from bot.language.bands import BAND, Band
from tests.dashboard.test_differencing import Act, Books
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import World, words, world
from tests.platforms.test_hostile_text import check_everywhere

OCTOBER = [Act("read", "pa20", person, date(2026, 10, 12)) for person in range(BAND)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[World]:
    with world(tmp_path) as made:

        def fill(db: Database) -> None:
            for person in range(BAND):
                db.conn.execute("INSERT INTO people VALUES (?)", (f"p{person}",))
            books = Books(db, made.clock, made.services.dashboard)
            for act in OCTOBER:
                books.add(act)

        await made.run(fill)
        yield made


async def test_the_last_month_is_shown_with_the_one_before(desk: World) -> None:
    reply_words = words(await desk.ask("tableau", ADMIN))
    assert reply_words.startswith("Tableau de bord, octobre\u00a02026")
    assert "Lectures terminées\u00a0: 5 à 9, en hausse (moins de 5)." in reply_words
    assert boards.NOTE in reply_words


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("octobre", "octobre\u00a02026"),
        ("Septembre 2025", "septembre\u00a02025"),
        ("2025-9", "septembre\u00a02025"),
        ("année 2025-2026", "année\u00a02025-2026"),
        ("février", "février\u00a02026"),
    ],
)
async def test_a_period_is_asked_for_in_the_words_of_its_title(desk: World, text: str, title: str) -> None:
    assert words(await desk.ask(f"tableau {text}", ADMIN)).startswith(f"Tableau de bord, {title}")


@pytest.mark.parametrize("text", ["novembre 2026", "septembre 1999", "sept", "octobres", "année"])
async def test_a_period_that_was_not_counted_is_refused_in_words_too(desk: World, text: str) -> None:
    assert words(await desk.ask(f"tableau {text}", ADMIN)).startswith("Je n'ai pas ces chiffres.")


async def test_buttons_lead_to_every_period_and_back(desk: World) -> None:
    seen: set[str] = set()
    waiting = ["tableau"]
    while waiting:
        line = waiting.pop()
        reply = await desk.ask(line, ADMIN)
        assert isinstance(reply, Message)
        seen.add(line)
        lines = {button.command for button in reply.buttons() if isinstance(button, Button)}
        waiting += sorted({each for each in lines if each.startswith("tableau")} - seen - set(waiting))
    assert {"tableau 2025-09", "tableau 2026-10", "tableau 2025-2026", "tableau comment"} <= seen


async def test_the_menu_shows_it_to_whoever_may_see_it(desk: World) -> None:
    for actor, sees in ((ADMIN, True), (Actor("slack", "T1", "U0MEMBER"), False)):
        reply = await desk.ask("vigie", actor)
        assert isinstance(reply, Message)
        assert ("tableau" in {b.command for b in reply.buttons() if isinstance(b, Button)}) == sees


def test_however_many_policies_there_are_each_page_fits_everywhere(quote: Quoter) -> None:
    month = periods.month_of(date(2026, 10, 1))
    figures = tuple(
        Figure(f"f{n}", f"Une ligne assez longue, la {n}e de la section", Band.of(5 * n), Band.of(3 * n))
        for n in range(12)
    )
    sections = tuple(Section(f"s{n}", f"La section numéro {n} (PA20)", "", figures) for n in range(30))
    board = Board(month, month.previous, sections, boards.NOTE)
    shown: set[str] = set()
    page = 1
    while True:
        message = messages.board(board, [month.previous], page)
        check_everywhere(message, quote)
        shown |= {line for line in words(message).splitlines() if line.startswith("La section")}
        if f"tableau 2026-10 {page + 1}" not in {
            button.command for button in message.buttons() if isinstance(button, Button)
        }:
            break
        page += 1
    assert page > 1
    assert len(shown) == len(sections)
