"""The figures on the command line: the same as in chat, and nothing finer in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli import dashboard
from bot.dashboard import boards
from bot.language.bands import BAND
from bot.reports.keys import new_keyring
from bot.reports.records import Records
from bot.storage.database import Storage
from tests.conftest import TODAY
from tests.dashboard.test_differencing import Act, Books
from tests.kits.cli import command_group, invoke, parts_over
from tests.kits.fake_clock import FakeClock
from tests.kits.reports.records import PLAN

Vigie = Callable[..., Result]
OCTOBER = [Act("read", "pa20", person, TODAY.replace(month=10)) for person in range(BAND)]


@pytest.fixture
def vigie(tmp_path: Path) -> Vigie:
    file = tmp_path / "vigie.db"
    bot, storage = parts_over(file, FakeClock()()), Storage(file)
    with storage.transaction() as db:
        for person in range(BAND):
            db.conn.execute("INSERT INTO people VALUES (?)", (f"p{person}",))
        ring = new_keyring()
        books = Books(db, FakeClock(), bot.dashboard_of(Records(lambda _: ring, bot.calendar, PLAN)))
        for act in OCTOBER:
            books.add(act)
    storage.close()
    return lambda *words: invoke(bot, command_group(*dashboard.COMMANDS), "tableau", *words)


def test_the_last_month_is_told_in_a_few_lines(vigie: Vigie) -> None:
    done = vigie()
    assert done.exit_code == 0, done.output
    first, *lines = done.stdout.splitlines()
    assert first == "Tableau de bord, octobre\u00a02026"
    assert any("lectures terminées, 5 à 9, en hausse (moins de 5 en septembre" in line for line in lines)
    assert lines[-1].startswith(boards.NOTE)


def test_json_has_bands_and_no_count(vigie: Vigie) -> None:
    report = json.loads(vigie("--json", "--periode", "2026-10").stdout)
    assert (report["period"], report["before"]) == ("2026-10", "2026-09")
    figures = {figure["id"]: figure for section in report["sections"] for figure in section["figures"]}
    few = {"at_least": 0, "at_most": 4}
    assert figures["accueil:pa20:lus"] == {
        "id": "accueil:pa20:lus",
        "title": "Lectures terminées",
        "at_least": 5,
        "at_most": 9,
        "before": few,
    }
    numbers = {figure[name] for figure in figures.values() for name in ("at_least", "at_most")}
    assert numbers <= {0, 4, 5, 9}


def test_a_year_says_what_its_months_allow(vigie: Vigie) -> None:
    assert "accueils commencés" in vigie("--periode", "2025-2026").stdout
    assert "moins de 5 chaque mois" in vigie("--periode", "2025").stdout


@pytest.mark.parametrize("wanted", ["2026-11", "hier", "2019-01", "2026-2027"])
def test_a_period_that_was_not_counted_is_said_not_to_be(vigie: Vigie, wanted: str) -> None:
    done = vigie("--periode", wanted)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("vigie\u00a0: je n'ai pas ces chiffres. J'ai ceux de septembre")


def test_the_report_is_written_as_a_pdf(vigie: Vigie, tmp_path: Path) -> None:
    file = tmp_path / "rapport.pdf"
    assert vigie("--pdf", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF")


def test_an_empty_period_is_refused_and_not_taken_for_the_last_month(vigie: Vigie) -> None:
    """As an unset variable of a script gives it."""
    done = vigie("--periode", "")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Écrivez par exemple «\u00a02026-10\u00a0»" in done.stderr
