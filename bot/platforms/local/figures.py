"""The page of figures: a picture, a table for each section of a period, links to other periods."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import htpy as h

from bot.conversation.messages import File
from bot.platforms.local.gallery import sandbox_page
from bot.platforms.local.render import render_file


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure in words: for the period, for the previous period, and the change. Each may be ""."""

    title: str
    now: str
    before: str
    change: str


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A section: its anchor, title, note and figures."""

    anchor: str
    title: str
    note: str
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class FigureSheet:
    """The figures of a period. `id`: as in the page's address. `title`: « octobre 2026 ».

    `before`: the title of the previous period, "" for none. `periods`: the ids and titles of all the periods
    that have figures. `picture`: None when it could not be drawn.
    """

    id: str
    title: str
    before: str
    note: str
    tables: tuple[FigureTable, ...]
    periods: Sequence[tuple[str, str]]
    picture: File | None = None


ReadFigures: TypeAlias = Callable[[str], Awaitable[FigureSheet | None]]
NOT_FOUND = "Il n'y a pas de chiffres pour cette période."


async def no_figures(_: str) -> None:
    """Return None: there are no figures."""
    return


def figures_page(sheet: FigureSheet | None) -> str:
    """Return the whole page of a period or, for None, a page that says that there are no figures."""
    heading = "Le tableau de bord"
    if sheet is None:
        return sandbox_page(
            heading, NOT_FOUND, h.main[h.p[h.a(href="/tableau")["Le dernier mois"]]], style="figures"
        )
    links = [
        h.li[
            h.a(
                href=f"/tableau?periode={identifier}", aria_current="page" if identifier == sheet.id else None
            )[title]
        ]
        for identifier, title in sheet.periods
    ]
    return sandbox_page(
        f"{heading}, {sheet.title}",
        sheet.note,
        h.main[
            h.nav(".periods", aria_label="Périodes")[h.ul[links]],
            sheet.picture is not None and h.div(".drawn")[render_file(sheet.picture)],
            [_table(sheet, table) for table in sheet.tables],
        ],
        style="figures",
    )


def _table(sheet: FigureSheet, table: FigureTable) -> h.Renderable:
    title = f"{table.anchor}-titre"
    columns = ["", sheet.title, *([sheet.before] if sheet.before else [])]
    return h.section(".figures", id=table.anchor, aria_labelledby=title)[
        h.h2(id=title)[table.title],
        bool(table.note) and h.p[table.note],
        bool(table.rows)
        and h.table[
            h.thead[h.tr[[h.th(scope="col")[column] if column else h.td for column in columns]]],
            h.tbody[
                [
                    h.tr[
                        h.th(scope="row")[row.title],
                        h.td[row.now, bool(row.change) and h.span(".change")[f" {row.change}"]],
                        bool(sheet.before) and h.td[row.before or "–"],
                    ]
                    for row in table.rows
                ]
            ],
        ],
    ]
