"""Slow work on its own thread, so that neither the event loop nor the storage thread waits for it."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Deferred(Generic[Result_co]):
    """A result that is not computed yet.

    `make`: computes it off the storage thread, from data already read. It may take seconds.
    """

    make: Callable[[], Result_co]


async def aside(work: Callable[[], Result]) -> Result:
    """Do `work` on a thread of its own, and return its result or raise its error.

    The thread is a daemon: unlike asyncio's threads, it does not delay the end of the process.
    """
    future: Future[Result] = Future()
    future.set_running_or_notify_cancel()  # from now on, the future cannot be cancelled
    context = contextvars.copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(work))
        except Exception as error:  # noqa: BLE001 — the caller of `aside` gets it
            future.set_exception(error)

    Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(future)
