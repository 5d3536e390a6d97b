"""Standard input and output that are closed, full, cut or not in UTF-8: one line in French, never a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli import lines
from tests.kits.effort import PATIENCE
from tests.kits.forked_cli import machine_environment

ROOT = Path(__file__).resolve().parents[2]


def vigie(*words: str, code: str = "", **where: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 — as `run`
    """Run the command line from nothing. `where`: as for `subprocess.run`. `code`: run before it."""
    environment = machine_environment() | where.pop("env", {})
    start = f"{code}\nimport sys\nsys.argv = ['vigie', '--reglages', {os.devnull!r}, *sys.argv[1:]]\n"
    start += "from bot.__main__ import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", start, *words],
        cwd=ROOT, env=environment, text=True, timeout=PATIENCE, check=False,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **where},
    )  # fmt: skip


def is_one_line(text: str) -> bool:
    return text.startswith("vigie\u00a0: ") and text.count("\n") == 1 and text.endswith(".\n")


def test_a_closed_input_is_an_empty_one(tmp_path: Path) -> None:
    closed = "import os, sys\nos.close(0)\nsys.stdin = None"
    done = vigie("verifier", code=closed)
    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_line(done.stderr), done.stderr
    done = vigie("adresse", "--lot", code=closed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = vigie("--essai", "registre", "reprendre", code=closed, env={"VIGIE_DB": str(tmp_path / "x.db")})
    assert done.returncode == 2
    assert "personne n'a répondu" in done.stderr


def test_a_closed_output_changes_nothing_else() -> None:
    closed = "import os, sys\nos.close(1)\nsys.stdout = None"
    done = vigie("politique", "5.10", code=closed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_said_once() -> None:
    with Path("/dev/full").open("w") as full:
        done = vigie("politique", "5.10", stdout=full)
    assert done.returncode == 2
    assert is_one_line(done.stderr), done.stderr
    assert "le disque est plein" in done.stderr


def test_what_nobody_foresaw_is_one_line_and_the_whole_of_it_where_asked() -> None:
    broken = "from bot.commands import politique\npolitique.why_none = lambda *_: 1 / 0"
    done = vigie("politique", "5.99", code=broken)
    assert done.returncode == 1
    assert is_one_line(done.stderr), done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "division by zero" not in done.stderr, "an error's text may quote what was read"
    debugged = vigie("politique", "5.99", code=broken, env={"VIGIE_JOURNAL": "DEBUG"})
    assert "Traceback" in debugged.stderr


def test_a_connection_that_nobody_foresaw_is_not_blamed_on_the_output() -> None:
    broken = "from bot.commands import politique\ndef refuse(*_): raise ConnectionRefusedError(111, 'x')\n"
    done = vigie("politique", "5.99", code=f"{broken}politique.why_none = refuse")
    assert done.returncode == 1
    assert is_one_line(done.stderr), done.stderr
    assert "ConnectionRefusedError" in done.stderr


def test_an_interruption_while_modules_are_read_is_silent() -> None:
    early = "import sys, types\nclass Stop:\n    def find_spec(self, name, *_):\n"
    early += "        if name == 'bot.cli': raise KeyboardInterrupt\nsys.meta_path.insert(0, Stop())"
    done = vigie("politique", "5.10", code=early)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_question_that_nobody_can_answer_says_how_to_do_without(tmp_path: Path) -> None:
    done = vigie("--essai", "registre", "reprendre", env={"VIGIE_DB": str(tmp_path / "vigie.db")})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("vigie\u00a0: personne n'a répondu")


LINES = (
    (b'"a"', "a"),
    (b'\xef\xbb\xbf"d\'un autre \xc3\xa9diteur"', "d'un autre éditeur"),
    (b'"a"\r', "a"),
    (b'"\\ud800"', "\ud800"),
    (b"null", None),
    (b"[" * 100_000, None),
    (b"1" * 5_000, None),
    (b'"\xe9"', None),
    (b'"a\x00b"', None),
)


@pytest.mark.parametrize("line", [line for line, value in LINES if value is None and line != b"null"])
def test_a_line_that_is_no_json_is_refused(line: bytes) -> None:
    with pytest.raises(lines.LineError, match=r"^ce n'est pas"):
        lines.read_json(line)


@pytest.mark.parametrize(("line", "value"), [pair for pair in LINES if pair[1] or pair[0] == b"null"])
def test_a_line_is_read_whatever_wrote_it(line: bytes, value: object) -> None:
    assert lines.read_json(line) == value
