"""What a Word file holds beside its paragraphs is read in its place, once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Final

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from bot.policy.outline import build_outline
from bot.policy.provisions import Layout
from bot.revision.reading.docx_document import parse_docx
from tests.kits.docx_files import Writer, lvl
from tests.policy.test_habits import plan

_FOOTNOTES: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"


def texts(content: bytes) -> list[tuple[Layout, str]]:
    return [(block.layout, block.text) for block in parse_docx(content, "essai.docx").blocks]


def written(edit: Callable[[Writer], object]) -> bytes:
    writer = Writer()
    writer.paragraph("ARTICLE 1\u00a0: RÈGLES", bold=True)
    edit(writer)
    writer.paragraph("Fin.")
    return writer.saved()


def xml(text: str) -> str:
    """Return XML whose first element names the spaces of Word."""
    spaces = nsdecls("w", "wp", "a", "r")
    return text.replace(">", f' {spaces} xmlns:v="urn:schemas-microsoft-com:vml">', 1)


def inner(content: bytes) -> list[tuple[Layout, str]]:
    """Return what is between the first paragraph and the last."""
    return texts(content)[1:-1]


def test_a_table_of_data_is_rows_and_one_that_lays_the_text_out_is_the_text() -> None:
    def data(writer: Writer) -> None:
        table = writer.document.add_table(2, 2)
        for at, word in enumerate(("Poste", "Plafond", "Repas", "20 $")):
            table.cell(at // 2, at % 2).text = word

    def columns(writer: Writer) -> None:
        writer.abstract(1, lvl(0, "%1."))
        writer.num(1, 1)
        cell = writer.document.add_table(1, 1).cell(0, 0)
        cell.text = "Le comité\u00a0:"
        for words in ("siège;", "vote."):
            added = writer.paragraph(words, number=1, level=0)
            cell._tc.append(added._p)

    assert inner(written(data)) == [(Layout.ROW, "Poste\tPlafond"), (Layout.ROW, "Repas\t20 $")]
    assert inner(written(columns)) == [
        (Layout.TEXT, "Le comité\u00a0:"),
        (Layout.TEXT, "siège;"),
        (Layout.TEXT, "vote."),
    ]


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    box = (
        "<w:r><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>Encadré</w:t></w:r></w:p></w:txbxContent>"
        "</v:textbox></w:pict></w:r>"
    )

    def edit(writer: Writer) -> None:
        writer.paragraph("Avant")._p.append(parse_xml(xml(box)))

    assert inner(written(edit)) == [(Layout.TEXT, "Avant"), (Layout.TEXT, "Encadré")]


def test_comments_and_removed_words_are_left_out_and_added_ones_kept() -> None:
    def edit(writer: Writer) -> None:
        paragraph = writer.paragraph("Le conseil")._p
        for change in (
            "<w:del><w:r><w:delText> secret</w:delText></w:r></w:del>",
            "<w:ins><w:r><w:t> public</w:t></w:r></w:ins>",
            '<w:r><w:commentReference w:id="0"/></w:r>',
        ):
            paragraph.append(parse_xml(xml(change)))

    assert inner(written(edit)) == [(Layout.TEXT, "Le conseil public")]


def test_the_contents_that_word_made_are_left_out() -> None:
    contents = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        "<w:sdtContent><w:p><w:r><w:t>ARTICLE 1 RÈGLES 2</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )

    def edit(writer: Writer) -> None:
        writer.document.element.body.insert(0, parse_xml(xml(contents)))

    assert texts(written(edit))[0] == (Layout.TEXT, "ARTICLE 1\u00a0: RÈGLES")


def test_a_footnote_follows_the_paragraph_that_calls_it() -> None:
    def edit(writer: Writer) -> None:
        writer.paragraph("Le barème")._p.append(parse_xml(xml('<w:r><w:footnoteReference w:id="2"/></w:r>')))

    note = f"<w:footnotes {nsdecls('w')}><w:footnote w:id='2'><w:p><w:r><w:t>Depuis 2019.</w:t></w:r></w:p>"
    content = with_part(written(edit), "word/footnotes.xml", f"{note}</w:footnote></w:footnotes>")
    assert inner(content) == [(Layout.TEXT, "Le barème[1]"), (Layout.NOTE, "[1] Depuis 2019.")]


def with_part(content: bytes, name: str, part: str) -> bytes:
    """Return a document with one more part, of footnotes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == "word/_rels/document.xml.rels":
                link = f'<Relationship Id="rIdN" Type="{_FOOTNOTES}" Target="footnotes.xml"/></Relationships>'
                data = data.replace(b"</Relationships>", link.encode())
            elif entry == "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
                override = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
                data = data.replace(b"</Types>", override.encode())
            new.writestr(entry, data)
        new.writestr(name, part)
    return stream.getvalue()


