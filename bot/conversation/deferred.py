"""Slow work, on a thread of its own: neither the event loop nor the storage thread waits for it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Deferred(Generic[Result]):
    """An answer to be made off the storage thread, from what was read there. `make` may take seconds."""

    make: Callable[[], Result]


async def aside(work: Callable[[], Result]) -> Result:
    """Do `work` on a daemon thread, which the process does not wait for when it ends, unlike asyncio's."""
    future: Future[Result] = Future()
    future.set_running_or_notify_cancel()  # it cannot be cancelled any more
    context = contextvars.copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(work))
        except Exception as error:  # noqa: BLE001 — raised where it is awaited
            future.set_exception(error)

    Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(future)
