"""What all commands have alike: a place in the help, `--json`, the Tab key, and a line while one waits."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot.cli import progress
from bot.cli.completion import VARIABLE
from bot.cli.main import SECTIONS, WITHOUT_JSON, each_command
from bot.cli.main import vigie as root
from bot.storage.database import Storage
from tests.cli.test_main import vigie
from tests.kits.effort import PATIENCE

COMMANDS = dict(each_command(root))


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The settings of a bot whose database is there."""
    Storage(tmp_path / "vigie.db").close()
    return {"VIGIE_DB": str(tmp_path / "vigie.db"), "DISCORD_TOKEN": "x"}


# --- The help ---------------------------------------------------------------------------------


def test_every_command_is_in_one_section_of_the_help() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) >= set(root.commands)
    help_ = vigie("--help").stdout
    assert [title for title in SECTIONS if f"\n{title}\u00a0:\n" not in help_] == []
    assert "..." not in help_, "nothing is cut"


# --- JSON -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", sorted(set(COMMANDS) - WITHOUT_JSON))
def test_every_command_answers_in_json(words: str) -> None:
    assert any("--json" in parameter.opts for parameter in COMMANDS[words].params)


def test_a_command_that_acts_tells_whether_it_did(home: dict[str, str]) -> None:
    done = vigie("pause", "--json", "essai", **home)
    assert json.loads(done.stdout) == {
        "done": True,
        "text": "Les envois sont arrêtés. Pour les reprendre\u00a0: vigie reprendre.",
    }
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_whose_answer_is_no_says_it_in_json_too(home: dict[str, str]) -> None:
    done = vigie("registre", "effacer", "3", "--oui", "--json", **home)
    assert (done.returncode, json.loads(done.stdout)["done"]) == (1, False)
    assert done.stderr.count("\n") == 1, "why"


def test_what_is_refused_is_one_line_and_no_json(home: dict[str, str]) -> None:
    done = vigie("roles", "nommer", "administration", "personne", "--json", **home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_question_is_not_asked_in_the_middle_of_json(home: dict[str, str]) -> None:
    (Path(home["VIGIE_DB"]).parent / "sauvegardes").mkdir()
    (Path(home["VIGIE_DB"]).parent / "sauvegardes" / "vigie-2026-01-01.chiffre").touch()
    done = vigie("cles", "refaire", "--json", "--oui", **home)
    made = json.loads(done.stdout)
    assert made["done"]
    assert "Refait" in made["text"]


# --- The Tab key ------------------------------------------------------------------------------


def completed(folder: Path, *words: str) -> set[str]:
    """Return what bash offers after these words, the last of which is being typed."""
    program = folder / "vigie"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m bot "$@"\n')
    program.chmod(0o755)
    script = folder / "completion"
    script.write_text(vigie("completion", "bash").stdout, "utf-8")
    asked = " ".join(map(repr, ("vigie", *words)))
    typed = (
        f"source {script}; COMP_WORDS=({asked}); COMP_CWORD={len(words)}; "
        "_vigie_completion vigie; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", typed],
        env={"PATH": f"{folder}:/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    assert completed(tmp_path, "re") == {
        "registre",
        "reprendre",
        "restaurer",
        "retenus",
        "reviser",
        "revisions",
    }
    assert completed(tmp_path, "roles", "no") == {"nommer"}
    assert completed(tmp_path, "sauvegarder", "--j") == {"--json"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    assert VARIABLE in vigie("completion", shell).stdout


# --- While one waits --------------------------------------------------------------------------


class Screen(io.StringIO):
    """A terminal, or a file. `shown`: set once something is written."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal
        self.shown = threading.Event()

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        self.shown.set()
        return super().write(text)


def test_a_terminal_shows_what_is_under_way_then_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(is_terminal=True)
    monkeypatch.setattr(progress, "AFTER_SECONDS", 0.001)
    monkeypatch.setattr(sys, "stderr", screen)

    def fail() -> None:
        with progress.working("Je copie"):
            assert screen.shown.wait(PATIENCE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    written = screen.getvalue()
    assert "Je copie… 0\u00a0s" in written
    assert written.endswith("\r\x1b[K"), "even after an error"


def test_what_is_quick_is_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(is_terminal=True)
    monkeypatch.setattr(progress, "AFTER_SECONDS", PATIENCE)
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.working("Je copie"):
        pass
    assert screen.getvalue() == ""


def test_nothing_is_said_but_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(is_terminal=False)
    monkeypatch.setattr(progress, "AFTER_SECONDS", 0.0)
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.working("Je copie"):
        threading.Event().wait(0.01)
    assert screen.getvalue() == ""