def test_lines_broken_by_hand_are_numbers_only_where_the_sequence_says() -> None:
    def edit(writer: Writer) -> None:
        writer.paragraph("1.1 Sous réserve de l'article\n12.4 de la Loi, le conseil siège.\n1.2 Il vote.")

    outline = build_outline(parse_docx(written(edit), "essai.docx").blocks)
    assert [provision.label for provision in outline.walk()] == ["1", "1.1", "1.2"]


def test_bullets_that_are_typed_are_bullets() -> None:
    def edit(writer: Writer) -> None:
        for words in ("•\tmarcher;", "– courir;", "- 3 -"):
            writer.paragraph(words)

    assert inner(written(edit)) == [
        (Layout.BULLET, "marcher;"),
        (Layout.BULLET, "courir;"),
        (Layout.TEXT, "- 3 -"),
    ]


def plan_of(writer: Writer) -> list[str]:
    return plan(build_outline(parse_docx(writer.saved(), "essai.docx").blocks))


def test_an_article_that_word_numbers_and_its_first_paragraph_typed_beside_are_two_provisions() -> None:
    writer = Writer()
    writer.abstract(1, lvl(0, "Art. %1."))
    writer.num(1, 1)
    writer.paragraph("Le cercle est ouvert.", number=1, level=0)
    writer.paragraph("§ 1er. Le siège est à Dinant.", number=1, level=0)
    writer.paragraph("§ 2. Le bureau le déplace.")
    writer.paragraph("§ 3. Le déplacement est annoncé.")
    assert plan_of(writer) == [
        "1 |  | Le cercle est ouvert.",
        "2 |  |",
        "  1er |  | Le siège est à Dinant.",
        "  2 |  | Le bureau le déplace.",
        "  3 |  | Le déplacement est annoncé.",
    ]


def test_a_number_typed_among_those_of_word_does_not_hold_the_next_one() -> None:
    writer = Writer()
    indent = '<w:pPr><w:ind w:left="400"/></w:pPr>'
    writer.abstract(1, lvl(0, "Art. %1") + lvl(1, "%2", more="").replace("</w:lvl>", f"{indent}</w:lvl>"))
    writer.num(1, 1)
    writer.paragraph("Admission", number=1, level=0, bold=True)
    writer.paragraph("Le comité admet les membres.", number=1, level=1)
    writer.paragraph("Il peut refuser.", number=1, level=1)
    writer.paragraph("2bis Le refus est écrit.")
    writer.paragraph("Il est sans appel.", number=1, level=1)
    assert plan_of(writer) == [
        "1 | Admission |",
        "  1 |  | Le comité admet les membres.",
        "  2 |  | Il peut refuser.",
        "  2bis |  | Le refus est écrit.",
        "  3 |  | Il est sans appel.",
    ]


def test_what_follows_a_list_goes_on_with_its_article_though_word_indents_the_article_more() -> None:
    writer = Writer()
    indent = '<w:pPr><w:ind w:left="400"/></w:pPr>'
    article = lvl(1, "Art. %2.", more='<w:lvlRestart w:val="0"/>').replace("</w:lvl>", f"{indent}</w:lvl>")
    writer.abstract(1, lvl(0, "Titre %1 –", form="upperRoman") + article)
    writer.num(1, 1)
    writer.paragraph("Le but", number=1, level=0, bold=True)
    writer.paragraph("Le cercle a pour but :", number=1, level=1)
    writer.paragraph("1° de peindre;")
    writer.paragraph("2° d'exposer.")
    writer.paragraph("Il peut louer une salle à cette fin.")
    writer.paragraph("Il ne vend rien.")
    (title,) = build_outline(parse_docx(writer.saved(), "essai.docx").blocks).provisions
    assert [paragraph.text for paragraph in title.children[0].closing] == [
        "Il peut louer une salle à cette fin.",
        "Il ne vend rien.",
    ]
    assert plan_of(writer) == [
        "I | Le but |",
        "  1 |  | Le cercle a pour but",
        "    1 |  | de peindre;",
        "    2 |  | d'exposer.",
    ]


def test_a_number_with_its_word_that_word_writes_alone_on_a_line_is_read() -> None:
    writer = Writer()
    writer.abstract(1, lvl(0, "ANNEXE %1", form="upperLetter") + lvl(1, "%2."))
    writer.num(1, 1)
    writer.paragraph("ARTICLE 1", bold=True)
    writer.paragraph("Le local se ferme à clé.")
    writer.paragraph("", number=1, level=0)
    writer.paragraph("Fermeture", bold=True)
    writer.paragraph("Éteindre les lampes.", number=1, level=1)
    writer.paragraph("", number=1, level=1)  # a number left alone says nothing
    assert plan_of(writer) == [
        "1 |  | Le local se ferme à",
        "A | Fermeture |",
        "  1 |  | Éteindre les lampes.",
    ]
