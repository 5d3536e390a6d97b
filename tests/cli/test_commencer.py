"""`vigie commencer`: from a document to a folder, which is never replaced."""

from __future__ import annotations

import json
import shutil
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import vigie
from bot.configuration.profile import EXAMPLE, FILE, SEED, load_profile, shipped
from bot.conversation.requests import Actor
from bot.drafting import drafts
from bot.people import persons
from bot.policy.loading import load_library
from bot.posting import counts
from bot.posting.checks import Check
from bot.revision import revisions
from bot.revision.revisions import Proposal
from bot.storage.database import Storage, beside
from tests.drafting.club import TEXT


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and a document beside it."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "donnees"
    data.mkdir()
    monkeypatch.setenv("VIGIE_DATA", str(data))
    (tmp_path / "texte.md").write_text(TEXT, "utf-8")
    return data


def begin(*words: str, file: str = "texte.md", name: str = "marche") -> Result:
    return CliRunner().invoke(
        vigie, ["commencer", file, "--politique", name, "--adoptee", "2024-05-01", *words]
    )


def test_a_document_becomes_a_policy_that_is_read_at_once(elsewhere: Path) -> None:
    result = begin("--nom", "Règlement", "--genre", "masculin")
    assert result.exit_code == 0, result.output
    assert "9 clauses" in result.stdout
    assert "18 questions de quiz" in result.stdout
    assert (elsewhere / "politique" / "marche" / "2024-05-01.md").read_text("utf-8") == TEXT
    read = CliRunner().invoke(vigie, ["politique", "marche:2.2"])
    assert "Il est interdit de quitter le groupe" in read.stdout
    assert read.stdout.startswith("Règlement, 2.2\n")  # no force is shown, since none was read


def test_a_profile_to_complete_is_beside_it_and_serves_once_it_is_named(elsewhere: Path) -> None:
    result = begin("--nom", "Règlement", "--genre", "masculin")
    assert "corrigez profil.exemple.toml, puis nommez-le profil.toml." in result.stdout
    example = elsewhere / EXAMPLE
    assert load_profile([SEED, elsewhere]) == shipped()
    example.rename(elsewhere / FILE)
    own = load_profile([SEED, elsewhere])
    assert (own.policy, own.reports) == ("marche", None)
    assert own.policies["marche"].name == "Règlement"
    begin(name="autre")
    assert not example.exists(), "there is a profile already"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("## Adoption\n\nConseil \\| 31 janvier 2006 \\| C-12\n", "2006-01-31"),
        ("**Adoption**\n\n| Instance | Date |\n| --- | --- |\n| Conseil | 3 mai 2019 |\n", None),
        ("Adopté par l'assemblée le 13.04.2022.\n", "2022-04-13"),
        ("## Adoption\n\nEn vigueur le 3 mai 2019.\n", None),
    ],
)
def test_the_day_of_adoption_is_read_where_the_text_says_it(
    elsewhere: Path, written: str, day: str | None
) -> None:
    Path("dit.md").write_text(TEXT.replace("\n", f"\n\n{written}", 1), "utf-8")
    result = CliRunner().invoke(vigie, ["commencer", "dit.md", "--politique", "dite"])
    if day is None:
        assert "Ajoutez --adoptee" in result.stderr
    else:
        assert (elsewhere / "politique" / "dite" / f"{day}.md").exists(), result.output


def test_reports_may_be_founded_on_a_whole_article(elsewhere: Path) -> None:
    begin("--nom", "Règlement", "--genre", "masculin")
    profile = (elsewhere / EXAMPLE).read_text("utf-8")
    for clause, sound in (("2", True), ("9", False)):
        (elsewhere / FILE).write_text(
            f'{profile}\n[signalements]\nclause = "{clause}"\ndestinataires = ["presidence"]\n', "utf-8"
        )
        findings = CliRunner().invoke(vigie, ["diagnostic"]).stdout
        assert ("n'a pas de clause" not in findings) is sound, findings


def test_the_diagnostic_says_that_nothing_names_the_association(elsewhere: Path) -> None:
    begin()
    example = (elsewhere / "profil.exemple.toml").read_text("utf-8")
    (elsewhere / "profil.toml").write_text(example, "utf-8")
    assert "VIGIE_ASSOCIATION" in CliRunner().invoke(vigie, ["diagnostic"]).stdout
    (elsewhere / "profil.toml").write_text(example.replace("L'association", "Club du Merisier"), "utf-8")
    assert "VIGIE_ASSOCIATION" not in CliRunner().invoke(vigie, ["diagnostic"]).stdout


def test_the_answer_in_json_counts_the_drafts(elsewhere: Path) -> None:
    data = json.loads(begin("--json").stdout)
    assert data["folder"] == str(elsewhere / "politique" / "marche")
    assert data["clauses"] == 9
    assert data["drafts"]["question"] == 27


