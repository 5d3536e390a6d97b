"""Reading groups whole: what came of it is kept, said, and tried again only where that may help."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.conversation.requests import Actor
from bot.people import membership, persons, roles
from bot.people.group_sync import GroupSync
from bot.people.membership import Source
from bot.people.office import Office
from bot.platforms.contract import PlatformError
from bot.schedule.names import RECONCILE
from bot.settings import Settings
from tests.kits.office import built, offices
from tests.kits.people import ALEX, BLAISE

Result = TypeVar("Result")


@pytest.fixture
def office() -> Iterator[Office]:
    with offices() as made:
        yield made


async def within(office: Office, something: Callable[[Database], Result]) -> Result:
    def work() -> Result:
        with office.storage.transaction() as db:
            return something(db)

    return await office.storage.run(work)


async def read(office: Office, answer: Collection[Actor] | PlatformError) -> Source:
    """Read the only source that is followed, and return it as it is then."""

    async def fetch(_: Source) -> Collection[Actor]:
        if isinstance(answer, PlatformError):
            raise answer
        return answer

    await GroupSync(office.storage, office.clock, office.calendar).reconcile({"slack": fetch})
    [source] = await within(office, membership.sources)
    return source


async def test_a_reading_that_is_refused_is_kept_and_said_in_its_own_words(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await within(
        office,
        lambda db: membership.add_source(db, "officer", "slack_group", "S1", platform="slack", team="T1"),
    )
    with caplog.at_level(logging.WARNING):
        source = await read(office, PlatformError("il manque une permission (missing_scope)."))
    assert (source.read_day, source.problem) == (None, "il manque une permission (missing_scope).")
    assert "il manque une permission" in caplog.text
    source = await read(office, [ALEX])
    assert (source.read_day, source.problem) == (office.today().isoformat(), None)


async def test_once_a_group_is_read_the_former_holders_make_way(office: Office) -> None:
    def appointed(db: Database) -> str:
        alex = persons.known(db, ALEX)
        roles.appoint(db, roles.ADMINISTRATION, alex, office.today())
        roles.appoint(db, roles.ADMINISTRATION, roles.Group("slack", "T1", "S1"), office.today())
        return alex

    alex = await within(office, appointed)

    async def holders() -> list[str]:
        return await within(office, lambda db: roles.holders(db, roles.ADMINISTRATION, office.today()))

    await read(office, PlatformError("Slack ne répond pas.", passing=True))
    assert await holders() == [alex]
    await read(office, [BLAISE])
    assert await holders() == [await within(office, lambda db: persons.known(db, BLAISE))]


async def test_what_could_not_be_read_is_read_again_at_the_next_start() -> None:
    with built(Settings()) as bot:

        def due(db: Database) -> list[tuple[str, ...]]:
            return list(db.conn.execute("SELECT task FROM due_tasks").fetchall())

        def followed(db: Database) -> Source:
            return membership.add_source(db, "officer", "slack_group", "S1", platform="slack", team="T1")

        source = await within(bot.office, followed)
        assert await within(bot.office, due) == []
        await bot.office.storage.run(lambda: starting.settle(bot))
        assert await within(bot.office, due) == [(RECONCILE,)]
        await within(bot.office, lambda db: db.conn.execute("DELETE FROM due_tasks"))
        await within(bot.office, lambda db: membership.note_reading(db, bot.office.today(), source.id))
        await bot.office.storage.run(lambda: starting.settle(bot))
        assert await within(bot.office, due) == []
