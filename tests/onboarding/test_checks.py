"""`vigie diagnostic` on the quiz and the register: sound, or one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.findings import Finding
from bot.onboarding import checks
from bot.register import heads, signing
from bot.settings import SEED, Settings
from bot.storage.database import Storage, beside
from tests.kits.register import attest, unlock

QUESTIONS = SEED / "politique" / "pa20" / "quiz.toml"


def settings(folder: Path, questions: str) -> Settings:
    """Return settings whose data folder has these questions."""
    file = folder / "politique" / "pa20" / "quiz.toml"
    file.parent.mkdir(parents=True)
    file.write_text(questions, encoding="utf-8")
    return Settings().model_copy(update={"vigie_data": folder})


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in found]


def test_the_shipped_questions_are_fine() -> None:
    [found] = checks.check_quiz(Settings())
    assert (found.subject, found.level) == ("quiz", "ok")
    assert found.text.endswith("questions, toutes à jour.")


def test_wrong_and_stale_questions_are_told(tmp_path: Path) -> None:
    text = QUESTIONS.read_text(encoding="utf-8")
    text = text.replace('hash = "90d5120c016721c3"', 'hash = "0000000000000000"', 1)
    text = text.replace('type = "choix"', 'type = "devinette"', 1)
    found = told(list(checks.check_quiz(settings(tmp_path, text))))
    assert [level for level, _ in found] == ["erreur", "avis"]
    assert all("vigie quiz verifier" in line for _, line in found)


def test_what_questions_do_not_cover_is_no_error(tmp_path: Path) -> None:
    tables = QUESTIONS.read_text(encoding="utf-8").split("[[question]]")
    for count, said in (
        (1, "PA20\u00a0: 1 question. Gardez-en au moins 6\u00a0: d'ici là, on atteste sans quiz."),
        (5, "PA20\u00a0: 5 questions. Gardez-en au moins 6\u00a0: d'ici là, on atteste sans quiz."),
        (6, "PA20\u00a0: les questions ne couvrent pas encore tout le texte. Voyez"),
    ):
        config = settings(tmp_path / str(count), "[[question]]".join(tables[: count + 1]))
        [(level, line)] = told(list(checks.check_quiz(config)))
        assert (level, line.startswith(said)) == ("avis", True), line


def test_questions_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    config = settings(tmp_path, "")
    (tmp_path / "politique" / "pa20" / "quiz.toml").write_bytes(b"\xff\xfe")
    [found] = checks.check_quiz(config)
    assert found.level == "erreur"
    assert "UTF-8" in found.text


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path]:
    database, keys = tmp_path / "vigie.db", tmp_path / "cles"
    Storage(database).close()
    return database, keys


def look(database: Path, keys: Path) -> tuple[str, str]:
    with beside(database) as db:
        [found] = told(list(checks.check_register(db, keys)))
    return found


def test_a_register_is_verified_then_found_altered_then_cut_short(kept: tuple[Path, Path]) -> None:
    database, keys = kept
    assert look(*kept) == ("ok", "aucune attestation pour le moment.")
    signer = signing.load_signer(keys, create=True)
    with beside(database) as db:
        heads.note_beginning(db, keys, signer)
        for user in ("U1", "U2"):
            attest(db, user, "Zoé", signer)
        heads.advance(db, keys, lambda: signer)
    assert look(*kept) == ("ok", "2 attestations intactes.")
    change(database, "UPDATE attestations SET statement = 'autre' WHERE number = 1")
    level, line = look(*kept)
    assert level == "erreur"
    assert "vigie registre verifier" in line


def test_a_register_that_lost_everything_is_told(kept: tuple[Path, Path]) -> None:
    database, keys = kept
    signer = signing.load_signer(keys, create=True)
    with beside(database) as db:
        heads.note_beginning(db, keys, signer)
        attest(db, "U1", "Zoé", signer)
        heads.advance(db, keys, lambda: signer)
    change(database, "DELETE FROM attestation_people", "DELETE FROM attestations")
    assert look(*kept)[0] == "erreur"


def change(database: Path, *statements: str) -> None:
    def work(db: Database) -> None:
        unlock(db)
        for statement in statements:
            db.conn.execute(statement)

    with beside(database) as db:
        work(db)
