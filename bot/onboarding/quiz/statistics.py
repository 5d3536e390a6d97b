"""The facility and discrimination of questions and clauses, computed from the answers.

The definitions are Moodle's (docs.moodle.org, « Quiz statistics calculations »). Facility: the mean score of
a question. Discrimination: the correlation between the score of a question and the score of the rest of the
same attempt. When it is near or below zero, the question does not separate people who know the policy from
people who do not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean

from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.session import Sitting
from bot.policy.addresses import as_counted
from bot.policy.articles import Number

LEAST_ANSWERS = 5  # the fewest answers for which a correlation is computed


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """A question's statistics. `facility`: from 0 to 1. `discrimination`: from -1 to 1, None when unknown."""

    question: str
    clause: Number
    answers: int
    facility: float
    discrimination: float | None


@dataclass(frozen=True, slots=True)
class ClauseStatistics:
    """The statistics of all the questions on a clause. `facility`: from 0 to 1."""

    clause: Number
    answers: int
    facility: float


def by_question(bank: QuizBank, sittings: Iterable[Sitting]) -> list[ItemStatistics]:
    """Return the statistics of each question that was answered, the hardest first.

    Answers to another edition of a question do not count.
    """
    scores: dict[str, list[tuple[float, float]]] = {}  # by question: its score, the score of the rest
    for sitting in sittings:
        firsts = session.first_answers(sitting)
        editions = {item.question: item.edition for item in sitting.items}
        total = sum(answer.right for answer in firsts.values())
        for name, answer in firsts.items():
            question = bank.question(name)
            if question is not None and question.edition == editions[name] and len(firsts) > 1:
                rest = (total - answer.right) / (len(firsts) - 1)
                scores.setdefault(name, []).append((float(answer.right), rest))
    items = []
    for question in bank.questions:
        if pairs := scores.get(question.id):
            marks, rests = zip(*pairs, strict=True)
            try:
                discrimination = correlation(marks, rests) if len(pairs) >= LEAST_ANSWERS else None
            except StatisticsError:  # all the scores are equal
                discrimination = None
            items.append(
                ItemStatistics(question.id, question.clause, len(marks), fmean(marks), discrimination)
            )
    return sorted(items, key=lambda item: (item.facility, as_counted(item.clause), item.question))


def by_clause(items: Iterable[ItemStatistics]) -> list[ClauseStatistics]:
    """Return the statistics of each clause, the hardest first."""
    grouped: dict[Number, list[ItemStatistics]] = {}
    for item in items:
        grouped.setdefault(item.clause, []).append(item)
    clauses = []
    for clause, group in grouped.items():
        answers = sum(item.answers for item in group)
        facility = sum(item.facility * item.answers for item in group) / answers
        clauses.append(ClauseStatistics(clause, answers, facility))
    return sorted(clauses, key=lambda clause: (clause.facility, as_counted(clause.clause)))
