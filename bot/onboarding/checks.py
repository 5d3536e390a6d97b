"""The findings of `vigie diagnostic` about the quiz and the register of attestations."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database

from bot.conversation.findings import Finding, compare_keys, fine, lacking, no_key, note, wrong
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import review
from bot.onboarding.quiz.files import FEWEST, count_questions, find_questions
from bot.policy import loading
from bot.policy.articles import PolicyError, Version
from bot.policy.counts import counted
from bot.policy.library import Policy
from bot.register import attestations as register
from bot.register import certificates, heads, signing
from bot.settings import Settings
from bot.storage.database import StorageError

_QUIZ, _REGISTER = "quiz", "registre"


def check_quiz(settings: Settings) -> Iterator[Finding]:
    """Yield findings on the quiz questions of the default policy, and of other policies that have some."""
    try:
        folders = settings.data_folders()
        policies = loading.load_library(folders, settings.profile.policy, settings.today)
        for policy in policies.policies.values():
            path = find_questions(folders, policy.id)
            if path or policy is policies.default:
                yield from _check_bank(policy, policies.current(policy), path)
    except PolicyError as error:
        yield wrong(_QUIZ, str(error))


def _check_bank(policy: Policy, version: Version, path: Path | None) -> Iterator[Finding]:
    if path is None:
        without = f"{policy.name.the} n'{policy.name.agree('a', 'ont')} pas de questions"
        yield note(_QUIZ, f"{without}\u00a0: on atteste sans quiz.")
        return
    bank = quiz_bank.load_bank(path, version)
    gaps = () if bank.left_out else tuple(review.find_gaps(bank, version))
    problems = len(review.review_bank(bank, version)) - len(gaps)
    stale = len(bank.stale)
    see = f"Voyez\u00a0: vigie quiz verifier --politique {policy.id}."
    if (count := count_questions(path)) < FEWEST:
        few = f"{policy.name}\u00a0: {counted(count, 'question')}. Gardez-en au moins {FEWEST}"
        yield note(_QUIZ, f"{few}\u00a0: d'ici là, on atteste sans quiz.")
        return
    if problems:
        yield wrong(_QUIZ, f"{policy.name}\u00a0: {counted(problems, 'problème')} dans les questions. {see}")
    if gaps:
        yield note(_QUIZ, f"{policy.name}\u00a0: les questions ne couvrent pas encore tout le texte. {see}")
    if stale:
        aside = (
            f"{policy.name}\u00a0: {counted(stale, 'question tenue')} à l'écart, leur clause ayant changé."
        )
        yield note(_QUIZ, f"{aside} {see}")
    if not (problems or gaps or stale):
        yield fine(_QUIZ, f"{policy.name}\u00a0: {len(bank.questions)} questions, toutes à jour.")


def check_register(db: Database, keys: Path) -> Iterator[Finding]:
    """Yield a finding on whether the signed attestations, and the certificates if any, are intact."""
    chains = [of for of in heads.CHAINS if heads.head(db, of).number or (keys / of.file.name).exists()]
    if not chains:
        yield fine(_REGISTER, "aucune attestation pour le moment.")
        return
    try:
        ring = signing.load_ring(keys)
    except StorageError as error:
        yield wrong(_REGISTER, str(error))
        return
    verified = {
        heads.ATTESTATIONS: ("attestation intacte", register.verify_with_end),
        heads.CERTIFICATES: ("certificat intact", certificates.verify_with_end),
    }
    for of in chains:
        intact, verify = verified[of]
        audit, _ = verify(db, ring, keys)
        if audit.faults:
            faults = counted(len(audit.faults), "anomalie")
            yield wrong(_REGISTER, f"{faults}. Ne touchez à rien; voyez\u00a0: vigie registre verifier.")
        else:
            yield fine(_REGISTER, f"{counted(audit.entries, intact)}.")


def check_double(db: Database, keys: Path, double: Path) -> Finding:
    """Return a finding on whether `double`, a backup of the key folder, has every key of the register."""
    needed = {attestation.entry.key_id for attestation in register.all_attestations(db)}
    needed |= {certificate.entry.key_id for certificate in certificates.all_certificates(db)}
    try:
        with suppress(StorageError):  # the keys are lost or not created yet
            needed |= {*signing.load_ring(keys), signing.load_signer(keys).id}
        if not needed:
            return no_key(_REGISTER)
        signer, held = signing.load_signer(double), signing.load_ring(double)
        if (keys / signing.KEY_FILE).exists() and signing.load_signer(keys).id != signer.id:
            return wrong(_REGISTER, f"la clé du double, {signer.id}, n'est pas celle qui signe. Refaites-le.")
    except StorageError:
        missing = signing.PUBLIC_FILE if (double / signing.KEY_FILE).exists() else signing.KEY_FILE
        return lacking(_REGISTER, double / missing)
    return compare_keys(_REGISTER, needed, held, signer.id)
