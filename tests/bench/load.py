"""Two programs asked the same thing, in turns, and how each fares."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles

import psutil

from tests.bench.report import Row, compared
from tests.kits.measures import Target, at_least

THROUGHPUT = 0.8  # of the bare library's, at least
ROUND_SECONDS = 60.0  # at most


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: `requests` in each round, `together` at a time; `quiet`, seconds of idleness.

    Rounds are many and short, for what else the machine does to weigh on both programs alike.
    """

    rounds: int = 60
    requests: int = 60
    together: int = 16
    starts: int = 11
    quiet: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program answered, and how many seconds after it was asked."""

    content: object
    delay: float


@dataclass(frozen=True, slots=True)
class Rival:
    """A program that runs: its process, and how to ask it for clause 5.10 once."""

    pid: int
    ask: Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Round:
    """What a round gave: its length, the processor time that the program took, each answer's delay."""

    seconds: float
    processor: float
    delays: list[float]


class Letterbox:
    """Where answers arrive, each under the name that was given with the question."""

    def __init__(self) -> None:
        self._expected: dict[str, tuple[float, asyncio.Future[Answer]]] = {}

    def expect(self, name: str) -> asyncio.Future[Answer]:
        """Return what will hold the answer, the question being asked now."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._expected[name] = (time.perf_counter(), answer)
        return answer

    def expects(self, name: str) -> bool:
        """Return whether an answer of this name is waited for."""
        return name in self._expected

    def arrived(self, name: str, content: object) -> None:
        """Deliver an answer."""
        asked, answer = self._expected.pop(name)
        if not answer.cancelled():  # by someone who stopped waiting
            answer.set_result(Answer(content, time.perf_counter() - asked))


async def compare(platform: str, ours: Rival, bare: Rival, scale: Scale) -> list[Row]:
    """Return how both fare, in rounds that alternate; the first of each only warms up.

    Raises `AssertionError` if they do not answer the same thing, every time.
    """
    expected = (await ours.ask()).content
    mine: list[Round] = []
    theirs: list[Round] = []
    for _ in range(scale.rounds + 1):
        mine.append(await _round(ours, expected, scale))
        theirs.append(await _round(bare, expected, scale))
    del mine[0], theirs[0]

    def row(
        label: str, unit: str, figures: Callable[[list[Round]], list[float]], target: Target | None = None
    ) -> Row:
        return compared(f"{platform}, {label}", unit, figures(mine), figures(theirs), target)

    return [
        row("débit", "/s", _rates, at_least(THROUGHPUT)),
        row("délai p50", "ms", lambda rounds: [1000 * _delay(rounds, 50)]),
        row("délai p99", "ms", lambda rounds: [1000 * _delay(rounds, 99)]),
        row("processeur par requête", "ms", lambda rounds: [1000 * _processor(rounds)]),
    ]


async def _round(rival: Rival, expected: object, scale: Scale) -> Round:
    delays: list[float] = []
    numbers = iter(range(scale.requests))

    async def ask_in_turn() -> None:
        for _ in numbers:
            answer = await rival.ask()
            assert answer.content == expected, "both must answer the same"
            delays.append(answer.delay)

    process = psutil.Process(rival.pid)
    before, started = busy(process), time.perf_counter()
    async with asyncio.timeout(ROUND_SECONDS), asyncio.TaskGroup() as together:
        for _ in range(scale.together):
            together.create_task(ask_in_turn())
    return Round(time.perf_counter() - started, busy(process) - before, delays)


def busy(process: psutil.Process) -> float:
    """Return the seconds that the process has had of a processor."""
    times = process.cpu_times()
    return times.user + times.system


def _rates(rounds: Sequence[Round]) -> list[float]:
    """Return the answers per second, in each round."""
    return [len(one.delays) / one.seconds for one in rounds]


def _delay(rounds: Sequence[Round], percentile: int) -> float:
    """Return the seconds that this part of all answers did not exceed."""
    delays = [delay for one in rounds for delay in one.delays]
    return quantiles(delays, n=100, method="inclusive")[percentile - 1]


def _processor(rounds: Sequence[Round]) -> float:
    """Return the processor time per request, over all rounds.

    The system counts in hundredths of a second: a short run may show none, and counts as one.
    """
    return max(sum(one.processor for one in rounds), 0.01) / sum(len(one.delays) for one in rounds)
