"""What is remembered of an exchange, in memory only and for minutes: never written, never logged.

The clauses of each person's last answer, so that « et pour TikTok? » is understood, and the answers that can
still be judged with « Utile » or « Pas utile ». It holds nothing that a
person wrote, except questions that are already masked.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Final, Generic, TypeVar

from bot.conversation.requests import Actor
from bot.language.masking import Masked
from bot.policy.articles import Number
from bot.times import Clock

FOLLOWED: Final = timedelta(minutes=10)  # how long a question may refer to the one before
JUDGED: Final = timedelta(hours=1)  # how long « Pas utile » knows which question it is about
MOST: Final = 2_000  # entries of a table; beyond, the oldest are forgotten first

Key = TypeVar("Key")
Value = TypeVar("Value")


class Fading(Generic[Key, Value]):
    """A table of at most `most` entries, each forgotten after `span`, whether or not anyone asks.

    Commands write in it on the storage thread while the clock's beat fades it on the event loop.
    """

    def __init__(self, clock: Clock, span: timedelta, most: int = MOST) -> None:
        self._clock = clock
        self._span = span
        self._most = most
        self._entries: OrderedDict[Key, tuple[datetime, Value]] = OrderedDict()
        self._lock = RLock()

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, replacing any other, for the whole span; beyond `most`, forget the oldest."""
        with self._lock:
            self.fade()
            self._entries.pop(key, None)
            self._entries[key] = (self._clock(), value)
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def get(self, key: Key) -> Value | None:
        """Return a value, None when there is none or it faded."""
        with self._lock:
            self.fade()
            entry = self._entries.get(key)
        return entry[1] if entry else None

    def __contains__(self, key: Key) -> bool:
        """Tell whether there is a value, even one about to fade."""
        return key in self._entries

    def drop(self, key: Key) -> Value | None:
        """Forget a value, and return it."""
        with self._lock:
            value = self.get(key)
            self._entries.pop(key, None)
        return value

    def fade(self) -> None:
        """Forget the entries older than the span."""
        with self._lock:
            now = self._clock()
            while self._entries:
                since, _ = next(iter(self._entries.values()))  # the oldest
                if timedelta() <= now - since < self._span:  # a clock that was set back forgets too
                    return
                self._entries.popitem(last=False)

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was given. `kept`: its question is already in `unanswered`."""

    policy: str
    question: Masked
    clauses: tuple[Number, ...]
    kept: bool


class AnswerMemory:
    """The last answer that each person got, for ten minutes, and the answers to judge, for an hour."""

    def __init__(self, clock: Clock) -> None:
        self._last: Fading[Actor | None, tuple[str, tuple[Number, ...]]] = Fading(clock, FOLLOWED)
        self._to_judge: Fading[str, GivenAnswer] = Fading(clock, JUDGED)

    def previous(self, actor: Actor | None, policy: str) -> tuple[Number, ...]:
        """Return the clauses of the person's last answer if it was about this policy, else none."""
        last = self._last.get(actor)
        return last[1] if last and last[0] == policy else ()

    def remember(self, actor: Actor | None, policy: str, clauses: tuple[Number, ...]) -> None:
        """Remember the clauses of the person's last answer."""
        if actor:  # else nobody knows who asks
            self._last.put(actor, (policy, clauses))

    def forget(self, actor: Actor | None) -> None:
        """Forget the person's last answer at once."""
        self._last.drop(actor)

    def add(self, answer: GivenAnswer) -> str:
        """Remember an answer to judge, and return the identifier that its buttons carry."""
        identifier = secrets.token_hex(4)
        self._to_judge.put(identifier, answer)
        return identifier

    def take(self, identifier: str) -> GivenAnswer | None:
        """Return an answer to judge, and forget it. None when it was judged already, or is too old."""
        return self._to_judge.drop(identifier)

    def fade(self) -> None:
        """Forget what is too old, even though nobody asks anything."""
        self._last.fade()
        self._to_judge.fade()

    def __len__(self) -> int:
        return len(self._last) + len(self._to_judge)
