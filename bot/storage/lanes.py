"""Two queues for one thread: urgent work runs before ordinary work, and each queue keeps its order."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")

IN_A_ROW: Final = 8  # urgent calls run while ordinary calls wait; then one ordinary call is run


class Lane(Executor):
    """An executor whose calls wait in a queue. `enqueue`: adds a call to the queue."""

    def __init__(self, enqueue: Callable[[Callable[[], None]], None]) -> None:
        self._enqueue = enqueue

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """Queue a call. Raises `RuntimeError` once the thread is shut down."""
        future: Future[Result] = Future()
        self._enqueue(partial(_run, future, partial(fn, *args, **kwargs)))
        return future


def _run(future: Future[Result], work: Callable[[], Result]) -> None:
    """Run `work`, unless `future` was cancelled, and set its result or its error on `future`."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 — raised where the result is awaited
        future.set_exception(error)
    finally:
        del future  # otherwise the future and the error's traceback keep each other in memory


class Lanes:
    """One thread named after `name`, and its lanes `urgent` and `ordinary`.

    The thread gets one turn for each queued call. Only when a turn comes does it choose the call to run.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._lock = Lock()
        self._urgent: deque[Callable[[], None]] = deque()
        self._ordinary: deque[Callable[[], None]] = deque()
        self._in_a_row = 0
        self.urgent = Lane(partial(self._enqueue, self._urgent))
        self.ordinary = Lane(partial(self._enqueue, self._ordinary))

    def shutdown(self, last: Callable[[], None] | None = None) -> None:
        """Run the calls that wait in both lanes, then `last`, and end the thread."""
        if last is not None:
            self._thread.submit(last).result()
        self._thread.shutdown()

    def _enqueue(self, queue: deque[Callable[[], None]], work: Callable[[], None]) -> None:
        with self._lock:  # in this order, nothing is queued when the thread refuses the turn
            self._thread.submit(self._take_turn)
            queue.append(work)

    def _take_turn(self) -> None:
        with self._lock:
            waiting = bool(self._ordinary)
            urgent = bool(self._urgent) and not (waiting and self._in_a_row >= IN_A_ROW)
            self._in_a_row = self._in_a_row + 1 if urgent and waiting else 0
            work = (self._urgent if urgent else self._ordinary).popleft()
        work()
