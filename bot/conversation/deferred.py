"""What takes a while is done aside, on a thread of its own: neither the loop nor the storage waits."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Deferred(Generic[Result]):
    """What is still to be made, aside, of what was read on the storage thread. `make` may take seconds."""

    make: Callable[[], Result]


async def aside(work: Callable[[], Result]) -> Result:
    """Do `work` on a thread which keeps nothing from ending: asyncio would wait for its own."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    context = contextvars.copy_context()
    results: list[Result] = []
    problems: list[Exception] = []

    def run() -> None:
        try:
            results.append(context.run(work))
        except Exception as error:  # noqa: BLE001 — raised where it is waited for
            problems.append(error)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=run, name="aside", daemon=True).start()
    await ended.wait()
    if problems:
        raise problems[0]
    return results[0]
