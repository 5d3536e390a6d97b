"""Drafts of reports and answers, kept in memory for ten minutes under random names.

A name is 96 random bits, carried by the buttons of messages that only one person sees. Nothing here
identifies that person. Nothing is written to disk, and a restart loses every draft.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from bot.conversation.fading import Fading

if TYPE_CHECKING:
    from bot.conversation.messages import Message
    from bot.reports.filing import Report
    from bot.times import Clock

KEPT: Final = timedelta(minutes=10)
# How long a page of the form can be submitted again: the life of its seal (`bot.web.draft`).
SENT_AGAIN: Final = timedelta(minutes=30)
TWICE: Final = timedelta(minutes=1)  # a second press of a button within this time gets the same result

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """A message to add to a report. `receipt`: the lookup hash of the report's code."""

    receipt: str
    text: str


class DraftShelf(Fading[str, Content]):
    """A store for one kind of content, each item under a random name."""

    def __init__(self, clock: Clock, span: timedelta = KEPT) -> None:
        super().__init__(clock, span)

    def store(self, content: Content, owner: bytes, name: str = "") -> str:
        """Store content under `name`, replacing any earlier content, or under a new name. Return the name.

        `owner`: the alias of the person (see `Request.alias`). When the shelf is full, the owner who has the
        most drafts loses their oldest.
        """
        name = name or secrets.token_urlsafe(12)
        self.put(name, content, owner)
        return name


class Drafts:
    """All the drafts, and what else must be remembered for a few minutes.

    A receipt is the lookup hash of a report's code. `receipts`: the receipts of the reports that people are
    viewing. `counted`: the names of the drafts being sent that the limits have counted. `done`: replies to
    buttons just pressed, by the button's random name, to be given again at a second press. `withdrawn`: the
    receipts of reports just withdrawn, so that a page sent again does not file them again.
    """

    def __init__(self, clock: Clock) -> None:
        self.reports: DraftShelf[Report] = DraftShelf(clock)
        self.answers: DraftShelf[DraftAnswer] = DraftShelf(clock)
        self.receipts: DraftShelf[str] = DraftShelf(clock)
        self.counted: DraftShelf[bool] = DraftShelf(clock)
        self.done: DraftShelf[Message] = DraftShelf(clock, TWICE)
        self.withdrawn: Fading[str, str] = Fading(clock, SENT_AGAIN)

    def fade(self) -> None:
        """Delete expired drafts, even if nobody asks for them."""
        for shelf in (self.reports, self.answers, self.receipts, self.counted, self.done):
            shelf.fade()
        self.withdrawn.fade()
