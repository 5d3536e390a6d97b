"""Running a file of this room in a process of its own, which knows nothing of the bot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


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
