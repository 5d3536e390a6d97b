"""The sittings of the quiz, kept: a person's attempts, what they answered, what they missed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlite_utils import Database

from bot.onboarding.quiz import session
from bot.onboarding.quiz.session import Item, QuizAnswer, Sitting
from bot.people import persons
from bot.times import iso, utc

Kind: TypeAlias = Literal["quiz", "refresher", "revision"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt of a person's; its identifier, which is random, is what buttons carry."""

    id: str
    person_id: str
    policy: str
    version: str
    kind: Kind
    sitting: Sitting
    finished_at: datetime | None = None


def begin(
    db: Database, person_id: str, sitting: Sitting, now: datetime, *, policy: str, version: str, kind: Kind
) -> Attempt:
    """Keep a sitting that begins."""
    attempt = Attempt(persons.new_id(), person_id, policy, version, kind, sitting)
    db.conn.execute(
        """INSERT INTO quiz_attempts (id, person_id, policy, version, kind, items, started_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (attempt.id, person_id, policy, version, kind, _items(sitting), iso(now)),
    )
    return attempt


def keep(db: Database, attempt: Attempt, sitting: Sitting, now: datetime) -> Attempt:
    """Keep what became of an attempt, its answers to come being added to those that are there."""
    for turn in range(attempt.sitting.turn, sitting.turn):
        answer = sitting.answers[turn]
        db.conn.execute(
            "INSERT INTO quiz_answers (attempt_id, turn, question, chosen, is_right) VALUES (?, ?, ?, ?, ?)",
            (attempt.id, turn, answer.question, json.dumps(sorted(answer.chosen)), int(answer.right)),
        )
    over = attempt.finished_at or (now if session.current(sitting) is None else None)
    db.conn.execute(
        "UPDATE quiz_attempts SET items = ?, ticked = ?, finished_at = ?, version = ? WHERE id = ?",
        (
            _items(sitting),
            json.dumps(sorted(sitting.ticked)),
            iso(over) if over else None,
            attempt.version,
            attempt.id,
        ),
    )
    return replace(attempt, sitting=sitting, finished_at=over)


def abandon(db: Database, policy: str, version: str) -> None:
    """Forget the attempts, not over, on what a revision changed before this version."""
    db.conn.execute(
        """DELETE FROM quiz_attempts
           WHERE policy = ? AND version <> ? AND kind = 'revision' AND finished_at IS NULL""",
        (policy, version),
    )


def load(db: Database, attempt_id: str) -> Attempt | None:
    """Return an attempt."""
    return next(_attempts(db, "id = ?", attempt_id), None)


def under_way(db: Database, person_id: str, policy: str, kind: Kind) -> Attempt | None:
    """Return the attempt that is not over; of two (their accounts were linked), the more advanced."""
    found = _attempts(
        db, "person_id = ? AND policy = ? AND kind = ? AND finished_at IS NULL", person_id, policy, kind
    )
    return max(found, key=lambda one: one.sitting.turn, default=None)


def latest(db: Database, person_id: str, policy: str, kind: Kind) -> Attempt | None:
    """Return the attempt that was over last."""
    found = list(
        _attempts(
            db,
            "person_id = ? AND policy = ? AND kind = ? AND finished_at IS NOT NULL",
            person_id,
            policy,
            kind,
        )
    )
    return max(found, key=lambda one: (one.finished_at, one.id), default=None)


def finished(db: Database, policy: str, kind: Kind = "quiz") -> Iterator[Attempt]:
    """Yield every attempt that is over, for statistics, the oldest first."""
    return _attempts(db, "policy = ? AND kind = ? AND finished_at IS NOT NULL", policy, kind)


def times_asked(db: Database, person_id: str, policy: str) -> Counter[str]:
    """Return how many times each question was drawn for a person."""
    rows = _attempts(db, "person_id = ? AND policy = ?", person_id, policy)
    return Counter(item.question for attempt in rows for item in attempt.sitting.items)


def missed(db: Database, person_id: str, policy: str) -> list[str]:
    """Return the questions that a person missed in their attempts, the latest ones first."""
    rows = list(_attempts(db, "person_id = ? AND policy = ? AND kind = 'quiz'", person_id, policy))
    return list(dict.fromkeys(name for one in reversed(rows) for name in session.missed(one.sitting)))


def _attempts(db: Database, where: str, *values: str) -> Iterator[Attempt]:
    rows = db.conn.execute(
        f"""SELECT id, person_id, policy, version, kind, items, ticked, finished_at FROM quiz_attempts
            WHERE {where} ORDER BY started_at, rowid""",  # noqa: S608 — our own words only
        values,
    )
    for row in rows.fetchall():
        yield _attempt(db, row)


def _attempt(db: Database, row: tuple[Any, ...]) -> Attempt:
    identifier, person, policy, version, kind, items, ticked, over = row
    answers = db.conn.execute(
        "SELECT question, chosen, is_right FROM quiz_answers WHERE attempt_id = ? ORDER BY turn",
        (identifier,),
    )
    sitting = Sitting(
        tuple(Item(name, edition, tuple(order), gone) for name, edition, order, gone in json.loads(items)),
        tuple(
            QuizAnswer(name, frozenset(json.loads(chosen)), bool(right)) for name, chosen, right in answers
        ),
        frozenset(json.loads(ticked)),
    )
    return Attempt(identifier, person, policy, version, kind, sitting, utc(over) if over else None)


def _items(sitting: Sitting) -> str:
    return json.dumps([[one.question, one.edition, one.order, one.withdrawn] for one in sitting.items])
