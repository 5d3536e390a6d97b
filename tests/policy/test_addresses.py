"""The parts of any text have an address, and are found however people write it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.policy import articles, references
from bot.policy.articles import Number, Version
from tests.policy.outlines import CLUB, HYPHENS, TITLES


@pytest.mark.parametrize(
    ("version", "addresses"),
    [
        (CLUB, ["préambule", "5.01", "5.02", "5.02, 1", "5.02, 2", "5.10", "6", "annexe A"]),
        (TITLES, ["titre I, 1", "titre I, 2", "titre II, 1", "titre II, 2", "titre II, 2 bis"]),
        (HYPHENS, ["1-1", "1-2", "A.1", "Objets prêtés"]),
    ],
)
def test_an_address_is_what_is_written_and_what_tells_it_apart(
    version: Version, addresses: list[str]
) -> None:
    assert [str(clause.number) for clause in version.clauses()] == addresses


@pytest.mark.parametrize(
    ("version", "typed", "meant"),
    [
        (CLUB, "5.1", "5.01"),
        (CLUB, "05.01", "5.01"),
        (CLUB, "l'article cinq point deux", "5.02"),
        (CLUB, "5.10", "5.10"),
        (CLUB, "5.01 a)", "5.01 a)"),
        (CLUB, "5.1a", "5.01 a)"),
        (CLUB, "alinéa a) de l'article 5.01", "5.01 a)"),
        (CLUB, "5.01 b) ii)", "5.01 b) ii)"),
        (CLUB, "alinéa 2 de 5.02", "5.02, 2"),
        (CLUB, "art. 5.02, al. 2", "5.02, 2"),
        (CLUB, "5.02, alinéa 2", "5.02, 2"),
        (CLUB, "5.02 (2)", "5.02, 2"),
        (CLUB, "art. 5.01, let. a", "5.01 a)"),
        (CLUB, "Préambule", "préambule"),
        (CLUB, "le preambule", "préambule"),
        (CLUB, "ANNEXE A", "annexe A"),
        (TITLES, "titre II", "titre II"),
        (TITLES, "Titre 2", "titre II"),
        (TITLES, "titre ii, article 2", "titre II, 2"),
        (TITLES, "l'article 2 du titre II", "titre II, 2"),
        (TITLES, "deux bis", "titre II, 2 bis"),
        (TITLES, "2bis", "titre II, 2 bis"),
        (HYPHENS, "1-1", "1-1"),
        (HYPHENS, "1.1", "1-1"),
        (HYPHENS, "article premier", "PREMIER"),
        (HYPHENS, "article 1er", "PREMIER"),
        (HYPHENS, "article 2", "II"),
        (HYPHENS, "a.1", "A.1"),
        (HYPHENS, "objets pretes", "Objets prêtés"),
        (HYPHENS, "1-1 à 1-2", "1-1 à 1-2"),
    ],
)
def test_a_part_is_found_however_it_is_asked_for(version: Version, typed: str, meant: str) -> None:
    reference = references.parse_reference(typed, version)
    assert reference is not None
    assert reference.exact
    assert [str(span) for span in reference.spans] == [meant]
    assert version.within(reference.spans[0].first)


@pytest.mark.parametrize(
    ("version", "typed", "near"),
    [
        (TITLES, "titre III", ["titre II"]),
        (TITLES, "article 2", ["titre I, 2", "titre II, 2"]),
        (HYPHENS, "1-3", ["1-2"]),
        (CLUB, "5.03", ["5.02"]),
    ],
)
def test_a_part_that_does_not_exist_has_near_ones_that_do(
    version: Version, typed: str, near: list[str]
) -> None:
    reference = references.parse_reference(typed, version)
    assert reference is not None
    number = reference.spans[0].first
    assert not version.within(number)
    assert [str(one) for one in references.nearest(number, version)] == near


@pytest.mark.parametrize("version", [CLUB, TITLES, HYPHENS])
def test_every_address_and_every_caption_finds_its_own_part(version: Version) -> None:
    for number in version.numbers():
        for typed in (str(number), version.cited(number), f"{version.named(number).the}"):
            reference = references.parse_reference(typed, version)
            assert reference is not None, typed
            assert [span.first for span in reference.spans] == [number], typed


def test_an_item_is_quoted_within_its_clause() -> None:
    clause, item = CLUB.item(Number("5.01 b)")) or pytest.fail("no such item")
    assert str(clause.number) == "5.01"
    quoted = clause.text[item.start : item.end]
    assert quoted == "b) les membres de soutien;\n\ni) de passage;\n\nii) fidèles."


def test_what_is_in_what_is_asked_of_the_version() -> None:
    assert [str(clause.number) for clause in TITLES.within(Number("titre I"))] == ["titre I, 1", "titre I, 2"]
    home = CLUB.article(Number("5.99"))
    assert home is not None
    assert (home.name, home.title) == ("Article\u00a05", "Les membres")
    assert [part.name for part in TITLES.divisions if part.above is None] == ["Titre\u00a0I", "Titre\u00a0II"]


def test_a_container_without_a_word_is_a_part_in_a_sentence() -> None:
    text = "# S\n\n## I. Nom\n\nLe club.\n\n## II. Membres\n\n### Article 1\n\nUn.\n\n## Titre A\n\nDeux.\n"
    version = articles.parse(text, policy="essai", adopted=date(2020, 1, 1))
    names = [version.named(number).of.replace("\u00a0", " ") for number in version.parts()]
    assert names == ["de la partie I", "de la partie II", "de l'article 1", "du titre A"]
