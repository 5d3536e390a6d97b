"""Hourly limits on reports, counted without identifying authors (T5) nor telling when others reported (T12).

Each person may send a few reports an hour. The first `GUARANTEED` touch nothing that others share, so nobody
can use them up, or learn of them. The next come from a reserve shared by the whole chat. The web form, which
cannot tell people apart, has a count of its own: neither of the two can close the other.

How many reports a count accepts, and how long each one counts, are drawn at random. A place that becomes free
therefore tells nothing finer than the hour: the report before it may be half an hour old or an hour and
a half, and the number may simply have been drawn again.

A person is represented by a keyed hash. The key exists only in memory, and is drawn at start and again each
day. Nothing stored can identify the person, and after a day nothing in memory can either. The refusal is
always the same, and does not reveal which limit was reached.
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
LIFE: Final = range(30, 91)  # minutes for which a report counts among everyone's
OWN_LIFE: Final = range(30, 61)  # minutes among one's own: an hour at most, so that the guarantee holds
ROTATION: Final = timedelta(days=1)

REFUSAL: Final = (
    "Il n'est pas possible de recevoir d'autres signalements pour le moment. Veuillez réessayer dans une "
    "heure ou deux. En cas de danger, n'attendez pas\u00a0: utilisez un autre moyen."
)


class Quota:
    """A count of recent reports.

    `most`: how many it accepts, a number drawn again each time it ends. `life`: the minutes that a report, or
    that number, lasts. `chance`: draws them.
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

    def forget(self, now: datetime) -> None:
        """Delete the reports that no longer count, and draw the number again when its time has come."""
        latest = now + timedelta(minutes=self._life[-1])  # beyond it, the clock was set back
        self._ends = [end for end in self._ends if now < end <= latest]
        if not now < self._number_ends <= latest:
            self._number, self._number_ends = self._chance.choice(self._most), self._end(now)

    def _end(self, now: datetime) -> datetime:
        return now + timedelta(minutes=self._chance.uniform(self._life[0], self._life[-1]))


class Limiter:
    """Counter of recent reports. It exists only in this process and cannot be copied.

    `reached`: the doors, « chat » or « web », of which a count that everyone shares refused a report since
    the administration was last told. `chance`: draws the numbers.
    """

    def __init__(self, clock: Clock, chance: random.Random | None = None) -> None:
        self.reached: set[str] = set()
        self._clock = clock
        self._chance = chance or random.SystemRandom()
        self._lock = RLock()  # the event loop counts, and the clock's thread deletes
        bounds = zip(DOORS, (RESERVE, BY_WEB), strict=True)
        self._shared = {door: Quota(most, LIFE, self._chance) for door, most in bounds}
        self._people: dict[bytes, Quota] = {}
        self._key, self._drawn = secrets.token_bytes(32), clock()

    def take(self, account: str) -> bool:
        """Count a report from a platform account. Return False if a limit is reached."""
        with self._lock:
            self.forget()
            now, person = self._clock(), self.alias(account)
            own = self._people.get(person) or Quota(PER_PERSON, OWN_LIFE, self._chance)
            own.forget(now)
            accepted = own.has_room() and (len(own) < GUARANTEED or self._take("chat", now))
            if accepted:
                own.add(now)
                self._people[person] = own
            return accepted

    def take_from_web(self) -> bool:
        """Count a report from the web form. Return False if a limit is reached."""
        with self._lock:
            self.forget()
            return self._take("web", self._clock())

    def forget(self) -> None:
        """Delete the counts that have ended, and everyone's once the key is a day old.

        Must be called regularly, so that an idle bot deletes them too.
        """
        with self._lock:
            now = self._clock()
            if not timedelta() <= now - self._drawn < ROTATION:  # or the clock was set back
                self._key, self._drawn = secrets.token_bytes(32), now
                self._people.clear()
            for quota in (*self._shared.values(), *self._people.values()):
                quota.forget(now)
            self._people = {person: own for person, own in self._people.items() if len(own)}

    def alias(self, account: str) -> bytes:
        """Return what stands for a platform account in memory, until the key is drawn again."""
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
        raise TypeError("a limiter is kept nowhere")
