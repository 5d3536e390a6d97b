"""From the clauses last shown to others: the next one, the last point, the whole article."""

from __future__ import annotations

import pytest

from bot.policy import moves
from bot.policy.articles import Number
from bot.policy.library import Library


@pytest.mark.parametrize(
    ("shown", "text", "expected"),
    [
        ("5.13", "le suivant", "5.14"),
        ("5.13", "lis-moi celle d'avant", "5.12"),
        ("5.1 5.2 5.3", "c'est quoi la suite?", "5.4"),
        ("7.1 7.2 7.3", "juste le dernier point", "7.3"),
        ("6.1 6.2", "redis juste le deuxième point svp", "6.2"),
        ("3.2", "et le tout premier de cet article-là?", "3.1"),
        ("3.2", "the last one please", "3.4"),
        ("4.2", "montre-moi l'article au complet", "4.1 4.2"),
        ("4.2", "le cinquième point", "4.1 4.2"),
        ("4.1 4.2", "le précédent", "3.1 3.2 3.3 3.4"),
        ("6.1 6.2", "et le suivant?", "7.1 7.2 7.3"),
        ("7.3", "le suivant", ""),
        ("1", "la précédente", ""),
    ],
)
def test_a_move_leads_from_the_clauses_shown_to_others(
    library: Library, shown: str, text: str, expected: str
) -> None:
    move = moves.asked(text)
    assert move is not None
    numbers = tuple(map(Number, shown.split()))
    assert " ".join(map(str, moves.follow(move, numbers, library.default.versions[-1]))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "l'article premier",
        "avant",
        "le dernier party du comité",
        "premier arrivé, premier servi?",
        "qui vient après la vice-présidente?",
        "5.2",
        "",
    ],
)
def test_what_asks_something_else_is_no_move(text: str) -> None:
    assert moves.asked(text) is None