def test_a_second_time_changes_nothing_and_says_so(elsewhere: Path) -> None:
    begin()
    before = {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}
    again = begin()
    assert again.exit_code == 2
    assert "existe déjà" in again.stderr
    assert {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()} == before


def test_two_at_once_are_one_and_a_line(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = drafts.begin

    def meanwhile(*words: Any) -> object:  # noqa: ANN401 — as `begin`
        write(*words)
        return write(*words)

    monkeypatch.setattr(drafts, "begin", meanwhile)
    done = begin()
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "existe déjà" in done.stderr
    assert (elsewhere / "politique" / "marche" / "2024-05-01.md").read_text("utf-8") == TEXT


@pytest.mark.parametrize(
    ("file", "name", "code", "says"),
    [
        ("absent.md", "marche", 2, "ne se lit pas"),
        ("texte.md", "La Marche", 2, "petites lettres"),
        ("texte.md", "../ailleurs", 2, "petites lettres"),
        ("texte.md", "é è", 2, "petites lettres"),
        ("vide.md", "marche", 1, "est vide"),
        ("image.png", "marche", 1, "image"),
    ],
)
def test_what_cannot_be_begun_is_said_in_one_line(
    elsewhere: Path, file: str, name: str, code: int, says: str
) -> None:
    Path("vide.md").write_text("", "utf-8")
    Path("image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    result = begin(file=file, name=name)
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (code, 1)
    assert says in result.stderr
    assert not list(elsewhere.rglob("*"))


def test_without_a_data_folder_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGIE_DATA")
    result = begin()
    assert result.exit_code == 2
    assert "VIGIE_DATA" in result.stderr


def offered_a_model(monkeypatch: pytest.MonkeyPatch, answer: str) -> Result:
    """Begin a policy with a language model set, and answer when asked whether to send it the text."""
    monkeypatch.setenv("VIGIE_REDACTEUR", "http://127.0.0.1:9/v1")
    words = ["commencer", "texte.md", "--politique", "marche", "--adoptee", "2024-05-01"]
    return CliRunner().invoke(vigie, words, input=answer)


def test_a_language_model_is_sent_nothing_without_a_yes(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = offered_a_model(monkeypatch, "non\n")
    assert result.exit_code == 0, result.output
    assert "serait envoyé à 127.0.0.1:9" in result.stderr
    assert "sans lui" not in result.stderr
    assert (elsewhere / "politique" / "marche" / "a_relire" / "quiz.toml").is_file()


def test_a_language_model_that_nobody_agrees_to_says_how_to_do_without_it(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = offered_a_model(monkeypatch, "")
    assert result.exit_code == 2
    last = result.stderr.splitlines()[-1]
    assert "personne n'a répondu\u00a0: rien n'est fait" in last
    assert "sans VIGIE_REDACTEUR" in last
    assert "--help" not in last
    assert not (elsewhere / "politique").exists()


def test_the_profile_left_names_a_text_in_the_plural_as_it_is(elsewhere: Path) -> None:
    words = ["commencer", "texte.md", "--politique", "statuts", "--nom", "Statuts", "--adoptee", "2024-05-01"]
    assert CliRunner().invoke(vigie, words).exit_code == 0
    left = tomllib.loads((elsewhere / "profil.exemple.toml").read_text("utf-8"))
    assert left["politiques"]["statuts"] == {"nom": "Statuts", "genre": "masculin", "nombre": "pluriel"}


def test_a_language_model_that_is_away_leaves_the_plain_drafts(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_REDACTEUR", "http://127.0.0.1:9/v1")
    words = ["commencer", "texte.md", "--politique", "marche", "--adoptee", "2024-05-01"]
    result = CliRunner().invoke(vigie, words, input="oui\n")
    assert result.exit_code == 0, result.output
    assert "Les brouillons sont écrits sans lui\u00a0: il ne répond pas." in result.stderr
    assert (elsewhere / "politique" / "marche" / "a_relire" / "quiz.toml").is_file()


def test_the_day_of_adoption_is_the_one_that_the_text_says(elsewhere: Path) -> None:
    words = ["commencer", "texte.md", "--politique", "marche"]
    refused = CliRunner().invoke(vigie, words)
    assert refused.exit_code == 2
    assert "Ajoutez --adoptee" in refused.stderr
    assert not list(elsewhere.iterdir())
    Path("texte.md").write_text(TEXT + "\n3.2 Adopté par l'assemblée le 12 mai 2023.\n", "utf-8")
    assert CliRunner().invoke(vigie, words).exit_code == 0
    assert (elsewhere / "politique" / "marche" / "2023-05-12.md").is_file()


def test_lines_that_are_not_sure_are_counted_with_where_to_see_them() -> None:
    Path("texte.md").write_text(TEXT.replace("2.4 Nul", "2.7 Nul"), "utf-8")
    assert "vigie importer texte.md les montre" in begin().stderr


@pytest.mark.parametrize(
    ("name", "day", "says"),
    [("pa20", "2024-05-01", "existe déjà"), ("marche", "2050-01-01", "n'est pas encore passé")],
)
def test_neither_a_served_policy_nor_a_day_to_come_begins_one(
    elsewhere: Path, name: str, day: str, says: str
) -> None:
    words = ["commencer", "texte.md", "--politique", name, "--adoptee", day]
    result = CliRunner().invoke(vigie, words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not list(elsewhere.iterdir())


def test_a_name_that_is_no_word_is_refused_and_what_is_to_fill_in_is_counted(elsewhere: Path) -> None:
    refused = begin("--nom", "é è")
    assert (refused.exit_code, list(elsewhere.iterdir())) == (2, [])
    assert "prenez au moins un mot" in refused.stderr
    assert "dont 3 à remplir avant qu'elles servent" in begin().stdout


def abandon(name: str = "marche", answer: str = "oui\n") -> Result:
    return CliRunner().invoke(vigie, ["abandonner", name], input=answer)


def test_a_policy_that_was_begun_is_taken_back_once_that_is_confirmed(elsewhere: Path) -> None:
    begin()
    folder = elsewhere / "politique" / "marche"
    asked = abandon(answer="non\n")
    assert asked.exit_code == 1
    assert f"Effacer {folder}?" in asked.stderr
    assert folder.is_dir()
    result = abandon("Marche")
    assert result.exit_code == 0, result.output
    assert not folder.exists()
    assert begin().exit_code == 0, "it can be begun again"


@pytest.mark.parametrize("name", ["pa20", "../politique", "absente"])
def test_what_was_not_begun_here_is_not_taken_back(elsewhere: Path, name: str) -> None:
    begin()
    result = abandon(name)
    assert result.exit_code == 2
    assert "n'est commencée" in result.stderr
    assert "Effacer" not in result.stderr, "there is nothing to ask about"
    assert (elsewhere / "politique" / "marche").is_dir()


def test_a_profile_may_name_its_policy_before_the_text_is_brought(elsewhere: Path) -> None:
    begin("--nom", "Règlement", "--genre", "masculin")
    (elsewhere / EXAMPLE).rename(elsewhere / FILE)
    shutil.rmtree(elsewhere / "politique" / "marche")
    result = begin()
    assert result.exit_code == 0, result.output
    assert (elsewhere / "politique" / "marche").is_dir()


def test_the_default_policy_is_not_taken_back(elsewhere: Path) -> None:
    begin("--nom", "Règlement", "--genre", "masculin")
    (elsewhere / EXAMPLE).rename(elsewhere / FILE)
    assert "politique par défaut" in abandon().stderr
    assert (elsewhere / "politique" / "marche").is_dir()


@pytest.mark.parametrize("used", [True, False])
def test_a_policy_that_served_someone_stays(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, *, used: bool
) -> None:
    database = elsewhere.parent / "vigie.db"
    monkeypatch.setenv("VIGIE_DB", str(database))
    monkeypatch.setenv("DISCORD_TOKEN", "x")
    begin()
    storage = Storage(database)
    with storage.transaction() as db:
        revisions.originate(db, "marche", date(2024, 5, 1), TEXT, date(2024, 5, 2))
        revisions.propose(db, Proposal("marche", f"{TEXT} ", "file", "2024-05-01"), date(2024, 5, 2))
        counts.switch(db, "marche", Check("logo", "", "", "", "", "", grave=False), on=False)
        if used:
            person = persons.known(db, Actor("slack", "T1", "U1"))
            db.execute(
                "INSERT INTO pages_read VALUES (?, 'marche', '2024-05-01', '1', '2026-01-01')", [person]
            )
    storage.close()
    result = abandon()
    with beside(database) as db:
        texts, off = revisions.list_texts(db, "marche"), counts.checks_off(db, "marche")
    assert result.exit_code == (2 if used else 0), result.output
    assert (elsewhere / "politique" / "marche").is_dir() is used
    assert bool(texts) is bool(off) is used
    assert ("une page lue" in result.stderr) is used


@pytest.mark.parametrize(
    ("words", "title", "shown"),
    [
        ((), "# Règlement du club\n\n", "du MARCHE"),
        ((), "# Charte du club\n\n", "de la MARCHE"),
        (("--nom", "Statuts"), "", "des Statuts"),
        (("--nom", "RG", "--genre", "féminin"), "# Règlement du club\n\n", "de la RG"),
    ],
)
def test_the_gender_of_a_name_is_guessed_unless_it_is_said(
    elsewhere: Path, words: tuple[str, ...], title: str, shown: str
) -> None:
    (elsewhere.parent / "texte.md").write_text(title + TEXT, "utf-8")
    assert begin(*words).exit_code == 0
    library = load_library([elsewhere], "marche", date.today)
    assert library.policies["marche"].name.of == shown
