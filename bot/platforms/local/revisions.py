"""The page of revisions: everything that each of them changes, clause by clause."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.platforms.markup import NOTHING, Html, element, escaped, joined

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
    contents = (
        element("li", element("a", escaped(f"{one.title}, {one.state}"), href=f"#{one.anchor}"))
        for one in sheets
    )
    body = element(
        "body",
        element(
            "header",
            element("p", element("a", escaped("Retour au clavardage"), href="/"), class_="back"),
            element("h1", escaped("Ce que changent les révisions")),
            element("p", escaped(_KEY if sheets else _NONE)),
            class_="head",
        ),
        element("nav", element("ul", *contents), class_="contents", aria_label="Révisions")
        if sheets
        else NOTHING,
        element("main", *map(_sheet, sheets)),
    )
    return "<!doctype html>\n" + element("html", _head(), body, lang="fr-CA")


def _head() -> Html:
    styles = "".join(
        f'<link rel="stylesheet" href="/static/{name}.css">' for name in ("base", "gallery", "revisions")
    )
    return Html(
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<title>Ce que changent les révisions (bac à sable)</title>"
        f'<link rel="icon" href="/static/icon.svg" type="image/svg+xml">{styles}</head>'
    )


def _sheet(sheet: Sheet) -> Html:
    told, same = ([one for one in sheet.changes if bool(one.passages) is shown] for shown in (True, False))
    return element(
        "article",
        element(
            "header",
            element(
                "h2", element("a", escaped(sheet.title), href=f"#{sheet.anchor}"), id=f"{sheet.anchor}-titre"
            ),
            element("p", escaped(sheet.state)),
        ),
        element("p", escaped(sheet.summary), class_="summary"),
        *map(_changed, told),
        _same(same),
        id=sheet.anchor,
        class_="revision",
        aria_labelledby=f"{sheet.anchor}-titre",
    )


def _changed(change: Changed) -> Html:
    return element(
        "section",
        element("h3", escaped(change.title), element("span", escaped(change.nature), class_="nature")),
        *(_passage(one, several=len(change.passages) > 1) for one in change.passages),
    )


def _passage(passage: SheetPassage, *, several: bool) -> Html:
    words = (element("p", *map(_run, paragraph)) for paragraph in passage.paragraphs)
    return element(
        "figure",
        element("figcaption", escaped(passage.number)) if several else NOTHING,
        element("blockquote", *words),
        class_="quote",
    )


def _run(run: Run) -> Html:
    op, text = run
    match op:
        case "delete":
            return element("del", escaped(text))
        case "insert":
            return element("ins", escaped(text))
        case "equal":
            return escaped(text)


def _same(changes: Sequence[Changed]) -> Html:
    """Return the changes that have no words to show: the clause is elsewhere, as it was."""
    if not changes:
        return NOTHING
    lines = (element("li", escaped(one.title)) for one in changes)
    return element(
        "section",
        element("h3", escaped("Sans un mot de changé")),
        joined([element("ul", *lines, class_="same")]),
    )
