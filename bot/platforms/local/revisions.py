"""The page of revisions: everything that each of them changes, clause by clause."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import htpy as h

from bot.platforms.local.gallery import document, linked

Run: TypeAlias = tuple[Literal["equal", "delete", "insert"], str]


@dataclass(frozen=True, slots=True)
class SheetPassage:
    """A clause: its number, where there are several, and its paragraphs in runs."""

    number: str
    paragraphs: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A change: what it is, its nature, and its words; none where they are the same."""

    title: str
    nature: str
    passages: tuple[SheetPassage, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A revision: an identifier for its address, its title, where it is in its life, what it changes."""

    anchor: str
    title: str
    state: str
    summary: str
    changes: tuple[Changed, ...]


Sheets: TypeAlias = Callable[[], Awaitable[Sequence[Sheet]]]

_KEY = "Les mots retirés sont barrés, les mots ajoutés sont en gras."
_NONE = (
    "Aucune révision pour l'instant. Dans un autre terminal, proposez-en une\u00a0: "
    "vigie --essai reviser FICHIER --adoptee AAAA-MM-JJ --proposer."
)


async def no_sheets() -> Sequence[Sheet]:
    """Return no revision."""
    return ()


def page(sheets: Sequence[Sheet]) -> str:
    """Return the whole page."""
    contents = [h.li[h.a(href=f"#{one.anchor}")[f"{one.title}, {one.state}"]] for one in sheets]
    body = h.body[
        h.header(".head")[
            h.p(".back")[h.a(href="/")["Retour au clavardage"]],
            h.h1["Ce que changent les révisions"],
            h.p[_KEY if sheets else _NONE],
        ],
        contents and h.nav(".contents", aria_label="Révisions")[h.ul[contents]],
        h.main[[_sheet(one) for one in sheets]],
    ]
    return document(
        "Ce que changent les révisions (bac à sable)", linked("base", "gallery", "revisions"), body
    )


def _sheet(sheet: Sheet) -> h.Renderable:
    told, same = ([one for one in sheet.changes if bool(one.passages) is shown] for shown in (True, False))
    return h.article(".revision", id=sheet.anchor, aria_labelledby=f"{sheet.anchor}-titre")[
        h.header[
            h.h2(id=f"{sheet.anchor}-titre")[h.a(href=f"#{sheet.anchor}")[sheet.title]], h.p[sheet.state]
        ],
        h.p(".summary")[sheet.summary],
        [_changed(one) for one in told],
        _same(same) if same else None,
    ]


def _changed(change: Changed) -> h.Renderable:
    return h.section[
        h.h3[change.title, h.span(".nature")[change.nature]],
        [_passage(one, several=len(change.passages) > 1) for one in change.passages],
    ]


def _passage(passage: SheetPassage, *, several: bool) -> h.Renderable:
    return h.figure(".quote")[
        several and h.figcaption[passage.number],
        h.blockquote[[h.p[[_run(run) for run in paragraph]] for paragraph in passage.paragraphs]],
    ]


def _run(run: Run) -> h.Node:
    op, text = run
    match op:
        case "delete":
            return h.del_[text]
        case "insert":
            return h.ins[text]
        case "equal":
            return text


def _same(changes: Sequence[Changed]) -> h.Renderable:
    """Return the changes that have no words to show: the clause is elsewhere, as it was."""
    return h.section[h.h3["Sans un mot de changé"], h.ul(".same")[[h.li[one.title] for one in changes]]]
