"""Where the bot lives: one adapter and one pure renderer for each platform."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from bot.conversation.messages import Message
from bot.logs import ExplainedError

# What an address leads to: a person's own conversation with the bot, a channel, or a thread that only
# one person and the bot are in.
Surface: TypeAlias = Literal["person", "channel", "thread"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a platform can say something unprompted. `id`: a person's, or a channel's."""

    platform: str
    team: str
    id: str
    surface: Surface = "person"


@dataclass(frozen=True, slots=True)
class Meter:
    """Told of what happens on a platform, to be counted.

    `acked`: the seconds from the moment when something came in to its acknowledgement.
    `reconnected`: a connection that was lost was made again. `limited`: the platform answered 429.
    """

    acked: Callable[[float], None] = lambda _seconds: None
    reconnected: Callable[[], None] = lambda: None
    limited: Callable[[], None] = lambda: None


class PlatformError(ExplainedError):
    """A platform cannot be reached or refuses us; the text is one French line that says what to do.

    `passing`: it may work later without anyone doing anything (network down), so it is tried again.
    """

    def __init__(self, text: str, *, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing


class DeliveryError(Exception):
    """A message was not said, or may not have been; the text is a short code that is safe to log."""


class UndeliverableError(DeliveryError):
    """It will never get there: closed conversation, deleted channel, revoked token, unknown person."""


class LaterError(DeliveryError):
    """It was not said, and may be later. `seconds`: when the platform said how long to wait.

    `everywhere`: the wait is for all that we say there, not for this address alone.
    """

    def __init__(self, code: str, seconds: float | None = None, *, everywhere: bool = False) -> None:
        super().__init__(code)
        self.seconds = seconds
        self.everywhere = everywhere


class AwayError(LaterError):
    """The platform itself cannot be reached, so that nothing left; nobody is to blame, and all may wait."""

    def __init__(self, code: str) -> None:
        super().__init__(code, everywhere=True)


class StoppedError(LaterError):
    """All sending was stopped before it left."""


class UnknownError(DeliveryError):
    """The request left and its result never came: it may have been said or not."""


# What whoever has something said asks to be called right before it leaves.
leaving: ContextVar[Callable[[], None] | None] = ContextVar("leaving", default=None)


def may_leave() -> None:
    """Raise `StoppedError` if what is said unprompted may not leave; what answers a person always may.

    To be called once every wait is over, right before a request.
    """
    if (asked := leaving.get()) is not None:
        asked()


@runtime_checkable
class Deliverer(Protocol):
    """What can say something unprompted, and tell afterwards whether it did."""

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Say `message` at `to`, marked with `delivery_id`, so that saying it again can be told.

        It calls `may_leave`. Raises `UndeliverableError`, `LaterError`, `UnknownError`; having returned,
        it was said.
        """

    async def was_delivered(
        self, to: Destination, message: Message, delivery_id: str, since: datetime
    ) -> bool:
        """Return whether that message was said at `to`, at `since` or after; False when nothing tells.

        Raises `LaterError` or `UnknownError` when the platform cannot be asked now.
        """


class Connectable:
    """A platform that can say something unprompted while it is connected; `_delivery` is None otherwise."""

    _delivery: Deliverer | None = None

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Say `message` unprompted (see `Deliverer`). Raises `AwayError` while not connected."""
        await self._connected().deliver(to, message, delivery_id)

    async def was_delivered(
        self, to: Destination, message: Message, delivery_id: str, since: datetime
    ) -> bool:
        """Return whether a message was said (see `Deliverer`). Raises `AwayError` while not connected."""
        return await self._connected().was_delivered(to, message, delivery_id, since)

    def _connected(self) -> Deliverer:
        if self._delivery is None:
            raise AwayError("not connected")
        return self._delivery


class Platform(Protocol):
    """What the application needs of a platform."""

    @property
    def name(self) -> str:
        """The platform's name, as people write it: « Slack », « Discord », « Bac à sable »."""

    @property
    def address(self) -> str:
        """The web address that a person opens to use it, "" when they have an application for that."""

    async def start(self) -> None:
        """Connect; return once requests are being answered. Raises `PlatformError`."""

    async def close(self) -> None:
        """Stop taking requests, let those under way end, disconnect. May be called at any moment."""
