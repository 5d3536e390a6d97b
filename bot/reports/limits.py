"""How many reports may come in an hour, counted without knowing from whom.

A person is a hash under a key that is in memory only, drawn at start and again each day: nothing that is
kept could tell who it was, and after a day neither could the memory. The refusal is the same for all: it
does not tell whether the person, the form or the association reached the limit.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import RLock
from typing import Final, NoReturn

from bot.times import Clock

PER_PERSON: Final = 5
IN_ALL: Final = 20
BY_WEB: Final = 8  # of these, at most, from the web form, where nothing tells people apart
WINDOW: Final = timedelta(hours=1)
ROTATION: Final = timedelta(days=1)

REFUSAL: Final = (
    "Il n'est pas possible de recevoir d'autres signalements pour le moment. Veuillez réessayer dans une "
    "heure. En cas de danger, n'attendez pas\u00a0: utilisez un autre moyen."
)


class Limiter:
    """The reports of the last hour. Not to be kept, copied or shown: it lives and dies with the process."""

    def __init__(
        self, clock: Clock, *, person: int = PER_PERSON, in_all: int = IN_ALL, by_web: int = BY_WEB
    ) -> None:
        self._clock = clock
        self._lock = RLock()  # counted on the event loop, forgotten by the clock on another thread
        self._limits = (person, in_all, by_web)
        self._all: list[datetime] = []
        self._web: list[datetime] = []
        self._people: dict[bytes, list[datetime]] = {}
        self._key, self._drawn = secrets.token_bytes(32), clock()

    def open_to(self, account: str) -> bool:
        """Tell whether an account of a platform may report now. Nothing is counted."""
        with self._lock:
            return self._open(self._theirs(account), self._limits[0])

    def take(self, account: str) -> bool:
        """Count a report from an account, unless a limit is reached; tell whether it is accepted."""
        with self._lock:
            if not self.open_to(account):
                return False
            self._people.setdefault(self._hash(account), []).append(self._clock())
            self._all.append(self._clock())
            return True

    def open_to_web(self) -> bool:
        """Tell whether the web form may report now. Nothing is counted."""
        with self._lock:
            self.forget()
            return self._open(self._web, self._limits[2])

    def take_from_web(self) -> bool:
        """Count a report from the web form, unless a limit is reached; tell whether it is accepted."""
        with self._lock:
            if not self.open_to_web():
                return False
            self._web.append(self._clock())
            self._all.append(self._clock())
            return True

    def forget(self) -> None:
        """Forget what is over an hour old, and everyone once the key is a day old.

        To be called now and then, so that an idle bot forgets too.
        """
        with self._lock:
            now = self._clock()
            if not timedelta() <= now - self._drawn < ROTATION:  # a clock that was set back counts as a day
                self._key, self._drawn = secrets.token_bytes(32), now
                self._people.clear()
            self._all, self._web = _recent(self._all, now), _recent(self._web, now)
            kept = {one: _recent(times, now) for one, times in self._people.items()}
            self._people = {one: times for one, times in kept.items() if times}

    def _theirs(self, account: str) -> list[datetime]:
        self.forget()
        return self._people.get(self._hash(account), [])

    def _open(self, times: list[datetime], most: int) -> bool:
        return len(times) < most and len(self._all) < self._limits[1]

    def _hash(self, account: str) -> bytes:
        return hashlib.blake2b(account.encode("utf-8", "surrogatepass"), key=self._key).digest()

    def __repr__(self) -> str:
        return "<Limiter>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a limiter is kept nowhere")


def _recent(times: Iterable[datetime], now: datetime) -> list[datetime]:
    return [one for one in times if now - WINDOW < one <= now]
