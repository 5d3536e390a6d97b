"""`vigie importer`: the outline read in any document, what is uncertain in it, and a Markdown to correct."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import vigie
from tests.kits.docx_files import Writer, lvl

TEXT = """# Règlement du club

Adopté le 3 mai 2024

## Article 1 – Nom

Le club se nomme « Les Pas perdus ».

## Article 2 – Membres

2.01 Est membre toute personne qui :

a) paie sa cotisation;
b) respecte l'article
12.4 de la Loi.

2.03 La cotisation est de 5 $.

ANNEXE A : Barème

| Membre | Prix |
|---|---|
| Adulte | 5 $ |
"""


@pytest.fixture(autouse=True)
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "texte.md"
    path.write_text(TEXT, "utf-8")
    return path


def import_(*words: str) -> Result:
    return CliRunner().invoke(vigie, ["importer", *words])


def test_the_outline_is_shown_with_what_is_uncertain_and_what_to_do() -> None:
    result = import_("texte.md")
    assert result.exit_code == 0, result.output
    assert "Article 2 – Membres\n  2.01  Est membre toute personne qui :\n    a)  paie" in result.stdout
    assert "ligne 17, «\u00a02.03 La cotisation" in result.stdout
    assert "mettez une barre oblique inversée devant\u00a0: \\2.03" in result.stdout
    assert "12.4" not in result.stdout.split("À vérifier")[0].replace("l'article 12.4 de la Loi", "")


def test_the_outline_in_json_has_each_provision_with_its_own_text() -> None:
    data = json.loads(import_("texte.md", "--json").stdout)
    assert data["title"] == "Règlement du club"
    nodes = {tuple(node["path"]): node for node in data["nodes"]}
    assert list(nodes) == [
        (),
        ("1",),
        ("2",),
        ("2", "2.01"),
        ("2", "2.01", "a"),
        ("2", "2.01", "b"),
        ("2", "2.03"),
        ("A",),
    ]
    assert nodes[()]["text"] == "Adopté le 3 mai 2024"
    assert nodes["2", "2.01", "b"] == {
        "path": ["2", "2.01", "b"],
        "label": "b",
        "kind": "alinea-lettre",
        "title": "",
        "text": "respecte l'article 12.4 de la Loi.",
    }
    assert nodes["A",]["kind"] == "annexe"
    assert nodes["A",]["text"] == "Membre\tPrix\n\nAdulte\t5 $"
    assert [warning["code"] for warning in data["warnings"]] == ["uncertain_number"]


def test_what_is_written_to_be_corrected_is_read_as_the_same_without_a_doubt(tmp_path: Path) -> None:
    before = json.loads(import_("texte.md", "--json", "--markdown", "corrige.md").stdout)
    after = json.loads(import_("corrige.md", "--json").stdout)
    assert after == before | {"warnings": []}
    corrected = (tmp_path / "corrige.md").read_text("utf-8").replace("**2.03** La", "\\2.03 La")
    (tmp_path / "corrige.md").write_text(corrected, "utf-8")
    again = json.loads(import_("corrige.md", "--json").stdout)
    assert ["2", "2.03"] not in [node["path"] for node in again["nodes"]]


def test_a_word_file_is_read_with_the_numbers_that_word_shows(tmp_path: Path) -> None:
    writer = Writer()
    writer.abstract(1, lvl(0, "ARTICLE %1\u00a0:", form="upperRoman") + lvl(1, "%2)", form="lowerLetter"))
    writer.num(1, 1)
    writer.paragraph("NOM", number=1, level=0, bold=True)
    writer.paragraph("Le club se nomme ainsi.")
    writer.paragraph("BUTS", number=1, level=0, bold=True)
    writer.paragraph("marcher;", number=1, level=1)
    writer.paragraph("se reposer.", number=1, level=1)
    table = writer.document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Sortie", "Mardi"
    (tmp_path / "texte.docx").write_bytes(writer.saved())
    data = json.loads(import_("texte.docx", "--json").stdout)
    assert [(node["label"], node["title"], node["text"]) for node in data["nodes"]] == [
        ("I", "NOM", "Le club se nomme ainsi."),
        ("II", "BUTS", "Sortie\tMardi"),
        ("a", "", "marcher;"),
        ("b", "", "se reposer."),
    ]


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", 1, "vide"),
        (b"\x89PNG\r\n\x1a\n", 1, "image"),
        (b"\xe9\xe8", 1, "UTF-8"),
    ],
)
def test_what_is_not_a_document_is_answered_in_one_line(
    document: Path, content: bytes, code: int, says: str
) -> None:
    document.write_bytes(content)
    result = import_("texte.md")
    assert result.exit_code == code
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert not result.stdout


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    assert import_("absent.md").exit_code == 2


def test_a_text_without_headings_or_numbers_says_how_to_write_them(document: Path) -> None:
    document.write_text("Bonjour à toutes et à tous, voici nos règles de vie.", "utf-8")
    result = import_("texte.md")
    assert result.exit_code == 0
    assert "Mettez un «\u00a0#\u00a0» devant chaque titre" in result.stdout


def test_a_doubt_of_a_word_file_is_said_once(tmp_path: Path) -> None:
    writer = Writer()
    for words in ("SOMMAIRE", "1. Nom .... 1", "2. But .... 2", "1. Nom", "Le club.", "2. But", "Marcher."):
        writer.paragraph(words)
    (tmp_path / "texte.docx").write_bytes(writer.saved())
    data = json.loads(import_("texte.docx", "--json").stdout)
    assert [node["label"] for node in data["nodes"]] == ["1", "2"]
    assert [warning["code"] for warning in data["warnings"]] == ["contents_left_out"]
    assert "paragraphe 1, «\u00a0SOMMAIRE" in import_("texte.docx").stdout


def test_the_document_itself_is_never_written_over(document: Path) -> None:
    result = import_("texte.md", "--markdown", "./texte.md")
    assert result.exit_code == 2
    assert "est le document lui-même" in result.stderr
    assert document.read_text("utf-8") == TEXT
