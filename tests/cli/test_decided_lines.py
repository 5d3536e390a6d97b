"""The command line reads a document that comes back as its lines were decided in chat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.app.build import Parts
from bot.cli.drafting import commencer
from bot.cli.importing import importer
from bot.cli.revisions import reviser
from bot.policy.decisions import Decisions
from bot.policy.provisions import LineReading
from bot.revision import dropped_texts
from bot.storage.database import Storage
from tests.kits.cli import invoke, parts_over

TEXT = """# Règlement du club

## Article 1 – Nom

1.1 Le club se nomme Les Pas perdus.

1.4 Le fanion est bleu.

Fin du règlement
"""
DECIDED: Decisions = {
    "1.4 le fanion est bleu.": LineReading.TEXT,
    "fin du règlement": LineReading.HEADING,
    "une ligne qui n'y est plus": LineReading.HEADING,
}


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """A bot that serves a policy, and knows what was decided of its lines."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texte.md").write_text(TEXT, "utf-8")
    folder = tmp_path / "donnees" / "politique" / "rg"
    folder.mkdir(parents=True)
    (folder / "2024-05-01.md").write_text("# R\n\n## Article 1 – Nom\n\n1.1 Le club.\n", "utf-8")
    storage = Storage(tmp_path / "vigie.db")
    with storage.transaction() as db:
        dropped_texts.keep_decisions(db, "rg", DECIDED)
        dropped_texts.keep_decisions(db, "rg2", DECIDED)
    storage.close()
    return parts_over(tmp_path / "vigie.db", vigie_data=str(tmp_path / "donnees"))


def test_the_outline_is_read_as_it_was_decided_and_says_so(bot: Parts) -> None:
    plain = invoke(bot, importer, "texte.md")
    assert "1.4" in plain.stdout.partition("À vérifier")[2]
    result = invoke(bot, importer, "texte.md", "--politique", "rg", "--markdown", "lu.md")
    assert result.exit_code == 0, result.output
    assert "2 lignes sont lues comme quelqu'un l'a déjà décidé." in result.stdout
    assert "Rien à vérifier." in result.stdout
    assert "\n## Fin du règlement\n" in Path("lu.md").read_text("utf-8")


def test_a_revision_is_read_as_it_was_decided(bot: Parts) -> None:
    result = invoke(bot, reviser, "texte.md", "--politique", "rg", "--adoptee", "2025-05-01", "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["lint"] == []
    assert [change["new"] for change in data["changes"]] == [["1.1"], ["Fin du règlement"]]


def test_a_policy_that_is_begun_is_read_as_it_was_decided(bot: Parts) -> None:
    result = invoke(bot, commencer, "texte.md", "--politique", "rg2", "--adoptee", "2024-05-01")
    assert result.exit_code == 0, result.output
    assert "À vérifier" not in result.output
    assert "\\1.4 Le fanion" in Path("donnees/politique/rg2/2024-05-01.md").read_text("utf-8")
