"""One of each message of the quiz, for the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random

from bot.commands.quiz.messages import (
    ALREADY,
    READ_FIRST,
    feedback,
    introduction,
    nothing_to_refresh,
    question,
    refreshed,
    result,
    reviewed,
)
from bot.conversation.messages import Message
from bot.onboarding.attempts import Attempt
from bot.onboarding.course import Course
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import Question
from bot.onboarding.quiz.session import QuizAnswer, QuizTurn


def quiz_examples(course: Course, now: datetime) -> dict[str, Message]:
    """Return one of each message of the quiz, by name, on the first questions of the bank."""
    sitting = session.draw(course.bank(), Random(20))  # noqa: S311 — the same examples each time
    attempt = Attempt("0f3c9a5be2d14c70", "", "", "", "quiz", sitting)
    found = {"Le quiz": introduction(course), "Rien à réviser": nothing_to_refresh()}
    for one in _one_of_each(course):
        found |= _question_examples(course, attempt, one)
    right = session.Sitting(sitting.items, tuple(_answer(course, item.question) for item in sitting.items))
    none: frozenset[int] = frozenset()
    answers = tuple(session.QuizAnswer(item.question, none, right=False) for item in sitting.items)
    wrong = session.Sitting(sitting.items, answers)
    passed = Attempt(attempt.id, "", "", "", "quiz", right, now)
    return found | {
        "Quiz réussi": result(course, passed, {"read": now, "passed": now}),
        "Quiz réussi, lecture à faire": result(course, passed, {"passed": now}),
        "Quiz terminé": result(course, Attempt(attempt.id, "", "", "", "quiz", wrong, now), {}),
        "Questions d'une révision terminées": reviewed(
            course, Attempt(attempt.id, "", "", "", "revision", right, now), {"read": now, "passed": now}
        ),
        "Révision terminée": refreshed(course, Attempt(attempt.id, "", "", "", "refresher", right, now)),
    }


def _one_of_each(course: Course) -> Sequence[Question]:
    kinds = {one.kind: one for one in reversed(course.bank().questions)}
    return list(kinds.values())


def _question_examples(course: Course, attempt: Attempt, one: Question) -> dict[str, Message]:
    order = tuple(range(len(one.choices)))
    asked = QuizTurn(session.Item(one.id, one.edition, order), 0, order)
    wrong = next(at for at in order if at not in one.right)
    good = session.QuizAnswer(one.id, one.right, right=True)
    bad = session.QuizAnswer(one.id, frozenset({wrong}), right=False)
    return {
        f"Une question ({one.kind})": question(attempt, one, asked),
        f"Une question, à lire d'abord ({one.kind})": question(attempt, one, asked, note=READ_FIRST),
        f"Bonne réponse ({one.kind})": feedback(course, attempt, one, asked, good),
        f"Mauvaise réponse ({one.kind})": feedback(course, attempt, one, asked, bad, note=ALREADY),
    }


def _answer(course: Course, name: str) -> QuizAnswer:
    found = course.bank().question(name)
    return session.QuizAnswer(name, found.right if found else frozenset(), right=True)
