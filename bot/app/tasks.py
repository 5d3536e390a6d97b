"""The table of scheduled tasks, and the tasks that involve several rooms."""

# ruff: noqa: PLC0415 — modules that ordinary beats do not need are imported when a task needs them

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from bot.app import kept_keys
from bot.backup import copies, destroyed
from bot.conversation.deferred import aside
from bot.conversation.requests import Actor
from bot.onboarding.enrolment import Onboardings
from bot.platforms.contract import Deliverer, Platform
from bot.reports import limits
from bot.schedule import names
from bot.schedule.clock import Arguments, Daily, Work
from bot.storage.database import LARGEST_BY_DAY, StorageError
from bot.storage.files import renew, sweep, touch

if TYPE_CHECKING:
    from sqlite_utils import Database

    from bot.app.build import Bot
    from bot.onboarding.progress import Numbers
    from bot.platforms.groups import FollowedGroup

logger = logging.getLogger(__name__)

# After 3 a.m., so that no clock change skips a task or runs it twice.
WATCH: Final = Daily(names.WATCH, time(5, 20))
NIGHTLY: Final = (
    Daily(names.RETENTION, time(3, 15)),
    Daily(names.INCIDENTS, time(3, 20)),
    Daily(names.COPY, time(3, 30)),
    Daily(names.RECONCILE, time(4, 0)),
    Daily(names.PUBLISH, time(4, 10)),
    WATCH,
    Daily(names.REMIND, time(9, 30)),
    Daily(names.PERMISSIONS, time(9, 20)),
    Daily(names.FIGURES, time(8, 50)),
    Daily(names.REPORT, time(9, 15)),
    Daily(names.LIMITS, time(9, 5)),
    Daily(names.DIGEST, time(9, 10)),
)
NIGHT: Final = 4  # the local hour when a large database file is rewritten, while everyone waits
CONNECTING_SECONDS: Final = 45  # the time that a platform may take to connect after a start


