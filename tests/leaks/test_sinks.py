"""The detector is proven: one leak planted wherever something may be left, and found there."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import pickle
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.backup import copies
from bot.people import roles
from bot.reports import keys
from bot.reports.figures.export import TEMPLATE
from bot.reports.filing import Report, file_report
from bot.reports.records import Records, Session
from bot.storage.database import Storage
from bot.typesetting.typeset import typeset
from tests.kits.fake_clock import FakeClock
from tests.kits.reports.records import CALENDAR, PLAN
from tests.leaks import sinks
from tests.leaks.needles import Needles, Secret
from tests.leaks.views import found

WHO = "U0Q7ZK3XW9P"
Plant = Callable[[Path], None]


def in_a_row(home: Path) -> None:
    _write(home, "INSERT INTO state VALUES ('x', ?)", WHO)


def in_a_row_as_a_hash(home: Path) -> None:
    ring = keys.load_keyring(home / "cles")
    _write(home, "INSERT INTO state VALUES ('x', ?)", sinks_hash(ring.code_key))


def sinks_hash(key: bytes) -> str:
    return hashlib.blake2b(WHO.encode(), key=key, digest_size=16).hexdigest()


def over_two_pages(home: Path) -> None:
    """In a value that no page holds whole, so that its bytes are parted in the file."""
    for length in range(3_900, 4_100, 4):
        _write(home, "INSERT INTO state VALUES (?, ?)", f"x{length}", "-" * length + WHO)


def in_a_deleted_row(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "vigie.db", isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("INSERT INTO state VALUES ('x', ?)", (WHO,))
        db.execute("DELETE FROM state WHERE name = 'x'")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def in_the_journal(home: Path) -> None:
    """In the WAL of a database whose process was killed, deleted since."""
    with contextlib.closing(sqlite3.connect(home / "autre.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("CREATE TABLE x (a)")
        db.execute("INSERT INTO x VALUES (?)", (WHO,))
        db.execute("DELETE FROM x")
        (home / "vigie.db-wal").write_bytes((home / "autre.db-wal").read_bytes())
    for path in home.glob("autre.db*"):
        path.unlink()


def in_the_shared_memory(home: Path) -> None:
    (home / "vigie.db-shm").write_bytes(bytes(32_000) + WHO.encode("utf-16-le"))


def in_the_scheduler(home: Path) -> None:
    """As APScheduler keeps its jobs."""
    with contextlib.closing(sqlite3.connect(home / "taches.db")) as db:
        db.execute("CREATE TABLE apscheduler_jobs (id TEXT, job_state BLOB)")
        db.execute("INSERT INTO apscheduler_jobs VALUES ('x', ?)", (pickle.dumps({"args": (WHO,)}),))
        db.commit()


def in_a_due_task(home: Path) -> None:
    _write(home, "INSERT INTO due_tasks VALUES ('x', 'x', ?, '2026')", f'{{"person": "{WHO}"}}')


def in_the_log(home: Path) -> None:
    (home / "journal.txt").write_text(f"DEBUG slack_bolt payload: {{'user_id': '{WHO}'}}\n")


def in_a_temporary_file(home: Path) -> None:
    (home / "tmp").mkdir()
    (home / "tmp" / "tmpx3.bin").write_bytes(zlib.compress(WHO.encode()))


def in_a_copy(home: Path) -> None:
    in_a_row(home)
    copies.save(home / "vigie.db", home / "copie.db")
    _write(home, "DELETE FROM state WHERE value = ?", WHO)
    with contextlib.closing(sqlite3.connect(home / "vigie.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def in_a_sealed_copy(home: Path) -> None:
    in_a_row(home)
    copies.save_sealed(home / "vigie.db", home / "sauvegardes", home / "cles", date(2026, 11, 24))
    _write(home, "DELETE FROM state WHERE value = ?", WHO)


def in_what_is_sealed(home: Path) -> None:
    with _session(home) as session:
        file_report(session, Report("https://exemple.ca/1", f"reçu de {WHO}", "light"))


def in_a_sealed_image(home: Path) -> None:
    with _session(home) as session:
        file_report(
            session,
            Report("https://exemple.ca/1", "Un propos.", "light"),
            base64.b64encode(WHO.encode()),
        )


def in_an_export(home: Path) -> None:
    data = {
        "title": f"Signalement de {WHO}", "subtitle": "", "association": "", "made": "",
        "made_at": "2026-11-24T00:00:00Z", "facts": [],
        "filings": [], "digest": "00" * 32,
    }  # fmt: skip
    (home / "dossier.pdf").write_bytes(typeset(TEMPLATE, data, "pdf"))


def beside_the_keys(home: Path) -> None:
    (home / "cles" / "detruits.txt").write_text(f"people {WHO}\n")


PLANTS: tuple[Plant, ...] = (
    in_a_row,
    in_a_row_as_a_hash,
    over_two_pages,
    in_a_deleted_row,
    in_the_journal,
    in_the_shared_memory,
    in_the_scheduler,
    in_a_due_task,
    in_the_log,
    in_a_temporary_file,
    in_a_copy,
    in_a_sealed_copy,
    in_what_is_sealed,
    in_a_sealed_image,
    in_an_export,
    beside_the_keys,
)


@contextlib.contextmanager
def _session(home: Path) -> Iterator[Session]:
    storage = Storage(home / "vigie.db")
    ring = keys.load_keyring(home / "cles")
    try:
        with storage.transaction() as db:
            roles.seed(db)
            yield Session(db, Records(lambda _: ring, CALENDAR, PLAN), FakeClock()())
    finally:
        storage.close()


def _write(home: Path, query: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect(home / "vigie.db", isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute(query, values)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A bot's folder, with a report in its database and nothing of who made it."""
    keys.load_keyring(tmp_path / "cles", create=True)
    with _session(tmp_path) as session:
        file_report(session, Report("https://exemple.ca/2", "Un autre propos.", "light"))
    copies.save_sealed(tmp_path / "vigie.db", tmp_path / "sauvegardes", tmp_path / "cles", date(2026, 11, 23))
    return tmp_path


def hits(home: Path) -> set[str]:
    needles = Needles([Secret("elle", WHO)], sinks.kept_keys(home / "cles"))
    return {where for where, content in sinks.left(home, home / "cles") if found(content, needles)}


def test_nothing_is_found_where_nothing_was_planted(home: Path) -> None:
    assert hits(home) == set()


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_what_is_planted_is_found(home: Path, plant: Plant) -> None:
    plant(home)
    assert hits(home)


def test_a_file_that_no_folder_holds_any_more_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "effacé"
    with path.open("w+") as held:
        held.write(WHO)
        held.flush()
        path.unlink()
        assert any(WHO.encode() in content for _, content in sinks.held_open(os.getpid()))
