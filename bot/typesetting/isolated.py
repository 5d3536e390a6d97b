"""Running a program in a process of its own, with an empty environment.

What others made (a picture, a Word file, a PDF) is only ever read so, by programs that limit their own memory
and time, and few at once.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

AT_ONCE: Final = 2  # files from outside: each may take half a gigabyte

_TURNS: Final = threading.BoundedSemaphore(AT_ONCE)


def read_isolated(page: Path, *words: str, data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run `page` on a file from outside, in turn. Raises as `run_isolated`, `TimeoutError` without a turn."""
    if not _TURNS.acquire(timeout=seconds):
        raise TimeoutError
    try:
        return run_isolated(page, *words, data=data, seconds=seconds)
    finally:
        _TURNS.release()


def run_isolated(page: Path, *words: str, data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run `page` on `data`, with an empty environment. Raises `OSError`, `subprocess.TimeoutExpired`."""
    return subprocess.run(  # noqa: S603 — our own file
        [sys.executable, "-I", str(page), *words],
        input=data,
        capture_output=True,
        timeout=seconds,
        check=False,
        env={},
    )
