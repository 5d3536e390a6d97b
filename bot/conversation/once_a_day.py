"""Who was counted today, in memory only, so that counts need no name."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from bot.conversation.fading import Fading

REMEMBERED: Final = timedelta(days=1)  # how long it is remembered, as a keyed hash, that someone was counted
_MOST: Final = 20_000  # hashes; beyond that, the oldest is forgotten


class OnceADay:
    """Tells whether something is the first of the day for a person: a hash, in memory only."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._key = secrets.token_bytes(32)
        self._counted: Fading[bytes, None] = Fading(clock, REMEMBERED, _MOST)

    def is_first(self, person: str, today: date, *what: str) -> bool:
        """Return whether this was not asked of `what` and a person today, and remember it.

        `person`: in words that tell them from anyone else.
        """
        words = " ".join((str(today), *what, person))
        digest = hashlib.blake2b(words.encode(), key=self._key, digest_size=16).digest()
        if digest in self._counted:
            return False
        self._counted.put(digest, None)
        return True

    def fade(self) -> None:
        """Forget who was counted a day ago. The clock calls this."""
        self._counted.fade()
