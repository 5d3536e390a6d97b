"""Machines that are not as one expects: no IPv4 loopback, a folder that cannot be written, a mounted file."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.serving import Ending
from tests.deployment.tools import tool
from tests.wire.bot_process import free_port

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 60  # seconds, on a busy machine


def vigie(apart: str, script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Vigie in a namespace of its own. `apart`: which. `script`: what prepares it, as root."""
    if os.geteuid():
        pytest.skip("only root may make a namespace here")
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", **environment}
    program = shlex.join([sys.executable, "-m", "bot", *words])
    command = ["unshare", apart, "sh", "-euc", f"{script}\nexec {program}"]
    done = subprocess.run(
        command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert "Traceback" not in done.stderr
    return done


def test_a_machine_without_an_ipv4_loopback_is_told_how_to_have_one(tmp_path: Path) -> None:
    ports = {name: str(free_port()) for name in ("VIGIE_PORT", "VIGIE_SANTE_PORT", "VIGIE_SIGNALEMENT_PORT")}
    database = {"VIGIE_DB": str(tmp_path / "vigie.db"), "VIGIE_MODELES": str(tmp_path)}
    six = f"{tool('ip')} link set lo up\n{tool('ip')} address del 127.0.0.1/8 dev lo"
    done = vigie("--net", six, "--reglages", "/dev/null", "servir", **ports, **database)
    assert done.returncode == Ending.MISSET
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Bac à sable")]
    assert line.endswith("Ajoutez-la\u00a0: sudo ip address add 127.0.0.1/8 dev lo.")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    mounted = f"mount --bind {tmp_path} {tmp_path}\nmount -o remount,ro,bind {tmp_path}"
    done = vigie("--mount", mounted, "--reglages", "/dev/null", "servir", VIGIE_DB=str(tmp_path / "vigie.db"))
    assert done.returncode == Ending.MISSET
    (line,) = done.stderr.splitlines()
    assert line.endswith("ne peut pas être modifiée. Donnez à Vigie le droit d'y écrire.")


def test_a_secret_that_a_container_mounts_is_read_whatever_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "vigie.env"
    file.write_text("DISCORD_TOKEN=a.b.c\nVIGIE_FUSEAU=ici\n")
    file.chmod(0o444)
    read = ("--reglages", str(file), "politique", "5.10")
    assert "chmod 600" in vigie("--mount", "", *read).stderr
    mounted = f"mount --bind {file} {file}\nmount -o remount,ro,bind {file}"
    (line,) = vigie("--mount", mounted, *read).stderr.splitlines()
    assert line.startswith("VIGIE_FUSEAU")
