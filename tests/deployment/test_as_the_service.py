"""`vigie-systeme`: a command as the service runs it, and an installation that writes its settings.

The folders are a test's, and the programs that need an account of the machine only pass on what they get.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
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
        "setpriv": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
        "chgrp": "",
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


@pytest.fixture
def real_machine() -> Iterator[Path]:
    """A machine whose service has a real account, that of nobody, which may enter its own folder alone."""
    folder = Path(tempfile.mkdtemp(prefix="vigie-", dir="/tmp"))
    folder.chmod(0o755)
    script = (DEPLOYMENT / "vigie-systeme").read_text("utf-8").replace("compte=vigie\n", "compte=nobody\n", 1)
    script = script.replace('--regid="$compte"', '--regid="$(id -g "$compte")"')
    script = script.replace('-g "$compte"', '-g "$(id -g "$compte")"')
    script = script.replace('chgrp "$compte"', 'chgrp "$(id -g "$compte")"')
    for place in ("/etc/", "/var/lib/", "/opt/"):
        script = script.replace(f'"{place}', f'"{folder}{place}').replace(f" {place}", f" {folder}{place}")
    for place in ("bin", "opt/vigie/bin", "etc", "var/lib"):
        (folder / place).mkdir(parents=True)
    write(folder / "bin/vigie-systeme", script.partition("\n")[2])
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="il faut être root, et setpriv"
)
@pytest.mark.parametrize("trap", ["file", "folder", "settings"])
def test_a_service_that_was_taken_over_reads_and_writes_nothing_of_root_s(
    real_machine: Path, trap: str
) -> None:
    secret, folder = real_machine / "secret", real_machine / "dossier"
    secret.write_text("A_ROOT=1\n", "utf-8")
    secret.chmod(0o600)
    folder.mkdir(mode=0o700)
    copy, settings = real_machine / "var/lib/nobody/installation.env", real_machine / "etc/nobody/vigie.env"
    links = {"file": (copy, secret), "folder": (copy, folder), "settings": (copy, settings)}
    link, target = links[trap]
    write(real_machine / "opt/vigie/bin/vigie", f'rm -f "$2"; ln -s "{target}" "{link}"')
    for _ in range(2):
        assert run(real_machine, "installer") == 0
    assert not settings.exists()
    assert [*settings.parent.iterdir()] == [*folder.iterdir()] == []
    write(real_machine / "opt/vigie/bin/vigie", 'echo VIGIE_NOM=Vigile > "$2"')
    assert run(real_machine, "installer") == 0
    assert settings.read_text("utf-8") == "VIGIE_NOM=Vigile\n"
    assert (settings.stat().st_uid, settings.stat().st_mode & 0o777) == (0, 0o640)
    assert [*copy.parent.iterdir()] == []


def test_what_was_answered_is_kept_when_the_connection_is_lost(machine: Path) -> None:
    write(machine / "opt/vigie/bin/vigie", 'echo VIGIE_NOM=Vigile > "$2"; kill -HUP "$PPID"')
    assert run(machine, "installer") == 129
    assert (machine / "etc/vigie/vigie.env").read_text("utf-8") == "VIGIE_NOM=Vigile\n"
    assert [*(machine / "var/lib/vigie").iterdir()] == []
