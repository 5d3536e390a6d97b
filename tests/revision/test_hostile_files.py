"""Files that ask too much are refused in one line, and cost the bot neither memory nor time."""

from __future__ import annotations

import io
import resource
import time
import zipfile

import docx
import psutil
import pytest
from docx.oxml.ns import nsdecls

from bot.policy.articles import PolicyError, Version
from bot.policy.library import Library
from bot.revision.reading import formats, reading_page
from bot.revision.reading.document import MOST_CHARACTERS
from tests.conftest import TODAY
from tests.kits.measures import Check, Figure, at_most
from tests.kits.pdf_files import typeset_pdf

pytestmark = pytest.mark.attack("Fichiers piégés")

MEGABYTE = 1024 * 1024
GROWTH = 64 * MEGABYTE  # bytes that the bot's own process may take, and give back or not


def word_file(body: str) -> bytes:
    """Return a Word file with this body."""
    written = io.BytesIO()
    docx.Document().save(written)
    with zipfile.ZipFile(written) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/document.xml"] = f"<w:document {nsdecls('w')}><w:body>{body}</w:body></w:document>".encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def paragraphs(count: int) -> bytes:
    return word_file("<w:p/>" * count)


def nested(depth: int) -> bytes:
    return word_file("<w:p>" + "<w:r>" * depth + "</w:r>" * depth + "</w:p>")


def words(count: int) -> bytes:
    return word_file("<w:p><w:r><w:t>" + "mot " * count + "</w:t></w:r></w:p>")


def spent_by_children() -> float:
    """Return the processor's seconds that the children of this process took so far."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def largest_child() -> int:
    """Return the most memory that any child of this process has had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def beside_the_text() -> bytes:
    """Return a PDF with words along the edge, higher than the title that spans its two columns."""
    column = "".join(
        f"#place(dx: {left}pt, dy: {130 + 20 * row}pt)[Les membres du bureau sont élus.]"
        for row in range(8)
        for left in (60, 340)
    )
    title = "Tout au long de la page, le titre de ces deux colonnes, qui en traverse toute la largeur"
    side = "#place(dx: 45pt, dy: 80pt, rotate(90deg, reflow: true)[Adopté en assemblée])"
    page = "#set page(width: 600pt, height: 800pt, margin: 0pt)\n"
    return typeset_pdf(f"{page}#place(dx: 60pt, dy: 105pt)[{title}]{column}{side}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(paragraphs(9_000_000), "trop gros", id="nine million paragraphs"),
        pytest.param(words(12_000_000), "lisible", id="twelve million words"),
        pytest.param(nested(200_000), "lisible", id="nested"),
    ],
)
def test_a_word_file_that_asks_too_much_is_refused(content: bytes, reason: str, check: Check) -> None:
    assert len(content) < 200_000
    costs_nothing(content, reason, check)


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        pytest.param(b"<div>" * 100_000, "trop complexe", id="deep"),
        pytest.param(b"<p " + b"a=1 " * 1_900_000 + b">", "ni article", id="attributes"),
        pytest.param(b"<li>a" * 1_500_000, "trop complexe", id="a million items"),
        pytest.param(b"<!--" * 1_900_000, "ni article", id="comments without end"),
        pytest.param(b"<script>" * 950_000, "ni article", id="scripts without end"),
        pytest.param(b"<style>" + b"@{a{" * 1_800_000 + b"</style>", "ni article", id="rules without end"),
        pytest.param(b"<p>" + b"<a \"'" * 1_500_000, "ni article", id="quotes without end"),
    ],
)
def test_a_web_page_that_asks_too_much_is_refused(inside: bytes, reason: str, check: Check) -> None:
    costs_nothing(b"<html><body><p>Statuts" + inside, reason, check)


def test_what_may_be_a_web_page_is_told_at_once() -> None:
    before = time.process_time()
    with pytest.raises(PolicyError, match="400\u00a0000"):
        formats.read_document(b"<!-- a -->" * 800_000, "r.html")
    assert time.process_time() - before < 2


def test_a_web_page_of_eight_megabytes_that_is_a_text_is_read() -> None:
    style = b"style='" + b"mso-bidi-font-size:12.0pt;" * 80 + b"'"
    page = b"".join(
        b"<p class=MsoNormal %s>%d. Une clause de quelques mots.</p>" % (style, at) for at in range(1, 3000)
    )
    assert len(page) > 6 * MEGABYTE
    assert len(formats.read_document(b"<html><body>" + page, "r.html").blocks) == 2999


def costs_nothing(content: bytes, reason: str, check: Check) -> None:
    """Check that a file is refused, in little time and memory."""
    own, others = psutil.Process().memory_info().rss, largest_child()
    before = spent_by_children()
    with pytest.raises(PolicyError, match=reason) as refused:
        formats.read_document(content, "r.docx")
    assert "\n" not in str(refused.value)
    spent, grown = spent_by_children() - before, psutil.Process().memory_info().rss - own
    check(Figure("processeur pris", spent, at_most(reading_page.PROCESSOR_SECONDS + 1), "s"))
    check(Figure("mémoire prise par le robot", grown / MEGABYTE, at_most(GROWTH / MEGABYTE), "Mo"))
    # A process begins with the memory of the one that it is started from, which holds the file meanwhile.
    assert largest_child() <= max(others, own + GROWTH, 1.1 * reading_page.MEMORY)


def repeated(former: Version, size: int) -> bytes:
    """Return a text of one clause that says the former one over and over, in `size` characters at most."""
    heading, former_words = "# **ARTICLE 1 : TOUT**\n\n- 1.1 ", " ".join(former.pieces()) + " "
    return (heading + former_words * ((size - len(heading)) // len(former_words))).encode()


def test_a_text_in_markdown_that_asks_too_much_is_refused(library: Library, check: Check) -> None:
    former = library.default.versions[-1]
    before = time.process_time()
    with pytest.raises(PolicyError, match="dépasse 400\u00a0000 caractères"):
        formats.review_file(repeated(former, 4 * MEGABYTE), "r.md", former, TODAY)
    check(Figure("processeur pris par un texte trop long", time.process_time() - before, at_most(1), "s"))
    before = time.process_time()
    largest = repeated(former, MOST_CHARACTERS)
    assert formats.review_file(largest, "r.md", former, TODAY).markdown
    check(Figure("processeur pris par le plus long", time.process_time() - before, at_most(10), "s"))


def test_words_along_the_edge_of_a_page_are_no_end_without_end() -> None:
    text = formats.read_document(beside_the_text(), "r.pdf").markdown
    assert "Les membres du bureau sont élus." in text
