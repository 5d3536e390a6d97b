"""Word's files are read with the numbers that Word shows, or refused with the reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.requests import TAKEN_SIZE
from bot.policy.articles import PolicyError, Version
from bot.policy.library import Library
from bot.policy.provisions import Layout
from bot.revision.reading import formats
from bot.revision.reading.docx_numbering import format_number
from bot.revision.reading.formats import ReadDocument
from tests.kits import docx_files
from tests.kits.docx_files import WAYS, Way, Writer, lvl
from tests.kits.revision import revised

ADOPTED = date(2026, 12, 13)


def read(content: bytes, old: Version) -> ReadDocument:
    return formats.review_file(content, "revision.docx", old, ADOPTED)


def labels(content: bytes) -> list[str]:
    """Return the number of each paragraph, or its bullet."""
    blocks = formats.read_document(content, "essai.docx").blocks
    return [block.number or ("\u2022" if block.layout is Layout.BULLET else "") for block in blocks]


@pytest.mark.parametrize("policy", ["pa20", "cr3"])
@pytest.mark.parametrize("way", WAYS)
def test_a_policy_typed_in_word_is_the_same_policy_however_it_is_numbered(
    library: Library, policy: str, way: Way
) -> None:
    version = library.policies[policy].versions[-1]
    reading = read(docx_files.policy_as_docx(version, way), version)
    assert reading.comparison.changes == ()
    assert reading.findings == ()


def test_a_revision_in_word_is_compared_as_the_same_one_in_markdown(library: Library) -> None:
    old = library.policies["pa20"].versions[-1]
    for seed in range(1, 13):
        new = revised(old, seed).version()
        by_hand = formats.review_file(revised(old, seed).markdown().encode(), "r.md", old, ADOPTED)
        way = WAYS[seed % len(WAYS)]
        assert read(docx_files.policy_as_docx(new, way), old).comparison.changes == by_hand.comparison.changes


# --- Word's rules, one at a time -----------------------------------------------------------------


def numbered(levels: str, *paragraphs: tuple[int, int], overrides: str = "") -> bytes:
    """Return a document of these paragraphs, each in a list (1 or 2, of one abstract list) at a level."""
    writer = Writer()
    writer.abstract(1, levels)
    writer.num(1, 1)
    writer.num(2, 1, overrides)
    for number, level in paragraphs:
        writer.paragraph("x", number=number, level=level)
    return writer.saved()


THREE = lvl(0, "%1.") + lvl(1, "%1.%2") + lvl(2, "%1.%2.%3")


@pytest.mark.parametrize(
    ("levels", "paragraphs", "overrides", "shown"),
    [
        pytest.param(
            THREE,
            [(1, 0), (1, 1), (1, 1), (1, 0), (1, 1)],
            "",
            ["1.", "1.1", "1.2", "2.", "2.1"],
            id="a level starts again under the next",
        ),
        pytest.param(
            THREE,
            [(1, 0), (1, 1), (2, 1), (2, 0)],
            "",
            ["1.", "1.1", "1.2", "2."],
            id="two lists of one abstract list go on",
        ),
        pytest.param(
            THREE,
            [(1, 0), (1, 0), (2, 0), (2, 0), (1, 0)],
            '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>',
            ["1.", "2.", "5.", "6.", "7."],
            id="a list may override where it starts, once",
        ),
        pytest.param(
            lvl(0, "%1.") + lvl(1, "%2", more='<w:lvlRestart w:val="0"/>'),
            [(1, 0), (1, 1), (1, 0), (1, 1)],
            "",
            ["1.", "1", "2.", "2"],
            id="a level may never start again",
        ),
        pytest.param(
            lvl(0, "%1.") + lvl(1, "%1.%2") + lvl(2, "%3)", more='<w:lvlRestart w:val="1"/>'),
            [(1, 0), (1, 1), (1, 2), (1, 1), (1, 2), (1, 0), (1, 2)],
            "",
            ["1.", "1.1", "1)", "1.2", "2)", "2.", "1)"],
            id="a level may start again under the first one only",
        ),
        pytest.param(
            lvl(0, "%1.", start=4) + lvl(1, "%1.%2", start=10),
            [(1, 0), (1, 1), (1, 1)],
            "",
            ["4.", "4.10", "4.11"],
            id="a level starts where it says",
        ),
        pytest.param(
            lvl(0, "%1.", form="upperRoman") + lvl(1, "%1.%2") + lvl(2, "%1.%2", more="<w:isLgl/>"),
            [(1, 0), (1, 0), (1, 1), (1, 2)],
            "",
            ["I.", "II.", "II.1", "2.1"],
            id="legal numbering is in figures at every level",
        ),
        pytest.param(
            THREE,
            [(1, 0), (2, 1), (2, 1)],
            f'<w:lvlOverride w:ilvl="1">{lvl(1, "%1-%2", start=3)}</w:lvlOverride>',
            ["1.", "1-3", "1-4"],
            id="a list may override a whole level",
        ),
        pytest.param(lvl(0, "%1)", form="lowerLetter"), [(1, 0)] * 3, "", ["a)", "b)", "c)"], id="letters"),
        pytest.param(
            lvl(0, "\uf0b7", form="bullet"), [(1, 0)], "", ["\u2022"], id="a bullet of the font Symbol"
        ),
    ],
)
def test_numbers_are_those_that_word_shows(
    levels: str, paragraphs: list[tuple[int, int]], overrides: str, shown: list[str]
) -> None:
    assert labels(numbered(levels, *paragraphs, overrides=overrides)) == shown


def test_an_empty_paragraph_takes_a_number_and_a_style_s_list_can_be_refused() -> None:
    writer = Writer()
    writer.abstract(1, lvl(0, "9.%1"))
    writer.num(1, 1)
    writer.style("Clause", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>')
    writer.paragraph("x", style="Clause")
    writer.paragraph("", style="Clause")
    writer.paragraph("x", style="Clause", number=0)
    writer.paragraph("x", style="Clause")
    assert labels(writer.saved()) == ["9.1", "", "9.3"]


def test_a_number_above_which_nothing_stands_is_said_to_be_uncertain() -> None:
    content = numbered(THREE, (1, 1), (1, 1))
    assert {finding.code for finding in formats.read_document(content, "x.docx").findings} == {
        "uncertain_number"
    }


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (4, "lowerRoman", "iv"),
        (1994, "upperRoman", "MCMXCIV"),
        (27, "lowerLetter", "aa"),
        (7, "decimalZero", "07"),
        (1, "ordinal", "1er"),
        (3, "none", ""),
        (3, "chicago", "3"),
    ],
)
def test_numbers_are_written_in_words_forms(number: int, form: str, text: str) -> None:
    assert format_number(number, form) == text


# --- What else a document holds -------------------------------------------------------------------


def edited(edit: Callable[[Writer], object]) -> bytes:
    writer = Writer()
    for line in ("ARTICLE 1\u00a0: RÈGLES", "1.1 Le comité se réunit."):
        writer.paragraph(line, bold=line.startswith("A"))
    edit(writer)
    return writer.saved()


def added(xml: str) -> Callable[[Writer], object]:
    """Return what adds a paragraph that holds this XML."""

    def edit(writer: Writer) -> None:
        writer.paragraph("1.2 La séance")._p.append(
            parse_xml(xml.replace("<w:", "<w:", 1).replace(">", f" {nsdecls('w')}>", 1))
        )

    return edit


def text_of(content: bytes, clause: str) -> str:
    blocks = formats.read_document(content, "x.docx").blocks
    return next(block.text for block in blocks if block.text.startswith(clause))


def test_tracked_changes_are_read_as_accepted_and_said(library: Library) -> None:
    version = library.policies["pa20"].versions[-1]
    gone = added("<w:del><w:r><w:delText> secrète</w:delText></w:r></w:del>")
    come = added("<w:ins><w:r><w:t> publique</w:t></w:r></w:ins>")
    assert text_of(edited(gone), "1.2") == "1.2 La séance"
    assert text_of(edited(come), "1.2") == "1.2 La séance publique"
    assert "tracked_changes" in {finding.code for finding in read(edited(come), version).findings}


def test_hidden_text_is_left_out_and_what_is_lost_is_said(library: Library) -> None:
    version = library.policies["pa20"].versions[-1]
    hidden = edited(added("<w:r><w:rPr><w:vanish/></w:rPr><w:t> cachée</w:t></w:r>"))
    assert text_of(hidden, "1.2") == "1.2 La séance"
    lost = next(finding for finding in read(hidden, version).findings if finding.code == "lost_text")
    assert "cachée" in lost.message


@pytest.mark.parametrize("between", ["br", "cr", "tab", "noBreakHyphen"])
def test_words_that_a_break_parts_are_not_lost(library: Library, between: str) -> None:
    version = library.policies["pa20"].versions[-1]
    parted = edited(added(f"<w:r><w:t> publique</w:t><w:{between}/><w:t>ouverte</w:t></w:r>"))
    assert "lost_text" not in {finding.code for finding in read(parted, version).findings}


def test_marks_that_markdown_would_read_are_words(library: Library) -> None:
    version = library.policies["pa20"].versions[-1]
    odd = "1.2 Écrire **fort**, __bas__, <b>gras</b>, R&D, C:\\dossier et &eacute;."
    reading = read(edited(lambda writer: writer.paragraph(odd)), version)
    clause = reading.comparison.new.clauses()[-1]
    assert f"{clause.number} {clause.text}" == odd


def test_articles_numbered_without_the_word_are_articles() -> None:
    writer = Writer()
    writer.abstract(1, lvl(0, "%1.") + lvl(1, "%1.%2"))
    writer.num(1, 1)
    writer.paragraph("Objet", number=1, level=0)
    writer.paragraph("Le comité se réunit.", number=1, level=1)
    assert formats.read_document(writer.saved(), "x.docx").markdown.startswith("## 1. Objet\n\n**1.1** Le")


# --- Refusals -------------------------------------------------------------------------------------


def packed(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def empty() -> bytes:
    stream = io.BytesIO()
    docx.Document().save(stream)
    return stream.getvalue()


def bomb() -> bytes:
    return packed(**{"[Content_Types].xml": b"x", "word/document.xml": b"\0" * (65 * 1024 * 1024)})


def entities() -> bytes:
    lol = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 12))
    body = "<w:body><w:p><w:r><w:t>&l11;</w:t></w:r></w:p></w:body>"
    document = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><w:document {nsdecls("w")}>{body}</w:document>'
    with zipfile.ZipFile(io.BytesIO(empty())) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    return packed(**{**parts, "word/document.xml": document.encode()})


CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (empty, "aucun texte"),
        (bomb, "trop gros"),
        (entities, "texte|lisible"),
        (lambda: empty()[:2000], "abîmé"),
        (lambda: packed(mimetype=b"application/vnd.oasis", **{"content.xml": b"<x/>"}), r"\.odt"),
        (lambda: packed(photo=b"x"), "archive"),
        (lambda: packed(**{"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "Excel"),
        (lambda: packed(**{"[Content_Types].xml": b"<x/>", "ppt/presentation.xml": b"<x/>"}), "PowerPoint"),
        (lambda: packed(**{"Index/Document.iwa": b"x"}), "Pages"),
        (lambda: packed(mimetype=b"x", **{"META-INF/container.xml": b"<x/>"}), "epub"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"ancien Word"),
        (lambda: b"{\\rtf1 bonjour}", "RTF"),
        (lambda: CONTAINER + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
        (lambda: CONTAINER + "Workbook".encode("utf-16-le"), "Excel"),
        (lambda: CONTAINER + "PowerPoint Document".encode("utf-16-le"), "PowerPoint"),
        (lambda: b"\x89PNG\r\n\x1a\n", "c'est une image"),
        (lambda: b"\xff\xd8\xff\xe0", "c'est une image"),
        (lambda: b"RIFF\0\0\0\0WEBPVP8 ", "c'est une image"),
        (lambda: b"\0\0\0\x18ftypheic", "c'est une image"),
        (lambda: b'<?xml version="1.0"?>\n<svg width="1">', "c'est une image"),
        (lambda: b"\0\0\0\x18ftypmp42", "une vidéo"),
        (lambda: b"ID3\x03\0", "un son"),
        (lambda: b"Rar!\x1a\x07", "une archive"),
        (lambda: b"MZ\x90\0\x03", "un programme"),
        (lambda: b'{"url": "https://docs.google.com/open?id=1"}', "Téléchargez-le"),
        (lambda: b"Bonjour \xe9t\xe9", "texte, mais pas en UTF-8"),
        (lambda: "Été".encode("utf-16"), "UTF-16"),
        (lambda: bytes(range(256)), "ni du Word"),
        (lambda: b" \n", "vide"),
        (lambda: b"x" * (TAKEN_SIZE + 1), "8\u00a0Mo"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(content: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(PolicyError, match=reason):
        formats.read_document(content(), "révision")


@settings(max_examples=20)
@given(st.integers(0, 36_000), st.binary(min_size=1, max_size=40))
def test_a_damaged_document_is_read_or_refused(at: int, noise: bytes) -> None:
    whole = _SAMPLE
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    with suppress(PolicyError):  # any other error fails
        formats.read_document(damaged, "x.docx")


_SAMPLE = numbered(THREE, (1, 0), (1, 1))
