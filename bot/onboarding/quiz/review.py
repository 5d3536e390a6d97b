"""What a bank of questions must be as a whole: numerous, covering each clause, and not to be guessed.

Guessing is tested as a person would do it, who knows nothing of the policy but always presses the
longest choice, or the shortest, or the first: such a player is right by chance with a known probability
on each question, so their number of hits is a sum of independent trials (a Poisson binomial law), and
more of them than chance gives one time in a hundred is a giveaway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.onboarding.quiz.bank import KINDS, LEAST, LEAST_BY_CLAUSE, Problem, Question, QuizBank, moved
from bot.onboarding.quiz.session import SIZE
from bot.policy.articles import Number, Version

LEAST_LIKELY = 0.01

Player: TypeAlias = Callable[[Question], int | None]  # the place of the choice, None: no preference


@dataclass(frozen=True, slots=True)
class Guess:
    """How a player who knows nothing does: `hits` of `tried`, where chance gives `expected`."""

    player: str
    hits: int
    tried: int
    expected: float
    likelihood: float


def guesses(questions: Sequence[Question]) -> list[Guess]:
    """Return how each player does on `questions`."""
    return [_played(name, player, questions) for name, player in _PLAYERS.items()]


def review(bank: QuizBank, version: Version) -> list[Problem]:
    """Return every problem of the bank: those of its lines, then those of the whole.

    A question that is wrong would be told of again as what its clause lacks: where any is, only the lines.
    """
    if bank.left_out:
        return list(bank.problems)
    return [*bank.problems, *_coverage(bank, version), *_giveaways(bank.questions)]


def report(bank: QuizBank, version: Version) -> dict[str, Any]:
    """Return the review as `vigie quiz verifier --json` gives it."""
    by_clause = Counter(str(question.clause) for question in bank.questions)
    by_type = Counter(question.kind for question in bank.questions)
    return {
        "questions": len(bank.questions),
        "by_clause": {str(one.number): by_clause[str(one.number)] for one in version.clauses()},
        "by_type": {kind: by_type[kind] for kind in KINDS},
        "errors": [
            {"line": one.line, "question": one.question, "problem": one.text} for one in review(bank, version)
        ],
        "stale": [_stale(question, version) for question in bank.stale],
    }


def _stale(question: Question, version: Version) -> dict[str, Any]:
    now = moved(question, version)
    return {
        "line": question.line,
        "question": question.id,
        "clause": str(question.clause),
        "moved_to": str(now) if now else None,
    }


# --- Coverage ---------------------------------------------------------------------------------


def _coverage(bank: QuizBank, version: Version) -> Iterator[Problem]:
    by_clause = bank.by_clause()
    if len(bank.questions) < LEAST:
        yield Problem(0, f"il y a {len(bank.questions)} questions; il en faut au moins {LEAST}.")
    for clause in version.clauses():
        count = len(by_clause.get(clause.number, []))
        if count < LEAST_BY_CLAUSE:
            had = f"{clause.number}\u00a0: {count} question{'s' * (count > 1)}"
            yield Problem(0, f"{had}; il en faut au moins {LEAST_BY_CLAUSE}.")
    for kind in KINDS:
        if all(question.kind != kind for question in bank.questions):
            yield Problem(0, f"aucune question n'est de type {kind}.")
    articles: dict[str, set[Number]] = {}
    for question in bank.questions:
        if question.essential:
            articles.setdefault(question.essential, set()).add(question.clause.article)
    sure = {next(iter(one)) for one in articles.values() if len(one) == 1}
    missing = {article.number for article in version.articles} - sure
    if not articles:
        yield Problem(0, "aucune question n'est essentielle.")
    if len(articles) + len(missing) > SIZE:
        yield Problem(
            0,
            f"il y a {len(articles)} sujets essentiels, et {len(missing)} articles n'en ont pas à eux seuls"
            f"\u00a0: c'est plus que les {SIZE} questions d'un quiz.",
        )


# --- Guessing ---------------------------------------------------------------------------------


def _giveaways(questions: Sequence[Question]) -> Iterator[Problem]:
    for guess in guesses(questions):
        if guess.likelihood < LEAST_LIKELY:
            yield Problem(
                0,
                f"on devine en choisissant {guess.player}\u00a0: {guess.hits} fois sur {guess.tried}, "
                f"contre {guess.expected:.0f} au hasard.",
            )
    counts = {len(question.right) for question in questions if question.several}
    several = sum(question.several for question in questions)
    if len(counts) == 1 and several >= SIZE:
        yield Problem(0, "les questions à plusieurs choix ont toutes le même nombre de bons choix.")


def _played(name: str, player: Player, questions: Sequence[Question]) -> Guess:
    hits, chances = 0, []
    for question in questions:
        chosen = player(question)
        if chosen is not None:
            hits += chosen in question.right
            chances.append(len(question.right) / len(question.choices))
    return Guess(name, hits, len(chances), sum(chances), _at_least(hits, chances))


def _at_least(hits: int, chances: Sequence[float]) -> float:
    """Return the probability of that many hits or more, each trial having its own chance."""
    law = [1.0]
    for chance in chances:
        law = [
            (law[n] if n < len(law) else 0.0) * (1 - chance) + (law[n - 1] * chance if n else 0.0)
            for n in range(len(law) + 1)
        ]
    return sum(law[hits:])


def _longest(question: Question) -> int | None:
    return _extreme(question, max)


def _shortest(question: Question) -> int | None:
    return _extreme(question, min)


def _extreme(question: Question, pick: Callable[[Sequence[int]], int]) -> int | None:
    """Return the choice of that length, None when two have it."""
    lengths = [len(choice.text) for choice in question.choices]
    length = pick(lengths)
    return lengths.index(length) if lengths.count(length) == 1 and question.kind != "vrai-faux" else None


def _place(place: int) -> Player:
    return lambda q: place if place < len(q.choices) and q.kind != "vrai-faux" else None


def _always(place: int) -> Player:
    return lambda question: place if question.kind == "vrai-faux" else None


_PLAYERS: dict[str, Player] = {
    "toujours le plus long choix": _longest,
    "toujours le plus court choix": _shortest,
    "toujours le premier choix": _place(0),
    "toujours le deuxième choix": _place(1),
    "toujours le troisième choix": _place(2),
    "toujours le quatrième choix": _place(3),
    "toujours Vrai": _always(0),
    "toujours Faux": _always(1),
}
