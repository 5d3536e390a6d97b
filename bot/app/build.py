"""The composition root: the only module that makes the parts of a bot and passes each part its dependencies.

The command line makes `Parts(settings)`, whether or not a bot is running. A bot that serves is made by
`build(settings, storage)`. Each part is made on first use. Modules keep no state: two bots in one process
share nothing.
"""

# ruff: noqa: PLC0415 — a room is imported when its part is made, so that the bot is ready sooner

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from sqlite_utils import Database

from bot.answers.memory import AnswerMemory
from bot.commands.catalogue import catalogue
from bot.configuration.values import listed
from bot.conversation.dispatcher import Dispatcher, Welcome, typed_forms
from bot.conversation.once_a_day import OnceADay
from bot.dashboard.tallies import Tally
from bot.onboarding.course import Course, open_course
from bot.onboarding.enrolment import DueDates, OnboardingPlan, Onboardings
from bot.outbox.notices import Notices
from bot.people.office import Office
from bot.policy.library import Library
from bot.policy.loading import load_library
from bot.posting.counts import CheckCounter
from bot.posting.drafts import PostDrafts
from bot.reports.intake import Reporting
from bot.reports.limits import Limiter
from bot.revision import archive as revision_archive
from bot.revision import revisions
from bot.revision.archive import Archive
from bot.settings import SEED, Settings
from bot.storage.database import Storage, StorageError, explained, reader
from bot.times import Clock, system_clock

if TYPE_CHECKING:
    from bot.answers.engine.shelf import ModelShelf
    from bot.answers.guidance import Guidance
    from bot.answers.intents import Intents
    from bot.answers.negative_posts import NegativePosts
    from bot.answers.questions import Engine
    from bot.commands.banque import BankEditing
    from bot.commands.demande.demande import Requesting
    from bot.commands.demande.drafts import RequestDrafts
    from bot.commands.question import Answering
    from bot.commands.relire.relire import DraftReview
    from bot.commands.tableau.tableau import BoardDesk
    from bot.commands.verifier.contacts import Contacts
    from bot.commands.verifier.verifier import PostChecking
    from bot.configuration.profile import Profile
    from bot.conversation.messages import Element, Message, Quoter
    from bot.conversation.requests import Actor, Answer, Command, Request
    from bot.dashboard.boards import Dashboard
    from bot.language.masking import Masker
    from bot.operations.metrics import Metrics
    from bot.outbox.notices import NoticeBuilder
    from bot.permissions.kinds import RequestKind
    from bot.permissions.requests import PermissionDesk
    from bot.policy.annotations import PermissionKind
    from bot.policy.articles import Version
    from bot.policy.library import Policy
    from bot.policy.loading import Approved
    from bot.policy.names import GenderedName
    from bot.posting.examining import Examiner
    from bot.privacy.awaiting_board import AwaitingBoard
    from bot.register.attestations import Attesting, Issuer
    from bot.register.registrar import Registrar
    from bot.register.signing import Signer
    from bot.reports.addresses.addresses import Addresses
    from bot.reports.ground import Ground
    from bot.reports.identifying import Identifying
    from bot.reports.keys import Keyring
    from bot.reports.records import EscalationPlan, Records


