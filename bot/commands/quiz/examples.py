"""An example of each message of the quiz, for the gallery."""

from dataclasses import replace
from datetime import datetime
from random import Random

from bot.commands.quiz import messages
from bot.conversation.messages import Message
from bot.onboarding.attempts import Attempt
from bot.onboarding.course import Course
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import Question
from bot.onboarding.quiz.session import Item, QuizAnswer, QuizTurn
from bot.register.attestations import Fact


def quiz_examples(course: Course, now: datetime) -> dict[str, Message]:
    """Return an example of each message of the quiz, by name, from the first questions of the bank."""
    bank = course.bank()
    sitting = session.draw_quiz(bank, Random(20))  # noqa: S311 — for the same examples each time
    attempt = Attempt("0f3c9a5be2d14c70", "", "", "", "quiz", sitting)
    examples = {
        "Le quiz": messages.introduction_message(course),
        "Quel quiz": messages.which_message([course]),
        "Pas de quiz": messages.no_quiz_message(course, []),
        "Rien à réviser": messages.NOTHING_MISSED,
    }
    for question in {question.kind: question for question in reversed(bank.questions)}.values():
        examples |= _question_examples(course, attempt, question)
    questions = [bank.question(item.question) for item in sitting.items]
    good = [QuizAnswer(question.id, question.right, right=True) for question in questions if question]
    bad = [QuizAnswer(item.question, frozenset(), right=False) for item in sitting.items]
    passed = replace(attempt, sitting=replace(sitting, answers=tuple(good)), finished_at=now)
    failed = replace(passed, sitting=replace(sitting, answers=tuple(bad)))
    revised, refreshed = replace(passed, kind="revision"), replace(passed, kind="refresher")
    steps: dict[Fact, datetime] = {"read": now, "passed": now}
    mark = course.plan.pass_mark
    losing = (replace(sitting, answers=tuple(bad[:count])) for count in range(1, len(bad) + 1))
    for lost in filter(lambda sitting: session.is_lost(sitting, mark), losing):
        turn = session.answered(lost, lost.turn - 1)
        last = questions[lost.turn - 1]
        if last:
            examples["Quiz, réussite hors de portée"] = messages.feedback_message(
                course, replace(attempt, sitting=lost), last, turn, lost.answers[-1]
            )
        break
    return examples | {
        "Quiz arrêté": messages.stopped_message(attempt),
        "Quiz réussi": messages.result_message(course, passed, steps),
        "Quiz réussi, lecture à faire": messages.result_message(course, passed, {"passed": now}),
        "Quiz réussi, sans rien à attester": messages.result_message(course, passed, steps, expected=False),
        "Quiz terminé": messages.result_message(course, failed, {}),
        "Questions d'une révision terminées": messages.result_message(course, revised, steps),
        "Révision terminée": messages.result_message(course, refreshed, steps),
    }


def _question_examples(course: Course, attempt: Attempt, question: Question) -> dict[str, Message]:
    kind = question.kind
    order = tuple(range(len(question.choices)))
    turn = QuizTurn(Item(question.id, question.edition, order), 0, order)
    wrong = next(at for at in order if at not in question.right)
    good = QuizAnswer(question.id, question.right, right=True)
    bad = QuizAnswer(question.id, frozenset({wrong}), right=False)
    return {
        f"Une question ({kind})": messages.question_message(attempt, question, turn),
        f"Une question, à lire d'abord ({kind})": messages.question_message(
            attempt, question, turn, note=messages.READ_FIRST
        ),
        f"Une question, réponse qui n'est pas un choix ({kind})": messages.question_message(
            attempt, question, turn, note=messages.no_such_choice(question, turn)
        ),
        f"Bonne réponse ({kind})": messages.feedback_message(course, attempt, question, turn, good),
        f"Mauvaise réponse ({kind})": messages.feedback_message(
            course, attempt, question, turn, bad, note=messages.ALREADY
        ),
    }
