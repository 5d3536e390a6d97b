"""The interface between the application and a platform, and the ways a delivery can fail."""

import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable

from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.logs import ExplainedError

# A destination: a person's own conversation with the bot, a channel, or a private thread of one person and
# the bot.
Surface: TypeAlias = Literal["person", "channel", "thread"]

# Seconds at least between two checks of our token with a platform, however often monitoring asks.
ASKED_SECONDS: Final = 5.0
# A platform's answer when asked about our token. « unsure »: it does not answer, or fails.
Standing: TypeAlias = Literal["accepted", "refused", "unsure"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A place to send unprompted messages to. `id`: the identifier of a person or a channel."""

    platform: str
    team: str
    id: str
    surface: Surface = "person"


@dataclass(frozen=True, slots=True)
class Meter:
    """Callbacks that count a platform's events.

    `acked`: an event was acknowledged; its argument is the platform's time of the event, in seconds since
    1970. `reconnected`: a lost connection was restored. `limited`: the platform answered 429.
    """

    acked: Callable[[float], None] = lambda _stamp: None
    reconnected: Callable[[], None] = lambda: None
    limited: Callable[[], None] = lambda: None


@runtime_checkable
class HomeKeeper(Protocol):
    """A platform that gives each person a page of their own, which stays open (Slack's App Home)."""

    def refresh_homes(self, people: Collection[Actor]) -> None:
        """Refresh the menu of each of these people whose page shows the menu, in a task."""


class PlatformError(ExplainedError):
    """A platform cannot be reached or refuses us. The text is one line of advice in French.

    `passing`: the problem may go away by itself, for example if the network is down, so a retry makes sense.
    `refused`: the platform's code when it refuses our token or our organisation, "" otherwise.
    """

    def __init__(self, text: str, *, passing: bool = False, refused: str = "") -> None:
        super().__init__(text)
        self.passing = passing
        self.refused = refused


class DeliveryError(Exception):
    """A message was not delivered, or may not have been. The text is a short code, safe to log."""


class UndeliverableError(DeliveryError):
    """The message can never be delivered there: closed conversation, deleted channel, unknown person.

    The error's text begins with « closed », « gone » or « forbidden ».
    """


class FaultyError(DeliveryError):
    """The platform refuses the message itself. The fault is ours, not the recipient's."""


class LaterError(DeliveryError):
    """The message was not delivered, but a retry may succeed. `seconds`: the wait that the platform asks for.

    `everywhere`: the wait applies to every destination, not only to this one.
    """

    def __init__(self, code: str, seconds: float | None = None, *, everywhere: bool = False) -> None:
        super().__init__(code)
        self.seconds = seconds
        self.everywhere = everywhere


class AwayError(LaterError):
    """The platform cannot be reached, so nothing was sent. Every message waits, and no attempt is counted."""

    def __init__(self, code: str) -> None:
        super().__init__(code, everywhere=True)


class RefusedError(AwayError):
    """The platform refuses our token or our organisation.

    The platform is considered away until someone restores access.
    """


class LackingError(LaterError):
    """The application lacks the permission `scope`. Only the messages that need it wait."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"scope ({scope})")
        self.scope = scope


class StoppedError(LaterError):
    """Sending was paused before the message was sent."""


class UnknownError(DeliveryError):
    """The request was sent but no result arrived. The message may or may not have been delivered."""


# What a refusal is about: the place where the message goes (« closed », « gone », « forbidden »), the bot («
# refused », « lacking »), the moment (« wait »), the message (« faulty »), or something unknown (« unsure »).
Meaning: TypeAlias = Literal["closed", "gone", "forbidden", "refused", "lacking", "wait", "faulty", "unsure"]


_BY_STATUS: Final[Mapping[int, Meaning]] = {401: "refused", 429: "wait"}
_ERRORS: Final[Mapping[Meaning | None, Callable[[str], DeliveryError]]] = {
    None: LaterError,
    "refused": RefusedError,
    "lacking": LackingError,
    "unsure": UnknownError,
    "faulty": FaultyError,
}


def refusal(meaning: Meaning | None, code: str, *, status: int = 0, seconds: float = 0.0) -> DeliveryError:
    """Return the error for a refused message. If `meaning` is None, the message is retried.

    `code`: the platform's code or, for « lacking », the missing permission. `status`: the HTTP status, which
    prevails over `meaning` if it has a meaning of its own. `seconds`: how long to wait, for « wait ».
    """
    meaning = "unsure" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _BY_STATUS.get(status, meaning)
    match meaning:
        case "closed" | "gone" | "forbidden":
            return UndeliverableError(f"{meaning} ({code})")
        case "wait":
            return LaterError(code, seconds, everywhere=True)
    return _ERRORS[meaning](code)


# Called right before an unprompted message is sent. The outbox sets it before each delivery.
leaving: ContextVar[Callable[[], None] | None] = ContextVar("leaving", default=None)


def may_leave() -> None:
    """Raise `StoppedError` if unprompted messages are paused. Answers to people are always allowed.

    Call this after every wait, right before the request.
    """
    if (check := leaving.get()) is not None:
        check()


@runtime_checkable
class Deliverer(Protocol):
    """A sender of unprompted messages that can check later whether a message was delivered."""

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Send `message` to `to`, marked with `delivery_id` so that it can be found again.

        Calls `may_leave`. Returns once the message is delivered. Raises a `DeliveryError`.
        """

    async def was_delivered(self, to: Destination, delivery_id: str, since: datetime) -> bool:
        """Return whether a message has reached `to` since `since`. Return False if nothing shows that it has.

        Raises `LaterError` or `UnknownError` if the platform cannot be asked now.
        """


class Connectable:
    """A platform that delivers unprompted messages while it is connected. `_delivery` is None otherwise.

    `_refused`: the code of the refusal that prevents the connection, "" if there is none.
    """

    _delivery: Deliverer | None = None
    _refused: str = ""
    _standing: tuple[float, Standing] = (-math.inf, "unsure")  # the time and the answer of the latest check

    @property
    def refuses_us(self) -> bool:
        """Whether the platform refused our token at the last attempt."""
        return (self._delivery is None and bool(self._refused)) or self._standing[1] == "refused"

    async def deliver(self, to: Destination, message: Message, delivery_id: str) -> None:
        """Send `message` unprompted (see `Deliverer`). Raises `AwayError` while not connected."""
        await self._connected().deliver(to, message, delivery_id)

    async def was_delivered(self, to: Destination, delivery_id: str, since: datetime) -> bool:
        """Return whether a message was delivered (see `Deliverer`). Raises `AwayError` if not connected."""
        return await self._connected().was_delivered(to, delivery_id, since)

    async def _accepts(self, ask: Callable[[], Awaitable[Standing]]) -> bool:
        """Return whether the platform accepts our token. `ask` is called at most once per `ASKED_SECONDS`."""
        asked_at, standing = self._standing
        if time.monotonic() - asked_at >= ASKED_SECONDS:
            standing = await ask()
            self._standing = time.monotonic(), standing
        return standing == "accepted"

    def _connected(self) -> Deliverer:
        if self._delivery is None:
            raise RefusedError(self._refused) if self._refused else AwayError("not connected")
        return self._delivery


class Platform(Protocol):
    """The interface of a platform, as the application uses it."""

    @property
    def name(self) -> str:
        """The platform's name, as people write it: « Slack », « Discord », « Bac à sable »."""

    @property
    def address(self) -> str:
        """The web address that opens the platform in a browser, "" if it has its own application."""

    async def start(self) -> None:
        """Connect, and return once requests are being answered. Raises `PlatformError`."""

    async def close(self) -> None:
        """Stop taking requests, let the current ones finish, and disconnect. May be called at any time."""
