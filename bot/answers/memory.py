"""The short-lived memory of an exchange: kept for minutes, never written to disk, never logged.

It holds the clauses of each person's latest answer, so that « et pour TikTok? » is understood, and the
answers that can still be rated with « Utile » or « Pas utile ». Nothing that a person wrote is kept, except
questions that are already masked.
"""

import secrets
from collections import Counter, OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Final, Generic, TypeVar

from bot.conversation.messages import Quote
from bot.conversation.requests import Actor
from bot.language.masking import Masked
from bot.policy.articles import Number
from bot.times import Clock

FOLLOWED: Final = timedelta(minutes=10)  # how long a question may refer to the previous one
JUDGED: Final = timedelta(hours=1)  # how long an answer can be rated
MOST: Final = 2_000  # entries in a table; beyond that, the owner with the most entries loses the oldest one

Key = TypeVar("Key")
Value = TypeVar("Value")


class Fading(Generic[Key, Value]):
    """A table of at most `most` entries, each dropped after `span`, even when nobody reads it.

    Thread-safe: commands write on the storage thread, and the clock drops entries on the event loop.
    """

    def __init__(self, clock: Clock, span: timedelta, most: int = MOST) -> None:
        self._clock = clock
        self._span = span
        self._most = most
        self._entries: OrderedDict[Key, tuple[datetime, Value, Hashable]] = OrderedDict()
        self._lock = RLock()

    def put(self, key: Key, value: Value, owner: Hashable = None) -> None:
        """Store a value for the whole span, replacing any other.

        Beyond `most` entries, drop the oldest entry of the owner who has the most of them, so that nobody can
        drop the entries of others.
        """
        with self._lock:
            self.fade()
            self._entries.pop(key, None)
            self._entries[key] = (self._clock(), value, owner)
            if len(self._entries) > self._most:
                counts = Counter(owner for *_, owner in self._entries.values())
                [(busiest, _)] = counts.most_common(1)
                del self._entries[next(key for key, (*_, who) in self._entries.items() if who == busiest)]

    def get(self, key: Key) -> Value | None:
        """Return a value, or None when it is missing or expired."""
        with self._lock:
            self.fade()
            entry = self._entries.get(key)
        return entry[1] if entry else None

    def __contains__(self, key: Key) -> bool:
        """Return whether there is a value, even an expired one that is not yet dropped."""
        return key in self._entries

    def drop(self, key: Key) -> Value | None:
        """Remove a value and return it."""
        with self._lock:
            value = self.get(key)
            self._entries.pop(key, None)
        return value

    def fade(self) -> None:
        """Drop the entries older than the span."""
        with self._lock:
            now = self._clock()
            while self._entries:
                since, *_ = next(iter(self._entries.values()))  # the oldest
                if timedelta() <= now - since < self._span:  # the clock may be set back
                    return
                self._entries.popitem(last=False)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was shown. `kept`: whether `unanswered` already stored its question."""

    policy: str
    question: Masked
    clauses: tuple[Number, ...]
    kept: bool


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

    def remember(self, actor: Actor | None, policy: str, clauses: tuple[Number, ...]) -> None:
        """Remember the clauses of the person's latest answer."""
        self._collect()
        if actor:  # an anonymous question has no follow-up
            self._last.put(actor, (policy, clauses))

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
                numbers = tuple(Number.parse(quote.clause) for quote in quotes)
                self._last.put(actor, (quotes[0].policy, numbers))
