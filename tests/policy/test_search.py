"""Words are found without regard to accents or inflection, and slips are recognised."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import search
from bot.policy.library import Library


def numbers(library: Library, query: str) -> list[str]:
    return [
        str(hit.clause.number) for hit in library.default.index(library.default.versions[-1]).search(query)
    ]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("logo", "5.13"),
        ("LOGOS", "5.13"),
        ("harcelement", "5.17"),
        ("congédié", "7.2"),
        ("captures d'écran", "5.6"),
        ("prudence diligence loyauté", "3.4"),
        ("prudences et loyautes", "3.4"),
        ("secret de commerce", "5.12"),
        ("manuel de l'employé", "6.1"),
        ("screenshot", "5.6"),
        ("page facebook", "5.16"),
    ],
)
def test_the_clause_that_holds_the_words_comes_first(library: Library, query: str, first: str) -> None:
    assert numbers(library, query)[0] == first


@pytest.mark.parametrize(
    "query", ["stationnement", "recette de pâté chinois", "le la les", "", "🍁", '" OR 1=1 --']
)
def test_what_the_policy_does_not_hold_finds_nothing(library: Library, query: str) -> None:
    assert numbers(library, query) == []


def test_what_was_found_can_be_shown_in_its_place(library: Library) -> None:
    hit = library.default.index(library.default.versions[-1]).search("publiees")[0]
    assert {hit.clause.text[start:end].lower() for start, end in hit.spans} <= {
        "publier",
        "publiez",
        "publié",
        "publication",
        "publique",
        "publiée",
        "public",
    }


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("harselement", "harcèlement"),
        ("renseignemants persones", "renseignements persones"),
        ("congediment", "congédiement"),
    ],
)
def test_a_slip_is_recognised(library: Library, query: str, meant: str) -> None:
    assert library.default.index(library.default.versions[-1]).did_you_mean(query) == meant


@pytest.mark.parametrize("query", ["logo", "xyzzyxyzzy", "stationnement", ""])
def test_nothing_is_proposed_without_resemblance(library: Library, query: str) -> None:
    assert library.default.index(library.default.versions[-1]).did_you_mean(query) == ""


@given(st.text(max_size=300))
def test_any_text_can_be_searched_and_marks_lie_inside_the_clause(library: Library, query: str) -> None:
    for hit in library.default.index(library.default.versions[-1]).search(query):
        assert all(0 <= start < end <= len(hit.clause.text) for start, end in hit.spans)


@pytest.fixture
def jostled() -> Iterator[None]:
    """Have threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("jostled")
def test_words_are_read_the_same_however_many_read_them_at_once() -> None:
    typed = [f"{start}{end}" for start in ("canot", "patin", "jardin") for end in ("age", "erions", "euses")]
    alone = [search.word_keys(word) for word in typed]
    with ThreadPoolExecutor(4) as threads:
        together = threads.map(lambda _: [search.word_keys(word) for word in typed], range(60))
        assert all(read == alone for read in together)


def test_nothing_stays_of_the_words_that_were_looked_for(library: Library) -> None:
    index = library.default.index(library.default.versions[-1])
    cache = dict(search._indexed)
    index.search("stationnement canotage logo")
    index.did_you_mean("harselement")
    assert search._indexed == cache


def test_a_run_of_letters_that_is_no_word_costs_nothing_to_look_for(library: Library) -> None:
    assert search.word_keys("É" * 10_000) == {"e" * 10_000}
    assert numbers(library, "issement" * 1_250) == []
