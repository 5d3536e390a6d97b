"""Rate limiting: sending as fast as a platform allows, and no faster."""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

# A platform counts requests when they arrive. A late request arrives close to the next one, so our window is
# this many times longer than the platform's.
_MARGIN = 1.01


class Window:
    """A limit of `count` turns in any `seconds` seconds, first come, first served.

    A leaky bucket with the same rate allows up to twice as many turns in its first window (aiolimiter 1.3:
    100 in the first second at 50 a second), which causes a 429. A smaller bucket wastes time when its timers
    are late. Here each turn starts `seconds` seconds after the turn `count` places before it, so that no time
    is wasted.
    """

    def __init__(self, count: int, seconds: float) -> None:
        # the time at which each turn was or will be taken
        self._turns: deque[list[float]] = deque(maxlen=count)
        self._count = count
        self._seconds = seconds * _MARGIN

    async def turn(self) -> None:
        """Wait for a turn."""
        now = asyncio.get_running_loop().time
        before = self._turns[0] if len(self._turns) == self._count else None
        turn = [now() if before is None else max(now(), before[0] + self._seconds)]
        self._turns.append(turn)
        # The earlier turn may itself be late when the event loop is busy.
        while before is not None and (wait := before[0] + self._seconds - now()) > 0:  # noqa: ASYNC110 — waits for a time, not an event
            await asyncio.sleep(wait)
        turn[0] = now()

    @property
    def idle(self) -> bool:
        """Whether every turn is outside the window, so that this object may be discarded."""
        last = self._turns[-1][0] if self._turns else 0.0
        return last + self._seconds < asyncio.get_running_loop().time()


def count_limited(limited: Callable[[], None]) -> aiohttp.TraceConfig:
    """Return a session trace that calls `limited` for each 429 response, even if a retry follows."""

    async def answered(
        _: aiohttp.ClientSession, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams
    ) -> None:
        if answer.response.status == HTTPStatus.TOO_MANY_REQUESTS:
            limited()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    return trace
