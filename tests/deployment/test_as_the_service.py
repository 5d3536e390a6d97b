"""`vigie-systeme`: a command as the service runs it, and an installation that writes its settings.

The folders are a test's, and the programs that need an account of the machine only pass on what they get.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.deployment.tools import DEPLOYMENT

ANSWERED = '[ "$1" = --reglages ] && printf "VIGIE_NOM=Vigile\\n" >> "$2"; exit ${CODE:-0}'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with the script, a program that writes what it is told, and two accounts, or so it seems."""
    script = (DEPLOYMENT / "vigie-systeme").read_text("utf-8")
    for folder in ("/etc/", "/var/lib/", "/opt/"):
        script = script.replace(f'"{folder}', f'"{tmp_path}{folder}').replace(
            f" {folder}", f" {tmp_path}{folder}"
        )
    programs = {
        "vigie-systeme": script.partition("\n")[2],
        "id": 'case "$*" in -u) echo 0;; vigie|vigie-cafe) ;; *) exit 1;; esac',
        "setpriv": 'while [ "$1" != env ]; do shift; done; exec "$@"',
        "install": 'for a; do shift; case "$p$a" in -o*|-g*) ;; *) set -- "$@" "$a";; esac; p=; '
        '[ "$a" = -o ] || [ "$a" = -g ] && p=$a; done; exec /usr/bin/install "$@"',
    }
    (tmp_path / "bin").mkdir()
    (tmp_path / "opt/vigie/bin").mkdir(parents=True)
    for name, text in programs.items():
        write(tmp_path / "bin" / name, text)
    write(tmp_path / "opt/vigie/bin/vigie", f'echo "$@" >> "{tmp_path}/told"; {ANSWERED}')
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


def run(machine: Path, *words: str, code: int = 0) -> int:
    environment = {"PATH": f"{machine / 'bin'}:{os.defpath}", "CODE": str(code)}
    return subprocess.run(["vigie-systeme", *words], env=environment, check=False).returncode  # noqa: S607


def told(machine: Path) -> list[str]:
    return (machine / "told").read_text("utf-8").splitlines()


@pytest.mark.parametrize("code", [0, 1])
def test_a_command_is_passed_on_with_its_exit_code(machine: Path, code: int) -> None:
    assert run(machine, "diagnostic", "--json", code=code) == code
    assert told(machine) == ["diagnostic --json"]


@pytest.mark.parametrize(
    ("words", "account", "service"),
    [((), "vigie", "vigie"), (("--nom", "cafe"), "vigie-cafe", "vigie@cafe")],
)
@pytest.mark.parametrize("code", [0, 1, 130])
def test_what_is_answered_goes_where_the_service_reads_it_even_when_one_stops(
    machine: Path, words: tuple[str, ...], account: str, service: str, code: int
) -> None:
    settings, copy = (machine / folder / account for folder in ("etc", "var/lib"))
    for count in (1, 2):
        assert run(machine, *words, "installer", code=code) == code
        assert (settings / "vigie.env").read_text("utf-8") == "VIGIE_NOM=Vigile\n" * count
        assert (settings / "vigie.env").stat().st_mode & 0o777 == 0o640
        assert list(copy.iterdir()) == []
    assert told(machine)[0] == f"--reglages {copy}/installation.env installer --service {service}"


def test_an_account_that_is_not_there_is_one_line(machine: Path) -> None:
    assert run(machine, "--nom", "absente", "installer") == 2
    assert not (machine / "told").exists()
