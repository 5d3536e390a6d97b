"""What the commands of the onboarding share: what is to be read, the questions, how to attest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from random import Random, SystemRandom
from typing import TypeAlias

from sqlite_utils import Database

from bot.answers.conversations import OnScreen
from bot.conversation.requests import UserError
from bot.onboarding.enrolment import OnboardingPlan
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.bank import QuizBank
from bot.policy.articles import Version
from bot.policy.library import Library, Reading
from bot.policy.loading import read_utf8
from bot.register.attestations import Attest, Target
from bot.times import in_words, system_clock

SendReceipt: TypeAlias = Callable[[Database, str, Target, datetime], None]


@dataclass(frozen=True, slots=True)
class Course:
    """What those commands work with.

    `target`: what is to be read today, of the library's default policy. `bank`: its questions.
    `attest`: writes an attestation in the register, in the caller's transaction. `send_receipt`: has the
    receipt of what a person has attested sent anew, in the same way. `on_screen`: the questions shown last.
    """

    library: Library
    target: Callable[[], Target]
    bank: Callable[[], QuizBank]
    attest: Attest
    plan: OnboardingPlan = field(default_factory=OnboardingPlan)
    random: Callable[[], Random] = SystemRandom
    send_receipt: SendReceipt = lambda _db, _person, _target, _now: None
    on_screen: OnScreen = field(default_factory=lambda: OnScreen(system_clock))

    def reading(self) -> Reading:
        """Return the policy, in the version that is to be read."""
        policy = self.library.default
        return Reading(policy, policy.version(self.target().version.isoformat()))

    @property
    def name(self) -> str:
        """The policy's name, « PA20 »."""
        return self.library.default.name

    def statement(self) -> str:
        """Return what one attests, which the register keeps as it is."""
        return self.target().statement

    def revised(self) -> str:
        """Return which version it is, in words."""
        return f"version révisée le {in_words(self.target().version)}"

    def questions(self) -> QuizBank:
        """Return the questions. Raises `UserError` when there are none to be asked."""
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
    send_receipt: SendReceipt = lambda _db, _person, _target, _now: None,
) -> Course:
    """Return the course on the library's default policy, in the version in force each day.

    `folders`: those that the library was read from; the last that has a file prevails, as there.
    Raises `PolicyError` when the questions' file is not text, which is known at once.
    """
    path = quiz_bank.find_questions(folders, library.default.id)

    @lru_cache(maxsize=4)
    def target(version: Version) -> Target:
        name, revised = library.default.name, in_words(version.adopted)
        statement = f"J'atteste avoir lu la {name}, version révisée le {revised}"
        return Target(version.policy, version.adopted, version.sha256, statement)

    @lru_cache(maxsize=4)
    def bank(version: Version) -> QuizBank:
        return quiz_bank.load_bank(path, version) if path else QuizBank()

    if path:
        read_utf8(path)  # an unreadable file must stop the start; its questions are parsed at first use
    return Course(
        library,
        lambda: target(library.current(library.default)),
        lambda: bank(library.current(library.default)),
        attest,
        plan,
        send_receipt=send_receipt,
    )
