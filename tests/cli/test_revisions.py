"""The life of a revision from the command line, on files, in French."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from bot.app.build import Parts
from bot.cli import revisions as cli_revisions
from bot.cli.main import politique_
from bot.revision import archive, revisions
from bot.revision.reading import formats
from bot.schedule import clock
from bot.schedule.names import ANNOUNCE
from bot.settings import SEED
from bot.storage.database import Storage, beside
from tests.kits.cli import invoke, parts_over
from tests.kits.revision_commands import ALEX, REVISED, world

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


@dataclass
class Home:
    """A database, as a first start leaves it, and the command line on it."""

    folder: Path
    approvals: int = 1

    @property
    def parts(self) -> Parts:
        return parts_over(self.folder / "vigie.db", vigie_revision_approbations=self.approvals)

    def __call__(self, *words: str) -> Result:
        return invoke(self.parts, cli_revisions.revisions_, *words)

    def propose(self, text: str = REVISED) -> str:
        """Propose a text, and return by which name it is known."""
        old = self.parts.archive.library.default.versions[-1]
        reading = formats.review_file(text.encode(), "pa20.md", old, date(2026, 11, 20))
        assert "proposée" in cli_revisions.propose(self.parts, reading)
        [revision] = json.loads(self("--json").stdout)["revisions"]
        return str(revision["id"])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    storage = Storage(tmp_path / "vigie.db")
    with storage.transaction() as db:
        archive.approved(db, [SEED], "pa20", DAY)
    storage.close()
    yield Home(tmp_path)  # noqa: PT022 — the folder outlives it


def test_nothing_proposed_is_said_so(home: Home) -> None:
    assert "Aucune révision" in home().stdout
    assert json.loads(home("--json").stdout) == {"revisions": []}


def test_a_revision_is_proposed_approved_for_a_day_and_planned(home: Home) -> None:
    own = home.propose()
    assert f"{own}  pa20  proposée" in home().stdout
    assert home("approuver", own).exit_code == 2, "the date of effect is asked"
    done = home("approuver", own, "--effet", "2026-12-01")
    assert (done.exit_code, "prend effet le 1er\u00a0décembre\u00a02026" in done.stdout) == (0, True)
    [revision] = json.loads(home("--json").stdout)["revisions"]
    assert (revision["state"], revision["adopted"], revision["effective"]) == (
        "scheduled",
        "2026-11-20",
        "2026-12-01",
    )
    with beside(home.parts.settings.database()) as db:
        assert clock.cancel(db, f"{ANNOUNCE}:{own}")


def test_it_can_be_withdrawn_and_twice_is_refused(home: Home) -> None:
    own = home.propose()
    assert "Retirée" in home("retirer", own).stdout
    refused = home("retirer", own)
    assert (refused.exit_code, "a été retirée" in refused.stderr) == (2, True)
    assert home("retirer", "rien").exit_code == 2


def test_where_two_persons_must_approve_the_command_line_is_nobody(home: Home) -> None:
    two = replace(home, approvals=2)
    refused = two("approuver", two.propose(), "--effet", "2026-12-01")
    assert (refused.exit_code, "deux personnes" in refused.stderr) == (2, True)


def test_the_history_says_what_was_in_force_when(home: Home) -> None:
    home("approuver", home.propose(), "--effet", "2026-12-01")
    report = json.loads(home("historique", "--json").stdout)
    assert [version["adopted"] for version in report["versions"]] == ["2026-11-20", "2015-12-13"]
    assert report["versions"][1]["in_force_until"] == "2026-11-30"
    assert "prendra effet le 1er\u00a0décembre\u00a02026" in home("historique").stdout
    assert home("historique", "--politique", "rien").exit_code == 1


def test_who_keeps_the_machine_reads_what_is_approved_for_later_and_that_it_is_not_in_force(
    home: Home,
) -> None:
    home("approuver", home.propose(), "--effet", "2026-12-01")
    read = partial(invoke, home.parts, politique_, "5.10", "--date")
    warning = "Pas encore en vigueur\u00a0: prend effet le 1er\u00a0décembre\u00a02026."
    later = read("2026-12-24").stdout
    assert later.startswith(warning)
    assert "abstenez-vous" in later
    assert "Pas encore" not in read("2026-11-24").stdout


def test_without_a_revision_there_is_no_ledger(home: Home) -> None:
    assert home("registre").exit_code == 1


async def test_the_ledger_is_a_table_a_file_and_json(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with world(tmp_path, database=tmp_path / "vigie.db") as desk:
        await desk.enters(ALEX)
        await desk.attests(ALEX)
        await desk.approve(REVISED)
        await desk.beat()
    [person] = json.loads(home("registre", "--json").stdout)["people"]
    assert (person["asked"], person["state"], person["platform"]) == ("changes", "sent", "slack")
    [row] = csv.DictReader(io.StringIO(home("registre", "--csv").stdout))
    assert (row["compte"], row["etat"]) == ("slack:U1", "envoyé")
    assert "Attesté\u00a0: 0 sur 1" in home("registre").stdout
    both = home("registre", "--csv", "--json")
    assert (both.exit_code, "--csv et --json s'excluent" in both.output) == (2, True)


def test_a_proposal_is_refused_before_the_first_start(tmp_path: Path) -> None:
    Storage(tmp_path / "vigie.db").close()
    home = Home(tmp_path)
    with pytest.raises(SystemExit):
        home.propose()


def test_what_is_known_is_what_was_approved(home: Home) -> None:
    with beside(home.parts.settings.database()) as db:
        assert [one.adopted for one in revisions.adopted_texts(db)["pa20"]] == [date(2015, 12, 13)]
