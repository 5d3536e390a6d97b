"""Hourly limits on reports, counted without identifying authors (T5).

A person is represented by a keyed hash. The key exists only in memory, and is drawn at start and again each
day. Nothing stored can identify the person, and after a day nothing in memory can either. The refusal is
always the same, and does not reveal whether the person, the form or the association reached the limit.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from threading import RLock
from typing import Final, NoReturn

from bot.times import Clock

PER_PERSON: Final = 5
IN_ALL: Final = 20
BY_WEB: Final = 8  # share of `IN_ALL` for the web form, which cannot tell people apart
WINDOW: Final = timedelta(hours=1)
ROTATION: Final = timedelta(days=1)

REFUSAL: Final = (
    "Il n'est pas possible de recevoir d'autres signalements pour le moment. Veuillez réessayer dans une "
    "heure. En cas de danger, n'attendez pas\u00a0: utilisez un autre moyen."
)


class Limiter:
    """Counter of the reports of the last hour. It exists only in this process and cannot be copied."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = RLock()  # the event loop counts, and the clock's thread deletes
        self._all: list[datetime] = []
        self._web: list[datetime] = []
        self._people: dict[bytes, list[datetime]] = {}
        self._key, self._drawn = secrets.token_bytes(32), clock()

    def take(self, account: str) -> bool:
        """Count a report from a platform account. Return False if a limit is reached."""
        with self._lock:
            self.forget()
            person = self._hash(account)
            times = self._people.get(person, [])
            if accepted := self._take(times, PER_PERSON):
                self._people[person] = times
            return accepted

    def take_from_web(self) -> bool:
        """Count a report from the web form. Return False if a limit is reached."""
        with self._lock:
            self.forget()
            return self._take(self._web, BY_WEB)

    def forget(self) -> None:
        """Delete counts over an hour old, and delete everyone's counts once the key is a day old.

        Must be called regularly, so that an idle bot deletes them too.
        """
        with self._lock:
            now = self._clock()
            if not timedelta() <= now - self._drawn < ROTATION:  # or the clock was set back
                self._key, self._drawn = secrets.token_bytes(32), now
                self._people.clear()
            for times in (self._all, self._web, *self._people.values()):
                times[:] = [moment for moment in times if now - WINDOW < moment <= now]
            self._people = {person: times for person, times in self._people.items() if times}

    def _take(self, times: list[datetime], most: int) -> bool:
        if len(times) >= most or len(self._all) >= IN_ALL:
            return False
        times.append(self._clock())
        self._all.append(self._clock())
        return True

    def _hash(self, account: str) -> bytes:
        return hashlib.blake2b(account.encode("utf-8", "surrogatepass"), key=self._key).digest()

    def __repr__(self) -> str:
        return "<Limiter>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a limiter is kept nowhere")
