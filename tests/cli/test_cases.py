"""`vigie signalements`: how the queue is, in numbers, and never what it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.people import persons, roles
from bot.people.persons import Account
from bot.reports import filing
from bot.reports.keys import load_keyring
from bot.reports.records import Records, Session
from bot.storage.database import Storage, beside
from bot.times import Calendar
from tests.kits.reports.records import PLAN, SINCE, VP, a_report


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIGIE_DB", str(tmp_path / "vigie.db"))
    monkeypatch.setenv("DISCORD_TOKEN", "essai")
    Storage(tmp_path / "vigie.db").close()
    with beside(tmp_path / "vigie.db") as db:
        roles.seed(db)
    return tmp_path / "vigie.db"


def run(*words: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    done = CliRunner().invoke(main.vigie, ["--reglages", "/dev/null", *words])
    return done.exit_code, done.output


def report(database: Path) -> None:
    """Have someone receive reports, and one be made."""
    with beside(database) as db:
        roles.appoint(db, VP, persons.known(db, Account("discord", "", "42")), SINCE)
        ring = load_keyring(database.parent / "cles", create=True)
        records = Records(lambda _: ring, Calendar(ZoneInfo("America/Toronto")), PLAN)
        filing.file_report(
            Session(db, records, datetime.now(UTC)), a_report(summary="un secret", name="Camille")
        )


def test_the_queue_is_told_in_numbers(database: Path) -> None:
    report(database)
    code, output = run("signalements")
    assert code == 0
    assert "Reçu\u00a0: 1" in output
    assert "Pas encore annoncés\u00a0: 1" in output
    for secret in ("secret", "Camille", "facebook", "42"):
        assert secret not in output


def test_the_queue_is_told_to_programs(database: Path) -> None:
    report(database)
    code, output = run("signalements", "--json")
    queue = json.loads(output)
    assert code == 0
    assert (queue["ok"], queue["open"], queue["urgent"], queue["by_status"]["received"]) == (True, 1, 0, 1)
    assert queue["vacant"] == ["conseiller-executif"]


@pytest.mark.usefixtures("database")
def test_with_nobody_to_receive_them_the_answer_is_no() -> None:
    code, output = run("signalements")
    assert code == 1
    assert "Vacant\u00a0: Vice-présidence aux communications" in output
