"""What the web form needs of whoever keeps the reports: shapes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

ADDRESS_LENGTH: Final = 2_000  # of what is pasted: what is kept of it is shorter


class RefusedError(Exception):
    """What was asked cannot be done now; the text is for the person."""


@dataclass(frozen=True, slots=True)
class FormChoice:
    """One of the answers to a question: what it stands for, what is shown, what explains it."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FormChoices:
    """What one chooses among, as it is today. Of severities and recipients, one; of the named, any."""

    severities: Sequence[FormChoice]
    recipients: Sequence[FormChoice]
    named: Sequence[FormChoice]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and ticked, as it came: nothing in it was checked."""

    address: str = ""
    summary: str = ""
    severity: str = ""
    name: str = ""
    recipient: str = ""
    named: frozenset[str] = frozenset()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Pointed:
    """Characters `start` to `end` of a field that may tell who someone is, and why."""

    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """What there is to say of what was typed.

    `typed`: what will be kept of it, addresses telling nothing of who shares them. `problems`: what keeps
    it from being sent, by field. `pointed`: by field, in order, none over another.
    """

    typed: Typed
    problems: Mapping[str, str] = field(default_factory=dict)
    pointed: Mapping[str, Sequence[Pointed]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CleanedImage:
    """An image that was drawn anew, and the SHA-256 of the file it was drawn from."""

    content: bytes = field(repr=False)
    media: str
    original: str


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """A message of the conversation: whether the person who reported wrote it, and the words."""

    ours: bool
    words: str


@dataclass(frozen=True, slots=True)
class FollowedReport:
    """What who has a code may know of their report. `open`: whether anything can still be added."""

    status: str
    explained: str
    said: Sequence[DialogueLine] = ()
    open: bool = True


class Intake(Protocol):
    """Receives reports and shows what became of them. Nothing that it is given tells who asks."""

    async def choices(self) -> FormChoices:
        """Return what one may choose among."""

    async def review(self, typed: Typed) -> Review:
        """Look at what was typed, which is not too long; nothing of it is kept."""

    async def point_out(self, words: str) -> Sequence[Pointed]:
        """Return what may tell who someone is in what is to be added, which is not too long."""

    async def clean(self, content: bytes) -> CleanedImage:
        """Draw an image anew. Raises `RefusedError` for what is none, or cannot be."""

    def new_code(self) -> str:
        """Return a new receipt, under which nothing is kept yet."""

    async def send(self, typed: Typed, picture: CleanedImage | None, code: str) -> None:
        """Keep what was reviewed under `code`, once. Raises `RefusedError`, nothing being kept."""

    async def follow(self, code: str) -> FollowedReport | None:
        """Return what became of a report; None for whatever is not the code of one."""

    async def add(self, code: str, words: str) -> FollowedReport | None:
        """Add words to a report. Raises `RefusedError`, nothing being kept."""

    async def withdraw(self, code: str) -> bool:
        """Withdraw a report; False when there is none."""
