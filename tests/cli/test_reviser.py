"""`vigie reviser`: what a file would change, for people and for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import vigie
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits import docx_files, pdf_files
from tests.kits.revision import ADOPTED, Draft
from tests.policy.test_identities import NEW, shifted

TEXT = (SEED / "politique/pa20/2015-12-13.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is configured, and no database is there."""
    monkeypatch.chdir(tmp_path)


def run(file: Path, *options: str) -> Result:
    return CliRunner().invoke(
        vigie, ["reviser", str(file), "--politique", "pa20", "--adoptee", "2026-12-13", *options]
    )


def written(tmp_path: Path, content: str | bytes, name: str = "revision.md") -> Path:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def printed(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def test_json_has_the_changes_the_lint_and_the_nature_and_nothing_is_written(tmp_path: Path) -> None:
    text = TEXT.replace("nous vous invitons à vous abstenir", "vous devez vous abstenir")
    file = written(tmp_path, text.replace("7.2 Une", "7.2 Selon l'article 9, une"))
    data = printed(run(file, "--json"))
    assert data == {
        "changes": [
            {"kind": "changed", "old": ["5.10"], "new": ["5.10"], "nature": "substantielle"},
            {"kind": "changed", "old": ["7.2"], "new": ["7.2"], "nature": "substantielle"},
        ],
        "headings": [],
        "items": [],
        "lint": [
            {
                "code": "unknown_reference",
                "clause": "7.2",
                "message": "Le texte renvoie à l'article\u00a09, qui n'existe pas dans cette version.",
            }
        ],
        "nature": "substantielle",
    }
    assert list(tmp_path.iterdir()) == [file]


def test_the_text_in_force_changes_nothing_in_any_format(tmp_path: Path, library: Library) -> None:
    version = library.default.versions[-1]
    files = [
        written(tmp_path, TEXT),
        written(tmp_path, docx_files.policy_as_docx(version, "styles"), "revision.docx"),
        written(tmp_path, pdf_files.policy_as_pdf(version, 2), "revision.pdf"),
    ]
    for file in files:
        nothing = {"changes": [], "headings": [], "items": [], "lint": [], "nature": "editoriale"}
        assert printed(run(file, "--json")) == nothing


def test_people_read_a_table_and_what_to_check(tmp_path: Path) -> None:
    result = run(written(tmp_path, shifted(TEXT, 5, 3, NEW).replace("- 7.3 ", "- 7.2 ")))
    assert result.exit_code == 0
    assert "PA20, du 13\u00a0décembre\u00a02015 au 13\u00a0décembre\u00a02026" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["–", "5.3", "ajout", "de", "fond"] in rows
    moved = ["5.3", "à", "5.18", "5.4", "à", "5.19", "renumérotation", "de", "forme"]
    assert moved in rows, "one line for them all"
    assert "est déjà pris" in result.stdout
    assert "Ce texte ne peut pas être adopté tel quel" in result.stdout


def test_what_will_have_to_be_looked_at_again_is_counted(tmp_path: Path) -> None:
    changed = run(
        written(tmp_path, TEXT.replace("nous vous invitons à vous abstenir", "vous devez vous abstenir"))
    )
    assert re.search(
        r"À revoir une fois ce texte adopté\u00a0: \d+ questions du quiz; "
        r"\d+ lignes de la banque de questions; ce que je dis de la force et du sujet de 5\.10\.",
        changed.stdout,
    )
    assert "À revoir" not in run(written(tmp_path, shifted(TEXT, 5, 3, NEW))).stdout


def test_the_comparison_is_written_as_a_pdf(tmp_path: Path) -> None:
    out = tmp_path / "comparaison.pdf"
    result = run(written(tmp_path, shifted(TEXT, 5, 3, NEW)), "--pdf", str(out))
    assert result.exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 1, "ancien Word"),
        (b"%PDF-1.7 abime", 1, "abîmé"),
        (pdf_files.scanned(), 1, "numérisé"),
        (b"Bonjour", 1, "aucun titre ni numéro"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, content: bytes, code: int, said: str
) -> None:
    result = run(written(tmp_path, content), "--json")
    assert result.exit_code == code
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path / "rien.md").exit_code == 2
    unknown = CliRunner().invoke(vigie, ["reviser", "x.md", "--politique", "zz9", "--adoptee", "2026-12-13"])
    assert unknown.exit_code == 2
    assert "Je connais\u00a0: PA20" in unknown.stderr


def test_a_revision_written_by_the_kit_is_compared_as_it_was_made(tmp_path: Path, library: Library) -> None:
    draft = Draft.of(library.default.versions[-1], 5)
    assert ADOPTED.isoformat() == "2026-12-13"
    assert printed(run(written(tmp_path, draft.markdown()), "--json"))["changes"] == []
