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
