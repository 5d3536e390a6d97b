"""What is remembered of an exchange, in memory only and for minutes: never written, never logged.

`Conversations`: the clauses of each person's last answer, so that « et pour TikTok? » is understood.
`Recent`: the answers that can still be judged with « Utile » or « Pas utile », under identifiers that
mean nothing. `OnScreen`: which question of a quiz was shown last. None holds what a person wrote, but for
a question already masked.
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
JUDGED: Final = timedelta(hours=1)  # how long « Pas utile » tells which question it was
SHOWN: Final = timedelta(hours=1)  # how long a letter written alone answers the question shown last
MOST: Final = 2_000  # of each; beyond, the oldest are forgotten first

Key = TypeVar("Key")
Value = TypeVar("Value")


class Fading(Generic[Key, Value]):
    """A bounded table whose entries are gone after `span`, whether or not anyone asks.

    Commands write in it on the storage thread while the clock's beat fades it on the event loop.
    """

    def __init__(self, clock: Clock, span: timedelta, most: int) -> None:
        self._clock = clock
        self._span = span
        self._most = most
        self._kept: OrderedDict[Key, tuple[datetime, Value]] = OrderedDict()
        self._lock = RLock()

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, anew if there was one; beyond the bound, the oldest is forgotten."""
        with self._lock:
            self.fade()
            self._kept.pop(key, None)
            self._kept[key] = (self._clock(), value)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def get(self, key: Key) -> Value | None:
        """Return what is kept, None when it is not or no more."""
        with self._lock:
            self.fade()
            entry = self._kept.get(key)
        return entry[1] if entry else None

    def __contains__(self, key: Key) -> bool:
        """Tell whether something was kept, gone or not by now."""
        return key in self._kept

    def drop(self, key: Key) -> Value | None:
        """Forget a value, and return it."""
        with self._lock:
            self.fade()
            entry = self._kept.pop(key, None)
        return entry[1] if entry else None

    def fade(self) -> None:
        """Forget what is older than its span; oldest first, so that it stops at the first that is not."""
        with self._lock:
            now = self._clock()
            while self._kept:
                since, _ = next(iter(self._kept.values()))
                if timedelta() <= now - since < self._span:  # a clock that was set back forgets too
                    return
                self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


class Conversations:
    """The clauses that each person was last given, about each policy, for ten minutes."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._last: Fading[Actor, tuple[str, tuple[Number, ...]]] = Fading(clock, FOLLOWED, most)

    def previous(self, actor: Actor | None, policy: str) -> tuple[Number, ...]:
        """Return the clauses of the person's last answer about this policy, none after ten minutes."""
        last = self._last.get(actor) if actor else None
        return last[1] if last and last[0] == policy else ()

    def remember(self, actor: Actor | None, policy: str, clauses: tuple[Number, ...]) -> None:
        """Remember the clauses of an answer, in the place of the last one."""
        if actor:
            self._last.put(actor, (policy, clauses))

    def forget(self, actor: Actor | None) -> None:
        """Forget the person's last answer at once."""
        if actor:
            self._last.drop(actor)

    def fade(self) -> None:
        """Forget what is too old, though nobody asks anything."""
        self._last.fade()

    def __len__(self) -> int:
        return len(self._last)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was given. `kept`: its question is already among those without an answer."""

    policy: str
    question: Masked
    clauses: tuple[Number, ...]
    kept: bool


class Recent:
    """The answers that can still be judged."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._given: Fading[str, GivenAnswer] = Fading(clock, JUDGED, most)

    def add(self, given: GivenAnswer) -> str:
        """Remember an answer and return the identifier that its buttons carry."""
        identifier = secrets.token_hex(4)
        self._given.put(identifier, given)
        return identifier

    def take(self, identifier: str) -> GivenAnswer | None:
        """Return the answer and forget it: each is judged once. None when it was, or is too old."""
        return self._given.drop(identifier)

    def fade(self) -> None:
        """Forget what is too old, though nobody presses anything."""
        self._given.fade()

    def __len__(self) -> int:
        return len(self._given)


class OnScreen:
    """The turn that each attempt at the quiz showed last, so that a letter answers what was just seen."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._turns: Fading[str, int] = Fading(clock, SHOWN, most)

    def put(self, attempt: str, turn: int) -> None:
        """Remember that the question of this turn was shown."""
        self._turns.put(attempt, turn)

    def shows(self, attempt: str, turn: int) -> bool:
        """Return whether the question of this turn is the last that was shown."""
        return self._turns.get(attempt) == turn

    def fade(self) -> None:
        """Forget what is too old, though nobody answers."""
        self._turns.fade()
