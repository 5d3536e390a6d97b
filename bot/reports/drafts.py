"""What is being written about a report, in memory only and for ten minutes, under names that mean nothing.

A name is 96 random bits, held by the buttons of messages that only one person sees; nothing here says
whose it is. None of it is written anywhere, and restarting the bot forgets it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from bot.answers.conversations import MOST, Fading
from bot.people import roles
from bot.reports.filing import ReportIntake
from bot.reports.records import Severity
from bot.times import Clock

KEPT: Final = timedelta(minutes=10)
TWICE: Final = timedelta(minutes=1)  # during which a button that was pressed twice does the same again

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report as it is being written. `where`: an address or words; `canonical`: which of them."""

    recipient: str = roles.VP_COMMUNICATIONS
    named: tuple[str, ...] = ()
    urgent: bool = False
    where: str = ""
    platform: str = ""
    canonical: bool = False
    says: str = ""
    severity: Severity = "serious"
    name: str = ""

    def entry(self) -> ReportIntake:
        """Return the report that it makes."""
        return ReportIntake(
            self.where,
            self.says,
            self.severity,
            platform=self.platform,
            canonical=self.canonical,
            recipient=self.recipient,
            named=self.named,
            urgent=self.urgent,
            name=self.name,
        )


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """Something to be said about a report, which is found by its receipt."""

    receipt: str
    text: str


class DraftShelf(Generic[Content]):
    """Contents of one kind, each under a name that is drawn for it."""

    def __init__(self, clock: Clock, span: timedelta = KEPT, most: int = MOST) -> None:
        self._kept: Fading[str, Content] = Fading(clock, span, most)

    def put(self, content: Content, name: str = "") -> str:
        """Keep a content and return its name: the one given, in the place of what it had, or a new one."""
        name = name or secrets.token_urlsafe(12)
        self._kept.put(name, content)
        return name

    def get(self, name: str) -> Content | None:
        """Return a content, None when there is none of that name, or no more."""
        return self._kept.get(name)

    def __contains__(self, name: str) -> bool:
        """Tell whether there was a content of that name lately; from any thread."""
        return name in self._kept

    def drop(self, name: str) -> Content | None:
        """Return a content and forget it."""
        return self._kept.drop(name)

    def fade(self) -> None:
        """Forget what is too old, though nobody asks."""
        self._kept.fade()

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<Shelf of {len(self)}>"


class Drafts:
    """All of it. `sent`: the codes of what was just sent, for a button pressed twice."""

    def __init__(self, clock: Clock) -> None:
        self.reports: DraftShelf[ReportDraft] = DraftShelf(clock)
        self.answers: DraftShelf[DraftAnswer] = DraftShelf(clock)
        self.receipts: DraftShelf[str] = DraftShelf(clock)
        self.sent: DraftShelf[str] = DraftShelf(clock, TWICE)

    def fade(self) -> None:
        """Forget what is too old, though nobody asks."""
        for shelf in (self.reports, self.answers, self.receipts, self.sent):
            shelf.fade()
