"""Who is in the groups that are followed, from the platforms to the registry; and the nightly reading."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import membership, roles
from bot.people.membership import Difference, Source
from bot.platforms.contract import PlatformError
from bot.storage.database import Storage
from bot.times import Calendar, Clock

logger = logging.getLogger(__name__)

Fetch: TypeAlias = Callable[[Source], Awaitable[Collection[Actor]]]


@dataclass(frozen=True, slots=True)
class Register:
    """What platforms are given to tell who enters and leaves (see `bot.platforms.groups.Members`)."""

    storage: Storage
    clock: Clock
    calendar: Calendar
    registry_changed: Callable[[Database], None] = lambda _db: None  # in the transaction of each change

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        """Take that `actor` is in these groups of their platform, and in no other."""

        def note() -> None:
            with self.storage.transaction() as db:
                followed = {one.source_id for one in membership.sources(db, actor.platform)}
                for group in followed:
                    inside = group in groups
                    membership.changed(db, group, actor, inside=inside, today=self._today())
                self.registry_changed(db)

        await self.storage.run(note)

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        """Take that `actor` entered a group, or left it."""

        def note() -> None:
            with self.storage.transaction() as db:
                membership.changed(db, group, actor, inside=inside, today=self._today())
                self.registry_changed(db)

        await self.storage.run(note)

    async def gone(self, actor: Actor) -> None:
        """Take that `actor` left the workspace or the server."""

        def note() -> None:
            with self.storage.transaction() as db:
                membership.gone(db, actor, self._today())
                self.registry_changed(db)

        await self.storage.run(note)

    async def reconcile(self, platforms: Mapping[str, Fetch]) -> Mapping[str, Difference | PlatformError]:
        """Read every source again, whole; return by source what changed, or why it could not be read.

        What came of it is kept with the source. A group that holds a role takes it up once it is read.

        `platforms`: how to ask each platform, by its name in accounts. What cannot be read is left as it
        is: an outage makes nobody lose anything.
        """
        outcome: dict[str, Difference | PlatformError] = {}
        for source in await self.storage.run(self._sources):
            fetch = platforms.get(source.platform)
            if fetch is None:
                continue
            try:
                outcome[source.id] = await self._read(source, await fetch(source))
            except PlatformError as error:
                logger.warning("members of %s not read: %s", source.source, error)
                await self._unread(source, error)
                outcome[source.id] = error
        return outcome

    async def _unread(self, source: Source, why: PlatformError) -> None:
        def note() -> None:
            with self.storage.transaction() as db:
                membership.note_reading(db, source.id, self._today(), str(why))

        await self.storage.run(note)

    async def _read(self, source: Source, actors: Collection[Actor]) -> Difference:
        def note() -> Difference:
            with self.storage.transaction() as db:
                changed = membership.reconcile(db, source, actors, self._today())
                roles.relieve(db, source, self._today())
                self.registry_changed(db)
                return changed

        return await self.storage.run(note)

    def _sources(self) -> list[Source]:
        """Return what is followed, without what was so only for a role that its group does not hold now."""
        with self.storage.transaction() as db:
            for unused in roles.unused_sources(db):
                membership.remove_source(db, unused, self._today())
            return membership.sources(db)

    def _today(self) -> date:
        return self.calendar.day(self.clock())
