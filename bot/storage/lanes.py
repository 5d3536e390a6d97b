"""Two lanes for one thread: urgent work passes before ordinary work, and each lane keeps its order."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")

IN_A_ROW: Final = 8  # pieces of urgent work done while ordinary work waits; then one ordinary piece is done


class Lane(Executor):
    """An executor whose work waits in a queue. `enqueue`: adds one piece to it."""

    def __init__(self, enqueue: Callable[[Callable[[], None]], None]) -> None:
        self._enqueue = enqueue

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """Queue a call. Raises `RuntimeError` once the thread is shut down."""
        future: Future[Result] = Future()
        self._enqueue(partial(_run, future, partial(fn, *args, **kwargs)))
        return future


def _run(future: Future[Result], work: Callable[[], Result]) -> None:
    """Do `work`, unless it was cancelled, and give its result or its error to `future`."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 — raised where the result is awaited
        future.set_exception(error)
    finally:
        del future  # the error's traceback would keep it, and itself, alive


class Lanes:
    """One thread named after `name`, and its lanes `urgent` and `ordinary`.

    The thread is given one turn for each piece of work, and chooses the piece only when the turn comes.
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
        """Finish the work that waits in both lanes, do `last`, and end the thread."""
        if last is not None:
            self._thread.submit(last).result()
        self._thread.shutdown()

    def _enqueue(self, queue: deque[Callable[[], None]], work: Callable[[], None]) -> None:
        with self._lock:  # a turn that was refused leaves nothing in the queue
            self._thread.submit(self._take_turn)
            queue.append(work)

    def _take_turn(self) -> None:
        with self._lock:
            waiting = bool(self._ordinary)
            urgent = bool(self._urgent) and not (waiting and self._in_a_row >= IN_A_ROW)
            self._in_a_row = self._in_a_row + 1 if urgent and waiting else 0
            work = (self._urgent if urgent else self._ordinary).popleft()
        work()
