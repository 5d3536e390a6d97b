"""The functions that run a program in a separate process, with an empty environment.

Files from outside (an image, a Word file, a PDF) are read only in this way, a few at a time, by programs that
limit their own memory and time.
"""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

AT_ONCE: Final = 2  # files from outside that are read at once; each may take half a gigabyte

_TURNS: Final = threading.BoundedSemaphore(AT_ONCE)


def read_isolated(page: Path, *words: str, data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run `page` as `run_isolated` does, on a file from outside, at most `AT_ONCE` at a time.

    Raises `TimeoutError` after waiting `seconds` for a turn, and the errors of `run_isolated`.
    """
    if not _TURNS.acquire(timeout=seconds):
        raise TimeoutError
    try:
        return run_isolated(page, *words, data=data, seconds=seconds)
    finally:
        _TURNS.release()


def run_isolated(page: Path, *words: str, data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run the program `page` with the arguments `words`, and `data` on its standard input.

    Return the finished process, with its outputs, even if the program failed. Raises `OSError` if it cannot
    start, and `subprocess.TimeoutExpired` after `seconds`.
    """
    return subprocess.run(  # noqa: S603 — our own file
        [sys.executable, "-I", str(page), *words],
        input=data,
        capture_output=True,
        timeout=seconds,
        check=False,
        env={},
    )
