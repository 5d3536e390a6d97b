"""What is lost with the key folder is said at each start and everywhere, and never replaced in silence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.app import background, kept_keys, starting
from bot.app.build import Bot, build
from bot.app.tasks import Tasks
from bot.backup import copies, destroyed
from bot.reports import keys as report_keys
from bot.reports.records import own_keys
from bot.settings import Settings
from bot.storage.database import Storage, StorageError
from tests.cli.test_main import vigie
from tests.kits.fake_clock import FakeClock
from tests.kits.office import already
from tests.wire.bot_process import MODELS, free_port

pytestmark = pytest.mark.attack("Clés et copies forgées")

LOST = (copies.KEY_FILE, report_keys.KEY_FILE, destroyed.FILE)


@contextmanager
def started(folder: Path, clock: FakeClock) -> Iterator[tuple[Bot, list[str]]]:
    """Start a bot over a folder; give it with what it says to whoever started it."""
    database = folder / "vigie.db"
    settings = {
        "vigie_db": str(database), "discord_token": "x", "vigie_sante_port": str(free_port()),
        "vigie_modeles": str(MODELS),
    }  # fmt: skip
    storage = Storage(database)
    try:
        bot = build(Settings.model_validate(settings), storage, clock)
        storage.executor.submit(starting.settle, bot).result()
        yield bot, storage.executor.submit(starting.reminders, bot).result()
    finally:
        storage.close()


def about(said: list[str], name: str) -> list[str]:
    return [line for line in said if name in line]


def kept(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "cles" / name).read_bytes() for name in LOST if (folder / "cles" / name).exists()}


async def copy(bot: Bot) -> None:
    await Tasks(bot, {}).work().errands["copie"]({}, bot.clock())


async def pages(bot: Bot) -> tuple[str, str, str]:
    """Return the three pages of health."""
    async with background.running(bot, {}, {}, lambda _: None, already()), aiohttp.ClientSession() as web:
        texts = []
        for page in ("healthz", "readyz", "metrics"):
            async with web.get(f"http://127.0.0.1:{bot.settings.vigie_sante_port}/{page}") as answer:
                texts.append(await answer.text())
    return texts[0], texts[1], texts[2]


async def test_what_is_lost_before_any_report_is_said_and_never_made_again(tmp_path: Path) -> None:
    clock = FakeClock()
    with started(tmp_path, clock) as (bot, output):
        assert not any(about(output, name) for name in LOST)
        assert set(kept(tmp_path)) == set(LOST), "all made at the first start, not at the first report"
        assert '"keys": "ok"' in (await pages(bot))[0]
        await copy(bot)
    shutil.rmtree(tmp_path / "cles")
    with started(tmp_path, clock) as (bot, output):
        for name in LOST:
            [line] = about(output, name)
            assert "vigie cles refaire" in line
        assert kept(tmp_path) == {}
        with pytest.raises(StorageError, match="aucune autre n'est faite"):
            await copy(bot)
        with pytest.raises(StorageError, match="il manque les clés"), bot.storage.transaction() as db:
            own_keys(db, bot.settings.keys(), copied=False)
        health, ready, metrics = await pages(bot)
    assert all(name in page for name in LOST for page in (health, ready))
    assert "vigie_keys_lost 3.0" in metrics
    home = {"VIGIE_DB": str(tmp_path / "vigie.db"), "DISCORD_TOKEN": "x"}
    report = vigie("diagnostic", **home, DISCORD_API_URL="http://127.0.0.1:9").stdout
    assert all(any(name in line and "erreur" in line for line in report.splitlines()) for name in LOST)
    assert vigie("cles", "refaire", "--oui", **home).returncode == 0
    with started(tmp_path, clock) as (_, output):
        assert not any(about(output, name) for name in LOST)
        assert set(kept(tmp_path)) == set(LOST)


async def test_a_lost_database_beside_its_copies_makes_no_new_key(tmp_path: Path) -> None:
    clock = FakeClock()
    with started(tmp_path, clock) as (bot, _):
        await copy(bot)
    (tmp_path / "vigie.db").unlink()
    shutil.move(tmp_path / "cles", tmp_path / "double")
    with started(tmp_path, clock) as (_, output):
        assert all(about(output, name) for name in LOST)
        assert kept(tmp_path) == {}
    shutil.rmtree(tmp_path / "cles", ignore_errors=True)
    shutil.move(tmp_path / "double", tmp_path / "cles")
    with started(tmp_path, clock) as (_, output):
        assert not any(about(output, name) for name in LOST)


async def test_a_copies_folder_that_is_gone_gives_no_right_to_another_key(tmp_path: Path) -> None:
    clock = FakeClock()
    with started(tmp_path, clock) as (bot, _):
        await copy(bot)
        shutil.move(tmp_path / "sauvegardes", tmp_path / "ailleurs")
        (tmp_path / "cles" / copies.KEY_FILE).unlink()
        with pytest.raises(StorageError, match="il manque la clé"):
            await copy(bot)
        copies.copy_key(tmp_path / "cles", create=True)
        with pytest.raises(StorageError, match="n'est pas celle des copies de cette base"):
            await copy(bot)


async def test_the_last_copy_outlives_any_number_of_nights_that_fail(tmp_path: Path) -> None:
    clock = FakeClock()
    with started(tmp_path, clock) as (bot, _):
        await copy(bot)
        (tmp_path / "cles" / copies.KEY_FILE).rename(tmp_path / "double")
        for _ in range(4):
            clock.move(days=20)
            with pytest.raises(StorageError):
                await copy(bot)
        [night] = copies.nights(bot.settings.copies())
        (tmp_path / "double").rename(tmp_path / "cles" / copies.KEY_FILE)
        assert copies.read_copy(copies.nightly(bot.settings.copies(), night), tmp_path / "cles")
        await copy(bot)
        assert copies.nights(bot.settings.copies()) == [bot.today()], "the old one expires once another opens"


def test_a_list_begun_after_one_was_lost_is_not_taken_for_it(tmp_path: Path) -> None:
    clock = FakeClock()
    with started(tmp_path, clock) as (bot, _):
        (tmp_path / "cles" / destroyed.FILE).unlink()
        bot.office.remember("people", ["someone"])
    with started(tmp_path, clock) as (bot, output):
        [line] = about(output, destroyed.FILE)
        assert "restaurer une copie ramènerait" in line
        with bot.storage.transaction() as db:
            assert kept_keys.admit(db, bot.settings) == [destroyed.FILE]
    assert destroyed.row_hash("people", "someone") in destroyed.recorded(tmp_path / "cles")
