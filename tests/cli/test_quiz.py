"""The quiz and the onboardings from the command line, on files, in French."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli import quiz as cli_quiz
from bot.conversation.requests import Actor
from bot.onboarding import attempts
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import session
from bot.people import persons
from bot.register import attestations
from bot.storage.database import Storage, beside
from bot.storage.spreadsheets import as_csv
from tests.kits.cli import command_group, invoke, parts_over
from tests.kits.onboarding import LIBRARY
from tests.kits.people import NOW
from tests.kits.quiz import TARGET, VERSION, WRITTEN, finish
from tests.onboarding.test_quiz_bank import SHIPPED

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Home:
    """A database, a file of questions, and the command line on them."""

    folder: Path

    @property
    def questions(self) -> Path:
        return self.folder / "politique" / "pa20" / "quiz.toml"

    @property
    def database(self) -> Path:
        return self.folder / "vigie.db"

    def __call__(self, *words: str) -> Result:
        bot = parts_over(self.database, vigie_data=str(self.folder))
        bot.library = LIBRARY
        return invoke(bot, command_group(*cli_quiz.COMMANDS), *words)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    bound = quiz_bank.bind(SHIPPED.read_text(encoding="utf-8"), VERSION)
    found.questions.parent.mkdir(parents=True)
    found.questions.write_text(bound, encoding="utf-8")
    Storage(found.database).close()
    return found


# --- The questions ----------------------------------------------------------------------------


def test_the_review_is_given_as_json(home: Home) -> None:
    done = home("quiz", "verifier", "--json")
    report = json.loads(done.output)
    assert done.exit_code == 0
    assert set(report) == {"questions", "by_clause", "by_type", "errors", "stale"}
    assert report["errors"] == report["stale"] == []
    assert sum(report["by_clause"].values()) == sum(report["by_type"].values()) == report["questions"]


def test_every_error_is_told_with_its_line_and_the_answer_is_no(home: Home) -> None:
    text = home.questions.read_text(encoding="utf-8")
    home.questions.write_text(
        text.replace('type = "choix"', 'type = "chois"', 1) + "\n[[question]]\nid = 1", "utf-8"
    )
    done = home("quiz", "verifier")
    line = text[: text.index('type = "choix"')].count("\n") + 1
    assert done.exit_code == 1
    assert f"quiz.toml, ligne {line} (" in done.output
    assert "l'un de\u00a0: vrai-faux" in done.output
    assert json.loads(home("quiz", "verifier", "--json").output)["errors"][0]["line"] == line


def test_a_slip_of_syntax_is_told_alone_not_what_it_takes_from_each_clause(home: Home) -> None:
    text = home.questions.read_text(encoding="utf-8")
    for spoilt in (text.replace('clause = "', "clause = ", 1), f"[[question\n{text}", "[[question\nid = 1"):
        home.questions.write_text(spoilt, encoding="utf-8")
        [error] = json.loads(home("quiz", "verifier", "--json").output)["errors"]
        assert "pas du TOML valide" in error["problem"]
        assert "la couverture de la politique sera vérifiée ensuite" in home("quiz", "verifier").output
    home.questions.write_text(WRITTEN.read_text(encoding="utf-8"), encoding="utf-8")
    assert "il en faut au moins" in home("quiz", "verifier").output
    assert "ensuite" not in home("quiz", "verifier").output


def test_a_file_that_is_not_there_or_not_in_utf8_is_refused_in_one_line(home: Home) -> None:
    other = home.folder / "autre.toml"
    assert "il n'y a pas de questions" in home("quiz", "verifier", str(other)).output
    other.write_bytes(b"# \xe9")
    done = home("quiz", "verifier", str(other))
    assert (done.exit_code, "UTF-8" in done.output) == (2, True)
    assert "UTF-8" in home("quiz", "lier", str(other)).output


def test_questions_are_bound_once_then_reviewed_by_name(home: Home) -> None:
    home.questions.write_text(WRITTEN.read_text(encoding="utf-8"), encoding="utf-8")
    assert "4 questions liées" in home("quiz", "lier").output
    assert home("quiz", "lier").output == "Rien à lier.\n"
    text = home.questions.read_text(encoding="utf-8")
    home.questions.write_text(text.replace('hash = "', 'hash = "0', 1), encoding="utf-8")
    assert "5.10-a)\u00a0: la clause 5.10 a changé" in home("quiz", "verifier").output
    assert "1 question liée" in home("quiz", "lier", "--revu", "5.10-a").output
    assert home.questions.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("kind", "begins"), [("moodle", "<?xml"), ("gift", "$CATEGORY"), ("csv", "id,"), ("json", "[")]
)
def test_the_questions_are_exported(home: Home, kind: str, begins: str) -> None:
    shown = home("quiz", "exporter", f"--{kind}")
    assert shown.output.startswith(begins)
    out = home.folder / "sortie"
    assert "Écrit dans" in home("quiz", "exporter", f"--{kind}", "--sortie", str(out)).output
    assert out.read_text(encoding="utf-8").rstrip("\n") == shown.output.rstrip("\n")
    assert "ne peut pas" in home("quiz", "exporter", f"--{kind}", "--sortie", str(out / "x")).output


def test_a_format_must_be_chosen(home: Home) -> None:
    done = home("quiz", "exporter")
    assert (done.exit_code, "choisissez --moodle" in done.output) == (2, True)


@pytest.mark.parametrize(
    "words",
    [("quiz", "exporter", "--csv", "--moodle"), ("quiz", "statistiques"), ("accueil", "lister")],
)
def test_two_formats_at_once_are_refused(home: Home, words: tuple[str, ...]) -> None:
    formats = words[2:] or ("--json", "--csv")
    for typed in (formats, formats[::-1]):
        done = home(*words[:2], *typed)
        assert done.exit_code == 2
        assert f"{typed[0]} et {typed[1]} s'excluent\u00a0: choisissez." in done.output


def test_facility_and_discrimination_are_written(home: Home) -> None:
    assert home("quiz", "statistiques").output == "Aucun quiz n'est encore terminé.\n"
    bank = quiz_bank.load_bank(home.questions, VERSION)
    import random  # noqa: PLC0415 — for this test alone

    with beside(home.database) as db:
        for number in range(8):
            person = persons.known(db, Actor("slack", "T1", f"U{number}"))
            sitting = session.draw_quiz(bank, random.Random(1))  # noqa: S311 — a test's own luck
            attempt = attempts.begin_attempt(db, person, TARGET, sitting, NOW, kind="quiz")
            attempts.save_attempt(db, attempt, finish(sitting, bank, right=lambda n, m=number: n >= m), NOW)  # type: ignore[misc]
    report = json.loads(home("quiz", "statistiques", "--json").output)
    assert report["attempts"] == 8
    assert [question["facility"] for question in report["questions"]] == sorted(
        question["facility"] for question in report["questions"]
    )
    assert report["questions"][0]["facility"] == pytest.approx(1 / 8)
    clauses = [(clause["facility"], clause["clause"]) for clause in report["clauses"]]
    assert clauses[0][0] < clauses[-1][0], "the least understood come first"
    assert report["questions"][3]["discrimination"] > 0.5
    rows = list(csv.DictReader(io.StringIO(home("quiz", "statistiques", "--csv").output)))
    assert [row["question"] for row in rows] == [question["question"] for question in report["questions"]]
    assert "facilité 0.125" in home("quiz", "statistiques").output


# --- The onboardings --------------------------------------------------------------------------


def test_where_everyone_is_is_listed_and_exported(home: Home) -> None:
    assert home("accueil", "commencer", "slack:T0123ABCD/U0123ABCD").output == "C'est commencé.\n"
    again = home("accueil", "commencer", "slack:T0123ABCD/U0123ABCD")
    assert (again.exit_code, "déjà" in again.output) == (1, True)
    assert home("accueil", "commencer", "U1").exit_code == 2
    impossible = home("accueil", "commencer", "discord:alice")
    assert (impossible.exit_code, "en chiffres" in impossible.output) == (2, True)
    with beside(home.database) as db:
        person = persons.known(db, Actor("slack", "T0123ABCD", "U0123ABCD"))
        attestations.note_fact(db, person, TARGET, "opened", platform="slack", now=NOW)
        db.conn.execute(
            """UPDATE outbox SET state = 'sent', sent_day = '2026-11-24',
               route = 'direct:slack/T0123ABCD/U0123ABCD'"""
        )
    report = json.loads(home("accueil", "lister", "--json").output)
    assert report["numbers"] == {
        "total": 1,
        "late": 0,
        "delivered": 1,
        "opened": 1,
        "read": 0,
        "passed": 0,
        "attested": 0,
    }
    [one] = report["people"]
    assert (one["accounts"], one["state"], one["delivered"]) == (
        "slack:T0123ABCD/U0123ABCD",
        "active",
        "2026-11-24",
    )
    [row] = csv.DictReader(io.StringIO(home("accueil", "lister", "--csv").output))
    assert (row["accounts"], row["opened"], row["read"]) == ("slack:T0123ABCD/U0123ABCD", "2026-11-24", "")
    assert (
        "slack:T0123ABCD/U0123ABCD\u00a0: en cours, depuis le 2026-11-24" in home("accueil", "lister").output
    )
    assert as_csv(["x"], [["=1+1"]]) == "x\n'=1+1\n"


def test_the_picture_is_drawn_with_the_same_numbers_as_the_text(home: Home) -> None:
    out = home.folder / "accueils.png"
    done = home("accueil", "image", str(out))
    assert "Message remis\u00a0: 0 sur 0" in done.output
    assert out.read_bytes().startswith(PNG)
    assert "ne peut pas" in home("accueil", "image", str(out / "x.png")).output


def test_without_a_database_it_is_said_in_one_line(home: Home) -> None:
    home.database.unlink()
    for words in (("accueil", "lister"), ("quiz", "statistiques")):
        done = home(*words)
        assert (done.exit_code, "il n'y a pas de base" in done.output) == (2, True)
