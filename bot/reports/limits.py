"""Hourly limits on reports, which neither identify authors (T5) nor reveal when others reported (T12).

The threats T5 and T12 are described in docs/menaces.md.

Each person may send a few reports an hour. The first `GUARANTEED` use no shared count, so nobody else can use
them up or notice them. The next reports use a reserve shared by the whole chat. The web form, which cannot
tell people apart, has its own count, so that the form stays open when the reserve is used up, and vice versa.

The number of reports that a count accepts, and how long each report counts, are random. When a place becomes
free, an observer therefore learns the time of an earlier report to within an hour at best: that report may be
from 30 to 90 minutes old, or the accepted number may simply have changed.

A person is represented by a keyed hash. The key exists only in memory, and is replaced each day. Nothing
stored can identify the person, and after a day nothing in memory can either. The refusal is always the same,
and does not reveal which limit was reached.
"""

import hashlib
import random
import secrets
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Final, NoReturn

from bot.times import Clock

DOORS: Final = ("chat", "web")
GUARANTEED: Final = 2  # reports that a person may send in any hour, whatever others do
PER_PERSON: Final = range(4, 7)
RESERVE: Final = range(8, 17)  # reports from the chat beyond those guaranteed
BY_WEB: Final = range(6, 15)
LIFE: Final = range(30, 91)  # minutes during which a report counts in a shared count
OWN_LIFE: Final = range(30, 61)  # minutes of a person's own count: at most 60, so that `GUARANTEED` holds
ROTATION: Final = timedelta(days=1)

REFUSAL: Final = (
    "Il n'est pas possible de recevoir d'autres signalements pour le moment. Veuillez réessayer dans une "
    "heure ou deux. En cas de danger, n'attendez pas\u00a0: utilisez un autre moyen."
)


class Quota:
    """A count of recent reports, with a random maximum.

    `most`: the maximums to draw from. `life`: the shortest and longest times, in minutes, before a report
    stops counting or a new maximum is drawn. `chance`: the random number generator.
    """

    def __init__(self, most: range, life: range, chance: random.Random) -> None:
        self._most, self._life, self._chance = most, life, chance
        self._ends: list[datetime] = []  # when each report stops counting
        self._number, self._number_ends = 0, datetime.min.replace(tzinfo=UTC)

    def __len__(self) -> int:
        return len(self._ends)

    def has_room(self) -> bool:
        """Return whether one more report may be counted. Call `forget` first."""
        return len(self._ends) < self._number

    def add(self, now: datetime) -> None:
        """Count a report."""
        self._ends.append(self._end(now))

    def take_back(self) -> None:
        """Stop counting the report that was counted last."""
        del self._ends[-1:]  # a slice, since the list is empty if the report has expired meanwhile

    def forget(self, now: datetime) -> None:
        """Delete the reports that no longer count, and draw a new maximum if the current one has expired."""
        latest = now + timedelta(minutes=self._life[-1])  # a later end means that the clock was set back
        self._ends = [end for end in self._ends if now < end <= latest]
        if not now < self._number_ends <= latest:
            self._number = self._chance.choice(self._most)
            self._number_ends = self._end(now)

    def _end(self, now: datetime) -> datetime:
        return now + timedelta(minutes=self._chance.uniform(self._life[0], self._life[-1]))


class Limiter:
    """A counter of recent reports. It exists only in this process and cannot be copied.

    `reached`: the doors (« chat », « web ») that have refused a report, because their shared count was full,
    since the administration was last notified. `chance`: the random number generator.
    """

    def __init__(self, clock: Clock, chance: random.Random | None = None) -> None:
        self.reached: set[str] = set()
        self._clock = clock
        self._chance = chance or random.SystemRandom()
        self._lock = RLock()  # reentrant, since `take` calls `forget`
        bounds = zip(DOORS, (RESERVE, BY_WEB), strict=True)
        self._shared = {door: Quota(most, LIFE, self._chance) for door, most in bounds}
        self._people: dict[bytes, Quota] = {}
        self._key = secrets.token_bytes(32)
        self._drawn = clock()

    def take(self, account: str) -> bool:
        """Count a report from a platform account. Return False, without counting, if a limit is reached."""
        with self._lock:
            self.forget()
            now = self._clock()
            person = self.alias(account)
            quota = self._people.get(person) or Quota(PER_PERSON, OWN_LIFE, self._chance)
            quota.forget(now)
            accepted = quota.has_room() and (len(quota) < GUARANTEED or self._take("chat", now))
            if accepted:
                quota.add(now)
                self._people[person] = quota
            return accepted

    def give_back(self, alias: bytes) -> None:
        """Stop counting the report that a person sent last, which could not be filed (see `alias`)."""
        with self._lock:
            if quota := self._people.get(alias):
                if len(quota) > GUARANTEED:
                    self._shared["chat"].take_back()
                quota.take_back()

    def take_from_web(self) -> bool:
        """Count a report from the web form. Return False, without counting, if the limit is reached."""
        with self._lock:
            self.forget()
            return self._take("web", self._clock())

    def give_back_to_web(self) -> None:
        """Stop counting the report that the web form counted last, which could not be filed."""
        with self._lock:
            self._shared["web"].take_back()

    def forget(self) -> None:
        """Delete the reports that no longer count and, once the key is a day old, all personal counts.

        Must be called regularly, so that an idle bot deletes them too.
        """
        with self._lock:
            now = self._clock()
            if not timedelta() <= now - self._drawn < ROTATION:  # or the clock was set back
                self._key, self._drawn = secrets.token_bytes(32), now
                self._people.clear()
            for quota in (*self._shared.values(), *self._people.values()):
                quota.forget(now)
            self._people = {person: current for person, current in self._people.items() if len(current)}

    def alias(self, account: str) -> bytes:
        """Return the keyed hash of a platform account (64 bytes), the same until the key is replaced."""
        return hashlib.blake2b(account.encode("utf-8", "surrogatepass"), key=self._key).digest()

    def _take(self, door: str, now: datetime) -> bool:
        quota = self._shared[door]
        if quota.has_room():
            quota.add(now)
            return True
        self.reached.add(door)
        return False

    def __repr__(self) -> str:
        return "<Limiter>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a limiter cannot be pickled")
