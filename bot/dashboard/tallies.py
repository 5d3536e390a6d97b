"""Counts of questions and examined texts, made as they happen because no table records these acts.

The counts are made by month, and name no one. The same act by the same person counts once a day. The counts
are deleted once their figures are stored.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from sqlite_utils import Database

from bot.conversation.once_a_day import OnceADay

# The acts counted: a clause answers a question, a question has no answer, a text is examined.
Kind: TypeAlias = Literal["clause", "unanswered", "post"]


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter of acts. The same act counts at most once a day for each person."""

    once: OnceADay

    def count(
        self, db: Database, kind: Kind, person: str, today: date, *, policy: str = "", clause: str = ""
    ) -> None:
        """Count an act, in the caller's transaction. `person`: as in `OnceADay.is_first`."""
        if self.once.is_first(person, today, kind, policy, clause):
            db.conn.execute(
                """INSERT INTO nameless_counts (kind, policy, clause, month, count) VALUES (?, ?, ?, ?, 1)
                   ON CONFLICT DO UPDATE SET count = count + 1""",
                (kind, policy, clause, f"{today:%Y-%m}"),
            )