class Parts:
    """The parts of a bot that do not need an open database, each made on first use.

    The command line uses them, as in `parts().library` or `parts().course.target()` (see `bot.cli.base`).
    Approved texts are read from the database file, if it exists. A test replaces a part by setting the
    attribute before its first use.
    """

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self.settings = settings
        self.clock = clock
        self.calendar = settings.calendar()
        self.folders = settings.data_folders()

    def today(self) -> date:
        """Return today's date in the association's time zone."""
        return self.calendar.today(self.clock)

    def library_on(self, day: date) -> Library:
        """Return the policies in force on a given day, past or future. Raises `PolicyError`."""
        return self.library_of(self.approved(day))

    def library_of(self, approved: Approved) -> Library:
        """Return the library of the approved texts and the data folders' texts. Raises `PolicyError`."""
        # At each look-up, the library asks the calendar for today's date, without going through this object.
        today = partial(self.calendar.today, self.clock)
        return load_library(self.folders, self.settings.profile.policy, today, approved)

    def approved(self, day: date) -> Approved:
        """Return the approved texts in the database that are in force on a given day, or were before.

        Return an empty mapping if there is no database, or if it is a sandbox's database that cannot be read.
        Any other database that cannot be read raises `StorageError` or `sqlite3.Error`, since the texts in
        the data folders may be out of date.
        """
        try:
            return self.read_approved(day)
        except (StorageError, sqlite3.Error):
            if self.settings.sandboxed():
                return {}
            raise

    def read_approved(self, day: date) -> Approved:
        """Return the same texts as `approved`, but raise even when a sandbox's database cannot be read."""
        path = self.settings.database()
        if not path.is_file():
            return {}
        texts = reader(path, revisions.TEXT_ROWS)
        with closing(texts.conn), explained(path):
            return revisions.adopted_texts(texts, until=day)

    @cached_property
    def library(self) -> Library:
        """The policies in force today. Raises `PolicyError`."""
        return self.library_on(self.today())

    @cached_property
    def archive(self) -> Archive:
        """The archive of policy texts: in force, proposed and scheduled. Raises `PolicyError`."""
        settings, library = self.settings, self.library
        return Archive(
            library,
            self.folders,
            self.calendar,
            settings.own_data(),
            listed(settings.vigie_canaux_annonces),
            settings.vigie_revision_approbations,
            partial(_preview, bot=settings.profile.bot),
            pages=_carried_pages,
            questions=lambda comparison: self.course.count_questions(comparison),  # noqa: PLW0108 — the course is made on first use
            quizzed=lambda version: self.course.on(version.policy).is_quizzed(version),
            attested=lambda policy: self.course.is_asked(policy),  # noqa: PLW0108 — as above
            interpret=self._interpret,
            after_commit=self._after_commit,
            at_once=settings.sandboxed(),
        )

    @cached_property
    def guidance(self) -> dict[str, Guidance]:
        """The guidance of each policy, by policy identifier. Raises `PolicyError`."""
        from bot.answers.guidance import load_guidance

        return load_guidance(self.folders, self.library.policies, self.library.aside)

    def read_own_guidance(self) -> None:
        """Read the guidance in the association's own folder, if any. Files that cannot be read are set aside.

        Without such a folder, nothing is read here: the shipped guidance is read on its first use.
        """
        if len(self.folders) > 1:
            _ = self.guidance

    def starting_questions(self) -> tuple[str, ...]:
        """Return the questions suggested to beginners, from the files beside the policy."""
        guidance = self.guidance.get(self.library.default.id)
        return guidance.examples if guidance else ()

    def ground(self) -> Ground:
        """Return the clause that reports are based on today. Raises `PolicyError` for unreadable texts."""
        from bot.reports.ground import Ground, find_ground, written_clause

        reports = self.settings.profile.reports
        if reports is None:
            return Ground(self.library.default.name)
        if reports.clause:
            return find_ground(self.library, written_clause(self.library, reports.clause))
        guidance = self.guidance.get(self.library.default.id)
        return find_ground(self.library, guidance.incident_clauses if guidance else ())

    @cached_property
    def offers_reports(self) -> bool:
        """Whether the profile says who receives reports, and under which clause of the policy."""
        return self.ground().quote is not None

    def _interpret(self, policies: Mapping[str, Policy]) -> Callable[[], None]:
        """Read the guidance for `policies`, and return a function that applies it. Raises `PolicyError`."""
        # The guidance is not read yet: its first use will read it for the texts served then.
        if "guidance" not in vars(self):

            def refresh() -> None:
                if "guidance" in vars(self):  # read meanwhile by another thread, for the earlier texts
                    from bot.answers.guidance import load_guidance

                    self.guidance.update(load_guidance(self.folders, policies, []))

            return refresh
        from bot.answers.guidance import load_guidance

        return partial(self.guidance.update, load_guidance(self.folders, policies, []))

    def _after_commit(self, work: Callable[[], None]) -> None:
        """Run `work` at once, since there is no open transaction."""
        work()

    @cached_property
    def engine(self) -> Engine:
        """The engine that answers questions; it loads a model at the first question."""
        from bot.answers.questions import Engine

        return Engine(self.folders, self.shelf)

    @cached_property
    def shelf(self) -> ModelShelf:
        """The models trained on the question banks."""
        from bot.answers.engine.shelf import ModelShelf

        return ModelShelf(self.folders, self.settings.models())

    def stop_training(self) -> None:
        """Prevent any further training of the models."""
        if "shelf" in vars(self):
            self.shelf.close()

    @cached_property
    def course(self) -> Course:
        """The course (the text to read and its quiz), without attestations, which need a `Bot`.

        Raises `PolicyError`.
        """
        return open_course(self.library, self.folders, _attest_nothing, self.onboarding_plan)

    @cached_property
    def escalation_plan(self) -> EscalationPlan:
        """The delays of alerts about reports, and how long closed cases are kept."""
        from bot.reports.records import EscalationPlan

        settings = self.settings
        return EscalationPlan(
            timedelta(hours=settings.vigie_signalement_rappel),
            timedelta(hours=settings.vigie_signalement_autre),
            timedelta(hours=settings.vigie_signalement_suppleance),
            settings.vigie_signalement_jours,
        )

    def records_of(self, db: Database) -> Records:
        """Return the dependencies for reading the reports in `db`, which a running bot may also have open.

        Before the first report there are no keys and nothing to decrypt, so new keys are made but not stored.
        """
        from bot.reports import keys
        from bot.reports.records import Records, any_report

        ring = keys.load_keyring(self.settings.keys()) if any_report(db) else keys.new_keyring()
        return Records(
            lambda _: ring, self.calendar, self.escalation_plan, clock=self.clock, ground=self.ground
        )

    def dashboard_of(self, records: Records) -> Dashboard:
        """Return the sources of the dashboard's figures. `records`: the dependencies for reading reports."""
        from bot.dashboard.boards import Dashboard

        def clause_of(policy: str, question: str) -> str:
            entry = self.course.on(policy).bank().question(question)
            return str(entry.clause) if entry else ""

        return Dashboard(
            self.library,
            records,
            self.calendar,
            clause_of=clause_of,
            first_month=self.settings.vigie_annee,
            reports=self.offers_reports,
            permissions=any(kind.decider for kind in self.permission_kinds().values()),
        )

    @cached_property
    def onboarding_plan(self) -> OnboardingPlan:
        """The quiz's pass mark, the days before a refresher, and the days allowed for the onboarding."""
        settings = self.settings
        return OnboardingPlan(
            pass_mark=settings.vigie_quiz_reussite,
            refresher_days=settings.vigie_quiz_revision,
            due_days=settings.vigie_accueil_jours,
        )

    @cached_property
    def due_dates(self) -> DueDates:
        """The calculator of target dates, for the messages that state one."""
        return DueDates(self.onboarding_plan, self.calendar)

    @cached_property
    def issuer(self) -> Issuer:
        """The issuer of receipts: the association's name and its policies' names."""
        from bot.register.attestations import Issuer

        def names(policy: str) -> tuple[GenderedName, str]:
            named = self.library.policies[policy]
            return named.name, named.annotations.title

        return Issuer(self.settings.profile.association, names, self.calendar.zone)

    def permission_kinds(self) -> Mapping[PermissionKind, RequestKind]:
        """Return the kinds of permissions that exist today. Raises `PolicyError` for unreadable texts."""
        from bot.permissions.kinds import all_kinds

        return all_kinds(self.library, self.settings.profile, self.settings.deciders())

    def contacts(self, profile: Profile) -> Contacts:
        """Return the contacts for the checks of texts to publish. Raises `PolicyError`."""
        from bot.commands.verifier.contacts import Contacts

        return Contacts(
            profile,
            self.guidance,
            lambda: {
                kind: permission.decider
                for kind, permission in self.permission_kinds().items()
                if permission.decider
            },
        )

    @cached_property
    def masker(self) -> Masker:
        """The masker of names and places. Making it is slow, since it reads a whole question bank."""
        from bot.language.masking import load_masker

        profile = self.settings.profile
        called = (profile.association, *(role.title for role in profile.roles))
        return load_masker(self.folders, self.library, called)

    @cached_property
    def addresses(self) -> Addresses:
        """The rules that give each post a single address, whatever its form (see `bot.reports.addresses`)."""
        from bot.reports.addresses.addresses import load_addresses

        return load_addresses(SEED)

    @cached_property
    def identifying(self) -> Identifying:
        """The finder of phrases that may identify someone."""
        from bot.reports.identifying import load_identifying

        return load_identifying(SEED, self.masker)

    @cached_property
    def intents(self) -> Intents:
        """The remarks that people make to the bot about the bot itself, and their answers."""
        from bot.answers.intents import load_intents
        from bot.permissions.kinds import are_requested
        from bot.posting.checks import are_asked

        return load_intents(
            SEED,
            reports=self.offers_reports,
            checks=are_asked(self.library),
            permissions=are_requested(self.library),
        )

    @cached_property
    def negative_posts(self) -> NegativePosts:
        """The detector of texts that describe a negative post."""
        from bot.answers.negative_posts import load_negative_posts

        return load_negative_posts(SEED)

    @cached_property
    def examiner(self) -> Examiner:
        """The examiner of the texts that people are about to publish."""
        from bot.posting.examining import load_examiner

        return load_examiner(SEED, self.folders)


