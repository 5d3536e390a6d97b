"""A table that remembers its values for minutes, in memory only: never written to disk, never logged."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable
from datetime import datetime, timedelta
from threading import RLock
from typing import Final, Generic, TypeVar

MOST: Final = 2_000  # entries in a table; beyond that, the owner with the most entries loses the oldest one

Key = TypeVar("Key")
Value = TypeVar("Value")


class Fading(Generic[Key, Value]):
    """A table of at most `most` entries, each dropped after `span`, even when nobody reads it.

    Thread-safe: commands write on the storage thread, and the clock drops entries on the event loop.
    """

    def __init__(self, clock: Callable[[], datetime], span: timedelta, most: int = MOST) -> None:
        self._clock = clock
        self._span = span
        self._most = most
        self._entries: OrderedDict[Key, tuple[datetime, Value, Hashable]] = OrderedDict()
        self._lock = RLock()

    def put(self, key: Key, value: Value, owner: Hashable = None) -> None:
        """Store a value for the whole span, replacing any other value under this key.

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

    def latest(self, keys: Collection[Key]) -> Key | None:
        """Return which of these keys was stored last, or None when none has a value."""
        with self._lock:
            self.fade()
            return next((key for key in reversed(self._entries) if key in keys), None)

    def __contains__(self, key: Key) -> bool:
        """Return whether `key` has a value, even an expired one that is not yet dropped."""
        return key in self._entries

    def drop(self, key: Key) -> Value | None:
        """Remove a value and return it."""
        with self._lock:
            value = self.get(key)
            self._entries.pop(key, None)
        return value

    def drop_all(self, is_dropped: Callable[[Key, Value], bool]) -> None:
        """Remove the values for which `is_dropped` returns True."""
        with self._lock:
            for key in [key for key, (_, value, _) in self._entries.items() if is_dropped(key, value)]:
                del self._entries[key]

    def fade(self) -> None:
        """Drop the entries older than the span."""
        with self._lock:
            now = self._clock()
            while self._entries:
                since, *_ = next(iter(self._entries.values()))  # when the oldest entry was stored
                if timedelta() <= now - since < self._span:  # negative if the clock was set back
                    return
                self._entries.popitem(last=False)
