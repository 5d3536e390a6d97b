"""Questions without an answer, or badly answered: kept masked, without who asked, dated by the week.

Rows have random identifiers and no order of their own, so that nothing tells who asked from when. They
are destroyed with everything else whose time has come (see `bot.privacy.personal_data`).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.language.masking import MASKS, Masked
from bot.policy.search import keys, words

DAYS_KEPT: Final = 90
MOST: Final = 500  # kept at once; a flood must neither fill the disk nor bury what others asked
ALIKE: Final = 0.6  # of the stems of two questions that both hold (Jaccard): they are shown together

# The policy was not found to answer; it is silent; or the one who asked said the answer was no use.
Problem: TypeAlias = Literal["not_found", "silent", "unhelpful"]
Verdict: TypeAlias = Literal["useful", "useless"]


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A question that is kept. `clauses`: what it was answered with, « 5.10, 5.11 »; "" for nothing."""

    id: str
    question: str
    problem: Problem
    clauses: str
    week: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Questions that resemble one another, the one that speaks for them first."""

    questions: tuple[KeptQuestion, ...]

    @property
    def first(self) -> KeptQuestion:
        """The question that speaks for all."""
        return self.questions[0]

    @property
    def latest(self) -> str:
        """The last week when one of them was asked."""
        return max(one.week for one in self.questions)

    def count(self, problem: Problem) -> int:
        """Return how many have this problem."""
        return sum(one.problem == problem for one in self.questions)


def week_of(day: date) -> str:
    """Return the week of a day as ISO 8601 writes it: « 2026-W48 »."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday(week: str) -> date:
    """Return the first day of a week written by `week_of`."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def keep(
    db: Database, policy: str, question: Masked, problem: Problem, today: date, *, clauses: str = ""
) -> bool:
    """Keep a masked question, in the caller's transaction. Return whether there was room for it.

    Nothing tells who asked: there is no column for it.
    """
    (count,) = db.conn.execute("SELECT count(*) FROM asked_questions").fetchone()
    if count >= MOST or not _telling(question):
        return False
    db.conn.execute(
        """INSERT INTO asked_questions (id, policy, question, problem, clauses, week)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (secrets.token_hex(8), policy, question, problem, clauses, week_of(today)),
    )
    return True


def _telling(question: str) -> bool:
    """Tell whether anything is left of a question once it is masked."""
    for mask in MASKS:
        question = question.replace(mask, " ")
    return any(True for _ in words(question))


def judge(db: Database, verdict: Verdict, today: date) -> None:
    """Count one more answer that was useful, or was not."""
    db.conn.execute(
        """INSERT INTO answer_verdicts (week, verdict, count) VALUES (?, ?, 1)
           ON CONFLICT (week, verdict) DO UPDATE SET count = count + 1""",
        (week_of(today), verdict),
    )


def verdicts(db: Database) -> dict[str, int]:
    """Return how many answers were judged useful and useless, over the weeks that are kept."""
    rows = db.conn.execute("SELECT verdict, sum(count) FROM answer_verdicts GROUP BY verdict")
    return {str(verdict): int(count) for verdict, count in rows.fetchall()}


def kept(db: Database, policy: str) -> list[KeptQuestion]:
    """Return the questions kept about a policy, in the order of their words."""
    rows = db.conn.execute(
        """SELECT id, question, problem, clauses, week FROM asked_questions WHERE policy = ?
           ORDER BY question, id""",
        (policy,),
    )
    return [KeptQuestion(*row) for row in rows.fetchall()]


def alike(questions: Iterable[KeptQuestion]) -> list[Alike]:
    """Group the questions that resemble one another, the largest group first, then the latest."""
    groups: list[tuple[frozenset[str], list[KeptQuestion]]] = []
    holding: dict[str, list[int]] = {}  # the groups whose first question holds a stem
    forms = cache(keys)  # for these questions: nothing of them stays afterwards
    # The shortest speaks for the others: it is the likeliest to hold nothing but the question.
    for one in sorted(questions, key=lambda one: (len(one.question), one.question, one.id)):
        stems = _stems(one.question, forms)
        shared = Counter(at for stem in stems for at in holding.get(stem, ()))
        close = max(shared, key=lambda at: _likeness(shared[at], stems, groups[at][0]), default=None)
        if close is not None and _likeness(shared[close], stems, groups[close][0]) >= ALIKE:
            groups[close][1].append(one)
            continue
        for stem in stems:
            holding.setdefault(stem, []).append(len(groups))
        groups.append((stems, [one]))
    found = [Alike(tuple(group)) for _, group in groups]
    return sorted(found, key=lambda group: (-len(group.questions), _reversed(group.latest), group.first.id))


def _likeness(shared: int, left: frozenset[str], right: frozenset[str]) -> float:
    return shared / (len(left) + len(right) - shared)


def _reversed(week: str) -> int:
    return -int(week.replace("-W", ""))


def _stems(question: str, forms: Callable[[str], frozenset[str]]) -> frozenset[str]:
    for mask in MASKS:
        question = question.replace(mask, " ")
    return frozenset(min(forms(match[0])) for match in words(question)) or frozenset([question])


def with_id(groups: Sequence[Alike], identifier: str) -> Alike | None:
    """Return the group that holds a question, None once it is gone."""
    return next((group for group in groups if any(one.id == identifier for one in group.questions)), None)


def delete(db: Database, identifiers: Iterable[str]) -> int:
    """Delete questions, in the caller's transaction. Return how many there were."""
    done = [
        db.conn.execute("DELETE FROM asked_questions WHERE id = ?", (one,)).rowcount for one in identifiers
    ]
    return sum(done)


def last_week(today: date) -> str:
    """Return the last week whose questions have been kept for long enough.

    No question is kept for more than `DAYS_KEPT` days after the Monday of its week, the only date it has.
    """
    return week_of(today - timedelta(days=DAYS_KEPT))


def expire_verdicts(db: Database, today: date) -> int:
    """Delete the counts whose time has come. Return how many."""
    return db.conn.execute("DELETE FROM answer_verdicts WHERE week <= ?", (last_week(today),)).rowcount
