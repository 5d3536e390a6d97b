"""The synchronisation of the registry with the platforms' groups, by events and by a full read each night."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeAlias, TypeVar

from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import membership, roles
from bot.people.membership import Source
from bot.platforms.contract import PlatformError
from bot.storage.database import Storage
from bot.times import Calendar, Clock

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Fetch: TypeAlias = Callable[[Source], Awaitable[Collection[Actor]]]


@dataclass(frozen=True, slots=True)
class GroupSync:
    """Records people who enter or leave the followed groups (see `bot.platforms.groups.Members`).

    `registry_changed`: called in the transaction of each change, with "" as the account of the administrator.
    """

    storage: Storage
    clock: Clock
    calendar: Calendar
    registry_changed: Callable[[Database, str], None] = lambda _db, _by: None

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        """Record that `actor` belongs to `groups`, and to no other followed group of that platform."""

        def record(db: Database, today: date) -> None:
            for group in {source.source_id for source in membership.sources(db, actor.platform)}:
                membership.changed(db, group, actor, inside=group in groups, today=today)

        await self._record(record)

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        """Record that `actor` entered or left a group."""
        await self._record(lambda db, today: membership.changed(db, group, actor, inside=inside, today=today))

    async def gone(self, actor: Actor) -> None:
        """Record that `actor` left the workspace or server."""
        await self._record(lambda db, today: membership.gone(db, actor, today))

    async def reconcile(self, platforms: Mapping[str, Fetch]) -> list[PlatformError]:
        """Read every followed group in full. Return the errors of the groups that could not be read.

        `platforms`: by platform name, the function that returns a group's members. A group appointed to a
        role replaces the other holders once it is known to have a member. A group that cannot be read is left
        unchanged, so that an outage removes nobody.
        """
        errors = []
        for source in await self._record(_followed):
            if (fetch := platforms.get(source.platform)) is None:
                continue
            try:
                await self._record(partial(_reconcile, source=source, actors=await fetch(source)))
            except PlatformError as error:
                logger.warning("members of %s not read: %s", source.source, error)
                await self._record(partial(membership.note_reading, source_id=source.id, problem=str(error)))
                errors.append(error)
        return errors

    async def _record(self, change: Callable[[Database, date], Result]) -> Result:
        def record() -> Result:
            with self.storage.transaction() as db:
                result = change(db, self.calendar.day(self.clock()))
                self.registry_changed(db, "")
                return result

        return await self.storage.run(record)


def _reconcile(db: Database, today: date, source: Source, actors: Collection[Actor]) -> None:
    membership.reconcile(db, source, actors, today)
    roles.relieve(db, source, today)


def _followed(db: Database, today: date) -> list[Source]:
    """Stop following groups that no longer hold a role. Return the groups to read."""
    for source_id in roles.unused_sources(db):
        membership.remove_source(db, source_id, today)
    return membership.sources(db)
