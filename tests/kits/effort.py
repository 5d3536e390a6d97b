"""How much something costs, beside something else in the same run: what slows one slows the other."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from time import process_time
from types import FrameType
from typing import Final

from tests.kits.measures import Figure, at_most

PATIENCE: Final = 60.0  # seconds that a test waits for an event at the most; only a failure waits so long
# An ordinary text, as long, costs at least so many times less; what is quadratic costs thousands more.
MOST_TIMES: Final = 200.0
_ROUNDS: Final = 5
_LEAST: Final = 2e-4  # seconds of processor, below which the clock says little


def calls(work: Callable[[], object]) -> int:
    """Return how many functions `work` calls on this thread, those of C included."""
    count = 0

    def counted(_frame: FrameType, event: str, _of: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    former = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(former)
    return count


def times_as_much(work: Callable[[str], object], text: str, ordinary: str) -> float:
    """Return how many times the processor's time of an ordinary text a text takes.

    The ordinary one is made as long. Both are read in turn, several times, and the least time of each counts.
    """
    spent: dict[str, list[float]] = {_as_long(ordinary, text): [], text: []}
    for _ in range(_ROUNDS):
        for read, times in spent.items():
            began = process_time()
            work(read)
            times.append(process_time() - began)
    return _ratio(spent)


async def times_as_much_awaited(work: Callable[[str], Awaitable[object]], text: str, ordinary: str) -> float:
    """Return the same of a coroutine, other threads of the process included."""
    spent: dict[str, list[float]] = {_as_long(ordinary, text): [], text: []}
    for _ in range(_ROUNDS):
        for read, times in spent.items():
            began = process_time()
            await work(read)
            times.append(process_time() - began)
    return _ratio(spent)


def figure(times: float) -> Figure:
    """Return how many times an ordinary text's work a text takes, beside the most that is borne."""
    return Figure("travail, à côté d'un texte ordinaire de même longueur", times, at_most(MOST_TIMES), "fois")


def _as_long(ordinary: str, text: str) -> str:
    return (ordinary * (1 + len(text) // len(ordinary)))[: len(text)]


def _ratio(spent: dict[str, list[float]]) -> float:
    alone, beside = map(min, spent.values())
    return beside / max(alone, _LEAST)