def _preview(title: str, messages: Mapping[str, Message], quote: Quoter, bot: str) -> bytes:
    from bot.app import previews

    return previews.preview_page(title, messages, quote, bot)


def _carried_pages(old: Version, new: Version, policy: Policy) -> Mapping[str, str]:
    from bot.commands.accueil import accueil

    return accueil.carried_pages(old, new, policy)


def _attest_nothing(_db: Database, _attesting: Attesting) -> None:
    raise NotImplementedError


class Bot(Parts):
    """Every part of a running bot, built on its open database.

    The library must not be first used on the storage thread: reading its texts waits for that thread.
    """

    def __init__(self, settings: Settings, storage: Storage, clock: Clock = system_clock) -> None:
        super().__init__(settings, clock)
        self.storage = storage
        # Whether a model is trained on each question bank, by policy id, once known.
        self.learnt: Mapping[str, bool] = {}
        # The failed trainings that the folder of models could not record: the reason, by policy id.
        self.unwritten_failures: Mapping[str, str] = {}

    def approved(self, day: date) -> Approved:
        """Return the texts that are or were in force. On the first start, they include the files' texts."""

        def read() -> Approved:
            with self.storage.transaction() as db:
                return revision_archive.approved(db, self.folders, self.settings.profile.policy, day)

        return self.storage.executor.submit(read).result()

    def _after_commit(self, work: Callable[[], None]) -> None:
        """Run `work` once the current transaction is committed."""
        self.storage.after_commit(work)

    @cached_property
    def metrics(self) -> Metrics:
        """The figures for Prometheus."""
        from bot.operations.metrics import Metrics

        return Metrics()

    @cached_property
    def office(self) -> Office:
        """The context that commands share: the database, the time and the association."""
        from bot.backup import destroyed
        from bot.storage.destruction import forgets_nothing

        keys, sandboxed = self.settings.keys(), self.settings.sandboxed()
        return Office(
            self.storage,
            self.clock,
            self.calendar,
            self.settings.teams(),
            forgets_nothing if sandboxed else partial(destroyed.record, keys, clock=self.clock),
            (lambda _: None) if sandboxed else partial(destroyed.settle, folder=keys),
            partial(self.follow_members, at_once=True),
            self._before_erasure,
            profile=self.settings.profile,
            reports=self.offers_reports,
        )

    def _before_erasure(self, db: Database, person: str) -> None:
        """Withdraw the consents of a person about to be erased, and forget the codes that reach them."""
        from bot.people.persons import accounts_of
        from bot.permissions.requests import PermissionSession, leave

        leave(PermissionSession(db, self.permission_desk, self.clock()), person)
        self.request_drafts.forget(accounts_of(db, person))

    def follow_members(self, db: Database, by: str = "", *, at_once: bool) -> None:
        """Welcome new members, send them revisions, and stop writing to members who left.

        Also record who may now read reports, and notify the people affected. Call this after each change to
        the registry, in the same transaction. `by`: as in `Office.registry_changed`. `at_once`: send outside
        working hours too.
        """
        from bot.reports import readers

        readers.follow(db, self.today(), self.clock(), by)
        for course in self.course.asked():
            Onboardings(db, course.target()).follow(self.calendar, self.clock(), at_once=at_once)
        self.archive.follow(db, self.clock())
        self.refresh_boards(db)

    def refresh_boards(self, db: Database) -> None:
        """Reload the boards kept in memory. Commands see the change once the transaction is committed."""
        self.office.refresh_board(db)
        self.awaited.refresh(db, self.today(), self.storage.after_commit)

    @cached_property
    def awaited(self) -> AwaitingBoard:
        """The board of the people who may have something to do, by account."""
        from bot.privacy.awaiting_board import AwaitingBoard

        return AwaitingBoard()

    @cached_property
    def registrar(self) -> Registrar:
        """The keeper of the register. With an in-memory database, its signing key is in memory too."""
        from bot.register import signing
        from bot.register.registrar import Registrar

        if self.storage.path is None:
            key = signing.new_signer()
            return Registrar(self.storage, self.issuer, lambda _: key, None)
        return Registrar(self.storage, self.issuer, self._register_key, self.settings.keys())

    def _register_key(self, db: Database) -> Signer:
        """Return the key that signs attestations, which is made before the first entry.

        Raises `StorageError` when the key is lost, rather than silently signing with a new key.
        """
        from bot.register import heads, signing

        keys = self.settings.keys()
        has_entries = any(heads.head(db, of).number for of in heads.CHAINS)
        return signing.load_signer(keys, create=not has_entries or (keys / signing.KEY_FILE).exists())

    @cached_property
    def course(self) -> Course:
        """The course: the text to read, its quiz and its attestations. Raises `PolicyError`."""
        registrar = self.registrar
        return open_course(
            self.library, self.folders, registrar.attest, self.onboarding_plan, registrar.send_again
        )

    @cached_property
    def answering(self) -> Answering:
        """The dependencies for answering questions, including the memory of recent answers."""
        from bot.commands.question import Answering

        return Answering(
            self.library,
            self.office,
            self.engine,
            self.guidance,
            lambda: self.masker,
            lambda: self.negative_posts,
            lambda: self.intents,
            self.answer_memory,
            self.posts,
            self.tally,
            lambda policy: policy in self.library.policies and self.course.on(policy).quizzed,
        )

    @cached_property
    def answer_memory(self) -> AnswerMemory:
        """The memory of recent answers."""
        return AnswerMemory(self.clock)

    @cached_property
    def records(self) -> Records:
        """The dependencies for storing reports. The keys are read or made on first use."""
        from bot.reports import keys
        from bot.reports.records import Records

        ring: Callable[[Database], Keyring] = self._report_keys
        if self.storage.path is None:
            temporary = keys.new_keyring()
            ring = lambda _: temporary  # noqa: E731 — kept in memory, like the database
        return Records(
            ring,
            self.calendar,
            self.escalation_plan,
            remember=self.office.remember,
            clock=self.clock,
            ground=self.ground,
        )

    def _report_keys(self, db: Database) -> Keyring:
        """Return the keys that seal reports.

        The keys are read at each call, since the command line may change them. Raises the errors of
        `own_keys`.
        """
        from bot.app import kept_keys
        from bot.reports import records

        settings = self.settings
        return records.own_keys(db, settings.keys(), copied=kept_keys.copied(settings))

    @cached_property
    def reporting(self) -> Reporting:
        """The intake of reports."""
        from bot.reports.channels import load_channels
        from bot.reports.drafts import Drafts

        return Reporting(
            self.office,
            self.library,
            self.records,
            lambda: self.addresses,
            lambda: self.identifying,
            Drafts(self.clock),
            Limiter(self.clock),
            load_channels(self.settings.data_folders()),
            self.settings.vigie_signalement_adresse or "",
        )

    def prepare_reports(self) -> None:
        """Load the code and the data that the first report needs, before it is made.

        Otherwise it would make everyone wait, and so tell anyone who keeps requesting pages when it was made.
        """
        from bot.commands.signalement import signalement  # noqa: F401 — the command that reports
        from bot.reports import codes, reporter_access  # noqa: F401 — used once a report is filed
        from bot.reports.filing import Report

        self.reporting.review(Report("https://example.org/1", "-"), ())
        self.calendar.is_working(self.clock())
        codes.new_code()

    @cached_property
    def notices(self) -> Notices:
        """Every notice that the bot can send on its own initiative. The list is made for the first notice."""
        return Notices(self._notice_builders)

    def _notice_builders(self) -> Iterator[NoticeBuilder]:
        from bot.answers import retraining
        from bot.app import unpublished
        from bot.commands import lier
        from bot.dashboard import notices as dashboard_notices
        from bot.onboarding import notices as onboarding_notices
        from bot.permissions import certificates as permission_certificates
        from bot.permissions import notices as permission_notices
        from bot.posting import notices as posting_notices
        from bot.reports import handovers, readers
        from bot.reports import notices as report_notices
        from bot.reports.figures import digest, export
        from bot.revision import ahead_notices
        from bot.revision import notices as revision_notices
        from bot.watching import notices as watching_notices

        yield from onboarding_notices.notice_builders(
            self.library, self.due_dates, lambda policy: self.course.on(policy).size()
        )
        yield from self.registrar.notice_builders()
        yield from retraining.notice_builders()
        yield from unpublished.notice_builders()
        yield from lier.notice_builders()
        yield from posting_notices.notice_builders(self.library, lambda: self.examiner.checks)
        yield from permission_notices.notice_builders(self.library)
        yield from permission_certificates.notice_builders(self.library, self.registrar)
        yield from revision_notices.notice_builders(self.archive, self.due_dates)
        yield from ahead_notices.notice_builders(self.archive)
        yield from watching_notices.notice_builders(self.library)
        yield from report_notices.notice_builders(self.records)
        yield from readers.notice_builders()
        yield from handovers.notice_builders()
        yield from digest.notice_builders(self.records)
        yield from export.notice_builders(self.records)
        yield from dashboard_notices.notice_builders(
            lambda: self.dashboard, self.settings.monthly_report_roles(), self.settings.profile.association
        )

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Every command that the dispatcher knows."""
        return catalogue(
            self.library,
            self.office,
            course=self.course,
            reporting=self.reporting,
            archive=self.archive,
            awaited=self.awaited,
            outbox=self.notices,
            guidance=lambda: self.guidance,
            answering=lambda: self.answering,
            bank=lambda: self.bank,
            drafts=lambda: self.drafts,
            checking=lambda: self.checking,
            requesting=lambda: self.requesting,
            board=lambda: self.board_desk,
        )

    @cached_property
    def bank(self) -> BankEditing:
        """The dependencies for improving the question bank."""
        from bot.commands.banque import BankEditing

        folder = self.settings.own_data()
        return BankEditing(self.library, self.office, SEED, folder, lambda: self.examiner.checks)

    @cached_property
    def permission_desk(self) -> PermissionDesk:
        """The dependencies for deciding on requests for permissions."""
        from bot.permissions.certificates import certify
        from bot.permissions.requests import PermissionDesk

        certifies = partial(certify, self.registrar)
        return PermissionDesk(self.permission_kinds, self.calendar, certifies, self.office.remember)

    @cached_property
    def request_drafts(self) -> RequestDrafts:
        """The requests for permissions that people have filled in but not sent, in memory only."""
        from bot.commands.demande.drafts import RequestDrafts

        return RequestDrafts(self.clock)

    @cached_property
    def requesting(self) -> Requesting:
        """The dependencies for asking for permissions and answering the requests."""
        from bot.commands.demande.demande import Requesting

        return Requesting(self.library, self.office, self.permission_desk, self.request_drafts, self.posts)

    @cached_property
    def board_desk(self) -> BoardDesk:
        """The dependencies for showing the dashboard's figures."""
        from bot.commands.tableau.tableau import BoardDesk

        return BoardDesk(self.office, self.dashboard, self.settings.monthly_report_roles())

    @cached_property
    def posts(self) -> PostDrafts:
        """The texts that people are checking before they publish them, in memory only."""
        return PostDrafts(self.clock)

    @cached_property
    def check_counter(self) -> CheckCounter:
        """The counter of how often each check is shown and dismissed."""
        return CheckCounter(self.once_a_day)

    @cached_property
    def once_a_day(self) -> OnceADay:
        """The people already counted today, in memory only."""
        return OnceADay(self.clock)

    @cached_property
    def tally(self) -> Tally:
        """The counter of questions and examined texts."""
        return Tally(self.once_a_day)

    @cached_property
    def dashboard(self) -> Dashboard:
        """The sources of the dashboard's figures."""
        return self.dashboard_of(self.records)

    @cached_property
    def checking(self) -> PostChecking:
        """The dependencies for checking the texts that people are about to publish."""
        from bot.commands import politique, question
        from bot.commands.verifier.verifier import PostChecking

        def answer(request: Request) -> Answer:
            return politique.look_up(self.library, request) or question.answer(self.answering, request)

        return PostChecking(
            self.library,
            self.office,
            self.contacts(self.office.profile),
            lambda: self.examiner,
            self.posts,
            self.check_counter,
            self.tally,
            answer,
        )

    @cached_property
    def drafts(self) -> DraftReview:
        """The dependencies for reviewing the drafts of annotations that were guessed from a new text."""
        from bot.commands.relire.relire import DraftReview

        folder = self.settings.own_data()
        return DraftReview(self.library, self.office, self.folders, folder, self.archive.reread)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """The dispatcher of requests to the commands."""
        welcome = Welcome(
            self.office.teams,
            partial(_notice, self.office),
            partial(_noticed, self.office),
            self.reporting.limit,
            self.reporting.alias,
        )
        shown = self.answer_memory.shown
        executor = self.storage.executor
        urgent = self.storage.urgent
        typed = typed_forms(self.clock)
        return Dispatcher(
            self.commands,
            executor,
            self.settings.profile.command,
            urgent=urgent,
            welcome=welcome,
            shown=shown,
            typed=typed,
        )


def _notice(office: Office, request: Request) -> Sequence[Element]:
    from bot.commands import mesdonnees

    return mesdonnees.notice(office, request)


def _noticed(office: Office, actors: Sequence[Actor]) -> None:
    from bot.commands import mesdonnees

    mesdonnees.noticed(office, actors)


def build(settings: Settings, storage: Storage, clock: Clock = system_clock) -> Bot:
    """Return a bot with its texts already read. Raises `PolicyError`.

    Do not call this on the storage thread, since it waits for that thread.
    """
    bot = Bot(settings, storage, clock)
    _ = bot.dispatcher  # made now, so that errors in the texts appear before anything starts
    return bot
