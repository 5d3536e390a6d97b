"""Trying mutants, each in a copy of the repository."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.mutants.drawing import ROOT, Mutant

LONG = ("tests/browser/", "tests/torture/", "tests/mutants/")  # never tried
MODELS = ".cache/modeles"  # trained once for every trial


class Copy:
    """A copy of the repository, where one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in tracked_files():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def passes(self, tests: Sequence[str], seconds: float, mutant: Mutant) -> bool:
        """Return whether tests pass with a mutant in place. Those that never end fail."""
        path = self.folder / mutant.path
        try:
            path.write_text(mutant.code(), "utf-8")
            return self.run(tests, seconds, "-x")
        finally:
            shutil.copy2(ROOT / mutant.path, path)

    def run(self, tests: Sequence[str], seconds: float, *options: str) -> bool:
        """Return whether tests pass within `seconds`."""
        shutil.rmtree(self.folder / MODELS, ignore_errors=True)  # a mutant may have written there
        if (ROOT / MODELS).is_dir():
            shutil.copytree(ROOT / MODELS, self.folder / MODELS)
        usual = ("-q", "-p", "no:cacheprovider", "-o", "timeout=0")  # the time is counted here
        command = [sys.executable, "-B", "-m", "pytest", *usual, *options, *tests]
        environment = os.environ | {
            "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100",
        }  # fmt: skip
        with subprocess.Popen(
            command, cwd=self.folder, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                return process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # and the bots that the tests started


def tracked_files() -> list[str]:
    """Return the names of the repository's files."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return listed.strip("\0").split("\0")
