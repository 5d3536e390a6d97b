"""What runs beside the platforms: the pump of the outbox, the clock, the pages of health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol, TypeAlias

from sqlite_utils import Database

from bot import backup, inbound, notices, registrar, restore
from bot.commands import accueil_gestion
from bot.commands.course import Course
from bot.commands.office import Office
from bot.dispatch import Actor
from bot.health import Health, Metrics
from bot.members import Fetch, Register
from bot.outbox_pump import Pump
from bot.outbox_routes import Routes, parse
from bot.outbox_sending import Habits, Hooks
from bot.platforms import Deliverer, PlatformError
from bot.platforms.membership import Followed
from bot.policy import membership, onboarding, people, personal_data, progress
from bot.policy.progress import Numbers
from bot.progress_picture import Drawing
from bot.registrar import Registrar
from bot.schedule import Arguments, Daily, Errand, Schedule, Work
from bot.settings import Settings, listed
from bot.storage import StorageError

# Each day after 3, so that no change of the hour skips it or does it twice.
NIGHTLY = (
    Daily("retention", time(3, 15)),
    Daily("copie", time(3, 30)),
    Daily("purge", time(3, 45)),
    Daily(membership.RECONCILE, time(4, 0)),
    Daily(onboarding.TASK, onboarding.HOUR),
)

CONNECTING_SECONDS = 45  # that a platform may take to connect, when we start

Say: TypeAlias = Callable[[str], None]


class Post(Deliverer, Protocol):
    """A platform as it is here: it says things unprompted, and whether it is connected."""

    async def ready(self) -> bool:
        """Return whether requests are being answered."""

    async def fetch_members(self, group: Followed) -> Collection[Actor]:
        """Return who is in a group. Raises `PlatformError`."""


@dataclass(frozen=True, slots=True)
class Background:
    """What it works with. `posts`: by the name that accounts give them, e-mail under its own."""

    settings: Settings
    office: Office
    course: Course
    registrar: Registrar
    metrics: Metrics
    posts: Mapping[str, Deliverer]
    platforms: Mapping[str, Post]

    @asynccontextmanager
    async def running(self, say: Say) -> AsyncIterator[None]:
        """Run all of it; on leaving, end what is under way, so that the platforms can then be closed.

        `say` is told in one French line what does not work.
        """
        async with AsyncExitStack() as stack:
            health = self._health()
            try:
                await health.start()
                stack.push_async_callback(health.close)
            except OSError:
                port = self.settings.vigie_sante_port
                say(f"Pages de santé\u00a0: le port {port} est pris. Réglez VIGIE_SANTE_PORT.")
            pump = self._pump()
            pumping = asyncio.create_task(pump.run(), name="outbox")
            stack.push_async_callback(_ended, pump, pumping)
            schedule = Schedule(
                self.office.storage,
                self.work(),
                self.office.calendar,
                self.office.clock,
                woken=pump.wake,
                failed=lambda task: self.metrics.task_failures.labels(task).inc(),
            )
            stack.push_async_callback(schedule.close)
            await schedule.start()
            yield

    def _health(self) -> Health:
        ready = {name: platform.ready for name, platform in self.platforms.items()}
        office = self.office
        return Health(office.storage, self.metrics, ready, office.clock, self.settings.vigie_sante_port)

    def _pump(self) -> Pump:
        settings, office, metrics = self.settings, self.office, self.metrics
        channels = [parse(f"channel:{where}") for where in listed(settings.vigie_canaux_admin)]
        return Pump(
            office.storage,
            self.posts,
            Routes(self.posts, listed(settings.vigie_discord_relais), channels),
            Habits(office.clock, office.calendar.next_working, office.calendar.day),
            hooks=Hooks(
                sent=lambda platform: metrics.sent.labels(platform).inc(),
                limited=lambda platform: metrics.rate_limited.labels(platform).inc(),
            ),
        )

    def work(self) -> Work:
        """Return what the clock does; in the sandbox, nothing is copied."""
        office = self.office
        course = self.course

        def registry_read(db: Database) -> None:
            """Welcome whom a reading finds, in working hours: it is done at night, and nobody is waiting."""
            onboarding.follow(db, course.target(), office.calendar, office.clock())

        register = Register(office.storage, office.clock, office.calendar, registry_read)
        fetch = {name: _once_ready(platform) for name, platform in self.platforms.items()}

        def retention(db: Database, _: Arguments, now: datetime) -> None:
            """Destroy what has been kept for as long as it may."""
            today = office.calendar.day(now)
            years = self.settings.vigie_attestations_annees
            personal_data.enforce(db, today, office.remember, attestation_years=years)
            people.forget_codes(db, now)
            inbound.forget(db, now)

        def welcome(db: Database, _: Arguments, now: datetime) -> None:
            """Welcome, remind, tell who is late."""
            onboarding.daily(db, course.target(), course.plan, office.calendar, now)

        def count(db: Database) -> Numbers:
            found = onboarding.everyone(db, course.target())
            return progress.numbers(found, course.plan, office.calendar, office.today())

        async def reconcile(_: Arguments, _now: datetime) -> None:
            outcome = (await register.reconcile(fetch)).values()
            unread = [one for one in outcome if isinstance(one, PlatformError) and one.passing]
            if unread:  # it is then tried again later
                raise unread[0]

        async def purge(_: Arguments, _now: datetime) -> None:
            """Leave no byte of what was deleted."""
            if not await office.storage.run(office.storage.purge):
                raise StorageError("un lecteur retient le journal de la base.")

        def held(db: Database, after: int) -> None:
            restore.hold(db, notices.REPORTS, after)

        nightly = [one for one in NIGHTLY if one.task != "copie" or not self.settings.sandboxed()]
        drawing = Drawing(office.storage, f"Les accueils sur la {course.name}", count, office.today)
        errands: dict[str, Errand] = {
            "copie": self._copy,
            "purge": purge,
            membership.RECONCILE: reconcile,
            accueil_gestion.DRAW: drawing,
            registrar.ADVANCE: self.registrar.advance,
        }
        return Work({"retention": retention, onboarding.TASK: welcome}, errands, nightly, held)

    async def _copy(self, _: Arguments, now: datetime) -> None:
        """Make the night's sealed copy, then let the old ones expire."""
        settings, today = self.settings, self.office.calendar.day(now)
        database, days = settings.database(), settings.vigie_sauvegardes_jours
        await asyncio.to_thread(backup.save_sealed, database, settings.copies(), settings.keys(), today)
        await asyncio.to_thread(backup.expire, settings.copies(), today, days)
        await asyncio.to_thread(restore.expire_kept, database, today, days)


def _once_ready(platform: Post) -> Fetch:
    """Return how to ask who is in a group of a platform, which may still be connecting."""

    async def fetch(group: Followed) -> Collection[Actor]:
        for _ in range(CONNECTING_SECONDS):
            if await platform.ready():
                break
            await asyncio.sleep(1)
        return await platform.fetch_members(group)

    return fetch


async def _ended(pump: Pump, pumping: asyncio.Task[None]) -> None:
    await pump.close()
    await asyncio.gather(pumping, return_exceptions=True)
