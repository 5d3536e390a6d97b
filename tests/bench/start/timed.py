"""`python -m tests.bench.start.timed FILE MODULE …`: run a program; at SIGUSR1, write what its imports took.

JSON, in seconds of the processor: `modules`, by name, each without those that it imports, and how much of it
our modules spend on `dataclasses` and on `patterns`, which are made as they are imported.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import runpy
import signal
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from threading import local
from time import thread_time
from types import ModuleType
from typing import ParamSpec, TypeVar

OURS = "bot."
P = ParamSpec("P")
T = TypeVar("T")

modules: dict[str, float] = {}
ours: dict[str, float] = defaultdict(float)
running = local()  # `stack`: the modules being imported, each with what was spent in those it imports


def timed_import(load: Callable[[SourceFileLoader, ModuleType], None]) -> Callable[..., None]:
    """Return what executes a module, counting its own time."""

    def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
        stack = running.__dict__.setdefault("stack", [])
        stack.append([module.__name__, 0.0])
        began = thread_time()
        try:
            load(loader, module)
        finally:
            spent = thread_time() - began
            modules[module.__name__] = spent - stack.pop()[1]
            if stack:
                stack[-1][1] += spent

    return exec_module


def timed(what: str, function: Callable[P, T]) -> Callable[P, T]:
    """Return a function whose time counts under `what` while one of our modules is imported."""

    def counted(*values: P.args, **named: P.kwargs) -> T:
        began = thread_time()
        result = function(*values, **named)
        stack = running.__dict__.get("stack")
        if stack and stack[-1][0].startswith(OURS):
            ours[what] += thread_time() - began
        return result

    return counted


def main() -> None:
    """Run the module that the command line names."""
    _, file, module, *words = sys.argv

    def write(*_: object) -> None:
        Path(file).write_text(json.dumps({"modules": modules, **ours}), "utf-8")
        os._exit(0)

    signal.signal(signal.SIGUSR1, write)
    SourceFileLoader.exec_module = timed_import(SourceFileLoader.exec_module)  # type: ignore[method-assign]
    made = dataclasses._process_class  # type: ignore[attr-defined]
    dataclasses._process_class = timed("dataclasses", made)  # type: ignore[attr-defined]
    re.compile = timed("patterns", re.compile)  # type: ignore[assignment]  # it has two signatures
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
