"""A look-up crosses each file once: see `hops`, which says what is counted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.house.hops import ROOT, Function, Trace

CLIENT, DISPATCHER, RENDER = (
    Function("platforms/discord/client.py", "Client._answer"),
    Function("conversation/dispatcher.py", "Dispatcher.handle"),
    Function("platforms/discord/render.py", "render"),
)
FILES = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "reports").glob("*.py"))[:11]]


def test_a_look_up_is_traced_as_the_architecture_prints_it_and_no_file_is_entered_again() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.house.hops"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("calls", "problem"),
    [
        ([((CLIENT,), DISPATCHER), ((CLIENT,), RENDER), ((CLIENT,), DISPATCHER)], "then enters it again"),
        ([((CLIENT,), DISPATCHER), ((CLIENT, DISPATCHER), CLIENT)], "from below itself"),
        ([((CLIENT,), Function(file, "nothing")) for file in FILES], "11 files"),
    ],
)
def test_what_the_trace_is_to_catch_is_caught(
    calls: Sequence[tuple[tuple[Function, ...], Function]], problem: str
) -> None:
    trace = Trace(list(calls))
    assert problem in "\n".join(trace.problems())
