"""A memory of who was already counted today, as hashes, so that counts need no names."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from bot.conversation.fading import Fading

REMEMBERED: Final = timedelta(days=1)  # how long the keyed hash of a person's act is remembered
_MOST: Final = 20_000  # hashes; beyond that, the oldest is forgotten


class OnceADay:
    """Tells whether a person does something for the first time today. Only hashes are kept, in memory."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._key = secrets.token_bytes(32)
        self._counted: Fading[bytes, None] = Fading(clock, REMEMBERED, _MOST)

    def is_first(self, person: str, today: date, *what: str) -> bool:
        """Return whether this is today's first call for `what` and a person, and remember the call.

        `person`: any text that identifies them.
        """
        words = " ".join((str(today), *what, person))
        digest = hashlib.blake2b(words.encode(), key=self._key, digest_size=16).digest()
        if digest in self._counted:
            return False
        self._counted.put(digest, None)
        return True

    def fade(self) -> None:
        """Forget everyone counted at least a day ago. The clock calls this."""
        self._counted.fade()
