"""The short-lived memory of conversations: kept for minutes, never written to disk, never logged.

It holds the clauses of each person's latest answer, so that « et pour TikTok? » is understood, and the
answers that can still be rated with « Utile » or « Pas utile ». No text is kept, except masked questions.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.conversation.fading import Fading
from bot.policy.articles import Number

if TYPE_CHECKING:
    from bot.conversation.messages import Quote
    from bot.conversation.requests import Actor
    from bot.language.masking import Masked
    from bot.times import Clock

FOLLOWED: Final = timedelta(minutes=10)  # how long a question may refer to the previous one
JUDGED: Final = timedelta(hours=1)  # how long an answer can be rated


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was shown. `stored`: whether `unanswered` already has its question.

    `english`: whether the question was in English.
    """

    policy: str
    question: Masked
    clauses: tuple[Number, ...]
    stored: bool
    english: bool = False


class AnswerMemory:
    """Each person's latest answer, for ten minutes, and the answers that can be rated, for an hour.

    `shown`: the quotations of each person's latest instant look-up, which the dispatcher adds. They are
    processed at the next use of this memory, or at the clock's next beat.
    """

    def __init__(self, clock: Clock) -> None:
        self._last: Fading[Actor | None, tuple[str, tuple[Number, ...]]] = Fading(clock, FOLLOWED)
        self.shown: dict[Actor, Sequence[Quote]] = {}
        self._to_judge: Fading[str, GivenAnswer] = Fading(clock, JUDGED)

    def previous(self, actor: Actor | None, policy: str) -> tuple[Number, ...]:
        """Return the clauses of the person's latest answer, or none if it was about another policy."""
        self._collect()
        last = self._last.get(actor)
        return last[1] if last and last[0] == policy else ()

    def last_policy(self, actor: Actor | None) -> str | None:
        """Return the policy of the person's latest answer, if any."""
        self._collect()
        last = self._last.get(actor)
        return last[0] if last else None

    def remember(self, actor: Actor | None, policy: str, clauses: tuple[Number, ...]) -> None:
        """Remember the clauses of the person's latest answer."""
        self._collect()
        if actor:  # an anonymous question has no follow-up
            self._last.put(actor, (policy, clauses))

    def forget(self, actor: Actor | None) -> None:
        """Forget the clauses of the person's latest answer, once something else was shown."""
        self._collect()
        self._last.drop(actor)

    def add(self, answer: GivenAnswer, actor: Actor | None) -> str:
        """Remember an answer that `actor` can rate, and return the identifier that its buttons carry."""
        identifier = secrets.token_hex(4)
        self._to_judge.put(identifier, answer, actor)
        return identifier

    def take(self, identifier: str) -> GivenAnswer | None:
        """Remove and return an answer that can be rated, or None if it was already rated or has expired."""
        return self._to_judge.drop(identifier)

    def fade(self) -> None:
        """Drop everything that has expired. The clock calls this, so nothing is kept past its span."""
        self._collect()
        self._last.fade()
        self._to_judge.fade()

    def _collect(self) -> None:
        while self.shown:
            try:
                actor, quotes = self.shown.popitem()
            except KeyError:  # another thread took the last one
                return
            if quotes:
                numbers = tuple(Number(quote.clause) for quote in quotes)
                self._last.put(actor, (quotes[0].policy, numbers))
