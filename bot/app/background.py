"""What runs beside the platforms: the pump of the outbox, the clock, the pages of health."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from threading import Thread
from typing import Protocol, TypeAlias

from sqlite_utils import Database

from bot.answers import retraining
from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources
from bot.backup import copies, destroyed, restore
from bot.commands.accueil import gestion
from bot.commands.catalogue import Services
from bot.conversation.deferred import aside
from bot.conversation.requests import Actor
from bot.logs import where
from bot.onboarding import enrolment, progress, reminders
from bot.onboarding.progress import Numbers
from bot.operations.health import Health, Metrics
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes, hand_over, parse_address
from bot.outbox.sending import Sender
from bot.people import membership
from bot.people.members import Fetch, Register
from bot.platforms.contract import Deliverer, PlatformError
from bot.platforms.groups import FollowedGroup
from bot.policy import loading
from bot.policy.articles import PolicyError
from bot.policy.library import Policy
from bot.policy.loading import Approved
from bot.privacy import incidents, personal_data
from bot.register import registrar
from bot.register.registrar import Registrar
from bot.reports import escalation, retention
from bot.reports.figures import digest as report_digest
from bot.reports.figures import export as report_export
from bot.reports.figures import files as report_files
from bot.reports.keys import SealError
from bot.reports.records import Session
from bot.revision import archive, ledger, picture
from bot.schedule import inbound
from bot.schedule.clock import Arguments, Daily, Errand, Schedule, Work
from bot.settings import Settings, listed
from bot.storage import files
from bot.storage.database import StorageError

logger = logging.getLogger(__name__)

# Each day after 3, so that no change of the hour skips it or does it twice.
NIGHTLY = (
    Daily("retention", time(3, 15)),
    Daily("registre", time(3, 20)),
    Daily("copie", time(3, 30)),
    Daily("purge", time(3, 45)),
    Daily(membership.RECONCILE, time(4, 0)),
    Daily(reminders.TASK, reminders.HOUR),
    Daily(report_digest.ERRAND, time(9, 10)),
)

CONNECTING_SECONDS = 45  # that a platform may take to connect, when we start
ENDING_SECONDS = 3.0  # that what is being sent may take to end, when we stop

Say: TypeAlias = Callable[[str], None]


class Post(Deliverer, Protocol):
    """A platform as it is here: it says things unprompted, and whether it is connected."""

    async def ready(self) -> bool:
        """Return whether requests are being answered."""

    async def fetch_members(self, group: FollowedGroup) -> Collection[Actor]:
        """Return who is in a group. Raises `PlatformError`."""


@dataclass(frozen=True, slots=True)
class Background:
    """What it works with. `posts`: by the name that accounts give them, e-mail under its own."""

    settings: Settings
    services: Services
    registrar: Registrar
    metrics: Metrics
    posts: Mapping[str, Deliverer]
    platforms: Mapping[str, Post]
    _said: list[str] = field(default_factory=list, init=False)

    @asynccontextmanager
    async def running(self, say: Say) -> AsyncIterator[None]:
        """Run all of it; on leaving, end what is under way, so that the platforms can then be closed.

        `say` is told in one French line what does not work.
        """
        async with AsyncExitStack() as stack:
            pump = self._pump()
            health = self._health(pump)
            try:
                await health.start()
                stack.push_async_callback(health.close)
            except OSError as error:
                say(f"Pages de santé\u00a0: {_refused(error, self.settings.vigie_sante_port)}")
            pumping = asyncio.create_task(pump.run(), name="outbox")
            stack.push_async_callback(_ended, pump, pumping)
            schedule = Schedule(
                self.services.office.storage,
                self.work(),
                self.services.office.calendar,
                self.services.office.clock,
                woken=lambda: self._beat(pump),
                failed=lambda task: self.metrics.task_failures.labels(task).inc(),
            )
            stack.push_async_callback(schedule.close)
            await schedule.start()
            Thread(target=self._learn, name="questions", daemon=True).start()
            stack.callback(self.services.desk.engine.close)
            yield

    def _beat(self, pump: Pump) -> None:
        """Send what was queued, and forget what is remembered for minutes only."""
        pump.wake()
        self.services.desk.memory.fade()
        self.services.reporting.fade()
        self.services.course.on_screen.fade()

    def _learn(self) -> None:
        """Learn the banks of questions, where that is not done, for the texts in force, then those to come.

        Meanwhile, questions are answered by text alone. A model is loaded at the first question, not here.
        """
        try:
            policies = (*self.services.library.policies.values(), *self._coming())
        except (PolicyError, StorageError, OSError) as error:
            logger.warning("the texts to come were not read: %s", where(error))
            policies = tuple(self.services.library.policies.values())
        for policy in policies:
            self._learn_bank(policy)

    def _learn_bank(self, policy: Policy) -> None:
        """Learn a policy's bank, if that is not done; one that cannot be keeps no other from it."""
        sources, models = Sources(self.settings.data_folders(), policy.versions[-1]), self.settings.models()
        try:
            if not store.is_learnt(sources, models):
                store.learn(sources, models)
        except (ModelError, OSError) as error:
            logger.warning("the bank of questions of %s was not learnt: %s", policy.id, where(error))

    def _coming(self) -> Sequence[Policy]:
        """Return the policies that have a text to come, as they will be; read off the storage thread."""
        storage = self.services.office.storage

        def read() -> Approved:
            with storage.transaction() as db:
                return self.services.archive.coming(db)

        approved = storage.executor.submit(read).result()
        policies = loading.read_policies(self.settings.data_folders(), approved) if approved else {}
        return [policies[name] for name in approved]

    async def _learn_anew(self, _: Arguments, _now: datetime) -> None:
        """Learn what a revision changes, once it is approved and once it is in force."""
        await aside(self._learn)

    def _health(self, pump: Pump) -> Health:
        ready = {name: platform.ready for name, platform in self.platforms.items()}
        office = self.services.office
        port = self.settings.vigie_sante_port
        return Health(office.storage, self.metrics, ready, office.clock, port, sending=lambda: pump.alive)

    def _pump(self) -> Pump:
        settings, office, metrics = self.settings, self.services.office, self.metrics
        channels = [parse_address(f"channel:{where}") for where in listed(settings.vigie_canaux_admin)]
        sender = Sender(
            office.storage,
            Routes(self.posts, listed(settings.vigie_discord_relais), channels),
            self.services.notices,
            office.clock,
            office.calendar,
            sent=lambda platform: metrics.sent.labels(platform).inc(),
        )
        return Pump(sender, failed=metrics.outbox_failures.inc)

    def work(self) -> Work:
        """Return what the clock does; in the sandbox, nothing is copied."""
        nightly = [one for one in NIGHTLY if one.task != "copie" or not self.settings.sandboxed()]
        tasks = {
            "retention": self._retention,
            "registre": self._register,
            reminders.TASK: self._welcome,
            archive.TASK: self.services.archive.announce,
        }
        return Work(tasks, self._errands(), nightly, self._caught_up, _held)

    def _errands(self) -> dict[str, Errand]:
        settings, office, course = self.settings, self.services.office, self.services.course
        train = partial(retraining.retrain, self.services.library, settings.data_folders(), settings.models())
        return {
            "copie": self._copy,
            "purge": self._purge,
            membership.RECONCILE: self._reconcile,
            gestion.DRAW: partial(
                progress.send_progress,
                office.storage,
                title=f"Les accueils sur la {course.name}",
                count=self._progress,
                calendar=office.calendar,
            ),
            ledger.DRAW: partial(
                picture.curve_errand, office.storage, self.services.archive, office.calendar
            ),
            retraining.LEARN: self._learn_anew,
            retraining.ERRAND: partial(retraining.errand, office.storage, train),
            registrar.ADVANCE: self.registrar.advance,
            **self._report_errands(),
        }

    def _report_errands(self) -> dict[str, Errand]:
        office, records = self.services.office, self.services.reporting.records
        digest = report_digest.Digest(office.storage, records, office.clock)
        name = self.settings.vigie_association
        export = report_export.Exporting(office.storage, records, office.clock, name)
        return {report_digest.ERRAND: digest, report_export.ERRAND: export}

    def _retention(self, db: Database, _: Arguments, now: datetime) -> None:
        """Destroy what has been kept for as long as it may."""
        today, years = self.services.office.calendar.day(now), self.settings.vigie_attestations_annees
        remember = self.services.office.remember
        personal_data.enforce(db, today, remember, attestation_years=years)
        gone = retention.enforce(db, today, self.settings.vigie_signalement_jours, remember)
        destroyed.certify(db, today, {"signalements": gone})
        report_files.expire(db, today)

    def _welcome(self, db: Database, _: Arguments, now: datetime) -> None:
        """Welcome, remind, tell who is late."""
        course, calendar = self.services.course, self.services.office.calendar
        reminders.daily(db, course.target(), course.plan, calendar, now)
        self.services.archive.follow(db, now)

    def _progress(self, db: Database) -> Numbers:
        course, office = self.services.course, self.services.office
        found = enrolment.standings(db, course.target())
        return progress.count_progress(found, course.plan, office.calendar, office.today())

    def _caught_up(self, db: Database, now: datetime) -> None:
        """Do what each beat does."""
        inbound.forget(db, now)
        restore.caught_up(db)
        hand_over(db, self.services.office.calendar.day(now), now)
        self._reports(db, now)

    def _reports(self, db: Database, now: datetime) -> None:
        """Tell of reports those whom they are for. Without their keys, the rest goes on."""
        try:
            lost = escalation.beat(Session(db, self.services.reporting.records, now))
        except (StorageError, SealError) as error:
            self.metrics.task_failures.labels("reports").inc()
            self._complain(f"nobody can be told of any: {error}")
        else:
            self._complain(f"{lost} have nobody to be told of them: see vigie roles" if lost else "")

    def _complain(self, of: str) -> None:
        """Say in the log what is wrong with reports, once: the clock beats six times a minute."""
        if of and of not in self._said:
            logger.error("reports: %s", of)
        self._said[:] = [of]

    async def _reconcile(self, _: Arguments, _now: datetime) -> None:
        """Read again who is in the groups that are followed."""
        office = self.services.office
        register = Register(office.storage, office.clock, office.calendar, self._registry_read)
        fetch = {name: _once_ready(platform) for name, platform in self.platforms.items()}
        outcome = (await register.reconcile(fetch)).values()
        unread = [one for one in outcome if isinstance(one, PlatformError) and one.passing]
        if unread:  # it is then tried again later
            raise unread[0]

    def _registry_read(self, db: Database) -> None:
        """Welcome whom a reading finds, in working hours: it is done at night, and nobody is waiting."""
        office = self.services.office
        enrolment.follow(db, self.services.course.target(), office.calendar, office.clock())
        self.services.archive.follow(db, office.clock())

    async def _purge(self, _: Arguments, _now: datetime) -> None:
        """Leave no byte of what was deleted, nor of the order in which anything came."""
        storage = self.services.office.storage
        try:
            done = await storage.run(storage.scatter)
        except StorageError as error:  # what was deleted must go all the same
            logger.error("purge: the file could not be laid out anew: %s", error)  # noqa: TRY400 — in one line
            done = await storage.run(storage.purge)
        if not done:
            raise StorageError("un lecteur retient le journal de la base.")

    def _register(self, db: Database, _: Arguments, now: datetime) -> None:
        """Destroy the confidentiality incidents that have been kept for as long as they must."""
        if self.services.office.storage.path:
            incidents.enforce(db, self.services.office.storage.path, self.services.office.calendar.day(now))

    async def _copy(self, _: Arguments, now: datetime) -> None:
        """Let the old copies expire, whatever becomes of the new one; then make the night's, sealed."""
        settings, today = self.settings, self.services.office.calendar.day(now)
        database, days = settings.database(), settings.vigie_sauvegardes_jours

        def copy() -> None:
            copies.expire(settings.copies(), today, days)
            restore.expire_kept(database, today, days)
            for folder in (database.resolve().parent, settings.copies(), settings.keys()):
                files.sweep(folder, now - timedelta(hours=1))
            copies.save_sealed(database, settings.copies(), settings.keys(), today)

        await aside(copy)


def _refused(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"le port {port} est pris. Réglez VIGIE_SANTE_PORT."
    return f"le port {port} ne peut pas être ouvert ({errno.errorcode.get(error.errno or 0, '?')})."


def _held(db: Database, after: int) -> None:
    """Hold what was queued by a task that was already due when the database was restored."""
    restore.hold(db, escalation.NOTICES, after)


def _once_ready(platform: Post) -> Fetch:
    """Return how to ask who is in a group of a platform, which may still be connecting."""

    async def fetch(group: FollowedGroup) -> Collection[Actor]:
        for _ in range(CONNECTING_SECONDS):
            if await platform.ready():
                break
            await asyncio.sleep(1)
        return await platform.fetch_members(group)

    return fetch


async def _ended(pump: Pump, pumping: asyncio.Task[None]) -> None:
    await pump.close(ENDING_SECONDS)
    await asyncio.gather(pumping, return_exceptions=True)
