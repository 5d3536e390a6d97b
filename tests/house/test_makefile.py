"""`make install` on a machine where something is missing: one line says what, and the command to type."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What `python -m venv --clear` does, as far as `make` can see.
MADE = (
    "*--clear*) rm -rf .venv; mkdir -p .venv/bin; touch .venv/bin/pip; "
    'for name in python vigie; do cp "$0" .venv/bin/$name; done;;'
)
MISSING = "sudo apt install git make python3-venv, puis relancez make install."


@pytest.mark.parametrize(
    ("python", "line"),
    [
        (None, f"Il manque Python 3.11 ou plus récent. Sur Debian ou Ubuntu : {MISSING}"),
        ("exit 1", "Il faut Python 3.11 ou plus récent. Essayez : make install PYTHON=python3.13"),
        (
            'case "$*" in *ensurepip*) exit 1;; esac',
            f"Il manque python3-venv. Sur Debian ou Ubuntu : {MISSING}",
        ),
        (
            'case "$*" in *--clear*) mkdir -p .venv/bin; touch .venv/bin/python; exit 1;; esac',
            f".venv ne se crée pas. Sur Debian ou Ubuntu : {MISSING}",
        ),
    ],
)
def test_what_is_missing_is_one_line_and_leaves_nothing_behind(
    tmp_path: Path, python: str | None, line: str
) -> None:
    assert install(tmp_path, python) == [line]
    assert not (tmp_path / ".venv").exists()


def test_an_environment_that_was_left_half_made_is_made_again(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    result, line = install(tmp_path, f'case "$*" in {MADE} esac')
    assert result.startswith("Installation de ce dont Vigie a besoin"), "what takes minutes is announced"
    assert line.endswith("vigie installer"), "what to do next"
    assert (tmp_path / ".venv" / ".runs").exists()


def test_an_installation_that_the_network_stops_says_so_once(tmp_path: Path) -> None:
    _, line = install(tmp_path, f'case "$*" in {MADE} *"pip install"*) exit 1;; esac')
    assert line.startswith("L'installation s'est arrêtée")
    assert "Vérifiez l'accès à Internet" in line


def install(folder: Path, python: str | None) -> list[str]:
    """Return what `make install` prints in a folder, with a python that is this script, or none."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    if python is not None:
        script = folder / "python-essai"
        script.write_text(f"#!/bin/sh\n{python}\n", "utf-8")
        script.chmod(0o755)
    run = subprocess.run(
        ["make", "--silent", "install", "PYTHON=./python-essai"],  # noqa: S607 — wherever the system has it
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return run.stdout.splitlines()
