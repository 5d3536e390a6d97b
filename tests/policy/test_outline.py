"""The outline of a text: nothing of it is lost, doubled or moved, and what is written is read the same."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.articles import parse
from bot.policy.markdown import read_markdown, same_text, write_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import Block, Outline, Provision

TEXTS = (
    Path("data/politique/pa20/2015-12-13.md"),
    Path("tests/data/politique/cr3/2020-01-15.md"),
)

_NUMBERS = (
    *("ARTICLE 1 : ", "Article 2 – ", "Article 1er. ", "ARTICLE PREMIER ", "Art. 3 ", "TITRE I – ", "§ 2 "),
    *("CHAPITRE II - ", "Section 1 ", "Annexe A : ", "1. ", "2. ", "3) ", "1 ", "2 ", "1.1 ", "1.2 ", "2.1 "),
    *("5.01 ", "a) ", "b) ", "c. ", "A. ", "i) ", "ii) ", "I. ", "II – ", "(a) ", "1° ", "2 bis. ", "1-1 "),
    *("**1.1** ", "**a)** ", "10 ", "20 ", "- ", "* ", "o ", "• ", "## ", "# ", "### ", "| ", "**", "[^1]: "),
    *("\\", "> ", "Préambule ", "Page 2", "2/1/3", "...... 3", "—", "___", "===", "", "", ""),
)
_WORDS = (
    *("Le", "La", "membre", "cotisation", "de la loi", "article 12.4", "NOM", "BUTS", "Siège", "paie;"),
    *("vote.", "suivants :", "$5", "*gras*", "_ici_", "<b>x</b>", "&", "&amp;", "[a](b)", "[^1]", "c*", "d_"),
    *("`", "\\", "|", "**", ")", "(", "«", "»", "…", "3 fonctions", "50 %", "et", "ou", "l'article"),
)
_LINES = st.builds(
    "{}{}{}".format,
    st.sampled_from(("", "", "  ", "    ", "      ")),
    st.lists(st.sampled_from(_NUMBERS), max_size=2).map("".join),
    st.lists(st.sampled_from(_WORDS), max_size=8).map(" ".join),
)
MARKDOWN = st.lists(st.one_of(_LINES, st.just("")), max_size=16).map("\n".join)


def outline_of(markdown: str) -> Outline:
    return build_outline(read_markdown(markdown))


def count_words(*texts: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+", "\n".join(texts).casefold()))


def words_of(outline: Outline) -> Counter[str]:
    """The words of an outline: those of its cover, and of each provision."""
    return count_words(
        *(paragraph.text for paragraph in outline.cover),
        *(text for provision in outline.walk() for text in texts_of(provision)),
    )


def texts_of(provision: Provision) -> tuple[str, ...]:
    paragraphs = (*provision.paragraphs, *provision.closing)
    return (provision.opening, provision.title, *(paragraph.text for paragraph in paragraphs))


def words_of_blocks(blocks: list[Block]) -> Counter[str]:
    return count_words(*(f"{block.number} {block.text}" for block in blocks))


@pytest.mark.parametrize("path", TEXTS, ids=[path.parent.name for path in TEXTS])
def test_a_text_in_force_has_the_articles_and_clauses_that_it_had(path: Path) -> None:
    text = path.read_text("utf-8")
    outline = outline_of(text)
    version = parse(text, policy="essai", adopted=date(2020, 1, 1))
    assert tuple(paragraph.text for paragraph in outline.cover) == version.cover
    assert [(article.title, str(article.number)) for article in version.articles] == [
        (article.title, article.label) for article in outline.provisions
    ]
    found = [
        (provision.label, heading, tuple(paragraph.text for paragraph in provision.paragraphs))
        for article in outline.provisions
        for heading, provision in _with_headings(article, "")
        if provision.label and provision.paragraphs
    ]
    assert found == [(str(clause.number), clause.heading, clause.paragraphs) for clause in version.clauses()]
    assert outline.doubts == ()


def _with_headings(provision: Provision, heading: str) -> list[tuple[str, Provision]]:
    own = heading if provision.label else provision.title
    below = [entry for child in provision.children for entry in _with_headings(child, own)]
    return [(heading, provision), *below]


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_every_word_of_any_text_is_in_exactly_one_place(markdown: str) -> None:
    blocks = read_markdown(markdown)
    outline = build_outline(blocks)
    if not any(doubt.code.endswith("_left_out") for doubt in outline.doubts):
        assert words_of(outline) == words_of_blocks(blocks)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_what_is_written_is_read_as_the_same_text_without_a_doubt(markdown: str) -> None:
    outline = outline_of(markdown)
    again = outline_of(write_markdown(outline))
    assert same_text(again, outline)
    assert {doubt.code for doubt in again.doubts} <= {"no_provision"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_characters_at_all_are_read(text: str) -> None:
    outline = outline_of(text)
    assert same_text(outline_of(write_markdown(outline)), outline)


def test_the_example_of_the_documentation_is_canonical() -> None:
    page = Path("docs/markdown.md").read_text("utf-8")
    example = page.partition("<!-- exemple -->\n```markdown\n")[2].partition("```")[0]
    outline = outline_of(example)
    assert write_markdown(outline) == example
    assert outline.doubts == ()
    assert [provision.label or provision.title for provision in outline.walk()] == [
        *("", "I", "premier", "2", "a", "i", "ii", "b", "II", "3", "3.01", "3.02", "3 bis"),
        *("A", "Sentier du phare"),
    ]
    buts = next(provision for provision in outline.walk() if provision.title == "Buts")
    assert [paragraph.text for paragraph in buts.closing] == ["Il ne poursuit aucun but lucratif."]


def test_a_backslash_takes_a_number_away_and_bold_makes_one() -> None:
    text = "## Article 1 – Nom\n\n1.1 Le club.\n\n{} Le siège.\n\n{} de la Loi."
    assert [provision.label for provision in outline_of(text.format("1.2", "12.4")).walk()] == [
        *("1", "1.1", "1.2")
    ]
    marked = outline_of(text.format("\\1.2", "**12.4**"))
    assert [provision.label for provision in marked.walk()] == ["1", "1.1", "12.4"]
    assert marked.doubts == ()


@pytest.mark.parametrize(
    "markdown",
    [
        "<!--" * 30_000,
        "\n".join(f"{chr(97 + at % 26)}) x" for at in range(8_000)),
        "\n".join(" " * at + "1. x" for at in range(600)),
        "\n\n".join(".".join("1" * depth) + " x" for depth in range(2, 400)),
        " " * 200_000 + "x",
    ],
    ids=["comments", "letters", "ever deeper", "ever longer numbers", "spaces"],
)
def test_a_text_made_to_tire_the_reader_is_read_in_seconds(markdown: str) -> None:
    began = time.process_time()
    outline = outline_of(markdown)
    assert same_text(outline_of(write_markdown(outline)), outline)
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("## Article 1 – Nom\n\n## Article 3 – But", "Après «\u00a01\u00a0», «\u00a02\u00a0» était attendu."),
        ("## CHAPITRE I\n\n## CHAPITRE IV", "Après «\u00a0I\u00a0», «\u00a0II\u00a0» était attendu."),
        ("## Article 5\n\n5.01 a\n\n5.04 b", "Après «\u00a05.01\u00a0», «\u00a05.02\u00a0» était attendu."),
        ("# Statuts\n\n## Article 2 – But\n\nIl joue.", "«\u00a01\u00a0» était attendu avant."),
        ("## Annexe A\n\n## Annexe D", "Après «\u00a0A\u00a0», «\u00a0B\u00a0» était attendu."),
        ("## Article 1 – Nom\n\n## Article nouveau", "Après «\u00a01\u00a0», «\u00a02\u00a0» était attendu."),
    ],
)
def test_a_hole_in_the_numbers_is_told_with_the_one_that_was_expected(markdown: str, expected: str) -> None:
    outline = outline_of(markdown)
    assert expected in outline.doubts[-1].message
    assert outline_of(write_markdown(outline)).doubts == ()
