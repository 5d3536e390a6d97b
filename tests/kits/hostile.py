"""Bodies that name the codec they are to be decoded with, and how much work that makes for others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import process_time

import aiohttp

from tests.kits.measures import Figure, at_most

PUNYCODE = b"code=aaaa-" + b"a" * 500_000  # decoded as such, it takes most of a minute
MOST_TIMES = 60.0  # what an ordinary request takes; the attack took ten thousand times as much
CODECS = ("punycode", "nope", "idna", "utf-7", "utf-16", "zlib", "rot13", "undefined", "\u00e9", "x" * 2_000)


@dataclass(frozen=True)
class Outcome:
    """The status of a hostile request, and how many times an ordinary one's work it made, with one beside it.

    Work is the processor's time of this process, where both the server and its visitors are.
    """

    status: int
    times: float

    @property
    def figure(self) -> Figure:
        """The work, beside the most that is borne."""
        return Figure("travail, à côté d'une requête ordinaire", self.times, at_most(MOST_TIMES), "fois")


async def post(url: str, body: bytes, **headers: str) -> int:
    """Send a body with these headers (« Content_Type »), and return the status of the answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=named) as answer:
        await answer.read()
        return answer.status


async def held_up(hostile: Callable[[], Awaitable[int]], other: Callable[[], Awaitable[object]]) -> Outcome:
    """Send a hostile request and, once it is on its way, an ordinary one, after some of those alone."""
    alone = []
    for _ in range(4):  # the first also makes what is made once
        began = process_time()
        await other()
        alone.append(process_time() - began)
    began = process_time()
    first = asyncio.ensure_future(hostile())
    await asyncio.sleep(0)
    await other()
    return Outcome(await first, (process_time() - began) / min(alone))
