"""The requests that people filled in and did not send yet, in memory: never written, never logged.

A draft is found by its author and by the identifier that the request will have, which only the buttons of
their own messages carry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bot.conversation.fading import Fading
from bot.conversation.once_a_day import OnceADay
from bot.conversation.requests import Actor
from bot.people import persons

if TYPE_CHECKING:
    from bot.permissions.requests import Asking
    from bot.times import Clock

KEPT: Final = timedelta(minutes=10)
MOST: Final = 500  # drafts; beyond that, whoever has the most of them loses the oldest


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """What a person is about to ask. `person`: the account of who is in the picture, None on paper."""

    asking: Asking = field(repr=False)
    person: Actor | None = None


class RequestDrafts:
    """The shelf of drafts."""

    def __init__(self, clock: Clock) -> None:
        self._shelf: Fading[tuple[Actor, str], RequestDraft] = Fading(clock, KEPT, MOST)
        self._sent = OnceADay(clock)

    def store(self, draft: RequestDraft, author: Actor) -> None:
        """Keep a draft for ten minutes. It replaces its author's draft with the same identifier."""
        self._shelf.put((author, draft.asking.id), draft, author)

    def get(self, author: Actor, identifier: str) -> RequestDraft | None:
        """Return a draft, or None when it expired or is somebody else's."""
        return self._shelf.get((author, identifier))

    def drop(self, author: Actor, identifier: str) -> None:
        """Forget a draft."""
        self._shelf.drop((author, identifier))

    def count_sent(self, author: Actor, today: date) -> bool:
        """Count a request that is sent. Return whether its author had any left today.

        This is in memory, as hashes: someone who erased their data is unknown, but gets no fresh allowance.
        """
        from bot.permissions.requests import MOST_A_DAY  # noqa: PLC0415 — a start can do without

        account = str(persons.account(author))
        return any(self._sent.is_first(account, today, str(number)) for number in range(MOST_A_DAY))

    def fade(self) -> None:
        """Drop what expired. The clock calls this, so that nothing is kept longer."""
        self._shelf.fade()
        self._sent.fade()
