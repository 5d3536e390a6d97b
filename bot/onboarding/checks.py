"""The findings of `vigie diagnostic` about the quiz and the register of attestations."""

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


def check_quiz(settings: Settings) -> Iterator[Finding]:
    """Yield the state of the default policy's questions today."""
    try:
        folders = settings.data_folders()
        policies = loading.load_library(folders, settings.vigie_politique, settings.today)
        version = policies.current(policies.default)
        path = quiz_bank.find_questions(folders, policies.default.id)
        bank = quiz_bank.load_bank(path, version) if path else None
    except PolicyError as error:
        yield wrong(_QUIZ, str(error))
        return
    if bank is None:
        name = policies.default.name
        yield note(_QUIZ, f"la {name} n'a pas de questions\u00a0: personne ne peut attester.")
        return
    problems, stale = len(review.review_bank(bank, version)), len(bank.stale)
    if problems:
        yield wrong(_QUIZ, f"{problems} problème(s) dans les questions. Voyez\u00a0: vigie quiz verifier.")
    if stale:
        aside = f"{stale} question(s) tenue(s) à l'écart, leur clause ayant changé."
        yield note(_QUIZ, f"{aside} Voyez\u00a0: vigie quiz verifier.")
    if not problems and not stale:
        yield fine(_QUIZ, f"{len(bank.questions)} questions, toutes à jour.")


def check_register(db: Database, keys: Path) -> Iterator[Finding]:
    """Yield whether every attestation is still as it was signed."""
    if not register.head(db).number and not (keys / signing.HEAD_FILE).exists():
        yield fine(_REGISTER, "aucune attestation pour le moment.")
        return
    try:
        ring = signing.load_ring(keys)
        noted = signing.noted_head(keys, ring)
    except StorageError as error:
        yield wrong(_REGISTER, str(error))
        return
    audit = register.verify_register(db, ring, noted)
    intact = f"{audit.entries} attestation(s), intactes"
    if audit.faults:
        count = len(audit.faults)
        yield wrong(
            _REGISTER, f"{count} anomalie(s). Ne touchez à rien; voyez\u00a0: vigie registre verifier."
        )
    elif noted is None:
        yield note(_REGISTER, f"{intact}, mais rien ne dit où le registre finissait.")
    else:
        yield fine(_REGISTER, f"{intact}.")
