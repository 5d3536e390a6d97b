"""Bodies that name the codec they are to be decoded with, and how long others wait meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

import aiohttp

PUNYCODE = b"code=aaaa-" + b"a" * 500_000  # decoded as such, it takes most of a minute
MOST_SECONDS = 1.0  # on a machine at work; a calm one takes a fifth of it, and the attack took forty
CODECS = ("punycode", "nope", "idna", "utf-7", "utf-16", "zlib", "rot13", "undefined", "\u00e9", "x" * 2_000)


@dataclass(frozen=True)
class Outcome:
    """The status of a hostile request, and the seconds that it and another request took."""

    status: int
    seconds: float
    other_seconds: float


async def post(url: str, body: bytes, **headers: str) -> int:
    """Send a body with these headers (« Content_Type »), and return the status of the answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=named) as answer:
        await answer.read()
        return answer.status


async def held_up(hostile: Callable[[], Awaitable[int]], other: Callable[[], Awaitable[object]]) -> Outcome:
    """Send a hostile request and, once it is on its way, another."""

    async def timed(ask: Callable[[], Awaitable[object]]) -> tuple[object, float]:
        start = perf_counter()
        return await ask(), perf_counter() - start

    first = asyncio.ensure_future(timed(hostile))
    await asyncio.sleep(0)
    _, other_seconds = await timed(other)
    status, seconds = await first
    assert isinstance(status, int)
    return Outcome(status, seconds, other_seconds)
