"""A line that shows the task in progress and its duration, for someone waiting at a terminal.

Elsewhere than on a terminal, nothing is printed.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

import click

AFTER_SECONDS: Final = 0.5  # shorter tasks are not shown
_ERASED: Final = "\r\x1b[K"  # return to the start of the line and clear it (ECMA-48, EL)


@contextmanager
def working(label: str) -> Iterator[None]:
    """Show `label` and the seconds that passed, on one line of standard error, erased at the end.

    Nothing is shown when standard error is not a terminal, or for a short task.
    """
    if not sys.stderr.isatty():
        yield
        return
    ended = Event()
    began = time.monotonic()

    def show() -> None:
        pause = AFTER_SECONDS
        while not ended.wait(pause):
            seconds = time.monotonic() - began
            pause = 1.0
            click.echo(f"{_ERASED}{label}… {seconds:.0f}\u00a0s", err=True, nl=False)
        if pause != AFTER_SECONDS:
            click.echo(_ERASED, err=True, nl=False)

    showing = Thread(target=show, daemon=True)
    showing.start()
    try:
        yield
    finally:
        ended.set()
        showing.join()
