"""In a copy of the repository where each function says that it was called: which test file called it.

A plugin of pytest, and what the functions call. Processes that tests start read the name of the file.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / ".touched"
CALLS, FILES, CURRENT = FOLDER / "calls", FOLDER / "files", FOLDER / "current"
EVERY = "*"  # called while files are imported, or for the whole session: any test may depend on it

_current = CURRENT.read_text("utf-8") if CURRENT.is_file() else EVERY
_seen: set[tuple[str, str]] = set()


def touch(function: str) -> None:
    """Note that the current test file has called a function, "path:line"."""
    if (function, _current) not in _seen:
        _seen.add((function, _current))
        try:
            with CALLS.open("a", encoding="utf-8") as file:
                file.write(f"{function}\t{_current}\n")
        except OSError:  # a process that may not open files
            pass


def _set_current(name: str) -> None:
    global _current  # noqa: PLW0603 — a process has one current file
    _current = name
    CURRENT.write_text(name, "utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Say which file a test is in, and note how long it takes."""
    began, name = time.monotonic(), item.nodeid.partition("::")[0]
    _set_current(name)
    try:
        return (yield)
    finally:
        _set_current(EVERY)
        with FILES.open("a", encoding="utf-8") as file:
            file.write(f"{name}\t{time.monotonic() - began:.3f}\tpassed\n")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """What is made once for the session is every file's."""
    before = _current
    if fixturedef.scope == "session":
        _set_current(EVERY)
    try:
        return (yield)
    finally:
        _set_current(before)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the files whose tests do not pass as they are."""
    if report.failed:
        with FILES.open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid.partition('::')[0]}\t0\tfailed\n")
