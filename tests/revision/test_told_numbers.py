"""A notice tells what was added or changed, and in one line the numbers that only became others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from bot.policy import articles
from bot.policy.changes import renumbering
from bot.policy.changes.comparison import compare
from bot.policy.changes.renumbering import condense
from tests.kits.revision_commands import ALEX, TEXT, World, words, world
from tests.policy.test_identities import NEW, shifted


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def test_an_insertion_is_told_with_one_line_for_the_numbers_that_follow(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.beat()
    await desk.approve(shifted(TEXT, 5, 3, NEW), "2026-11-20", desk.today.isoformat())
    await desk.beat()
    notice = "\n".join(desk.arrived(ALEX)).replace("\u00a0", " ")
    assert "une clause ajoutée." in notice
    assert "• 5.3, ajoutée" in notice
    assert "Ailleurs, seuls des numéros changent : les clauses 5.3 à 5.18 deviennent 5.4 à 5.19." in notice
    assert "autres changements" not in notice
    assert "renumérot" not in notice
    shown = words(await desk.ask("nouveautes", ALEX)).replace("\u00a0", " ")
    assert "Les clauses 5.3 à 5.18 deviennent 5.4 à 5.19" in shown
    assert "5.3 → 5.4, 5.4 → 5.5" in shown
    assert shown.index("5.3, ajoutée") < shown.index("5.3 → 5.4"), "what is to be read comes first"


def told(old: Sequence[str], new: Sequence[str]) -> str:
    texts = ("\n\n".join(lines) for lines in (old, new))
    made = compare(*(articles.parse(text, policy="x", adopted=date(2026, 1, 1)) for text in texts))
    condensed = condense(made)
    return renumbering.line(made, condensed.runs, only=condensed.only_numbers).replace("\u00a0", " ")


ARTICLES = [
    "Le jardin ouvre à l'aube et ferme à la tombée du jour.",
    "Chaque parcelle porte le nom de la personne qui la cultive.",
    "Les outils prêtés reviennent au cabanon avant dimanche.",
    "Le compost se fait derrière la serre, sans viande ni noyaux.",
]
EXTRA = "Les abeilles sont au fond, et nul ne les dérange."


def numbered(texts: Sequence[str], word: str = "Article", first: int = 1) -> list[str]:
    return [f"## {word} {at}\n\n{text}" for at, text in enumerate(texts, first)]


def inserted(at: int) -> list[str]:
    return [*ARTICLES[:at], EXTRA, *ARTICLES[at:]]


def parted(*titles: Sequence[str]) -> list[str]:
    """Return articles in titles, each of which begins them again."""
    lines = []
    for at, texts in enumerate(titles):
        lines.append(f"# TITRE {['I', 'II', 'III', 'IV'][at]} – Partie {texts[0].split()[1]}")
        lines += numbered(texts)
    return lines


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (numbered(ARTICLES), numbered(inserted(1)), "les articles 2 à 4 deviennent 3 à 5"),
        (numbered(ARTICLES), numbered(inserted(2)), "les articles 3 et 4 deviennent 4 et 5"),
        (numbered(ARTICLES), numbered(inserted(3)), "l'article 4 devient 5"),
        (
            [*parted(ARTICLES[:2], ARTICLES[2:])],
            [*parted([EXTRA], ARTICLES[:2], ARTICLES[2:])],
            "les titres I et II deviennent II et III",
        ),
        (numbered(ARTICLES), numbered([*ARTICLES, EXTRA]), ""),
    ],
)
def test_numbers_that_follow_one_another_are_one_run(old: list[str], new: list[str], expected: str) -> None:
    words = told(["# Règlement", *old], ["# Règlement", *new])
    assert words == (f"Ailleurs, seuls des numéros changent : {expected}." if expected else "")


def test_clauses_of_an_article_that_has_another_number_go_without_saying() -> None:
    def text(first: int, *more: str) -> list[str]:
        lines = [*more]
        for at, group in enumerate((ARTICLES[:2], ARTICLES[2:]), first):
            lines.append(f"## ARTICLE {at} : PARTIE {group[0].split()[1].upper()}")
            lines += [f"{at}.{place} {words}" for place, words in enumerate(group, 1)]
        return lines

    before, after = text(1), text(2, "## ARTICLE 1 : ABEILLES", f"1.1 {EXTRA}")
    assert told(before, after) == (
        "Ailleurs, seuls des numéros changent : les articles 1 et 2 deviennent 2 et 3."
    )


@pytest.mark.parametrize(
    ("chapters", "others"),
    [(4, "1 autre suite"), (5, "2 autres suites"), (8, "5 autres suites")],
)
def test_many_runs_are_still_one_line(chapters: int, others: str) -> None:
    def text(first: int) -> list[str]:
        return [
            f"# CHAPITRE {at}\n\n{at}.{first} {words}"
            for at, words in enumerate((ARTICLES * 2)[:chapters], 1)
        ]

    line = told(text(1), text(2))
    assert line.startswith("Seuls des numéros changent : l'article 1.1 devient 1.2; ")
    assert line.endswith(f"; et {others} de numéros.")
