"""PDF files are read as they are laid out, or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.articles import PolicyError, parse
from bot.policy.library import Library
from bot.revision.reading import formats
from bot.revision.reading.formats import ReadDocument
from bot.revision.reading.lint import count_lost
from tests.kits import pdf_files
from tests.kits.pdf_files import typeset_pdf
from tests.kits.revision import revised

ADOPTED = date(2026, 12, 13)


@pytest.mark.parametrize("policy", ["pa20", "cr3"])
@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("hanging", [False, True], ids=["numbers in the text", "numbers in the margin"])
def test_a_policy_on_pages_is_the_same_policy(
    library: Library, policy: str, columns: int, hanging: bool
) -> None:
    version = library.policies[policy].versions[-1]
    content = pdf_files.policy_as_pdf(version, columns, hanging=hanging, size=11 if columns < 3 else 8)
    reading = formats.review_file(content, "revision.pdf", version, ADOPTED)
    assert reading.comparison.changes == ()
    assert reading.findings == ()


@pytest.mark.parametrize("columns", [1, 2])
def test_letters_count_at_the_size_they_are_shown(library: Library, columns: int) -> None:
    version = library.policies["pa20"].versions[-1]
    content = pdf_files.drawn_at(0.24, pdf_files.policy_as_pdf(version, columns, hanging=True))
    assert formats.review_file(content, "revision.pdf", version, ADOPTED).comparison.changes == ()


def test_a_revision_on_pages_is_compared_as_the_same_one_in_markdown(library: Library) -> None:
    old = library.policies["pa20"].versions[-1]
    for seed in range(1, 7):
        draft = revised(old, seed)

        def read(content: bytes) -> ReadDocument:
            return formats.review_file(content, "revision", old, ADOPTED)

        on_pages = read(pdf_files.policy_as_pdf(draft.version(), 1 + seed % 2))
        assert on_pages.comparison.changes == read(draft.markdown().encode()).comparison.changes


def test_a_hyphen_of_the_word_s_own_stays_and_one_of_the_line_goes() -> None:
    body = (
        "#set page(width: 8cm, height: 12cm, margin: 1cm)\n#set text(size: 10pt)\n= ARTICLE 1 : RÈGLES\n\n"
        "1.1 La vice-\\\nprésidence signe.\n\n1.2 Le con-\\\nseil signe.\n\n"
        "1.3 Le porte-\\\nparole se tait.\n\n"
        "1.4 La politique est en vi-\\\ngueur.\n\n1.5 Le Saint-\\\nLaurent coule."
    )
    text = formats.read_document(typeset_pdf(body), "x.pdf").markdown
    for words in ("vice-présidence", "conseil signe", "porte-parole", "en vigueur", "Saint-Laurent"):
        assert words in text


def test_what_is_repeated_on_pages_and_their_numbers_are_no_text() -> None:
    clauses = "\n\n".join(f"1.{at} Le comité se réunit le jour {at} du mois." for at in range(1, 90))
    body = (
        "#set page(header: [Règlement adopté], footer: context [– #counter(page).display() –])\n"
        "= ARTICLE 1 : RÈGLES\n\n" + clauses
    )
    document = formats.read_document(typeset_pdf(body), "x.pdf")
    assert "adopté" not in document.markdown
    assert document.markdown.count("Le comité se réunit") == 89


def pages(*texts: str, head: str = "", foot: str = "") -> bytes:
    """Return a PDF with a text on each page, whose head is `head` from the second on."""
    setting = (
        f"#set page(header: context if here().page() > 1 [{head}], footer: context align(center)[{foot}])\n"
    )
    return typeset_pdf(setting + "\n#pagebreak()\n".join(texts))


def lost_words(content: bytes) -> str:
    """Return what is said of the words that were read in the file and not in its text."""
    document = formats.read_document(content, "x.pdf")
    return count_lost((f"{block.number} {block.text}" for block in document.blocks), document.words)


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("label", ["Article {}", "CHAPITRE {}", "Annexe {}", "{}.", "Section {} - Membres"])
def test_provisions_that_begin_each_page_are_text(label: str, count: int) -> None:
    titles = [label.format(at) for at in range(1, count + 1)]
    texts = [f"*{title}*\n\nLe texte du {at} vaut." for at, title in enumerate(titles, 1)]
    content = pages(
        "*Règlement du port*\n\nAdopté en assemblée.", *texts, foot="Page #counter(page).display()"
    )
    text = " ".join(formats.read_document(content, "x.pdf").markdown.split())
    assert all(title in text for title in titles)
    assert "Page" not in text


def test_a_keyword_at_the_top_of_half_of_the_pages_is_text() -> None:
    texts = ["*ANNEXE*\n\nLe tarif est de 5 \\$."] * 2
    content = pages("*Règlement du port*", "Le port est ouvert.", *texts)
    assert formats.read_document(content, "x.pdf").markdown.count("ANNEXE") == 2


def test_words_taken_away_from_half_of_the_pages_are_counted() -> None:
    texts = [f"*Composition*\n\nLe comité {name} compte trois personnes." for name in ("rouge", "vert")]
    content = pages("*Règlement*\n\nLe port est ouvert.", "Le quai est long.", *texts)
    assert formats.read_document(content, "x.pdf").markdown.count("Composition") == 2 or "composition" in (
        lost_words(content)
    )


@pytest.mark.parametrize("size", ["14pt", "11pt"], ids=["as large", "as large as the text"])
@pytest.mark.parametrize("label", ["Article {}", "Article {} – Usage", "{}. Usage", "Art. {}"])
@pytest.mark.parametrize(
    "front", ["Adopté le 3 mai 2021.", "#table(columns: 2, [Instance], [Date], [AG], [2021])"]
)
def test_a_heading_that_says_when_a_text_was_adopted_holds_no_article(
    front: str, label: str, size: str
) -> None:
    headings = [f'#text(size: {size}, weight: "bold")[{label.format(at)}]' for at in (1, 2, 3)]
    texts = ["On s'amarre à deux.", "Le prêt dure un jour.", "On siffle deux fois."]
    articles = [piece for pair in zip(headings, texts, strict=True) for piece in pair]
    title = '#align(center)[#text(size: 18pt, weight: "bold")[Règlement du quai]]'
    adoption = '#text(size: 14pt, weight: "bold")[Adoption]'
    source = "\n\n".join(["#set text(size: 11pt)", title, adoption, front, *articles])
    read = formats.read_document(typeset_pdf(source), "quai.pdf")
    version = parse(read.markdown, policy="quai", adopted=ADOPTED)
    assert len(version.outline.provisions) == 4
    assert not any(provision.children for provision in version.outline.provisions)


def test_a_running_head_on_all_pages_but_the_first_is_no_doubt() -> None:
    content = pages(
        "*Règlement du port*\n\n1. Le port est ouvert.",
        "2. Le quai est long.",
        "3. Les amarres sont fournies.",
        head="Règlement du port #h(1fr) R-4, page #counter(page).display()",
    )
    document = formats.read_document(content, "x.pdf")
    assert "R-4" not in document.markdown
    assert lost_words(content) == ""


def test_a_head_that_repeats_the_title_once_is_taken_away_and_counted() -> None:
    content = pages(
        "*Règlement du port*\n\n1. Le port est ouvert.",
        "2. Le quai est long.",
        head="Règlement du port #h(1fr) R-4",
    )
    assert "R-4" not in formats.read_document(content, "x.pdf").markdown
    assert "règlement" in lost_words(content)


def test_a_head_above_the_title_of_a_single_page_is_not_part_of_it() -> None:
    content = typeset_pdf(
        "#set page(header: [Règlement des ruches #h(1fr) 2022])\n"
        "#align(center)[*RÈGLEMENT DES RUCHES COLLECTIVES*]\n\n1. Les ruches sont au parc."
    )
    first = formats.read_document(content, "x.pdf").blocks[0]
    assert first.text == "RÈGLEMENT DES RUCHES COLLECTIVES"
    assert "ruches" in lost_words(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda _: pdf_files.scanned(2), "ce PDF est une image"),
        (lambda text: pdf_files.joined(text, pdf_files.scanned()), r"la page \d+ de ce PDF est une image"),
        (
            lambda text: pdf_files.joined(text, pdf_files.scanned(2)),
            r"les pages \d+ et \d+ de ce PDF sont des images",
        ),
        (pdf_files.locked, "mot de passe"),
        (pdf_files.without_letters, "ne se lit pas"),
        (lambda text: text[: len(text) // 3], "abîmé"),
        (lambda _: b"%PDF-1.7\n" + b"x" * 2000, "abîmé"),
        (lambda _: typeset_pdf("#pagebreak()\n" * 220), "200 pages"),
        (lambda _: typeset_pdf(""), "aucun texte"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    library: Library, content: Callable[[bytes], bytes], reason: str
) -> None:
    text = pdf_files.policy_as_pdf(library.policies["pa20"].versions[-1])
    with pytest.raises(PolicyError, match=reason):
        formats.read_document(content(text), "revision.pdf")


@settings(max_examples=15)
@given(st.integers(10, 30_000), st.binary(min_size=1, max_size=60))
def test_a_damaged_file_is_read_or_refused(library: Library, at: int, noise: bytes) -> None:
    whole = _sample(library)
    with suppress(PolicyError):  # any other error fails
        formats.read_document(whole[:at] + noise + whole[at + len(noise) :], "x.pdf")


_KEPT: list[bytes] = []


def _sample(library: Library) -> bytes:
    if not _KEPT:
        _KEPT.append(pdf_files.policy_as_pdf(library.policies["cr3"].versions[-1]))
    return _KEPT[0]
