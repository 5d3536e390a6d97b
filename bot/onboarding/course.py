"""The course on a policy, shared by commands: the text to read, its questions, and the attestation."""

# ruff: noqa: PLC0415 — the modules that read questions are imported at the first quiz

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlite_utils import Database

from bot.conversation.fading import Fading
from bot.conversation.requests import Request, UserError
from bot.onboarding.enrolment import OnboardingPlan, Onboardings
from bot.onboarding.quiz.files import FEWEST, count_questions, find_questions
from bot.people.office import Office, actor_of, asker
from bot.policy.articles import PolicyError, Version
from bot.policy.library import Library, Policy, Reading
from bot.policy.loading import read_utf8
from bot.policy.names import GenderedName
from bot.register import attestations
from bot.register.attestations import Attest, Noted, Target
from bot.times import in_words, system_clock

if TYPE_CHECKING:
    from bot.onboarding.quiz.bank import QuizBank
    from bot.policy.changes.comparison import Comparison

# How long a single letter counts as the answer to the question last shown.
LETTER_LIFETIME: Final = timedelta(hours=1)

# Queues a receipt again, given a person's id, the attested text, the time, and the account that asks for it.
SendReceipt: TypeAlias = Callable[[Database, str, Target, datetime, str], None]


@dataclass(frozen=True, slots=True)
class Course:
    """The course on one policy: reading it, taking the quiz, attesting.

    `target`: returns the version to read today. `bank`: returns its questions. `bank_of`: returns the
    questions that would be asked if a given version were in force. `attest`: writes an attestation to the
    register. `send_receipt`: sends the receipt of an attestation again. Both run in the caller's transaction.
    `on_screen`: the turn last shown of each attempt at the quiz, by the attempt's id. `policy_id`: the
    policy's id, "" for the default policy. `has_questions`: returns whether there are enough questions for a
    quiz. `of`: returns the course on another policy.
    """

    library: Library
    target: Callable[[], Target]
    bank: Callable[[], QuizBank]
    bank_of: Callable[[Version], QuizBank]
    attest: Attest
    plan: OnboardingPlan
    random: Callable[[], Random] = SystemRandom
    send_receipt: SendReceipt = lambda _db, _person, _target, _now, _asked: None
    on_screen: Fading[str, int] = field(default_factory=lambda: Fading(system_clock, LETTER_LIFETIME))
    policy_id: str = ""
    has_questions: Callable[[], bool] = lambda: True
    of: Callable[[str], Course] | None = None

    @property
    def policy(self) -> Policy:
        """The policy to read."""
        return self.library.policies[self.policy_id] if self.policy_id else self.library.default

    @property
    def quizzed(self) -> bool:
        """Whether the policy has a quiz. Without one, people attest as soon as they have read the policy."""
        return self.is_quizzed(self.library.current(self.policy))

    def is_quizzed(self, version: Version) -> bool:
        """Return whether a version of the policy has a quiz: enough questions that it did not make stale."""
        if not self.has_questions() or version.adopted == self.policy.versions[0].adopted:
            return self.has_questions()  # in a first text, none is stale
        with suppress(PolicyError):  # said when the quiz is asked for
            return len(self.bank_of(version).questions) >= FEWEST
        return True

    def every(self) -> list[Course]:
        """Return the courses on all the policies, the default policy's first."""
        if self.of is None:
            return [self]
        default = self.library.default.id
        others = [policy for policy in self.library.policies if policy != default]
        return [self.on(policy) for policy in (default, *others)]

    def asked(self) -> list[Course]:
        """Return the courses that officers and employees must take, the default policy's first."""
        return [course for course in self.every() if self.is_asked(course.policy.id)]

    def is_asked(self, policy: str) -> bool:
        """Return whether officers and employees must take the course on a policy.

        They must for the default policy, and for each other policy that has questions for a quiz, even if a
        revision made most of them stale.
        """
        return policy == self.library.default.id or self.on(policy).has_questions()

    def on(self, policy: str) -> Course:
        """Return the course on the policy with this id."""
        return self if policy == self.policy.id or self.of is None else self.of(policy)

    def size(self) -> int:
        """Return how many questions a quiz asks, 0 when there is no quiz."""
        from bot.onboarding.quiz import session

        if not self.quizzed:
            return 0
        return min(session.longest_quiz(self.reading().version), len(self.bank().questions))

    def reading(self) -> Reading:
        """Return the policy in the version to read."""
        policy = self.policy
        version = policy.version(self.target().version.isoformat())
        return Reading(policy, version, default=policy is self.library.default)

    @property
    def name(self) -> GenderedName:
        """The policy's name, « PA20 »."""
        return self.policy.name

    def revised(self) -> str:
        """Return the version in force, in words: « version révisée le 13 décembre 2015 »."""
        version = self.library.current(self.policy)
        return f"version {version.adoption}e le {in_words(version.adopted)}"

    def count_questions(self, comparison: Comparison) -> int:
        """Return how many quiz questions are asked about the changes of a revision."""
        from bot.onboarding.quiz import session
        from bot.policy.changes import summary

        bank = self.on(comparison.new.policy).bank_of(comparison.new)
        return session.count_about(bank, summary.clauses_to_read(comparison))

    def questions(self) -> QuizBank:
        """Return the questions to ask. Raises `UserError` if there are none."""
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
    """Return the course on the default policy, whose `of` returns the courses on the other policies.

    Each course is on the version in force. `folders`: the data folders. The questions of a policy come from
    the last folder that has some. Raises `PolicyError` when a file of questions is not valid UTF-8.
    """
    on_screen: Fading[str, int] = Fading(system_clock, LETTER_LIFETIME)

    @cache
    def open_on(policy: str) -> Course:
        def find() -> Path | None:
            return find_questions(folders, policy)

        def current() -> Version:
            return library.current(library.policies[policy])  # changes when a revision takes effect

        def target() -> Target:
            version = current()
            adopted = f"{version.adoption}e le {in_words(version.adopted)}"
            statement = f"J'atteste avoir lu {library.policies[policy].name.the}, version {adopted}"
            return Target(version.policy, version.adopted, version.sha256, statement)

        @lru_cache(maxsize=4)
        def bank(version: Version) -> QuizBank:
            from bot.onboarding.quiz.bank import QuizBank, load_bank

            path = find()
            return load_bank(path, version) if path else QuizBank()

        if path := find():
            read_utf8(path)  # fail at startup if the file is unreadable; questions are parsed at first use
        return Course(
            library,
            target,
            lambda: bank(current()),
            bank,
            attest,
            plan,
            send_receipt=send_receipt,
            on_screen=on_screen,
            policy_id=policy,
            has_questions=lambda: count_questions(find()) >= FEWEST,
            of=open_on,
        )

    for policy in library.policies:
        open_on(policy)
    return open_on(library.default.id)


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
        return Onboardings(self.db, self.target, self.course.quizzed)

    @property
    def person(self) -> str | None:
        """The id of the person making the request, None when nothing is stored about them."""
        return asker(self.db, self.request)

    def is_asked(self, person: str) -> bool:
        """Return whether a person must still attest to the text."""
        standing = self.onboardings.standing(person)
        return standing is not None and standing.active

    def note(self, person: str, fact: Noted) -> None:
        """Record a fact about a person, with the current time and the request's platform."""
        platform = actor_of(self.request).platform
        now = self.office.clock()
        attestations.note_fact(self.db, person, self.target, fact, platform=platform, now=now)
