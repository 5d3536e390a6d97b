"""Rate limits: as fast as a platform allows, and no faster."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

# A platform counts when requests arrive. One that was held up on its way arrives close to the next,
# so our seconds are this much longer than its own.
_MARGIN = 1.01


class Window:
    """At most `count` turns in any `seconds`, first come, first served.

    A leaky bucket of the same rate lets up to twice as many go in its first window (aiolimiter 1.3:
    100 in the first second of 50 a second), which is a 429; a smaller bucket loses the
    time that its timers are late by. Here each turn waits for the one `count` before it, and nothing is lost.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._turns: deque[list[float]] = deque(maxlen=count)  # when each was or will be taken
        self._count = count
        self._seconds = seconds * _MARGIN

    async def turn(self) -> None:
        """Wait for one's turn."""
        now = asyncio.get_running_loop().time
        before = self._turns[0] if len(self._turns) == self._count else None
        own = [now() if before is None else max(now(), before[0] + self._seconds)]
        self._turns.append(own)
        # The one before may itself leave later than it was to, the loop being busy.
        while before is not None and (wait := before[0] + self._seconds - now()) > 0:  # noqa: ASYNC110 — until a time, not an event
            await asyncio.sleep(wait)
        own[0] = now()

    @property
    def idle(self) -> bool:
        """Whether every turn that was taken is out of the window, so that it may be forgotten."""
        last = self._turns[-1][0] if self._turns else 0.0
        return last + self._seconds < asyncio.get_running_loop().time()


def count_limited(limited: Callable[[], None]) -> aiohttp.TraceConfig:
    """Return a trace of a session that calls `limited` for each answer 429, even if it is then retried."""

    async def answered(
        _: aiohttp.ClientSession, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams
    ) -> None:
        if answer.response.status == HTTPStatus.TOO_MANY_REQUESTS:
            limited()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    return trace
