"""Questions without an answer, or with a bad answer: stored masked, with their week, without the asker.

Rows have random identifiers and no order, so that nobody can guess the asker from the time. They expire with
other personal data (see `bot.privacy.personal_data`).
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.language.masking import MASKS, Masked
from bot.policy.search import search_words, word_keys

DAYS_KEPT: Final = 90
MOST: Final = 500  # maximum questions, so that a flood does not fill the disk or bury people's questions
SIMILAR: Final = 0.6  # Jaccard index of two questions' stems, at or above which they are grouped

# No reliable answer was found; the policy is silent; or the person rated the answer useless.
Problem: TypeAlias = Literal["not_found", "silent", "unhelpful"]
Usefulness: TypeAlias = Literal["useful", "useless"]


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A masked question. `clauses`: the clauses of its answer, « 5.10, 5.11 », or "".

    `week`: in the format of `week_of`.
    """

    id: str
    question: str
    problem: Problem
    clauses: str
    week: str


@dataclass(frozen=True, slots=True)
class SimilarQuestions:
    """Similar questions. The shortest, which comes first, represents the group."""

    questions: tuple[KeptQuestion, ...]

    @property
    def first(self) -> KeptQuestion:
        """The question that represents the group."""
        return self.questions[0]

    @property
    def latest(self) -> str:
        """The latest week in which a question of the group was asked."""
        return max(question.week for question in self.questions)


def week_of(day: date) -> str:
    """Return the week of a day in ISO 8601: « 2026-W48 »."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday(week: str) -> date:
    """Return the Monday of a week, given in the format of `week_of`."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def keep_question(
    db: Database, policy: str, question: Masked, problem: Problem, today: date, *, clauses: str = ""
) -> bool:
    """Store a masked question, in the caller's transaction.

    Return False when there is no room, or when masks are all that is left of the question. No column
    identifies the asker.
    """
    (count,) = db.conn.execute("SELECT count(*) FROM asked_questions").fetchone()
    if count >= MOST or not any(True for _ in search_words(_unmasked(question))):
        return False
    db.conn.execute(
        """INSERT INTO asked_questions (id, policy, question, problem, clauses, week)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (secrets.token_hex(8), policy, question, problem, clauses, week_of(today)),
    )
    return True


def _unmasked(question: str) -> str:
    for mask in MASKS:
        question = question.replace(mask, " ")
    return question


def kept_questions(db: Database, policy: str) -> list[KeptQuestion]:
    """Return the stored questions about a policy, in alphabetical order."""
    rows = db.conn.execute(
        """SELECT id, question, problem, clauses, week FROM asked_questions WHERE policy = ?
           ORDER BY question, id""",
        (policy,),
    )
    return [KeptQuestion(*row) for row in rows.fetchall()]


def group_similar(questions: Iterable[KeptQuestion]) -> list[SimilarQuestions]:
    """Return the groups of similar questions, the largest first, then the latest."""
    groups: list[tuple[frozenset[str], list[KeptQuestion]]] = []
    holders: dict[str, list[int]] = {}  # by stem: the groups whose first question has it
    keys_of = cache(word_keys)  # a local cache, so that no word of these questions stays in memory
    # The shortest comes first: it is the least likely to have details besides the question.
    for question in sorted(questions, key=lambda kept: (len(kept.question), kept.question, kept.id)):
        words = search_words(_unmasked(question.question))
        stems = frozenset(min(keys_of(word[0])) for word in words) or frozenset([question.question])
        shared = Counter(at for stem in stems for at in holders.get(stem, ()))
        jaccard = {at: count / (len(stems) + len(groups[at][0]) - count) for at, count in shared.items()}
        closest = max(jaccard, key=jaccard.__getitem__, default=None)
        if closest is not None and jaccard[closest] >= SIMILAR:
            groups[closest][1].append(question)
            continue
        for stem in stems:
            holders.setdefault(stem, []).append(len(groups))
        groups.append((stems, [question]))
    similar = sorted(
        (SimilarQuestions(tuple(group)) for _, group in groups), key=lambda group: group.first.id
    )
    similar.sort(key=lambda group: (len(group.questions), group.latest), reverse=True)
    return similar


def delete_questions(db: Database, identifiers: Iterable[str]) -> None:
    """Delete questions, in the caller's transaction."""
    db.conn.executemany("DELETE FROM asked_questions WHERE id = ?", [(name,) for name in identifiers])


def count_verdict(db: Database, verdict: Usefulness, today: date) -> None:
    """Count one more answer rated useful or useless."""
    db.conn.execute(
        """INSERT INTO answer_verdicts (week, verdict, count) VALUES (?, ?, 1)
           ON CONFLICT (week, verdict) DO UPDATE SET count = count + 1""",
        (week_of(today), verdict),
    )


def verdict_counts(db: Database) -> dict[str, int]:
    """Return how many answers were rated useful and useless, over the stored weeks."""
    rows = db.conn.execute("SELECT verdict, sum(count) FROM answer_verdicts GROUP BY verdict")
    return {str(verdict): int(count) for verdict, count in rows.fetchall()}


def last_week(today: date) -> str:
    """Return the latest week whose questions have expired.

    A question expires `DAYS_KEPT` days after the Monday of its week, its only date.
    """
    return week_of(today - timedelta(days=DAYS_KEPT))


def expire_verdicts(db: Database, today: date) -> int:
    """Delete the expired counts of rated answers. Return the number of rows deleted."""
    return db.conn.execute("DELETE FROM answer_verdicts WHERE week <= ?", (last_week(today),)).rowcount