class ChatPlatform(Platform, Deliverer, Protocol):
    """A chat platform: Slack, Discord or the sandbox."""

    async def ready(self) -> bool:
        """Return whether the platform is connected and answers requests."""

    async def fetch_members(self, group: FollowedGroup) -> Collection[Actor]:
        """Return the members of a group. Raises `PlatformError`."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of a bot. `platforms`: the chat platforms, by name (« slack »)."""

    bot: Bot
    platforms: Mapping[str, ChatPlatform]
    _logged: list[str] = field(default_factory=list, init=False)
    # held while the whole file is copied or rewritten
    _whole_file: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def work(self) -> Work:
        """Return the table of tasks, by name. The sandbox has no sealed copies to make."""
        copied = not self.bot.settings.sandboxed()
        return Work(
            tasks={
                names.RETENTION: self._enforce_retention,
                names.INCIDENTS: self._expire_incidents,
                names.REMIND: self._remind,
                names.FIGURES: self._count_figures,
                names.REPORT: self._queue_reports,
                names.LIMITS: self._tell_limits,
                names.PERMISSIONS: self._follow_permissions,
                names.ANNOUNCE: self.bot.archive.announce,
                names.AHEAD: self.bot.archive.tell_ahead,
            },
            errands={
                names.COPY: self._copy_nightly,
                names.HOURLY_COPY: self._copy_hourly,
                names.PURGE: self._purge,
                names.RECONCILE: self._reconcile,
                names.PROGRESS: self._send_progress,
                names.CURVE: self._send_curve,
                names.LEARN: self._learn,
                names.RETRAIN: self._retrain,
                names.ADVANCE: self._advance,
                names.DIGEST: self._send_digests,
                names.CASE: self._send_case,
                names.PUBLISH: self._publish,
                names.WATCH: self._watch_source,
            },
            daily=[daily for daily in NIGHTLY if daily.task != names.COPY or copied],
            hourly=[names.PURGE, names.HOURLY_COPY] if copied else [names.PURGE],
            on_beat=self._beat,
            ended=self._settle,
            around=self._around,
        )

    def _around(self, db: Database, due_at: datetime) -> AbstractContextManager[None]:
        """Hold the messages of a task that was already due when the database was restored."""
        from bot.backup import restore
        from bot.reports import escalation

        return restore.overdue_held(db, escalation.NOTICES, due_at)

    def _enforce_retention(self, db: Database, _: Arguments, now: datetime) -> None:
        """Destroy personal data, reports and files whose retention has ended."""
        from bot.outbox import kept_pictures
        from bot.posting import counts
        from bot.privacy import personal_data
        from bot.reports import retention
        from bot.reports.figures import files
        from bot.revision import dropped_texts

        settings = self.bot.settings
        today = self.bot.calendar.day(now)
        remember = self.bot.office.remember
        personal_data.enforce(db, today, remember, attestation_years=settings.vigie_attestations_annees)
        counts.expire_counts(db, today)
        gone = retention.enforce(db, today, settings.vigie_signalement_jours, remember)
        destroyed.certify(db, today, {"signalements": gone})
        files.expire_files(db, today)
        kept_pictures.forget(db, today)
        dropped_texts.forget_old(db, today)
        if not settings.sandboxed():
            destroyed.expire(settings.keys(), today)

    def _expire_incidents(self, db: Database, _: Arguments, now: datetime) -> None:
        """Destroy the records of confidentiality incidents whose retention has ended."""
        from bot.privacy import incidents

        if self.bot.storage.path:
            incidents.enforce(db, self.bot.storage.path, self.bot.calendar.day(now))

    def _remind(self, db: Database, _: Arguments, now: datetime) -> None:
        """Send welcomes, reminders, proposals to review checks, and late notices of revisions."""
        from bot.onboarding import reminders
        from bot.posting import counts

        counts.propose_reviews(db, self.bot.library, self.bot.examiner.checks, now)
        for course in self.bot.course.asked():
            reminders.daily(db, course.target(), course.plan, self.bot.calendar, now)
        self.bot.archive.follow(db, now)

    def _follow_permissions(self, db: Database, _: Arguments, now: datetime) -> None:
        """Remind those who decide on requests, and announce or end the permissions that expire."""
        from bot.permissions import daily
        from bot.permissions.requests import PermissionSession

        daily.daily(PermissionSession(db, self.bot.permission_desk, now))

    def _count_figures(self, db: Database, _: Arguments, _now: datetime) -> None:
        """Count the figures of the months and years that are over."""
        from bot.dashboard import boards

        boards.keep(db, self.bot.dashboard)

    def _queue_reports(self, db: Database, _: Arguments, now: datetime) -> None:
        """Queue the report of last month, once, from the first working day of a month."""
        from bot.dashboard import monthly

        monthly.queue_reports(db, self.bot.settings.monthly_report_roles(), self.bot.calendar, now)

    def _tell_limits(self, db: Database, _: Arguments, now: datetime) -> None:
        """Notify the administration of the limits on reports that were reached. Update the metrics."""
        from bot.reports.notices import tell_limits

        bot = self.bot
        reached = frozenset(bot.reporting.limiter.reached)
        for door in limits.DOORS:
            bot.metrics.limited.labels(door).set(door in reached)
        tell_limits(db, reached, now, bot.calendar.day(now))
        bot.storage.after_commit(partial(bot.reporting.limiter.reached.difference_update, reached))

    async def _send_progress(self, arguments: Arguments, now: datetime) -> None:
        """Draw the progress of the onboarding on a policy, and send it to the requester.

        `arguments`: the policy's id, if it is not the default one, and the requester.
        """
        from bot.onboarding import progress

        bot = self.bot
        course = bot.course.on(str(arguments.get("policy", bot.library.default.id)))

        def count(db: Database) -> Numbers:
            return progress.count_progress(Onboardings(db, course.target()).standings(), bot.today())

        title = f"Les accueils sur {course.name.the}"
        await progress.send_progress(
            bot.storage, arguments, now, title=title, count=count, calendar=bot.calendar
        )

    def _beat(self, db: Database, now: datetime) -> None:
        """Do the work of each beat. If the report keys are lost, skip only the alerts about reports."""
        from bot.backup import restore
        from bot.outbox.routes import hand_over
        from bot.reports import escalation, handovers, readers, traces
        from bot.reports.keys import SealError
        from bot.reports.records import Session
        from bot.schedule import inbound

        inbound.forget(db, now)
        restore.caught_up(db)
        self.bot.refresh_boards(db)  # the day, or the registry through the command line, may have changed
        hand_over(db, self.bot.calendar.day(now), now)
        readers.follow(db, self.bot.calendar.day(now), now)
        readers.log_new(db)
        session = Session(db, self.bot.records, now)
        on_the_hour = now.minute == 0
        try:
            lost = escalation.beat(session)
            handovers.announce(session, lost)
            problem = f"{len(lost)} have no recipient: see vigie roles" if lost else ""
        except (StorageError, SealError) as error:
            self.bot.metrics.task_failures.labels("reports").inc()
            problem, on_the_hour = f"no recipient can be found: {error}", True
        if not problem:
            self._logged.clear()
        # Logged once, although the clock beats six times a minute, and never just after a report.
        elif problem not in self._logged and on_the_hour:
            logger.error("reports: %s", problem)
            self._logged[:] = [problem]
        traces.erase(session)

    async def _send_curve(self, arguments: Arguments, now: datetime) -> None:
        from bot.revision import picture

        bot = self.bot
        await picture.curve_errand(bot.storage, bot.archive, bot.calendar, arguments, now)

    async def _send_digests(self, arguments: Arguments, now: datetime) -> None:
        """Send the week's figures of reports to those who receive them."""
        from bot.reports.figures import digest

        await digest.send_digests(self.bot.storage, self.bot.records, arguments, now)

    async def _send_case(self, arguments: Arguments, now: datetime) -> None:
        from bot.reports.figures import export

        bot = self.bot
        association = bot.settings.profile.association
        await export.send_case(bot.storage, bot.records, association, arguments, now)

    async def _publish(self, _: Arguments, now: datetime) -> None:
        """Publish the site, if the settings name its folder. Report several failures in a row once."""
        folder, problem = self.bot.settings.site(), ""
        if folder is None:
            return
        from bot.app import publication, unpublished
        from bot.configuration.settings_file import SettingsError
        from bot.policy.articles import PolicyError
        from bot.site.publishing import PublicationError

        try:
            await aside(partial(publication.publish_site, self.bot, folder))
        except (PublicationError, PolicyError, SettingsError) as error:
            problem = str(error)  # publication is tried again the next night, or with the next version

        def settle() -> bool:
            with self.bot.storage.transaction() as db:
                return unpublished.settle_failure(db, problem, now)

        if await self.bot.storage.run(settle):
            logger.warning("the site was not published: %s", problem)

    async def _watch_source(self, arguments: Arguments, now: datetime) -> None:
        """Check the source of the texts, if the settings name one, and report what changed."""
        from bot.watching.sources import WatchedSource
        from bot.watching.watch import Watch

        bot = self.bot
        if bot.settings.vigie_source is None:
            return
        due = bot.calendar.at(date.fromisoformat(arguments["day"]), WATCH.hour)
        source = WatchedSource(bot.settings.vigie_source, bot.library)
        await Watch(source, bot.storage, bot.archive, self._around).run(due, now)

    async def _advance(self, _: Arguments, _now: datetime) -> None:
        """Record the last entry of the register in the key folder."""
        await self.bot.storage.run(self.bot.registrar.catch_up)

    async def _retrain(self, arguments: Arguments, now: datetime) -> None:
        """Train on a bank to which questions were added, and report to the person who added them."""
        from bot.answers import retraining

        bot = self.bot
        train = partial(retraining.retrain, bot.library, bot.folders, bot.settings.models())
        await retraining.retraining_errand(bot.storage, train, arguments, now)

    async def _learn(self, _: Arguments, _now: datetime) -> None:
        """Train on a revision's question bank, when it is approved and again when it takes effect."""
        from bot.app import learning

        await aside(partial(learning.learn_banks, self.bot))

    async def _reconcile(self, _: Arguments, _now: datetime) -> None:
        """Read the members of every followed group again.

        This task runs at night, so new members are welcomed later, in working hours.
        """
        from bot.people.group_sync import GroupSync

        bot = self.bot
        follow = partial(bot.follow_members, at_once=False)
        register = GroupSync(bot.storage, bot.clock, bot.calendar, follow)

        async def fetch(platform: ChatPlatform, group: FollowedGroup) -> Collection[Actor]:
            for _ in range(CONNECTING_SECONDS):
                if await platform.ready():
                    break
                await asyncio.sleep(1)
            return await platform.fetch_members(group)

        platforms = {name: partial(fetch, platform) for name, platform in self.platforms.items()}
        for error in await register.reconcile(platforms):
            if error.passing:
                raise error  # so that the task is tried again later

    async def _purge(self, _: Arguments, now: datetime) -> None:
        """Erase every byte of deleted rows from the database file, and any trace of the order of insertion.

        This task runs every hour, whether or not anything changed. A large file is rewritten only at night.
        """
        storage = self.bot.storage
        at_night = now.astimezone(self.bot.calendar.zone).hour == NIGHT
        async with self._whole_file:
            if not await storage.run(partial(storage.scatter, math.inf if at_night else LARGEST_BY_DAY)):
                raise StorageError("un lecteur retient le journal de la base.")

    def _settle(self) -> None:
        """End a beat: empty the WAL, and give the same dates to all the files that a report may change.

        The list of destroyed rows is written to a new file each time that a row is added. A file's creation
        time cannot be set, so the list is written to a new file at each beat too.
        """
        storage, keys = self.bot.storage, self.bot.settings.keys()
        if storage.path:
            # In a transaction, like every process that adds to the list. If the disk is full, the next beat
            # tries again.
            with suppress(OSError, StorageError), storage.transaction():
                renew(keys / destroyed.FILE)
            storage.flush()
            name = storage.path.name
            touch(storage.path.parent, *(f"{name}{end}" for end in ("", "-wal", "-shm")))
            touch(keys, destroyed.FILE)

    async def _copy_nightly(self, _: Arguments, now: datetime) -> None:
        """Make the nightly sealed copy. Then, even if it failed, remove expired copies and partial files."""
        from bot.backup import restore

        settings, today = self.bot.settings, self.bot.calendar.day(now)
        database, days = settings.database(), settings.vigie_sauvegardes_jours

        def copy() -> None:
            try:
                copies.save_sealed(database, settings.copies(), settings.keys(), today)
            finally:
                restore.expire_kept(database, today, days)
                for folder in (database.resolve().parent, settings.copies(), settings.keys()):
                    sweep(folder, now - timedelta(hours=1))
                copies.expire(settings.copies(), today, days, settings.keys())

        await self._read_whole_file(copy)

    async def _copy_hourly(self, _: Arguments, now: datetime) -> None:
        """Make the hourly sealed copy, which replaces the previous one, whether or not anything changed."""
        settings = self.bot.settings
        place = settings.database(), settings.copies(), settings.keys()
        await self._read_whole_file(partial(copies.save_hourly, *place, now))

    async def _read_whole_file(self, copy: Callable[[], object]) -> None:
        """Run `copy` on its own thread, while nothing rewrites the database file."""
        await self.bot.storage.run(partial(kept_keys.ensure, self.bot.storage, self.bot.settings))
        async with self._whole_file:
            await aside(copy)
