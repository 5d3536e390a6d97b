"""A document that is not one is answered in one line with what to do, within 30 seconds and 400 MB."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pikepdf
import pytest

from bot.policy.articles import PolicyError
from bot.revision.reading import formats, reading_page
from tests.kits import pdf_files
from tests.kits.pdf_files import typeset_pdf

SECONDS, MEMORY = 30, 400 * 1024 * 1024
PAGE = Path(reading_page.__file__)
# Between these tests and what they measure: a process counts the memory of the one that it is started from.
MEASURED = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
)
REMEDY = r"(?:Donnez|Enregistrez|Téléchargez|Exportez|tapez)[^.]*"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
ODF = "application/vnd.oasis.opendocument"


def archive(**parts: str | bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/"), content)
    return written.getvalue()


def word(text: str) -> bytes:
    document, written = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(written)
    return written.getvalue()


def dynamic_form() -> bytes:
    """Return a PDF whose content is a form that only Acrobat shows."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(typeset_pdf("Please wait..."))) as file:
        stream = file.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'></xdp:xdp>")
        file.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=stream)
        file.Root.NeedsRendering = True
        file.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("statuts.docx", b"", "vide"),
        ("statuts.md", b"\xef\xbb\xbf \n", "vide"),
        ("statuts.docx", b"\x89PNG\r\n\x1a\n" + bytes(100), "une image"),
        ("statuts.pdf", b"\xff\xd8\xff\xe0" + bytes(100), "une image"),
        ("statuts.docx", archive(xl__workbook=b"", **{"xl/workbook.xml": b"<a/>"}), "Excel"),
        ("statuts.pdf", archive(mimetype=f"{ODF}.spreadsheet", **{"content.xml": "<a/>"}), "OpenDocument"),
        ("statuts.odt", archive(mimetype=f"{ODF}.text", **{"content.xml": "<a/>"}), "OpenDocument"),
        ("statuts.docx", b"Poste;Plafond\nRepas;20\nNuit;120\nAuto;0,5\n", "tableau"),
        ("statuts.pdf", b"nom,prenom\na,b\nc,d\n", "tableau"),
        ("statuts.docx", b"nom\tprenom\na\tb\nc\td\n", "tableau"),
        ("statuts.rtf", rb"{\rtf1 Statuts}", "RTF"),
        ("statuts.html", b"<!DOCTYPE html><p>Statuts</p>", "ni article ni num\u00e9ro"),
        ("statuts.docx", b"<div><h1>Statuts</h1></div>", "ni article ni num\u00e9ro"),
        ("statuts.html", b"<html><body><div id=app></div><script>montre()</script>", "page Web est vide"),
        ("statuts.html", b"<html><body>" + b"<div>" * 100_000 + b"1. Nom", "page Web trop grosse"),
        ("statuts.doc", OLE, "ancien Word"),
        ("statuts.xls", OLE + "Workbook".encode("utf-16-le"), "Excel"),
        ("statuts.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
        ("statuts.zip", archive(**{"Statuts.docx": word("Statuts")}), "archive"),
        ("statuts.zip", b"PK\x05\x06" + bytes(18), "archive"),
        ("statuts.txt", "Statuts".encode("utf-16"), "UTF-16"),
        ("statuts.txt", "Statuts de la Ruche".encode("utf-16-le"), "UTF-16"),
        ("statuts.txt", "Règlement".encode("latin-1"), "pas en UTF-8"),
        ("statuts.eml", b"MIME-Version: 1.0\nSubject: Statuts\n\nBonjour", "courriel"),
        ("statuts.xml", b'<?xml version="1.0"?><a/>', "programme"),
        ("statuts.json", b'{"titre": "Statuts"}', "programme"),
        ("statuts.docx", word("Statuts")[:5000], "abîmé"),
        ("statuts.docx", word(""), "aucun texte"),
        ("statuts.docx", archive(**{"word/document.xml": bytes(200_000_000)}), "trop gros"),
    ],
)
def test_what_is_no_document_is_answered_with_what_to_do(name: str, content: bytes, reason: str) -> None:
    refused(content, name, reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: typeset_pdf("a\n#pagebreak()\n" * 500), "plus de 200 pages"),
        (lambda: typeset_pdf("#lorem(90000)"), "trop de texte"),
        (lambda: typeset_pdf("#lorem(3000)")[:3000], "abîmé"),
        (lambda: pdf_files.locked(typeset_pdf("Statuts")), "mot de passe"),
        (lambda: pdf_files.scanned(3), "ce PDF est une image"),
        (lambda: typeset_pdf(""), "aucun texte"),
        (dynamic_form, "formulaire"),
    ],
)
def test_a_pdf_that_is_no_text_is_answered_with_what_to_do(content: Callable[[], bytes], reason: str) -> None:
    refused(content(), "statuts.pdf", reason)


def refused(content: bytes, name: str, reason: str) -> None:
    started = time.monotonic()
    with pytest.raises(PolicyError, match=reason) as error:
        formats.read_document(content, name)
    assert time.monotonic() - started < SECONDS
    assert "\n" not in error.value.problem
    with pytest.raises(PolicyError, match=REMEDY):
        raise error.value


def test_fields_to_fill_in_are_said_not_to_be_read() -> None:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(typeset_pdf("Je soussigné adhère aux statuts."))) as file:
        field = pikepdf.Dictionary(FT=pikepdf.Name.Tx, T="nom", V="Ruche")
        file.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([file.make_indirect(field)]))
        file.save(written)
    document = formats.read_document(written.getvalue(), "statuts.pdf")
    assert "form_fields" in {finding.code for finding in document.findings}


def test_items_of_a_list_are_no_table_of_data() -> None:
    text = "# Buts\n\n- aider;\n- instruire;\n- réunir.\n"
    assert formats.read_document(text.encode(), "statuts.md").markdown == text


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("pdf", lambda: typeset_pdf("#set page(height: 12cm)\n" + "= 1. Titre\n\n#lorem(240)\n\n" * 200)),
        ("pdf", lambda: typeset_pdf("a\n#pagebreak()\n" * 500)),
        ("docx", lambda: archive(**{"word/document.xml": bytes(200_000_000)})),
        ("docx", lambda: word("Nul n'est tenu de savoir. " * 15_000)),
    ],
    ids=["a long PDF", "five hundred pages", "a zip bomb", "a long Word file"],
)
def test_a_file_takes_no_more_than_it_may(kind: str, content: Callable[[], bytes]) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content())
        file.seek(0)
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-I", "-c", MEASURED, sys.executable, "-I", str(PAGE), kind],
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={},
            check=True,
        )
    assert time.monotonic() - started < SECONDS
    assert int(done.stderr) * 1024 < MEMORY
