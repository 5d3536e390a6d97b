"""What `vigie diagnostic` says of the quiz and of the register of attestations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from bot.conversation.findings import Finding, fine, note, wrong
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import review
from bot.policy import loading
from bot.policy.articles import PolicyError
from bot.register import attestations as register
from bot.register import signing
from bot.settings import Settings
from bot.storage.database import StorageError

_QUIZ, _REGISTER = "quiz", "registre"


def quiz(settings: Settings) -> Iterator[Finding]:
    """Yield how the questions of the default policy are, today."""
    try:
        folders = settings.data_folders()
        policy = loading.load_library(folders, settings.vigie_politique, settings.today)
        version = policy.current(policy.default)
        path = quiz_bank.find_questions(folders, policy.default.id)
        bank = quiz_bank.load_bank(path, version) if path else None
    except PolicyError as error:
        yield wrong(_QUIZ, str(error))
        return
    if bank is None:
        yield note(_QUIZ, f"la {policy.default.name} n'a pas de questions\u00a0: personne ne peut attester.")
        return
    problems = len(review.review(bank, version))
    if problems:
        yield wrong(_QUIZ, f"{problems} problème(s) dans les questions. Voyez\u00a0: vigie quiz verifier.")
    if bank.stale:
        yield note(
            _QUIZ,
            f"{len(bank.stale)} question(s) tenue(s) à l'écart, leur clause ayant changé. "
            "Voyez\u00a0: vigie quiz verifier.",
        )
    if not problems and not bank.stale:
        yield fine(_QUIZ, f"{len(bank.questions)} questions, toutes à jour.")


def attestations(db: Database, keys: Path) -> Iterator[Finding]:
    """Yield whether the register is what it was when each attestation was signed."""
    if not register.head(db).number and not (keys / signing.HEAD_FILE).exists():
        yield fine(_REGISTER, "aucune attestation pour le moment.")
        return
    try:
        ring = signing.load_ring(keys)
        kept = signing.noted_head(keys, ring)
    except StorageError as error:
        yield wrong(_REGISTER, str(error))
        return
    audit = register.verify(db, ring, kept)
    if audit.faults:
        yield wrong(
            _REGISTER,
            f"{len(audit.faults)} anomalie(s). Ne touchez à rien; voyez\u00a0: vigie registre verifier.",
        )
    elif kept is None:
        yield note(
            _REGISTER,
            f"{audit.entries} attestation(s), intactes, mais rien ne dit où le registre finissait.",
        )
    else:
        yield fine(_REGISTER, f"{audit.entries} attestation(s), intactes.")
