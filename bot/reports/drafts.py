"""Reports and answers being written, in memory for ten minutes, under names that mean nothing.

A name is 96 random bits, held by the buttons of messages that only one person sees; nothing here says
whose it is. Nothing is written to disk, and a restart forgets it all.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from bot.answers.memory import Fading
from bot.reports.filing import Report
from bot.times import Clock

KEPT: Final = timedelta(minutes=10)
TWICE: Final = timedelta(minutes=1)  # during which a button pressed again does the same again

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """A message to add to the report that has this receipt."""

    receipt: str
    text: str


class DraftShelf(Fading[str, Content]):
    """Contents of one kind, each under a name drawn for it."""

    def __init__(self, clock: Clock, span: timedelta = KEPT) -> None:
        super().__init__(clock, span)

    def store(self, content: Content, name: str = "") -> str:
        """Store a content under `name`, replacing what was there, or under a new name; return the name."""
        name = name or secrets.token_urlsafe(12)
        self.put(name, content)
        return name


class Drafts:
    """Every draft. `receipts`: of pages opened with a code. `sent`: the codes of reports just sent."""

    def __init__(self, clock: Clock) -> None:
        self.reports: DraftShelf[Report] = DraftShelf(clock)
        self.answers: DraftShelf[DraftAnswer] = DraftShelf(clock)
        self.receipts: DraftShelf[str] = DraftShelf(clock)
        self.sent: DraftShelf[str] = DraftShelf(clock, TWICE)

    def fade(self) -> None:
        """Forget what is too old, even if nobody asks for it."""
        for shelf in (self.reports, self.answers, self.receipts, self.sent):
            shelf.fade()
