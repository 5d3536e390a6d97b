"""The policy's text: everything is found, in its place, unaltered."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import articles
from bot.policy.addresses import as_counted
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.library import Library
from bot.settings import SEED
from tests.conftest import TEST_DATA

SOURCES = {
    "pa20": SEED / "politique/pa20/2015-12-13.md",
    "cr3": TEST_DATA / "politique/cr3/2020-01-15.md",
}


@pytest.fixture
def pa20(library: Library) -> Version:
    return library.policies["pa20"].versions[0]


def words(markdown: str) -> list[str]:
    """Return the words of a source, its markup left out by rules that are not the parser's."""
    text = re.sub(r"^[-*=]{3,}$|</?sup>|\*\*|^\s*#+ |^\s*[-*] (?=\S)", "", markdown, flags=re.MULTILINE)
    return text.split()


def parse(markdown: str) -> Version:
    return articles.parse(markdown, policy="essai", adopted=date(2020, 1, 1), source="essai.md")


def test_pa20_has_seven_articles_thirty_one_targets_and_thirty_five_paragraphs(pa20: Version) -> None:
    assert [str(article.number) for article in pa20.articles] == list("1234567")
    assert len(pa20.clauses()) == 31
    assert sum(len(clause.paragraphs) for clause in pa20.clauses()) == 35
    numbered = [clause for clause in pa20.clauses() if "." in str(clause.number)]
    assert [str(numbered[0].number), str(numbered[-1].number), len(numbered)] == ["3.1", "7.3", 29]


def test_article_5_has_six_subheadings_whatever_marks_them(pa20: Version) -> None:
    headings = list(dict.fromkeys(clause.heading for clause in pa20.within(Number("5"))))
    assert len(headings) == 6
    assert headings[0] == "Maîtriser le site et envisager l'impact du contenu diffusé"
    assert headings[-1] == "Faire usage des médias sociaux de façon éthique et dans le respect des lois"


def test_an_unindented_paragraph_goes_on_with_its_clause(pa20: Version) -> None:
    clause = pa20.clause(Number("5.5"))
    assert clause is not None
    assert clause.paragraphs[1].startswith("Dans un même ordre d'idée, évitez en tout temps")


def test_blank_lines_inside_a_list_do_not_lose_a_clause(pa20: Version) -> None:
    assert [str(clause.number) for clause in pa20.within(Number("5"))] == [f"5.{n}" for n in range(1, 19)]


@pytest.mark.parametrize("policy", SOURCES)
def test_every_word_of_the_source_is_in_exactly_one_place(library: Library, policy: str) -> None:
    source = SOURCES[policy].read_text()
    pieces = " ".join(library.policies[policy].versions[0].pieces())
    assert pieces.split() == words(source)


@pytest.mark.parametrize("policy", SOURCES)
def test_a_paragraph_is_a_substring_of_the_source_up_to_white_space(library: Library, policy: str) -> None:
    source = " ".join(SOURCES[policy].read_text().split())
    for clause in library.policies[policy].versions[0].clauses():
        for paragraph in clause.paragraphs:
            assert " ".join(paragraph.split()) in source


def test_another_policy_with_three_levels_reads_as_well(library: Library) -> None:
    version = library.policies["cr3"].versions[0]
    assert len(version.clauses()) >= 60
    assert [str(clause.number) for clause in version.within(Number("4.2"))] == [
        "4.2",
        *(f"4.2.{n}" for n in range(1, 12)),
    ]
    assert [len(clause.paragraphs) for clause in version.within(Number("5.8"))] == [3]
    assert version.clause(Number("4")) is not None


def test_5_10_is_neither_5_1_nor_before_5_9(pa20: Version) -> None:
    assert Number("5.10") != Number("5.1")
    assert pa20.position(Number("5.9")) < pa20.position(Number("5.10"))
    assert as_counted(Number("5.9")) < as_counted(Number("5.10"))


TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="#*_<>\\&-+=\r"), max_size=80).filter(
    lambda text: re.match(r"\s*[^\W\d_]", text) and not re.search(r"\n\s*(\d|article)", text)
)


@given(st.lists(TEXT, min_size=1, max_size=12))
def test_whatever_its_clauses_say_their_words_are_kept(texts: list[str]) -> None:
    expected = [f"Voici {' '.join(text.split())}" for text in texts]
    lines = [f"- 1.{at} {text}" for at, text in enumerate(expected, 1)]
    version = parse("# ARTICLE 1 : ESSAI\n" + "\n".join(lines))
    assert [" ".join(clause.text.split()) for clause in version.clauses()] == expected


@pytest.mark.parametrize(
    ("markdown", "line", "problem"),
    [
        ("# Titre\n\nSans article.", 0, "aucun titre ni numéro"),
        ("", 0, "aucun titre ni numéro"),
    ],
)
def test_an_unreadable_file_says_which_line_and_why(markdown: str, line: int, problem: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(problem)) as caught:
        parse(markdown)
    assert caught.value.line == line
    assert ("ligne" in str(caught.value)) == bool(line)
