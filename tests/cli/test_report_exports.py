"""Reports taken out at the command line: a case as a PDF, figures in bands of five."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import vigie
from bot.people import roles
from bot.reports import escalation, filing, keys
from bot.reports.records import Records, Session
from bot.storage.database import Storage
from tests.kits.fake_clock import FakeClock
from tests.kits.reports.records import CALENDAR, PLAN, a_report


class Home:
    """A database with reports in it, whose keys are beside it, and the command line on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ring = keys.load_keyring(folder / "cles", create=True)

    def report(self, count: int) -> None:
        """Report so many posts, and have the clock beat so that someone is told."""
        storage, clock = Storage(self.folder / "vigie.db"), FakeClock("2026-06-02T15:00:00Z")
        records = Records(lambda _: self.ring, CALENDAR, PLAN, chance=lambda: 0.5)
        try:
            with storage.transaction() as db:
                roles.seed(db)
                session = Session(db, records, clock())
                for number in range(count):
                    filing.file_report(
                        session, a_report(f"https://exemple.ca/{number}", summary=f"Propos {number}")
                    )
                clock.move(hours=2)
                escalation.beat(Session(db, records, clock()))
                db.conn.execute("UPDATE report_alerts SET role = 'vp-communications', state = 'queued'")
        finally:
            storage.close()

    def cases(self) -> list[str]:
        """Return the identifiers of the cases."""
        storage = Storage(self.folder / "vigie.db")
        try:
            with storage.transaction() as db:
                return [row[0] for row in db.conn.execute("SELECT id FROM report_cases").fetchall()]
        finally:
            storage.close()

    def __call__(self, *words: str) -> Result:
        settings = {
            "DISCORD_TOKEN": "MTQ1NjA3NDQ0Mzk4MDgwMDAwMQ.wire.test",
            "VIGIE_DB": str(self.folder / "vigie.db"),
            "VIGIE_CLES": str(self.folder / "cles"),
        }
        return CliRunner().invoke(vigie, ("--reglages", "/dev/null", "signalements", *words), env=settings)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_case_is_written_as_a_pdf_for_its_owner_alone_with_its_hash(home: Home, tmp_path: Path) -> None:
    home.report(1)
    [case], out = home.cases(), tmp_path / "dossier.pdf"
    done = home("exporter", case[:8].upper(), "--sortie", str(out), "--json")
    assert done.exit_code == 0, done.output
    printed = json.loads(done.output)
    assert out.read_bytes().startswith(b"%PDF-")
    assert out.stat().st_mode & 0o777 == 0o600
    assert printed["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert len(printed["content_sha256"]) == 64
    again = home("exporter", case, "--sortie", str(out))
    assert (again.exit_code, "existe déjà" in again.output) == (2, True)


@pytest.mark.parametrize("written", ["", "abc", "zzzzzzzz", "%______%", "' OR 1=1 --"])
def test_what_is_no_case_is_refused(home: Home, written: str) -> None:
    home.report(2)
    done = home("exporter", written)
    assert (done.exit_code, "aucun signalement" in done.output) == (2, True)


def test_figures_are_bands_of_five(home: Home) -> None:
    home.report(7)
    rows = list(csv.DictReader(io.StringIO(home("statistiques", "--csv").output)))
    by_label = {row["label"]: (row["at_least"], row["at_most"]) for row in rows}
    assert by_label["Dossiers en cours"] == ("5", "9")
    assert by_label["Facebook"] == ("5", "9")
    assert by_label["TikTok"] == ("0", "4")
    assert {int(row["at_most"]) - int(row["at_least"]) for row in rows} == {4}
    assert json.loads(home("statistiques", "--json").output)["band"] == 5
    assert "Facebook, 5 à 9" in home("statistiques").output
    both = home("statistiques", "--csv", "--json")
    assert (both.exit_code, "--csv et --json s'excluent" in both.output) == (2, True)


def test_without_a_report_nothing_is_opened_and_no_key_is_needed(home: Home, tmp_path: Path) -> None:
    home.report(0)
    (tmp_path / "cles" / keys.KEY_FILE).unlink()
    assert "Moins de 5 à chaque ligne" in home("statistiques").output
    assert not (tmp_path / "cles" / keys.KEY_FILE).exists()


def test_lost_keys_are_said(home: Home, tmp_path: Path) -> None:
    home.report(1)
    (tmp_path / "cles" / keys.KEY_FILE).unlink()
    done = home("statistiques")
    assert (done.exit_code, "il manque les clés" in done.output) == (2, True)
