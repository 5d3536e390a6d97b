"""The review of a quiz bank: whether it has enough questions, covers each clause, and is hard to guess.

Guessing is tested with simulated players who know nothing of the policy and always press, for example, the
longest choice or the first. The probability of each right guess is known, so the number of right guesses
follows a Poisson binomial distribution. If the number of right guesses had less than one chance in a hundred,
the choices give the answers away.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import KINDS, Problem, Question, QuizBank, clause_hash
from bot.onboarding.quiz.session import SIZE
from bot.policy.articles import Number, Version
from bot.policy.counts import counted
from bot.policy.provisions import Kind

VARIED = 12  # in a policy of at least so many clauses, a bank needs every type of question and essential ones
LEAST_LIKELY = 0.01

Player: TypeAlias = Callable[[Question], int | None]  # index of the chosen choice, None for no preference


def review_bank(bank: QuizBank, version: Version) -> list[Problem]:
    """Return every problem of the bank: first in its lines, then in the bank as a whole.

    If a question is invalid, return only the problems of lines: its clause would wrongly be reported as
    lacking a question.
    """
    if bank.left_out:
        return list(bank.problems)
    return [*bank.problems, *find_gaps(bank, version), *_giveaways(bank.questions)]


def review_report(bank: QuizBank, version: Version) -> dict[str, Any]:
    """Return the review of a bank, as the JSON object that `vigie quiz verifier --json` prints."""
    by_clause = Counter(question.clause for question in bank.questions)
    by_type = Counter(question.kind for question in bank.questions)
    by_words = {clause_hash(clause): str(clause.number) for clause in reversed([*version.clauses()])}
    return {
        "questions": len(bank.questions),
        "by_clause": {str(clause.number): by_clause[clause.number] for clause in version.clauses()},
        "by_type": {kind: by_type[kind] for kind in KINDS},
        "errors": [
            {"line": problem.line, "question": problem.question, "problem": problem.text}
            for problem in review_bank(bank, version)
        ],
        "stale": [
            {
                "line": question.line,
                "question": question.id,
                "clause": str(question.clause),
                "moved_to": by_words.get(question.hash),
            }
            for question in bank.stale
        ],
    }


def find_gaps(bank: QuizBank, version: Version) -> Iterator[Problem]:
    """Yield the problems of coverage: too few questions in all, on a clause, of a type or on a subject."""
    size = session.longest_quiz(version)
    clauses = version.clauses()
    if len(bank.questions) < size:
        yield Problem(0, f"il y a {counted(len(bank.questions), 'question')}; il en faut au moins {size}.")
    by_clause = Counter(question.clause for question in bank.questions)
    for clause in clauses:
        around = (clause.number, *version.around(clause.number))
        if any(version.part(number).kind is Kind.PREAMBLE for number in around):
            continue
        count = by_clause[clause.number]
        if count < session.BY_CLAUSE:
            present = f"{clause.number}\u00a0: {counted(count, 'question')}"
            yield Problem(0, f"{present}; il en faut au moins {session.BY_CLAUSE}.")
    yield from _variety(bank, version)


def _variety(bank: QuizBank, version: Version) -> Iterator[Problem]:
    """Yield the problems of variety: missing types of question, no essential subject, or too many of them."""
    size = session.longest_quiz(version)
    subjects: dict[str, set[Number]] = {}
    for question in bank.questions:
        article = version.article(question.clause)
        if question.essential and article:
            subjects.setdefault(question.essential, set()).add(article.number)
    if len(version.clauses()) >= VARIED:
        for kind in KINDS:
            if all(question.kind != kind for question in bank.questions):
                yield Problem(0, f"aucune question n'est de type {kind}.")
        if not subjects:
            yield Problem(0, "aucune question n'est essentielle.")
    covered = {next(iter(articles)) for articles in subjects.values() if len(articles) == 1}
    missing = {article.number for article in version.articles} - covered
    if len(version.articles) > size:  # no quiz can have a question on each article
        missing = set()
    if len(subjects) + len(missing) > size:
        yield Problem(
            0,
            f"il y a {len(subjects)} sujets essentiels, et {len(missing)} articles n'en ont pas à eux seuls"
            f"\u00a0: c'est plus que les {size} questions d'un quiz.",
        )


def _giveaways(questions: Sequence[Question]) -> Iterator[Problem]:
    for habit, player in _PLAYERS.items():
        chosen = [(question, place) for question in questions if (place := player(question)) is not None]
        hits = sum(place in question.right for question, place in chosen)
        chances = [len(question.right) / len(question.choices) for question, _ in chosen]
        if _at_least(hits, chances) < LEAST_LIKELY:
            yield Problem(
                0,
                f"on devine en choisissant toujours {habit}\u00a0: {hits} fois sur {len(chances)}, "
                f"contre {sum(chances):.0f} au hasard.",
            )
    counts = [len(question.right) for question in questions if question.several]
    if len(set(counts)) == 1 and len(counts) >= SIZE:
        yield Problem(0, "les questions à plusieurs choix ont toutes le même nombre de bons choix.")


def _at_least(hits: int, chances: Sequence[float]) -> float:
    """Return the probability of at least `hits` successes, given the probability of each trial."""
    law = [1.0]  # law[n]: the probability of n successes in the trials so far
    for chance in chances:
        law = [miss * (1 - chance) + hit * chance for miss, hit in zip([*law, 0], [0, *law], strict=True)]
    return sum(law[hits:])


def _by_length(pick: Callable[[Sequence[int]], int], question: Question) -> int | None:
    lengths = [len(choice.text) for choice in question.choices]
    length = pick(lengths)
    return lengths.index(length) if lengths.count(length) == 1 and question.kind != "vrai-faux" else None


def _by_place(place: int, question: Question, *, pair: bool = False) -> int | None:
    return place if (question.kind == "vrai-faux") == pair and place < len(question.choices) else None


_PLAYERS: dict[str, Player] = {
    "le plus long choix": partial(_by_length, max),
    "le plus court choix": partial(_by_length, min),
    "le premier choix": partial(_by_place, 0),
    "le deuxième choix": partial(_by_place, 1),
    "le troisième choix": partial(_by_place, 2),
    "le quatrième choix": partial(_by_place, 3),
    "Vrai": partial(_by_place, 0, pair=True),
    "Faux": partial(_by_place, 1, pair=True),
}
