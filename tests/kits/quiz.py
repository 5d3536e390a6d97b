"""A bank of questions about the real PA20, made up for tests, and a database with the quiz's tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import KINDS, Question, QuizBank, QuizChoice, clause_hash
from bot.onboarding.quiz.session import Press, QuizTurn, Sitting
from bot.policy import articles
from bot.policy.articles import Number, Version
from bot.register.attestations import Target
from bot.settings import SEED

TARGET = Target(
    "pa20",
    date(2015, 12, 13),
    "0" * 64,
    "J'atteste avoir lu la PA20, version révisée le 13\u00a0décembre\u00a02015.",
)
WRITTEN = Path(__file__).parents[1] / "data" / "quiz.toml"
ESSENTIAL = ("2", "5.4", "5.10", "5.16", "7.2")


def version() -> Version:
    text = (SEED / "politique" / "pa20" / "2015-12-13.md").read_text(encoding="utf-8")
    return articles.parse(text, policy="pa20", adopted=date(2015, 12, 13), source="pa20")


VERSION = version()


def made_up(each: int = 4) -> QuizBank:
    """Return a bank with `each` questions on every clause, of every type, none given away."""
    rng = Random(20)  # noqa: S311 — a choice of words, not a secret
    return QuizBank(
        tuple(
            _question(str(clause.number), number, rng)
            for clause in VERSION.clauses()
            for number in range(each)
        ),
        version=VERSION,
    )


def _question(clause: str, number: int, rng: Random) -> Question:
    kind = KINDS[number % len(KINDS)]
    size, right = {"vrai-faux": (2, 1), "choix": (3, 1), "choix-multiples": (4, rng.choice([2, 3]))}.get(
        kind, (4, 1)
    )
    good = set(rng.sample(range(size), right))
    choices = tuple(
        QuizChoice(
            ("Vrai", "Faux")[at] if kind == "vrai-faux" else f"Choix {at} " + "x" * rng.randrange(1, 30),
            at in good,
            f"Explication {at}.",
        )
        for at in range(size)
    )
    number_ = Number(clause)
    found = VERSION.clause(number_)
    assert found is not None
    essential = clause if clause in ESSENTIAL and number < 2 else ""
    name = f"{clause}-{'abcdefgh'[number]}"
    return Question(
        name, number_, kind, f"Question {name}?", choices, essential, clause_hash(found), line=number + 1
    )


def letters(bank: QuizBank, asked: QuizTurn, *, right: bool) -> str:
    """Return the letters of a right answer to a question, or of a wrong one."""
    question = bank.question(asked.item.question)
    assert question is not None
    good = "".join(
        letter for letter, place in zip(asked.letters, asked.order, strict=True) if place in question.right
    )
    return good if right else next(letter for letter in asked.letters if letter not in good)


def answer(sitting: Sitting, bank: QuizBank, *, right: bool = True) -> Sitting:
    """Answer the present question."""
    asked = session.current(sitting)
    assert asked is not None
    question = bank.question(asked.item.question)
    assert question is not None
    chosen = letters(bank, asked, right=right)
    if not question.several:
        return session.press(sitting, bank, Press(asked.turn, asked.item.edition, "choose", chosen))[0]
    for letter in chosen:
        sitting, _ = session.press(sitting, bank, Press(asked.turn, asked.item.edition, "tick", letter))
    return session.press(sitting, bank, Press(asked.turn, asked.item.edition, "submit"))[0]


def finish(sitting: Sitting, bank: QuizBank, right: Callable[[int], bool] = lambda _: True) -> Sitting:
    """Answer to the end; `right`: whether the answer to the n-th question is, the first time."""
    number = 0
    while session.current(sitting) is not None:
        sitting = answer(sitting, bank, right=right(number) or number >= len(sitting.items))
        number += 1
    return sitting
