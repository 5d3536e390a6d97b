"""The material to review after a text is adopted: quiz, question bank and annotations."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.answers import bank as question_bank
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.files import find_questions
from bot.policy.articles import Version
from bot.policy.changes import identities
from bot.policy.library import Policy


def upkeep_lines(policy: Policy, old: Version, new: Version, folders: Sequence[Path]) -> list[str]:
    """Return, in French, a list of the material to review when `new` replaces `old`.

    Raises `PolicyError` if a file that accompanies the policy cannot be read.
    """
    adopted = replace(new, former=old, interpreted=old.interpreted)
    path = find_questions(folders, policy.id)
    stale = [len(quiz_bank.load_bank(path, version).stale) if path else 0 for version in (old, adopted)]
    fates = identities.fates(old, adopted)
    changed = {number for number, fate in fates.items() if not fate.same and old.clause(number)}
    # Each line of the bank is converted to the numbers of `old`, whatever version it was written for.
    lines = question_bank.load_readable_lines(question_bank.bank_files(folders, policy.id))
    current = question_bank.carried_lines(lines, old)
    notes = policy.notes(old)
    grouped = (number for group in notes.together for number in group.clauses)
    quiz = stale[1] - stale[0]
    bank = sum(not changed.isdisjoint((*line.gold, *line.also_ok)) for line in current)
    annotated = sorted(changed.intersection((*notes.forces, *notes.nuances, *grouped)), key=old.position)
    texts = []
    if quiz > 0:
        texts.append(f"{quiz} question{'s' * (quiz > 1)} du quiz")
    if bank:
        texts.append(f"{bank} ligne{'s' * (bank > 1)} de la banque de questions")
    if annotated:
        texts.append(f"ce que je dis de la force et du sujet de {', '.join(map(str, annotated))}")
    return texts
