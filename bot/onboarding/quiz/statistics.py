"""What the answers say of the questions, and so of the clauses: facility and discrimination.

As Moodle defines them (docs.moodle.org, « Quiz statistics calculations »). Facility: the mean score of a
question. Discrimination: the correlation between the score of a question and that of the rest of the
same attempts; near or below nothing, the question does not tell those who know from those who do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.session import Sitting
from bot.policy.articles import Number

LEAST_ANSWERS = 5  # below, a correlation says nothing


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """How a question fares. `facility`: from 0 to 1. `discrimination`: from -1 to 1, None if not known."""

    question: str
    clause: Number
    answers: int
    facility: float
    discrimination: float | None


@dataclass(frozen=True, slots=True)
class ClauseStatistics:
    """How the questions of a clause fare together."""

    clause: Number
    answers: int
    facility: float


def by_question(bank: QuizBank, sittings: Iterable[Sitting]) -> list[ItemStatistics]:
    """Return the statistics of each question that was answered, the hardest first.

    Answers to another edition of a question are those to another question, and are left out.
    """
    scores: dict[str, list[tuple[float, float]]] = {}
    for sitting in sittings:
        firsts = session.first_answers(sitting)
        editions = {item.question: item.edition for item in sitting.items}
        total = sum(answer.right for answer in firsts.values())
        for name, answer in firsts.items():
            question = bank.question(name)
            if question is None or question.edition != editions[name] or len(firsts) == 1:
                continue
            rest = (total - answer.right) / (len(firsts) - 1)
            scores.setdefault(name, []).append((float(answer.right), rest))
    found = [
        ItemStatistics(
            name,
            question.clause,
            len(pairs),
            sum(own for own, _ in pairs) / len(pairs),
            _correlation(pairs),
        )
        for name, pairs in scores.items()
        if (question := bank.question(name)) is not None
    ]
    return sorted(found, key=lambda one: (one.facility, one.clause, one.question))


def by_clause(items: Iterable[ItemStatistics]) -> list[ClauseStatistics]:
    """Return the statistics of each clause, the least understood first."""
    grouped: dict[Number, list[ItemStatistics]] = {}
    for item in items:
        grouped.setdefault(item.clause, []).append(item)
    found = []
    for clause, group in grouped.items():
        answers = sum(item.answers for item in group)
        found.append(
            ClauseStatistics(clause, answers, sum(item.facility * item.answers for item in group) / answers)
        )
    return sorted(found, key=lambda one: (one.facility, one.clause))


def _correlation(pairs: list[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation, None when there are too few pairs or no variation."""
    if len(pairs) < LEAST_ANSWERS:
        return None
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    spread_x = sqrt(sum((x - mean_x) ** 2 for x, _ in pairs))
    spread_y = sqrt(sum((y - mean_y) ** 2 for _, y in pairs))
    if spread_x * spread_y == 0:
        return None
    together = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    return max(-1.0, min(1.0, together / (spread_x * spread_y)))
