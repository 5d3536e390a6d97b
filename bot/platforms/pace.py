"""Going as fast as a platform allows and no faster."""

from __future__ import annotations

import asyncio
from collections import deque

# A platform counts when requests arrive. One that was held up on its way arrives close to the next,
# so our seconds are this much longer than its own.
_MARGIN = 1.01


class Window:
    """At most `count` turns in any `seconds`: turns are given in the order in which they are asked for.

    A leaky bucket of the same rate lets up to twice as many go in its first window (aiolimiter 1.3:
    100 in the first second of 50 a second), which is a 429; a smaller bucket loses what its timers are
    late by. Here each turn waits for the one `count` before it, and nothing is lost.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._turns: deque[float] = deque(maxlen=count)
        self._count = count
        self._seconds = seconds * _MARGIN

    async def turn(self) -> None:
        """Wait until one may go."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._turns[0] + self._seconds) if len(self._turns) == self._count else now
        self._turns.append(at)
        if at > now:
            await asyncio.sleep(at - now)

    @property
    def idle(self) -> bool:
        """Whether every turn that was taken is out of the window, so that nothing need be remembered."""
        last = self._turns[-1] if self._turns else 0.0
        return last + self._seconds < asyncio.get_running_loop().time()
