"""Programs run in a separate process, with an empty environment.

Files from outside (an image, a Word file, a PDF) are only read this way, a few at a time, by programs that
limit their own memory and time.
"""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

AT_ONCE: Final = 2  # files from outside read at once: each may take half a gigabyte

_TURNS: Final = threading.BoundedSemaphore(AT_ONCE)


def read_isolated(page: Path, *words: str, data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run `page` on a file from outside, at most `AT_ONCE` at a time.

    Raises `TimeoutError` after waiting `seconds` for a turn, and the errors of `run_isolated`.
    """
    if not _TURNS.acquire(timeout=seconds):
        raise TimeoutError
    try:
        return run_isolated(page, *words, data=data, seconds=seconds)
    finally:
        _TURNS.release()


def run_isolated(page: Path, *words: str, data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run `page` on `data`, in an empty environment. Raises `OSError` and `subprocess.TimeoutExpired`."""
    return subprocess.run(  # noqa: S603 — our own file
        [sys.executable, "-I", str(page), *words],
        input=data,
        capture_output=True,
        timeout=seconds,
        check=False,
        env={},
    )
