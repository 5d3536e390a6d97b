"""`vigie passation`: the archive opens with its words alone, and the list has what this association uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.backup import succession
from bot.reports import codes
from bot.storage.database import Storage, StorageError
from tests.cli.test_main import vigie

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.a.b"  # made up
WORDS = codes.new_code()


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The settings of a bot whose database is there, and texts of its own."""
    (tmp_path / "textes" / "politique" / "locale").mkdir(parents=True)
    (tmp_path / "textes" / "politique" / "locale" / "2020-01-01.md").write_text("# Locale\n", "utf-8")
    Storage(tmp_path / "vigie.db").close()
    (tmp_path / "vigie.db.incidents").write_bytes(b"SQLite")
    return {
        "DISCORD_TOKEN": TOKEN,
        "VIGIE_DB": str(tmp_path / "vigie.db"),
        "VIGIE_DATA": str(tmp_path / "textes"),
        "VIGIE_SMTP": "smtps://vigie:un-secret@courriel.exemple.ca:465",
        "VIGIE_COURRIEL_DE": "Vigie <vigie@exemple.ca>",
        "VIGIE_PING": "https://hc-ping.com/autre-secret",
        "VIGIE_NOM": "Veilleuse",
    }


def prepared(home: dict[str, str], tmp_path: Path) -> tuple[Path, str, str]:
    """Return the archive, the text of the list and the words."""
    done = vigie("passation", "preparer", str(tmp_path / "remise"), "--json", **home)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    return Path(made["archive"]), Path(made["list"]).read_text("utf-8"), made["words"]


def test_the_archive_has_all_that_the_next_person_needs(home: dict[str, str], tmp_path: Path) -> None:
    archive, _, words = prepared(home, tmp_path)
    assert archive.stat().st_mode & 0o077 == 0
    assert not [path for path in archive.parent.iterdir() if path.name.startswith(".")], "no draft"
    for secret in (TOKEN.encode(), b"SQLite", b"un-secret", b"Locale"):
        assert secret not in archive.read_bytes()
    names = succession.unpack(archive, words, tmp_path / "ouverte")
    assert {"vigie.env", "LISEZ-MOI.md", "vigie.db.incidents", "sauvegardes/vigie-heure.chiffre"} < set(names)
    assert {"cles/sauvegardes.cle", "donnees/politique/locale/2020-01-01.md"} < set(names)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "ouverte").rglob("*")} == {0}
    settings = (tmp_path / "ouverte" / "vigie.env").read_text("utf-8")
    assert all(f"{name}=" in settings for name in home)


def test_a_second_one_on_the_same_day_replaces_nothing(home: dict[str, str], tmp_path: Path) -> None:
    first, _, words = prepared(home, tmp_path)
    second, text, other_words = prepared(home, tmp_path)
    assert second != first
    assert {path.suffix for path in second.parent.glob(f"{second.stem}.*")} == {".scellee", ".md"}
    assert second.name in text
    for number, (archive, own) in enumerate([(first, words), (second, other_words)]):
        assert "LISEZ-MOI.md" in succession.unpack(archive, own, tmp_path / str(number))


def test_where_the_copies_of_this_machine_go_is_not_handed_over(home: dict[str, str], tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    archive, _, words = prepared({**home, "VIGIE_SAUVEGARDES": str(copies)}, tmp_path)
    succession.unpack(archive, words, tmp_path / "ouverte")
    assert str(copies) not in (tmp_path / "ouverte" / "vigie.env").read_text("utf-8")


def test_a_database_among_the_texts_is_not_taken_with_them(home: dict[str, str], tmp_path: Path) -> None:
    texts = tmp_path / "textes"
    Storage(texts / "vigie.db").close()
    (texts / "sauvegardes").mkdir()
    (texts / "sauvegardes" / "vigie-2026-11-26.chiffre").write_bytes(b"")
    (texts / "channels.toml").write_text("", "utf-8")
    archive, _, words = prepared({**home, "VIGIE_DB": ""}, tmp_path)
    names = succession.unpack(archive, words, tmp_path / "ouverte")
    assert {name for name in names if name.startswith("donnees")} == {
        "donnees/channels.toml",
        "donnees/politique/locale/2020-01-01.md",
    }


def test_the_list_is_about_what_is_used_here_and_holds_no_secret(
    home: dict[str, str], tmp_path: Path
) -> None:
    _, text, words = prepared(home, tmp_path)
    assert text.startswith("# Reprendre Veilleuse\n")
    for used in ("Discord", "courriel.exemple.ca", "hc-ping.com"):
        assert used in text
    for unused in ("Slack", "formulaire", "{", "("):
        assert unused not in text.replace("(ssh)", "").replace("(«", "")
    for secret in (TOKEN, "un-secret", "autre-secret", words):
        assert secret not in text


def test_other_words_open_nothing_and_say_which_is_none(home: dict[str, str], tmp_path: Path) -> None:
    archive, _, words = prepared(home, tmp_path)
    opened = tmp_path / "ouverte"
    with pytest.raises(StorageError, match="ces mots n'ouvrent pas"):
        succession.unpack(archive, WORDS, opened)
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(StorageError, match="ou le fichier est abîmé"):
        succession.unpack(archive, words, opened)
    archive.write_bytes(b"PK")
    with pytest.raises(StorageError, match="n'est pas une archive de passation"):
        succession.unpack(archive, words, opened)
    with pytest.raises(StorageError, match="ne se lit pas"):
        succession.unpack(tmp_path / "rien", words, opened)
    assert not opened.exists()


def test_a_folder_that_is_there_already_is_never_filled(home: dict[str, str], tmp_path: Path) -> None:
    archive, _, _ = prepared(home, tmp_path)
    done = vigie("passation", "ouvrir", str(archive), str(tmp_path), **home)
    assert (done.returncode, "existe déjà" in done.stderr) == (2, True)


def test_the_same_words_seal_each_archive_under_another_key(tmp_path: Path) -> None:
    for name in ("un", "deux"):
        succession.pack({"a": b"x" * 100}, WORDS, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("un", "deux"))
    assert first[:60] != second[:60]
    assert succession.unpack(tmp_path / "un", WORDS, tmp_path / "ouverte") == ["a"]
