"""What a PDF says does not depend on the page that it is set on."""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.policy.provisions import Block, Layout
from bot.revision.reading import formats
from tests.kits.pdf_files import blocks_as_pdf, typeset_pdf

INDENT = 24.0

# Numbers of every habit, lines that begin like numbers and are none, a list in a list, a table, a note.
RULES = (
    Block("Règlements généraux de la Ruche", 1, level=1, strong=True),
    Block("Adoptés en assemblée générale le 3 mai 2025", 1),
    Block("CHAPITRE I – DISPOSITIONS GÉNÉRALES", 1, level=2, strong=True),
    Block("ARTICLE 1 : Nom et siège", 1, strong=True),
    Block("1.1 Le nom de l'association est La Ruche, constituée selon la partie III de la loi.", 1),
    Block(
        "1.2 Son siège est à l'adresse que fixe le conseil, au plus tard le 31 décembre de chaque année, "
        "selon ce que prévoit l'article 12.4 de la Loi sur les associations et le règlement 18.600 de la "
        "Ville, jusqu'à concurrence de 2.5 % du budget.",
        1,
    ),
    Block("1.3 L'année financière commence le 1er mai.", 1),
    Block("ARTICLE 2 : Membres", 1, strong=True),
    Block("2.1 Est membre toute personne qui :", 1),
    Block(
        "a) paie sa cotisation avant le 15 septembre de l'année en cours, ou obtient un délai du comité;",
        1,
        indent=INDENT,
    ),
    Block("b) accepte les règlements, soit :", 1, indent=INDENT),
    Block("i) la Charte;", 1, indent=2 * INDENT),
    Block(
        "ii) le Code de vie, dans sa version du jour, qui comprend 3 annexes, 12 articles et les 4 "
        "politiques que le conseil adopte de temps à autre; et",
        1,
        indent=2 * INDENT,
    ),
    Block("c) n'a pas été exclue.", 1, indent=INDENT),
    Block(
        "2.2 La cotisation est fixée chaque année. Elle est de dix dollars, ou de 5 dollars pour les membres "
        "de soutien, et n'est jamais remboursée. Les personnes qui ne la paient pas reçoivent un avis écrit, "
        "qui leur donne trente jours. 10 jours avant la fin du délai, un rappel leur est envoyé.",
        1,
    ),
    Block("2.3 Le montant des frais est le suivant, selon le poste :", 1),
    Block("Poste\tPlafond\tPériode", 1, layout=Layout.ROW),
    Block("Repas\t20 $\tpar jour", 1, layout=Layout.ROW),
    Block("Hébergement, taxes comprises\t120 $\tpar nuit", 1, layout=Layout.ROW),
    Block("Kilométrage\t0,50 $\tpar kilomètre parcouru avec une voiture", 1, layout=Layout.ROW),
    Block("2.4 Le conseil révise ces montants.[1]", 1),
    Block("[1] Sauf décision contraire, ils suivent le coût de la vie.", 1, layout=Layout.NOTE),
    Block("CHAPITRE II – CONSEIL D'ADMINISTRATION", 1, level=2, strong=True),
    Block("ARTICLE 3 : Composition", 1, strong=True),
    Block(
        "3.1 Le conseil compte neuf personnes, dont une présidence, une vice-présidence aux affaires "
        "internes, un secrétariat et une trésorerie.",
        1,
    ),
    Block("3.2 Il se réunit au moins :", 1),
    Block("quatre fois par année;", 1, layout=Layout.BULLET, indent=INDENT),
    Block(
        "chaque fois que deux de ses membres le demandent par écrit à la personne qui tient le secrétariat, "
        "avec les points à discuter;",
        1,
        layout=Layout.BULLET,
        indent=INDENT,
    ),
    Block("au lendemain de l'assemblée générale.", 1, layout=Layout.BULLET, indent=INDENT),
    Block(
        "3.3 Le quorum est de la moitié des membres en fonction, plus une. Sans quorum après trente "
        "minutes, la séance est levée et le secrétariat en convoque une autre dans les sept jours.",
        1,
    ),
    Block("ANNEXE A – Barème", 1, level=2, strong=True),
    Block("1. Les frais sont remboursés sur preuve, remise à la trésorerie dans les trente jours.", 1),
    Block("2. Nul n'est remboursé deux fois. Les sommes trop versées sont rendues.", 1),
)

Shown = list[tuple[Layout, str, bool]]


def shown(blocks: tuple[Block, ...]) -> Shown:
    """Return what a reader sees of paragraphs."""
    return [(block.layout, block.text, block.strong or block.level > 0) for block in blocks]


def read(content: bytes) -> Shown:
    """Return what is read of a PDF."""
    return shown(formats.read_document(content, "x.pdf").blocks)


@settings(max_examples=15, deadline=None, phases=[Phase.generate], derandomize=True)
@given(
    width=st.floats(10, 30),
    size=st.floats(8, 13),
    justify=st.booleans(),
    tight=st.booleans(),
    hanging=st.booleans(),
)
def test_no_page_width_changes_what_is_read(
    width: float, size: float, *, justify: bool, tight: bool, hanging: bool
) -> None:
    content = blocks_as_pdf(RULES, width, justify=justify, tight=tight, hanging=hanging, size=size)
    # The running head of a single page is not seen to come again: it is text.
    found = [block for block in read(content) if block[1] != "Association Règlements"]
    assert found == shown(RULES)


@settings(max_examples=8, deadline=None, phases=[Phase.generate], derandomize=True)
@given(
    columns=st.integers(2, 3),
    width=st.floats(30, 42),
    size=st.floats(7, 9),
    justify=st.booleans(),
    hanging=st.booleans(),
)
def test_columns_are_read_one_after_the_other(
    columns: int, width: float, size: float, *, justify: bool, hanging: bool
) -> None:
    content = blocks_as_pdf(
        RULES, width, justify=justify, hanging=hanging, size=size, columns=columns, heads=False
    )
    assert read(content) == shown(RULES)


