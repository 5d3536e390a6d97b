"""A policy's name in a sentence: its article, contracted and elided, and what agrees with it."""

from __future__ import annotations

import pytest

from bot.policy.names import GenderedName, guess_gender


@pytest.mark.parametrize(
    ("name", "gender", "forms"),
    [
        ("PA20", "féminin", ("la PA20", "La PA20", "de la PA20", "à la PA20", "elle", "e")),
        ("CR3", "masculin", ("le CR3", "Le CR3", "du CR3", "au CR3", "il", "")),
        ("AB1", "masculin", ("l'AB1", "L'AB1", "de l'AB1", "à l'AB1", "il", "")),
        ("Entente", "féminin", ("l'Entente", "L'Entente", "de l'Entente", "à l'Entente", "elle", "e")),
        (
            "Statuts",
            "masculin pluriel",
            ("les Statuts", "Les Statuts", "des Statuts", "aux Statuts", "ils", "s"),
        ),
        (
            "Annexes",
            "féminin pluriel",
            ("les Annexes", "Les Annexes", "des Annexes", "aux Annexes", "elles", "es"),
        ),
    ],
)
def test_each_form_of_a_name(name: str, gender: str, forms: tuple[str, ...]) -> None:
    kind, _, number = gender.partition(" ")
    named = GenderedName(name, "masculin" if kind == "masculin" else "féminin", plural=bool(number))
    assert (named.the, named.The, named.of, named.to, named.it, named.e) == forms
    assert named == name


def test_a_text_whose_title_has_no_such_noun_says_itself_what_it_is() -> None:
    chapter = "# Titre 2 – Le conseil\n\n" + "Le conseil siège en tout temps. " * 20
    assert guess_gender(chapter) is None
    assert guess_gender(f"{chapter}Nul n'enfreint le présent règlement.") == ("masculin", False)
    assert guess_gender("# Politique du conseil\n\nLe présent règlement s'applique.") == ("féminin", False)
