"""An association with another policy: the one that Vigie ships with is neither read nor served."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot, build
from bot.app.examples import examples
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.people import membership, persons
from bot.settings import Settings
from bot.storage.database import Storage
from tests.conftest import TEST_DATA
from tests.kits.fake_clock import FakeClock
from tests.kits.office import TextBot

SHIPPED, OWN = "pa20", "cr3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The association's own folder, with its policy."""
    shutil.copytree(TEST_DATA / "politique" / OWN, tmp_path / "donnees/politique" / OWN)
    return tmp_path / "donnees"


@contextmanager
def started(folder: Path, default: str) -> Iterator[Bot]:
    """Start a bot on the database that is in the folder, as `vigie servir` does."""
    settings = Settings.model_validate(
        {"discord_token": "x", "vigie_data": str(folder), "vigie_politique": default}
    )
    with closing(Storage(settings.database())) as storage:
        bot = build(settings, storage, FakeClock())
        storage.executor.submit(starting.settle, bot).result()
        yield bot


def policies_stored(folder: Path) -> set[str]:
    database = Database(folder / "vigie.db")
    with closing(database.conn):
        return {row["policy"] for row in database["revisions"].rows}


async def said(bot: Bot, text: str) -> str:
    reply = await bot.dispatcher.handle(bot.dispatcher.from_text(text))
    assert isinstance(reply, Message)
    return " ".join([*reply.own_words(), *(quote.policy for quote in reply.quotes())])


async def test_the_shipped_policy_is_not_there_for_an_association_that_has_another(folder: Path) -> None:
    with started(folder, OWN) as bot:
        assert set(bot.library.policies) == {OWN}
        assert set(bot.guidance) <= {OWN}
        assert "Je ne connais pas la politique" in await said(bot, "/politique pa20:5.10")
        for asked in (
            "/politique",
            "/politique médias sociaux",
            "/vigie",
            "/vigie versions",
            "/accueil lire",
        ):
            assert SHIPPED not in (await said(bot, asked)).lower(), asked
        for name, reply in examples(TextBot(bot.library, bot.office)).items():
            if isinstance(reply, Message):
                assert {quote.policy for quote in reply.quotes()} <= {OWN}, name
    assert policies_stored(folder) == {OWN}


def test_a_first_start_without_the_setting_leaves_nothing_of_the_shipped_policy(folder: Path) -> None:
    with started(folder, SHIPPED) as bot:
        assert set(bot.library.policies) == {SHIPPED, OWN}
    with started(folder, OWN) as bot:
        assert set(bot.library.policies) == {OWN}
    assert policies_stored(folder) == {OWN}


def test_a_policy_that_people_were_welcomed_to_stays_with_its_history(folder: Path) -> None:
    with started(folder, SHIPPED) as bot:

        def welcome() -> None:
            with bot.storage.transaction() as db:
                person = persons.known(db, Actor("discord", "", "1"))
                membership.enter(db, person, "officer", membership.BY_HAND, bot.today())
                bot.follow_members(db, at_once=False)

        bot.storage.executor.submit(welcome).result()
    with started(folder, OWN) as bot:
        assert set(bot.library.policies) == {SHIPPED, OWN}


def test_a_shipped_policy_is_kept_by_a_folder_of_its_name(folder: Path) -> None:
    (folder / "politique" / SHIPPED).mkdir()
    with started(folder, OWN) as bot:
        assert set(bot.library.policies) == {SHIPPED, OWN}
