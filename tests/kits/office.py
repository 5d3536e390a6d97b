"""The real catalogue at work, over a storage in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.answers import guidance, intents, negative_posts
from bot.answers.engine.shelf import FixedModel
from bot.answers.guidance import Guidance
from bot.answers.intents import Intents
from bot.answers.negative_posts import NegativePosts
from bot.app.build import Bot, build
from bot.app.sandbox import adapter
from bot.app.starting import settle
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.fading import Fading
from bot.language import masking
from bot.language.masking import Masker
from bot.onboarding.course import LETTER_LIFETIME, Course, open_course
from bot.onboarding.enrolment import OnboardingPlan
from bot.people import roles
from bot.people.office import Office
from bot.platforms.local.adapter import LocalAdapter
from bot.policy.library import Library, Policy
from bot.register.attestations import Attesting
from bot.revision import archive
from bot.revision.archive import Archive
from bot.settings import SEED, Settings
from bot.storage.database import Storage
from bot.times import Calendar, Clock, system_clock
from tests.kits.people import NOW

TEST_DATA = Path(__file__).parents[1] / "data"
FOLDERS = (SEED, TEST_DATA)
CALENDAR = Calendar(ZoneInfo("America/Toronto"))


def clock() -> datetime:
    """Return the one moment at which these tests take place."""
    return NOW


def already() -> asyncio.Event:
    """Return an event that has happened."""
    event = asyncio.Event()
    event.set()
    return event


@contextmanager
def offices() -> Iterator[Office]:
    """Give an office whose registry has its roles, and nobody in them."""
    storage = Storage()

    def seed() -> None:
        with storage.transaction() as db:
            roles.seed(db)

    try:
        storage.executor.submit(seed).result()
        yield Office(storage, clock, CALENDAR)
    finally:
        storage.close()


@contextmanager
def working(library: Library) -> Iterator[Dispatcher]:
    """Give the real catalogue, at work; questions are answered by text alone."""
    with offices() as office:
        yield Dispatcher(TextBot(library, office).commands, office.storage.executor)


class TextBot(Bot):
    """The parts of a bot over an office: questions are answered by text alone, and nobody attests.

    What is read of a library and never changes is read once; the rest is made anew for each test.
    """

    def __init__(self, library: Library, office: Office) -> None:
        super().__init__(Settings(), office.storage, office.clock)
        self.folders = FOLDERS
        self.library, self.office = library, office
        self.shelf = FixedModel(None)
        self.guidance = dict(_guidance(library, *library.policies.values()))
        self.course = course(library)
        self.archive = texts(library, office)

    @cached_property
    def masker(self) -> Masker:
        """What hides names, which takes time to make."""
        return _masker(self.library)

    @cached_property
    def negative_posts(self) -> NegativePosts:
        """What tells that someone describes a negative post."""
        return shipped_negative_posts()

    @cached_property
    def intents(self) -> Intents:
        """What people say to the bot about itself."""
        return shipped_intents()


def texts(library: Library, office: Office, folders: Sequence[Path] = FOLDERS) -> Archive:
    """Return the texts at work, those of the library being there at first."""

    def originate() -> None:
        with office.storage.transaction() as db:
            archive.approved(db, folders, library.default.id, office.today())

    office.storage.executor.submit(originate).result()
    return Archive(library, folders, office.calendar)


@cache
def shipped_negative_posts() -> NegativePosts:
    """Return what tells that someone describes a negative post."""
    return negative_posts.load_negative_posts(SEED)


@cache
def shipped_intents() -> Intents:
    """Return what people say to the bot about itself."""
    return intents.load_intents(SEED)


@cache
def _masker(library: Library) -> Masker:
    return masking.load_masker(FOLDERS, library, ["AGE UQTR"])


@lru_cache(maxsize=4)
def _guidance(library: Library, *_: Policy) -> dict[str, Guidance]:
    return guidance.load_guidance(FOLDERS, library.policies)


def course(library: Library) -> Course:
    """Return the course on a library's policy, where nobody attests."""
    return replace(_course(library), on_screen=Fading(system_clock, LETTER_LIFETIME))


@lru_cache(maxsize=4)
def _course(library: Library) -> Course:
    def attest(_db: Database, _attesting: Attesting) -> None:
        raise AssertionError

    return open_course(library, FOLDERS, attest, OnboardingPlan())


@contextmanager
def built(settings: Settings, clock: Clock = system_clock) -> Iterator[Bot]:
    """Give the whole bot as it is built, over a storage in memory; the sandbox has its personas."""
    storage = Storage()
    try:
        bot = build(settings, storage, clock)
        storage.executor.submit(settle, bot).result()
        yield bot
    finally:
        storage.close()


def sandbox_of(bot: Bot) -> LocalAdapter:
    """Return the sandbox of a bot, as it is when no token is set."""
    return adapter(bot)
