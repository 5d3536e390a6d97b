"""The course, shared by the commands: the text to read, its questions, and the attestation."""

# ruff: noqa: PLC0415 — the questions are read at the first quiz

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlite_utils import Database

from bot.conversation.fading import Fading
from bot.conversation.requests import Request, UserError
from bot.onboarding.enrolment import OnboardingPlan, Onboardings
from bot.onboarding.quiz.files import find_questions
from bot.people.office import Office, actor_of, asker
from bot.policy.articles import Version
from bot.policy.library import Library, Reading
from bot.policy.loading import read_utf8
from bot.policy.names import GenderedName
from bot.register import attestations
from bot.register.attestations import Attest, Noted, Target
from bot.times import in_words, system_clock

if TYPE_CHECKING:
    from bot.onboarding.quiz.bank import QuizBank
    from bot.policy.changes.comparison import Comparison

SHOWN: Final = timedelta(hours=1)  # how long a single letter counts as the answer to the question last shown

# Queues a receipt again, from a person's id, the text attested, the time, and the account that asks for it.
SendReceipt: TypeAlias = Callable[[Database, str, Target, datetime, str], None]


@dataclass(frozen=True, slots=True)
class Course:
    """The course on the library's default policy.

    `target`: returns the version to read today. `bank`: returns its questions. `attest` writes an attestation
    to the register, and `send_receipt` sends its receipt again, both in the caller's transaction.
    `on_screen`: the turn last shown, by attempt at the quiz. `bank_of`: returns the questions that would be
    asked once a version is in force.
    """

    library: Library
    target: Callable[[], Target]
    bank: Callable[[], QuizBank]
    bank_of: Callable[[Version], QuizBank]
    attest: Attest
    plan: OnboardingPlan
    random: Callable[[], Random] = SystemRandom
    send_receipt: SendReceipt = lambda _db, _person, _target, _now, _asked: None
    on_screen: Fading[str, int] = field(default_factory=lambda: Fading(system_clock, SHOWN))

    def reading(self) -> Reading:
        """Return the default policy in the version to read."""
        policy = self.library.default
        return Reading(policy, policy.version(self.target().version.isoformat()))

    @property
    def name(self) -> GenderedName:
        """The policy's name, « PA20 »."""
        return self.library.default.name

    def revised(self) -> str:
        """Return the version in words, « version révisée le 13 décembre 2015 »."""
        version = self.library.current(self.library.default)
        return f"version {version.adoption}e le {in_words(version.adopted)}"

    def count_questions(self, comparison: Comparison) -> int:
        """Return how many questions are asked about what a revision changed, 0 for another policy."""
        from bot.onboarding.quiz import session
        from bot.policy.changes import summary

        if comparison.new.policy != self.library.default.id:
            return 0
        return session.count_about(self.bank_of(comparison.new), summary.clauses_to_read(comparison))

    def questions(self) -> QuizBank:
        """Return the questions. Raises `UserError` when there are none to ask."""
        bank = self.bank()
        if not bank.questions:
            raise UserError(
                "Le quiz n'est pas prêt\u00a0: aucune question n'est à jour. L'administration peut le "
                "vérifier avec «\u00a0vigie quiz verifier\u00a0»."
            )
        return bank


def open_course(
    library: Library,
    folders: Sequence[Path],
    attest: Attest,
    plan: OnboardingPlan,
    send_receipt: SendReceipt = lambda _db, _person, _target, _now, _asked: None,
) -> Course:
    """Return the course on the library's default policy, in the version in force each day.

    `folders`: the library's folders. Questions come from the last one that has them. Raises `PolicyError`
    when their file is not valid text.
    """

    def current() -> Version:
        return library.current(library.default)  # changes when a revision takes effect

    def target() -> Target:
        version = current()
        adopted = f"{version.adoption}e le {in_words(version.adopted)}"
        statement = f"J'atteste avoir lu {library.default.name.the}, version {adopted}"
        return Target(version.policy, version.adopted, version.sha256, statement)

    @lru_cache(maxsize=4)
    def bank(version: Version) -> QuizBank:
        from bot.onboarding.quiz.bank import QuizBank, load_bank

        path = find_questions(folders, library.default.id)
        return load_bank(path, version) if path else QuizBank()

    if path := find_questions(folders, library.default.id):
        read_utf8(path)  # fail at startup if the file is unreadable; questions are parsed at first use
    return Course(library, target, lambda: bank(current()), bank, attest, plan, send_receipt=send_receipt)


@dataclass(frozen=True, slots=True)
class CourseRequest:
    """A person's request about the course, within a transaction."""

    office: Office
    course: Course
    db: Database
    request: Request

    @property
    def target(self) -> Target:
        """The text to read today."""
        return self.course.target()

    @property
    def onboardings(self) -> Onboardings:
        """The onboardings for the text to read today."""
        return Onboardings(self.db, self.target)

    @property
    def person(self) -> str | None:
        """The person making the request, None when nothing is stored about them."""
        return asker(self.db, self.request)

    def note(self, person: str, fact: Noted) -> None:
        """Record a fact about a person, with the current time and the request's platform."""
        platform, now = actor_of(self.request).platform, self.office.clock()
        attestations.note_fact(self.db, person, self.target, fact, platform=platform, now=now)
