"""The interface between the application and a platform, and the ways a delivery can fail."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from bot.conversation.messages import Message
from bot.logs import ExplainedError

# A destination: a person's own conversation with the bot, a channel, or a thread of one person and the bot.
Surface: TypeAlias = Literal["person", "channel", "thread"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A place for unprompted messages. `id`: a person's or a channel's."""

    platform: str
    team: str
    id: str
    surface: Surface = "person"


@dataclass(frozen=True, slots=True)
class Meter:
    """Counts what happens on a platform.

    `acked`: an event was acknowledged, so many seconds after it came in.
    `reconnected`: a lost connection was made again. `limited`: the platform answered 429.
    """

    acked: Callable[[float], None] = lambda _seconds: None
    reconnected: Callable[[], None] = lambda: None
    limited: Callable[[], None] = lambda: None


class PlatformError(ExplainedError):
    """A platform cannot be reached or refuses us; the text is one French line that says what to do.

    `passing`: it may work later by itself (network down), so it is worth trying again.
    """

    def __init__(self, text: str, *, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing


class DeliveryError(Exception):
    """A message was not delivered, or may not have been; the text is a short code, safe to log."""


class UndeliverableError(DeliveryError):
    """The message can never be delivered: closed conversation, deleted channel, unknown person."""


class LaterError(DeliveryError):
    """The message was not delivered, and may be later. `seconds`: the wait that the platform asks for.

    `everywhere`: the wait holds for every destination, not for this one alone.
    """

    def __init__(self, code: str, seconds: float | None = None, *, everywhere: bool = False) -> None:
        super().__init__(code)
        self.seconds = seconds
        self.everywhere = everywhere


class AwayError(LaterError):
    """The platform cannot be reached, so nothing was sent; every message waits, and none counts as failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code, everywhere=True)


class StoppedError(LaterError):
    """Sending was paused before the message left."""


class UnknownError(DeliveryError):
    """The request left and its result never came: the message may have been delivered, or not."""


# Called right before an unprompted message leaves; the code that asks for the delivery sets it.
leaving: ContextVar[Callable[[], None] | None] = ContextVar("leaving", default=None)


def may_leave() -> None:
    """Raise `StoppedError` if an unprompted message may not leave. The answer to a person always may.

    To be called once every wait is over, right before the request.
    """
    if (check := leaving.get()) is not None:
        check()


@runtime_checkable
class Deliverer(Protocol):
    """Delivers unprompted messages, and can check afterwards whether one was delivered."""

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Say `message` at `to`, marked with `delivery_id`, by which it can be found again.

        Calls `may_leave`. Returns once it was delivered. Raises `UndeliverableError`, `LaterError` or
        `UnknownError`.
        """

    async def was_delivered(
        self, to: Destination, message: Message, delivery_id: str, since: datetime
    ) -> bool:
        """Return whether a message was delivered at `to`, at `since` or after; False when nothing tells.

        Raises `LaterError` or `UnknownError` when the platform cannot be asked now.
        """


class Connectable:
    """A platform that delivers unprompted messages while it is connected; otherwise `_delivery` is None."""

    _delivery: Deliverer | None = None

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Say `message` unprompted (see `Deliverer`). Raises `AwayError` while not connected."""
        await self._connected().deliver(to, message, delivery_id)

    async def was_delivered(
        self, to: Destination, message: Message, delivery_id: str, since: datetime
    ) -> bool:
        """Return whether it was delivered (see `Deliverer`). Raises `AwayError` while not connected."""
        return await self._connected().was_delivered(to, message, delivery_id, since)

    def _connected(self) -> Deliverer:
        if self._delivery is None:
            raise AwayError("not connected")
        return self._delivery


class Platform(Protocol):
    """A platform, as the application uses it."""

    @property
    def name(self) -> str:
        """The platform's name, as people write it: « Slack », « Discord », « Bac à sable »."""

    @property
    def address(self) -> str:
        """The web address that opens it in a browser, "" when people have an application for it."""

    async def start(self) -> None:
        """Connect; return once requests are answered. Raises `PlatformError`."""

    async def close(self) -> None:
        """Stop taking requests, let those under way end, disconnect. May be called at any moment."""
