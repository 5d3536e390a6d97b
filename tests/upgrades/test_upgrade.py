"""From the database of each release to this version and to the next one, and back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from bot.backup import copies, restore
from bot.conversation.messages import Message
from bot.register import attestations, signing
from bot.reports import escalation
from bot.storage.database import Storage, StorageError, reader, require_sound
from bot.storage.schema.migrations import _STATEMENTS, FIRST_MIGRATION, TABLES, migrations
from tests.cli.test_main import vigie
from tests.kits.fake_clock import FakeClock
from tests.kits.versions import with_a_later_migration
from tests.upgrades.life import (
    BASE,
    KEYS,
    POST,
    REVISED,
    SEEN,
    ask,
    counts,
    dump,
    live,
    load,
    reported,
    seen,
    started,
    tables,
)

HERE = Path(__file__).parent
CHANGELOG = HERE.parents[1] / "CHANGELOG.md"
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / BASE).exists())
TODAY = "aujourd'hui"  # this version, as if it were released, and upgraded to the next


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what this version would leave, were it released today."""
    made, version_folder = tmp_path_factory.mktemp("vie"), tmp_path_factory.mktemp("version")
    live(made)
    shutil.copytree(made / KEYS, version_folder / KEYS)
    (version_folder / BASE).write_text(dump(made / "vigie.db"), "utf-8")
    shutil.copy(made / SEEN, version_folder / SEEN)
    return version_folder


@pytest.fixture(params=[*RELEASES, TODAY])
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the database of a release, as it left it."""
    name = request.param
    source = request.getfixturevalue("living") if name == TODAY else HERE / name
    shutil.copytree(source / KEYS, tmp_path / KEYS)
    shutil.copy(source / SEEN, tmp_path / SEEN)
    load((source / BASE).read_text("utf-8"), tmp_path / "vigie.db")
    return tmp_path


@contextmanager
def the_version_after(release: Path) -> Iterator[None]:
    """Run as a version after this release: this one or, for today's, one with a migration more."""
    with closing(reader(release / "vigie.db", earlier=True)) as db:
        is_todays = not migrations.pending(db)
    with with_a_later_migration() if is_todays else nullcontext():
        yield


def upgrade(folder: Path) -> Path:
    """Start the later version on the database; return the former one, which it set aside."""
    former = restore.keep_before_upgrade(folder / "vigie.db", FakeClock()())
    assert former is not None
    with closing(Storage(folder / "vigie.db")) as storage:
        started(folder, storage, FakeClock("2026-11-24T16:00:00Z"))
    return former


def test_a_release_is_upgraded_with_all_that_it_holds(release: Path, tmp_path: Path) -> None:
    before = counts(release / "vigie.db")
    with the_version_after(release):
        upgrade(release)
        Storage(tmp_path / "neuve.db").close()
        assert tables(release / "vigie.db") == tables(tmp_path / "neuve.db")
        after = counts(release / "vigie.db")
        assert {name: after[name] for name in before if after[name] < before[name]} == {}
        with closing(reader(release / "vigie.db")) as db:
            require_sound(db, release / "vigie.db", thorough=True)
            assert reported(release, db) == [POST]
            ring = signing.load_ring(release / KEYS)
            audit, _ = attestations.verify_with_end(db, ring, release / KEYS)
        assert (audit.entries, audit.faults) == (1, ())


def test_old_buttons_marks_of_reading_and_questions_mean_what_they_did(release: Path) -> None:
    seen_before = json.loads((release / SEEN).read_text("utf-8"))
    with the_version_after(release):
        upgrade(release)
        with closing(Storage(release / "vigie.db")) as storage:
            bot = started(release, storage, FakeClock("2026-11-24T17:00:00Z"))
            assert asyncio.run(seen(bot)) == seen_before
            old_button = asyncio.run(ask(bot, "politique pa20@2015-12-13:5.10"))
    assert isinstance(old_button, Message)
    assert "5.11" in " ".join(old_button.own_words())


def test_each_part_of_each_text_is_given_an_identity_that_follows_it(release: Path) -> None:
    with the_version_after(release):
        upgrade(release)
        with closing(reader(release / "vigie.db").conn) as conn:
            rows = conn.execute(
                """SELECT adopted, number, identity
                   FROM provisions JOIN revisions ON revisions.id = revision_id"""
            )
            named = {(adopted, number): identity for adopted, number, identity in rows}
    first = "pa20@2015-12-13:5.10"
    assert named["2015-12-13", "5.10"] == named[REVISED.isoformat(), "5.11"] == first
    assert named[REVISED.isoformat(), "5.3"] == f"pa20@{REVISED}:5.3"


def test_the_upgrade_sets_aside_the_database_that_the_release_would_read(release: Path) -> None:
    before, database = dump(release / "vigie.db"), release / "vigie.db"
    with the_version_after(release):
        former = upgrade(release)
        assert restore.keep_before_upgrade(database, FakeClock()()) is None, "once"
    assert dump(former) == before
    assert former.stat().st_mode & 0o077 == 0
    restore.expire_kept(database, FakeClock()().date() + timedelta(days=31), 30)
    assert not list(release.glob("*.avant-*")), "its fingerprint neither"


