"""What people will have to look at again beside a policy, once a text is adopted: nothing of it is lost."""

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
    """How many questions of the quiz and lines of the bank are about words that change; which annotations."""

    quiz: int
    lines: int
    annotations: tuple[Number, ...]

    def __bool__(self) -> bool:
        return bool(self.quiz or self.lines or self.annotations)

    def said(self) -> Iterator[str]:
        """Yield what there is, in French."""
        if self.quiz:
            yield f"{self.quiz} question{'s' * (self.quiz > 1)} du quiz"
        if self.lines:
            yield f"{self.lines} ligne{'s' * (self.lines > 1)} de la banque de questions"
        if self.annotations:
            yield f"annotations\u00a0: {', '.join(map(str, self.annotations))}"


def after(policy: Policy, old: Version, new: Version, folders: Sequence[Path]) -> Upkeep:
    """Return what there will be to look at when `new` takes the place of `old`, a version of the policy.

    Raises `PolicyError` when a file beside the policy cannot be read.
    """
    adopted = replace(new, former=old, interpreted=old.interpreted)
    path = quiz_bank.find_questions(folders, policy.id)
    stale = [len(quiz_bank.load_bank(path, version).stale) if path else 0 for version in (old, adopted)]
    lines = question_bank.load_readable_lines(question_bank.bank_files(folders, policy.id))
    found = identities.fates(old, adopted)
    moved = {number for number, fate in found.items() if not fate.same and old.clause(number)}
    notes = policy.notes(old)
    annotated = {
        *notes.forces,
        *notes.nuances,
        *(number for group in notes.together for number in group.clauses),
    }
    return Upkeep(
        max(stale[1] - stale[0], 0),
        sum(_named(line, old, moved) for line in lines),
        tuple(sorted(moved & annotated)),
    )


def _named(line: question_bank.BankLine, old: Version, moved: set[Number]) -> bool:
    """Tell whether a line names a clause that moves on, by the numbers of the version that it is about."""
    (carried, *_) = (*question_bank.carried_lines([line], old), None)
    return carried is not None and not moved.isdisjoint((*carried.gold, *carried.also_ok))
