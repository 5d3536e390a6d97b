"""What the tests on the wire need that pip does not bring."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "npm"
INSTALL_SECONDS = 300

_PACKAGE, _VERSION = "local-slack-linux-x64", "0.1.8"
_SHA256 = "3332007b797969d835f694b463ac526f7ef1fc66afac93f950f585105fe4815f"


class MissingError(Exception):
    """What is missing on this machine, and how to get it, in one French line."""


def local_slack() -> Path:
    """Return the program that stands for Slack, installed on the first call, or skip the test."""
    program = _local_slack()
    return program if isinstance(program, Path) else _cannot(program)


def in_a_namespace() -> tuple[str, ...]:
    """Return the command that runs another in a network of its own, or skip the test."""
    command = _in_a_namespace()
    return command if isinstance(command, tuple) else _cannot(command)


def _cannot(missing: MissingError) -> NoReturn:
    """Skip the test aloud."""
    pytest.skip(str(missing))


@cache  # a machine that cannot is not asked again by each test
def _local_slack() -> Path | MissingError:
    try:
        return _installed_and_checked()
    except MissingError as missing:
        return missing


def _installed_and_checked() -> Path:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise MissingError("local-slack ne tourne ici que sous Linux x86-64\u00a0: prenez une telle machine.")
    package = CACHE / "node_modules" / _PACKAGE
    program, described = package / "bin" / "local-slack", package / "package.json"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE.parent / "npm.lock").open("w") as lock:  # the workers of pytest-xdist install it once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not described.is_file():
            _install()
    version = json.loads(described.read_text(encoding="utf-8"))["version"]
    with program.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if (version, digest) != (_VERSION, _SHA256):
        raise MissingError(f"{_PACKAGE} n'est pas celui qui est attendu\u00a0: supprimez {CACHE}.")
    return program


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingError("npm est absent\u00a0: installez Node.js (apt install npm).")
    options = ["--no-save", "--no-audit", "--no-fund", "--prefix", str(CACHE)]
    command = [npm, "install", *options, f"{_PACKAGE}@{_VERSION}"]
    try:
        subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS, check=True)
    except subprocess.SubprocessError as error:
        raise MissingError(
            f"npm n'a pas installé {_PACKAGE}\u00a0: vérifiez l'accès à son registre."
        ) from error


@cache
def _in_a_namespace() -> tuple[str, ...] | MissingError:
    unshare = shutil.which("unshare")
    if unshare is None:
        return MissingError("unshare est absent\u00a0: installez util-linux.")
    as_root = ("--map-root-user",) if os.geteuid() else ()
    command = (unshare, *as_root, "--net", "--pid", "--fork", "--kill-child")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        return MissingError(
            "les espaces de noms réseau sont interdits ici\u00a0: permettez-les (unshare --net)."
        )
    return command
