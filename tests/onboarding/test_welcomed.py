"""Who is found to be an officer at night, or at a start, is welcomed when people work."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from bot.app import starting
from bot.app.tasks import Tasks
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.onboarding import enrolment
from bot.people import membership, persons
from bot.platforms.contract import Destination
from bot.platforms.groups import FollowedGroup
from bot.schedule.names import RECONCILE
from bot.settings import Settings
from bot.storage.database import Storage
from tests.kits.office import built
from tests.kits.people import ALEX_ON_DISCORD, NOW

GROUP = "900"


class Discord:
    """A Discord where one person has the role that is followed."""

    name, address = "Discord", ""

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def ready(self) -> bool:
        return True

    async def fetch_members(self, group: FollowedGroup) -> Collection[Actor]:
        return [ALEX_ON_DISCORD] if group.source_id == GROUP else []

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        raise NotImplementedError

    async def was_delivered(self, to: Destination, delivery_id: str, since: object) -> bool:
        raise NotImplementedError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    own = {"discord_token": "x", "vigie_db": tmp_path / "vigie.db", "vigie_cles": tmp_path / "cles"}
    return Settings().model_copy(update=own)


def welcomes(storage: Storage) -> list[int]:
    """Return, for each welcome, whether it is sent at any hour."""

    def read() -> list[int]:
        with storage.transaction() as db:
            rows = db.conn.execute("SELECT urgent FROM outbox WHERE notice = ?", (enrolment.WELCOME.name,))
            return [int(urgent) for (urgent,) in rows]

    return storage.executor.submit(read).result()


async def test_whom_the_nightly_reading_finds_is_welcomed_in_working_hours(settings: Settings) -> None:
    with built(settings) as bot:
        storage = bot.office.storage

        def follow() -> None:
            with storage.transaction() as db:
                membership.add_source(db, "officer", "discord_role", GROUP, platform="discord", team="1")

        storage.executor.submit(follow).result()
        work = Tasks(bot, {"discord": Discord()}).work()
        for _ in range(2):
            await work.errands[RECONCILE]({}, NOW)
        assert welcomes(storage) == [0]


def test_whom_a_start_finds_is_welcomed_in_working_hours_and_who_is_made_an_officer_at_once(
    settings: Settings,
) -> None:
    with built(settings) as bot:
        storage = bot.office.storage

        def enter(user: str) -> None:
            with storage.transaction() as db:
                person = persons.known(db, Actor("discord", "", user))
                membership.enter(db, person, "officer", membership.BY_HAND, NOW.date())

        def changed() -> None:
            with storage.transaction() as db:
                bot.office.registry_changed(db, "")

        storage.executor.submit(enter, "1").result()
        storage.executor.submit(starting.settle, bot).result()
        storage.executor.submit(enter, "2").result()
        storage.executor.submit(changed).result()
        assert sorted(welcomes(storage)) == [0, 1]


def test_the_sandbox_welcomes_at_once() -> None:
    with built(Settings()) as bot:
        assert set(welcomes(bot.office.storage)) == {1}
