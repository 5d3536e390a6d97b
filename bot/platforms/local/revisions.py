"""The page of revisions, with all the changes of each revision, clause by clause."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import htpy as h

from bot.platforms.local.gallery import sandbox_page, table_of_contents

Run: TypeAlias = tuple[Literal["equal", "delete", "insert"], str]


# A clause: its number, shown only if the change has several clauses, and its paragraphs as runs.
SheetPassage: TypeAlias = tuple[str, tuple[tuple[Run, ...], ...]]


@dataclass(frozen=True, slots=True)
class Changed:
    """A change: its title, its nature, and its passages, if any words changed."""

    title: str
    nature: str
    passages: tuple[SheetPassage, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A revision: its anchor in the page, title, state, summary and changes."""

    anchor: str
    title: str
    state: str
    summary: str
    changes: tuple[Changed, ...]


Sheets: TypeAlias = Callable[[], Awaitable[Sequence[Sheet]]]

_TAGS = {"delete": h.del_, "insert": h.ins}
_KEY = (
    "D'abord le texte d'avant, dont les mots retirés sont barrés, en rouge; puis le nouveau, dont les mots "
    "ajoutés sont en gras, en bleu."
)
_NONE = (
    "Aucune révision pour l'instant. Dans un autre terminal, proposez-en une\u00a0: "
    "vigie --essai reviser FICHIER --adoptee AAAA-MM-JJ --proposer."
)


async def no_sheets() -> Sequence[Sheet]:
    """Return an empty list: there are no revisions."""
    return ()


def revisions_page(sheets: Sequence[Sheet]) -> str:
    """Return the whole page of revisions."""
    contents = {sheet.anchor: f"{sheet.title}, {sheet.state}" for sheet in sheets}
    main = h.main[map(_sheet, sheets)]
    introduction = _KEY if sheets else _NONE
    heading = "Ce que changent les révisions"
    listed = table_of_contents("Révisions", contents) if sheets else None
    return sandbox_page(heading, introduction, listed, main, style="revisions")


def _sheet(sheet: Sheet) -> h.Renderable:
    same = [change.title for change in sheet.changes if not change.passages]
    return h.article(".revision", id=sheet.anchor, aria_labelledby=f"{sheet.anchor}-titre")[
        h.header[
            h.h2(id=f"{sheet.anchor}-titre")[h.a(href=f"#{sheet.anchor}")[sheet.title]], h.p[sheet.state]
        ],
        h.p(".summary")[sheet.summary],
        [_section(change) for change in sheet.changes if change.passages],
        same and h.section[h.h3["Titres et numéros"], h.ul(".same")[[h.li[title] for title in same]]],
    ]


def _section(change: Changed) -> h.Renderable:
    several = len(change.passages) > 1
    return h.section[
        h.h3[change.title, h.span(".nature")[change.nature]],
        [
            h.figure(".sides")[
                several and h.figcaption[number],
                _side("before", "Avant", "delete", paragraphs, "Cette clause n'y était pas."),
                _side("after", "Après", "insert", paragraphs, "Cette clause n'y est plus."),
            ]
            for number, paragraphs in change.passages
        ],
    ]


def _side(style: str, name: str, marked: str, paragraphs: Sequence[Sequence[Run]], none: str) -> h.Renderable:
    """Return one side of a passage: its words, in which those that the other side lacks are `marked`.

    `none`: the text for a side without words.
    """
    texts = [[(op, text) for op, text in paragraph if op in {"equal", marked}] for paragraph in paragraphs]
    filled = [text for text in texts if text]
    return h.div(class_=["quote", "side", style])[
        h.h4[name],
        h.blockquote[
            [h.p[[_TAGS[op][text] if op in _TAGS else text for op, text in text]] for text in filled]
        ]
        if filled
        else h.p(".none")[none],
    ]
