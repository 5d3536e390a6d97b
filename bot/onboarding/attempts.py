"""The stored attempts at the quiz: their questions, answers and mistakes."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from sqlite_utils import Database

from bot.onboarding.quiz import session
from bot.onboarding.quiz.session import Item, QuizAnswer, Sitting
from bot.people import persons
from bot.register.attestations import Target
from bot.times import iso, utc

Kind: TypeAlias = Literal["quiz", "refresher", "revision"]

_PERSONAL = "person_id = ? AND policy = ? AND kind = ?"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A person's attempt at the quiz.

    `id`: a random identifier, which its buttons carry. `version`: the adoption date of the text.
    """

    id: str
    person_id: str
    policy: str
    version: str
    kind: Kind
    sitting: Sitting
    finished_at: datetime | None = None


def begin_attempt(
    db: Database, person_id: str, target: Target, sitting: Sitting, now: datetime, *, kind: Kind
) -> Attempt:
    """Store a new attempt and return it."""
    version = target.version.isoformat()
    attempt = Attempt(persons.new_id(), person_id, target.policy, version, kind, sitting)
    db.conn.execute(
        """INSERT INTO quiz_attempts (id, person_id, policy, version, kind, items, started_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (attempt.id, person_id, target.policy, version, kind, _items(sitting), iso(now)),
    )
    return attempt


def save_attempt(db: Database, attempt: Attempt, sitting: Sitting, now: datetime) -> Attempt:
    """Store the attempt's new state, `sitting`, writing only the new answers. Return the updated attempt."""
    for turn in range(attempt.sitting.turn, sitting.turn):
        answer = sitting.answers[turn]
        db.conn.execute(
            "INSERT INTO quiz_answers (attempt_id, turn, question, chosen, is_right) VALUES (?, ?, ?, ?, ?)",
            (attempt.id, turn, answer.question, json.dumps(sorted(answer.chosen)), int(answer.right)),
        )
    finished_at = attempt.finished_at or (now if session.current(sitting) is None else None)
    ticked = json.dumps(sorted(sitting.ticked))
    finished = iso(finished_at) if finished_at else None
    db.conn.execute(
        "UPDATE quiz_attempts SET items = ?, ticked = ?, finished_at = ?, version = ? WHERE id = ?",
        (_items(sitting), ticked, finished, attempt.version, attempt.id),
    )
    return replace(attempt, sitting=sitting, finished_at=finished_at)


def end_attempt(db: Database, attempt: Attempt, now: datetime) -> None:
    """End an attempt before its last question. Unanswered questions count as wrong."""
    db.conn.execute("UPDATE quiz_attempts SET finished_at = ? WHERE id = ?", (iso(now), attempt.id))


def abandon(db: Database, target: Target) -> None:
    """Delete the unfinished quiz attempts on the other revisions of `target`'s policy."""
    db.conn.execute(
        """DELETE FROM quiz_attempts
           WHERE policy = ? AND version <> ? AND kind = 'revision' AND finished_at IS NULL""",
        (target.policy, target.version.isoformat()),
    )


def load_attempt(db: Database, attempt_id: str) -> Attempt | None:
    """Return the attempt with this identifier, if any."""
    return next(_attempts(db, "id = ?", attempt_id), None)


def under_way(db: Database, person_id: str, policy: str, kind: Kind) -> Attempt | None:
    """Return a person's unfinished attempt: the most advanced one if their linked accounts had several."""
    return next(iter(unfinished(db, person_id, policy, kind)), None)


def unfinished(db: Database, person_id: str, policy: str, kind: Kind) -> list[Attempt]:
    """Return a person's unfinished attempts, the most advanced first. Linked accounts may have several."""
    attempts = _attempts(db, f"{_PERSONAL} AND finished_at IS NULL", person_id, policy, kind)
    return sorted(attempts, key=lambda attempt: -attempt.sitting.turn)


def policies_begun(db: Database, person_id: str) -> set[str]:
    """Return the ids of the policies at whose quiz a person has an unfinished attempt."""
    query = "SELECT DISTINCT policy FROM quiz_attempts WHERE person_id = ? AND finished_at IS NULL"
    return {policy for (policy,) in db.conn.execute(query, (person_id,))}


def latest(db: Database, person_id: str, policy: str, kind: Kind) -> Attempt | None:
    """Return a person's latest finished attempt."""
    attempts = _attempts(db, f"{_PERSONAL} AND finished_at IS NOT NULL", person_id, policy, kind)
    return max(attempts, key=lambda attempt: (attempt.finished_at, attempt.id), default=None)


def finished(db: Database, policy: str) -> Iterator[Attempt]:
    """Yield everyone's finished attempts at the quiz, the oldest first."""
    return _attempts(db, "policy = ? AND kind = 'quiz' AND finished_at IS NOT NULL", policy)


def times_asked(db: Database, person_id: str, policy: str) -> Counter[str]:
    """Return how many times each question was drawn for a person."""
    attempts = _attempts(db, "person_id = ? AND policy = ?", person_id, policy)
    return Counter(item.question for attempt in attempts for item in attempt.sitting.items)


def missed(db: Database, person_id: str, policy: str) -> list[str]:
    """Return the ids of the questions that a person missed in the quiz, from the latest attempt back."""
    attempts = list(_attempts(db, _PERSONAL, person_id, policy, "quiz"))
    names = (name for attempt in reversed(attempts) for name in session.missed(attempt.sitting))
    return list(dict.fromkeys(names))


def _attempts(db: Database, where: str, *values: str) -> Iterator[Attempt]:
    attempts = db.conn.execute(
        f"""SELECT id, person_id, policy, version, kind, items, ticked, finished_at FROM quiz_attempts
            WHERE {where} ORDER BY started_at, rowid""",  # noqa: S608 — no user input
        values,
    )
    for identifier, person, policy, version, kind, items, ticked, finished_at in attempts.fetchall():
        rows = db.conn.execute(
            "SELECT question, chosen, is_right FROM quiz_answers WHERE attempt_id = ? ORDER BY turn",
            (identifier,),
        )
        drawn = [Item(name, edition, tuple(order), gone) for name, edition, order, gone in json.loads(items)]
        answers = [
            QuizAnswer(name, frozenset(json.loads(chosen)), bool(right)) for name, chosen, right in rows
        ]
        sitting = Sitting(tuple(drawn), tuple(answers), frozenset(json.loads(ticked)))
        over = utc(finished_at) if finished_at else None
        yield Attempt(identifier, person, policy, version, kind, sitting, over)


def _items(sitting: Sitting) -> str:
    return json.dumps([[item.question, item.edition, item.order, item.withdrawn] for item in sitting.items])
