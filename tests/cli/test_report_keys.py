"""Changing the key that seals reports, from the command line, without losing any."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from bot.cli.base import CommandLine
from bot.cli.main import vigie as line
from bot.cli.reports import signalements
from bot.people import roles
from bot.reports import filing, keys, reporter_access, retention
from bot.reports.filing import Report
from bot.reports.keys import KEY_FILE
from bot.reports.records import Records, Session
from bot.storage.database import Storage, reader
from bot.times import Calendar
from tests.kits.reports.records import PLAN

KEY_COMMAND = signalements.commands["cle"]
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


class Home:
    """A database and its keys, and the command line on them."""

    def __init__(self, folder: Path) -> None:
        self.database, self.keys = folder / "vigie-essai.db", folder / "cles-essai"

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(line, ["--essai", "signalements", "cle", *words])

    def within(self, work: Callable[[Session], str]) -> str:
        """Do something with the reports, as the bot does."""

        def done() -> str:
            with storage.transaction() as db:
                roles.seed(db)
                records = Records(lambda _: keys.load_keyring(self.keys, create=True), CALENDAR, PLAN)
                return work(Session(db, records, NOW))

        with closing(Storage(self.database)) as storage:
            return storage.executor.submit(done).result()

    def file(self) -> str:
        return self.within(lambda session: filing.file_report(session, ENTRY, b"image"))

    def found(self, code: str) -> str:
        """Return how the report of a code is, its content opened."""

        def find(session: Session) -> str:
            sealed, image = session.execute("SELECT sealed, image FROM report_filings").fetchone()
            assert session.ring.open(image) == b"image"
            assert session.ring.resealed(sealed) is None
            assert filing.open_report(session.ring, sealed) == ENTRY
            return reporter_access.follow(session, reporter_access.receipt_of(session, code)).status

        return self.within(find)


CALENDAR = Calendar(ZoneInfo("America/Toronto"))
ENTRY = Report("https://www.facebook.com/spotted/posts/123", "On y dit du mal de l'association.", "serious")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VIGIE_DB", str(tmp_path / "vigie.db"))
    monkeypatch.setenv("VIGIE_CLES", str(tmp_path / "cles"))
    return Home(tmp_path)


def test_before_any_report_there_is_no_key(home: Home) -> None:
    home.within(lambda _: "")
    done = home()
    assert done.exit_code == 0
    assert "au prochain démarrage" in done.stdout
    assert not home.keys.exists()


def test_a_new_key_seals_what_is_kept_and_the_code_still_opens_it(home: Home) -> None:
    code = home.file()
    before = home().stdout.split()[-1]
    done = home("--renouveler")
    assert done.exit_code == 0
    current, former = (one.split()[-1] for one in done.stdout.splitlines())
    assert former == before != current
    assert "Scellés à nouveau\u00a0: 3" in done.stderr, "the case, the report and its image"
    assert home.found(code) == "Reçu"


def test_former_keys_are_destroyed_once_nothing_needs_them(home: Home) -> None:
    code = home.file()
    old = home().stdout.split()[-1]
    keys.rotate(home.keys)  # and nothing was sealed anew: what a crash would leave
    done = home("--detruire")
    assert done.exit_code == 0
    assert f"Détruite\u00a0: {old}" in done.stderr
    assert "Ancienne" not in done.stdout
    assert home.found(code) == "Reçu"


def test_nothing_is_destroyed_while_something_does_not_open(home: Home) -> None:
    home.file()
    key_bytes = (home.keys / KEY_FILE).read_bytes()
    (home.keys / KEY_FILE).unlink()
    keys.load_keyring(home.keys, create=True)
    done = home("--renouveler", "--detruire")
    assert done.exit_code == 2
    assert "il manque la clé" in done.stderr
    assert len(keys.load_keyring(home.keys).former_names) == 1
    (home.keys / KEY_FILE).write_bytes(key_bytes)


def test_two_new_keys_made_at_once_are_both_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    code, store, both = home.file(), keys._store, threading.Barrier(2)

    def store_together(ring: keys.Keyring, folder: Path) -> None:
        with suppress(threading.BrokenBarrierError):  # only one of them gets here at a time
            both.wait(timeout=0.5)
        store(ring, folder)

    monkeypatch.setattr(keys, "_store", store_together)

    def renew_keys() -> None:
        with KEY_COMMAND.make_context("cle", ["--renouveler"], obj=CommandLine(sandbox=True)) as context:
            KEY_COMMAND.invoke(context)

    with ThreadPoolExecutor(2) as pool:
        for renewal in [pool.submit(renew_keys) for _ in range(2)]:
            renewal.result()
    assert len(keys.load_keyring(home.keys).former_names) == 2
    assert home.found(code) == "Reçu"


def test_former_keys_are_destroyed_only_once_what_is_sealed_anew_is_on_disk(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.file()
    retire, committed = keys.retire, list[set[str]]()

    def retire_then(folder: Path, used: set[str]) -> tuple[str, ...]:
        committed.append(retention.keys_used(reader(home.database)))
        return retire(folder, used)

    monkeypatch.setattr(keys, "retire", retire_then)
    assert home("--renouveler", "--detruire").exit_code == 0
    assert committed == [{keys.load_keyring(home.keys).current_name}]


def test_lost_keys_are_said(home: Home) -> None:
    home.file()
    (home.keys / KEY_FILE).unlink()
    done = home()
    assert done.exit_code == 2
    assert "Remettez-les en place" in done.stderr
    assert not (home.keys / KEY_FILE).exists()
