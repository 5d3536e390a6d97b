"""What people must review beside a policy, once a text is adopted: nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.answers import bank as question_bank
from bot.onboarding.quiz import bank as quiz_bank
from bot.policy.articles import Number, Version
from bot.policy.changes import identities
from bot.policy.library import Policy


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is about words that change: how many quiz questions and bank lines, which annotated clauses."""

    quiz: int
    lines: int
    annotations: tuple[Number, ...]

    def __bool__(self) -> bool:
        return bool(self.quiz or self.lines or self.annotations)

    def lines_in_french(self) -> Iterator[str]:
        """Yield what there is to review, in French."""
        if self.quiz:
            yield f"{self.quiz} question{'s' * (self.quiz > 1)} du quiz"
        if self.lines:
            yield f"{self.lines} ligne{'s' * (self.lines > 1)} de la banque de questions"
        if self.annotations:
            yield f"annotations\u00a0: {', '.join(map(str, self.annotations))}"


def upkeep_after(policy: Policy, old: Version, new: Version, folders: Sequence[Path]) -> Upkeep:
    """Return what must be reviewed when `new` replaces `old`, a version of the policy.

    Raises `PolicyError` when a file beside the policy cannot be read.
    """
    adopted = replace(new, former=old, interpreted=old.interpreted)
    path = quiz_bank.find_questions(folders, policy.id)
    stale = [len(quiz_bank.load_bank(path, version).stale) if path else 0 for version in (old, adopted)]
    fates = identities.fates(old, adopted)
    changed = {number for number, fate in fates.items() if not fate.same and old.clause(number)}
    # Each line of the bank is read at the numbers of `old`, whatever version it was written about.
    lines = question_bank.load_readable_lines(question_bank.bank_files(folders, policy.id))
    current = question_bank.carried_lines(lines, old)
    notes = policy.notes(old)
    grouped = (number for group in notes.together for number in group.clauses)
    return Upkeep(
        max(stale[1] - stale[0], 0),
        sum(not changed.isdisjoint((*line.gold, *line.also_ok)) for line in current),
        tuple(sorted(changed.intersection((*notes.forces, *notes.nuances, *grouped)))),
    )
