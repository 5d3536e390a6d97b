"""Facility and discrimination, against figures worked out by hand and by another program."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bot.onboarding.quiz import session, statistics
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.session import Item, QuizAnswer, Sitting
from tests.kits.quiz import made_up

BANK = made_up()
NAMES = [question.id for question in BANK.questions[:4]]


def sitting(*right: bool) -> Sitting:
    items = []
    for name in NAMES:
        question = BANK.question(name)
        assert question is not None
        items.append(Item(name, question.edition, tuple(range(len(question.choices)))))
    answers = [QuizAnswer(name, frozenset({0}), good) for name, good in zip(NAMES, right, strict=True)]
    return Sitting(tuple(items), tuple(answers))


def test_facility_is_the_share_of_right_first_answers_the_hardest_first() -> None:
    found = statistics.by_question(
        BANK,
        [sitting(True, True, False, False), sitting(True, False, False, True)],  # noqa: FBT003 — four answers
    )
    assert [(one.question, one.facility, one.answers) for one in found] == [
        (NAMES[2], 0, 2),
        (NAMES[1], 0.5, 2),
        (NAMES[3], 0.5, 2),
        (NAMES[0], 1, 2),
    ]
    assert all(one.discrimination is None for one in found)


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    rng = Random(3)  # noqa: S311 — a test's own luck
    table = [[rng.random() < 0.4 + 0.1 * (row % 5) for _ in NAMES] for row in range(30)]
    found = {one.question: one for one in statistics.by_question(BANK, [sitting(*row) for row in table])}
    scores = np.array(table, dtype=float)
    for at, name in enumerate(NAMES):
        rest = np.delete(scores, at, axis=1).mean(axis=1)
        expected = np.corrcoef(scores[:, at], rest)[0, 1]
        assert found[name].discrimination == pytest.approx(expected)


def test_a_question_that_everyone_knows_tells_nothing_of_anyone() -> None:
    rows = [sitting(True, bool(n % 2), bool(n % 3), True) for n in range(9)]  # noqa: FBT003 — four answers
    found = {one.question: one.discrimination for one in statistics.by_question(BANK, rows)}
    assert found[NAMES[0]] is None
    assert found[NAMES[1]] is not None


def test_answers_to_what_a_question_was_before_are_left_out() -> None:
    old = BANK.questions[0]
    bank = QuizBank((replace(old, text="Autre question?"), *BANK.questions[1:]))
    found = statistics.by_question(bank, [sitting(True, True, True, True)])  # noqa: FBT003 — four answers
    assert NAMES[0] not in {one.question for one in found}
    assert statistics.by_question(QuizBank(), [sitting(True, True, True, True)]) == []  # noqa: FBT003 — as above


def test_clauses_are_ranked_by_the_answers_to_all_their_questions() -> None:
    drawn = session.draw_quiz(BANK, Random(1))  # noqa: S311 — as above
    answers = tuple(QuizAnswer(i.question, frozenset(), n > 2) for n, i in enumerate(drawn.items))
    items = statistics.by_question(BANK, [Sitting(drawn.items, answers)])
    ranked = statistics.by_clause(items)
    assert [one.facility for one in ranked] == sorted(one.facility for one in ranked)
    assert sum(one.answers for one in ranked) == 12