def test_one_goes_back_with_what_was_set_aside_and_with_nothing_else(living: Path, tmp_path: Path) -> None:
    shutil.copytree(living / KEYS, tmp_path / KEYS)
    database = tmp_path / "vigie.db"
    load((living / BASE).read_text("utf-8"), database)
    with with_a_later_migration():
        former = upgrade(tmp_path)
    with pytest.raises(StorageError, match="vient d'une version plus récente") as refused:
        Storage(database)
    assert "\n" not in str(refused.value)
    settings = {"DISCORD_TOKEN": "x", "VIGIE_DB": str(database)}
    done = vigie("restaurer", str(former), "--en-clair", **settings)
    assert done.returncode == 0, done.stderr
    with closing(Storage(database)) as storage:
        started(tmp_path, storage, FakeClock("2026-11-24T17:00:00Z"))
    with closing(reader(database)) as db:
        assert reported(tmp_path, db) == [POST]


@pytest.mark.parametrize("words", [("mcp",), ("publier", "site"), ("revisions",), ("roles", "lister")])
def test_what_reads_a_database_before_the_upgrade_says_to_start_first(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    load((HERE / RELEASES[0] / BASE).read_text("utf-8"), tmp_path / "vigie.db")
    done = vigie(*words, DISCORD_TOKEN="x", VIGIE_DB=str(tmp_path / "vigie.db"))
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.endswith("vient d'une version plus ancienne. Démarrez Vigie pour la mettre à jour.")


@pytest.mark.parametrize("name", RELEASES)
def test_a_diagnosis_before_the_upgrade_blames_nothing_else(name: str, tmp_path: Path) -> None:
    load((HERE / name / BASE).read_text("utf-8"), tmp_path / "vigie.db")
    unreached = {"DISCORD_TOKEN": "x", "DISCORD_API_URL": "http://127.0.0.1:9"}
    printed = vigie("diagnostic", VIGIE_DB=str(tmp_path / "vigie.db"), **unreached).stdout
    assert "d'une version plus ancienne\u00a0: le prochain démarrage la mettra à jour." in printed
    wrong = {line.split()[1] for line in printed.splitlines() if line.startswith("erreur")}
    assert wrong <= {"Discord", "santé"}


def test_a_sealed_copy_of_the_release_is_restored_by_the_version_after(release: Path) -> None:
    database, keys, clock = release / "vigie.db", release / KEYS, FakeClock()
    copy = copies.save_hourly(database, release / "sauvegardes", keys, clock())
    with the_version_after(release):
        database.unlink()
        restore.restore(copy, database, keys, escalation.NOTICES, clock())
        with closing(Storage(database)) as storage:
            started(release, storage, clock)
        with closing(reader(database)) as db:
            assert reported(release, db) == [POST]


def test_a_database_of_this_version_and_none_at_all_are_not_set_aside(living: Path, tmp_path: Path) -> None:
    assert restore.keep_before_upgrade(tmp_path / "vigie.db", FakeClock()()) is None
    load((living / BASE).read_text("utf-8"), tmp_path / "vigie.db")
    assert restore.keep_before_upgrade(tmp_path / "vigie.db", FakeClock()()) is None
    (tmp_path / "vide.db").touch()
    assert restore.keep_before_upgrade(tmp_path / "vide.db", FakeClock()()) is None
    assert not list(tmp_path.glob("*.avant-*"))


def test_a_bot_that_runs_is_not_upgraded_from_under(living: Path, tmp_path: Path) -> None:
    load((living / BASE).read_text("utf-8"), tmp_path / "vigie.db")
    with (
        closing(Storage(tmp_path / "vigie.db")),
        with_a_later_migration(),
        pytest.raises(StorageError, match="une autre Vigie se sert déjà"),
    ):
        restore.keep_before_upgrade(tmp_path / "vigie.db", FakeClock()())
    assert not list(tmp_path.glob("*.avant-*"))


def test_each_release_of_the_changelog_has_its_database() -> None:
    dated = re.findall(
        r"^## \[?(\d+\.\d+\.\d+)\]?\W+\d{4}-\d\d-\d\d", CHANGELOG.read_text("utf-8"), re.MULTILINE
    )
    releases = [name for name in RELEASES if not name.startswith("avant-")]
    assert dated == sorted(releases, reverse=True), "python -m tests.upgrades --ecrire"


def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    load("CREATE TABLE theirs (x TEXT);", tmp_path / "vigie.db")
    done = vigie("servir", VIGIE_DB=str(tmp_path / "vigie.db"), DISCORD_TOKEN="x")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*.avant-*"))


def test_the_first_tables_are_those_that_databases_were_made_with() -> None:
    """Changed in place, they would be others in a new database than in one that was migrated, under one name.

    What is added is in `ADDED_SINCE_FIRST`: see CONTRIBUTING.md.
    """
    assert f"{TABLES}{hashlib.sha256(repr(_STATEMENTS).encode()).hexdigest()[:12]}" == FIRST_MIGRATION