@pytest.mark.parametrize("division", ["TITRE PREMIER : DISPOSITIONS GÉNÉRALES", "ANNEXE", "Chapitre II"])
@pytest.mark.parametrize("width", [10, 14, 21])
def test_a_heading_under_a_full_line_is_a_paragraph_of_its_own(division: str, width: float) -> None:
    title = "STATUTS DE LA FÉDÉRATION DES CHORALES DU PLATEAU"
    reply = read(
        typeset_pdf(
            f"#set page(width: {width}cm, height: 12cm, margin: 1cm)\n#set par(spacing: 0.65em)\n"
            f"#align(center)[*{title}*]\n\n#align(center)[*{division}*]\n\n"
            "Le conseil se réunit chaque mois.\n\n#lorem(30)"
        )
    )
    assert [text for _, text, _ in reply[:2]] == [title, division]


def test_a_heading_s_words_within_a_sentence_begin_no_paragraph() -> None:
    sentence = "Quiconque enfreint une règle du chapitre 2 ou de toute annexe 3 en répond devant le conseil"
    for width in range(6, 18):
        reply = read(
            typeset_pdf(f"#set page(width: {width}cm, height: 9cm, margin: 1cm)\n*{sentence}*\n\nSuite.")
        )
        assert reply[0][1] == sentence


@pytest.mark.parametrize("width", [13.233, 21.327])
def test_a_note_that_goes_to_the_next_page_is_that_of_its_call(width: float) -> None:
    size = 9.039 if width < 20 else 12.765  # the call is on the last line of its page
    tight = width < 20
    reply = read(blocks_as_pdf(RULES, width, size=size, tight=tight, hanging=tight))
    call = reply.index((Layout.TEXT, "2.4 Le conseil révise ces montants.[1]", False))
    assert reply[call + 1][:2] == (
        Layout.NOTE,
        "[1] Sauf décision contraire, ils suivent le coût de la vie.",
    )


def test_a_stretched_heading_is_whole_where_a_table_has_its_columns() -> None:
    reply = read(blocks_as_pdf(RULES, 10.905, size=8.3734, justify=True, hanging=True))
    assert (Layout.TEXT, "CHAPITRE II – CONSEIL D'ADMINISTRATION", True) in reply


@pytest.mark.parametrize("width", [13, 16, 19])
def test_a_quantity_on_a_line_broken_by_hand_begins_no_paragraph(width: float) -> None:
    reply = read(
        typeset_pdf(
            f"#set page(width: {width}cm, height: 9cm, margin: 2cm)\nLe congrès modifie les statuts à la "
            "majorité des deux tiers des personnes présentes ou représentées, convoquées au moins\\\n"
            "30 jours à l'avance.\n\nIl élit le bureau."
        )
    )
    assert len(reply) == 2


def test_a_table_that_goes_on_over_pages_is_one_table() -> None:
    rows = tuple(Block(f"Poste {at}\t{at} $", 1, layout=Layout.ROW) for at in range(1, 60))
    head = Block("Poste\tPlafond", 1, layout=Layout.ROW)
    source = ", ".join(f"[{cell}]" for row in rows for cell in row.text.replace("$", "\\$").split("\t"))
    content = typeset_pdf(
        f"#set page(height: 12cm)\n#table(columns: 2, table.header([Poste], [Plafond]), {source})"
    )
    assert read(content) == shown((head, *rows))


def test_a_text_set_in_a_table_of_numbers_and_words_is_text() -> None:
    rows = "".join(
        f"[5.{at}], [Le conseil se réunit le jour {at} du mois, sur avis.], " for at in range(1, 8)
    )
    reply = read(typeset_pdf(f"#set page(width: 12cm)\n#table(columns: (2cm, 1fr), {rows})"))
    assert [text for layout, text, _ in reply if layout is Layout.TEXT] == [
        f"5.{at} Le conseil se réunit le jour {at} du mois, sur avis." for at in range(1, 8)
    ]


def test_columns_that_no_rule_separates_are_rows_when_they_are_level() -> None:
    rows = [
        ("Repas", "20 dollars par jour"),
        ("Nuit", "120 dollars, taxes comprises"),
        ("Auto", "0,50 dollar"),
    ]
    cells = ", ".join(f"[{cell}]" for row in rows for cell in row)
    reply = read(
        typeset_pdf(f"Les frais sont les suivants.\n#table(stroke: none, columns: (6cm, 1fr), {cells})")
    )
    assert reply[1:] == [(Layout.ROW, "\t".join(row), False) for row in rows]


def test_a_word_file_s_own_hyphen_stays_where_no_word_is_cut() -> None:
    reply = read(
        typeset_pdf("#set page(width: 9cm)\nLe non-\\\nrespect des règles et le nonrespect des autres.")
    )
    assert reply == [(Layout.TEXT, "Le non-respect des règles et le nonrespect des autres.", False)]


@pytest.mark.parametrize("pages", [60, 190])
def test_a_page_of_a_thousand_pieces_is_read(pages: int) -> None:
    # Words scattered over a page once made its columns be cut without end.
    scattered = "".join(
        f"#place(dx: {7 * at % 460}pt, dy: {11 * at % 640}pt, text(size: 5pt)[mot{at}])" for at in range(1200)
    )
    content = typeset_pdf(
        scattered + "#pagebreak()".join(["", *[f"Texte de la page {at}." for at in range(pages)]])
    )
    text = formats.read_document(content, "x.pdf").markdown
    assert len(re.findall(r"mot\d+", text)) == 1200
