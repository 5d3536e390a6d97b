"""Trying mutants, each in a copy of the repository, on the tests of its room and then on the whole suite."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.mutants.drawing import ROOT, Mutant

LONG = ("tests/browser", "tests/torture", "tests/mutants")  # never tried
MODELS = ".cache/modeles"  # trained once for every trial


class Copy:
    """A copy of the repository, where one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in tracked_files():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def passes(self, tests: Sequence[str], seconds: float, *, mutant: Mutant | None = None) -> bool:
        """Return whether tests pass with a mutant in place. Those that never end fail."""
        shutil.rmtree(self.folder / MODELS, ignore_errors=True)  # a mutant may have written there
        if (ROOT / MODELS).is_dir():
            shutil.copytree(ROOT / MODELS, self.folder / MODELS)
        path = self.folder / mutant.path if mutant else None
        try:
            if path and mutant:
                path.write_text(mutant.code(), "utf-8")
            return _run(self.folder, tests, seconds)
        finally:
            if path and mutant:
                shutil.copy2(ROOT / mutant.path, path)

    def duration(self, tests: Sequence[str]) -> float:
        """Return the seconds that tests take as they are. Raises `RuntimeError` when they do not pass."""
        began = time.monotonic()
        if not self.passes(tests, 3_600):
            raise RuntimeError(f"the tests do not pass as they are: {' '.join(tests)}")
        return time.monotonic() - began


def tracked_files() -> list[str]:
    """Return the names of the repository's files."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return listed.strip("\0").split("\0")


def _run(folder: Path, tests: Sequence[str], seconds: float) -> bool:
    left_out = [f"--ignore={name}" for name in LONG]
    options = ["-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=0"]  # the time is counted here
    command = [sys.executable, "-B", "-m", "pytest", *options, *left_out, *tests]
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and the bots that the tests started
