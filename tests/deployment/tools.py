"""The programs of Debian that these tests need: the system's, or those that `fetch_tools.sh` unpacked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ROOT / "deploiement"
UNPACKED = ROOT / ".cache/debian/root"


def tool(name: str) -> str:
    """Return the path of a program; skip the test, saying so, where there is none."""
    unpacked = [str(UNPACKED / folder) for folder in ("usr/bin", "usr/sbin")]
    path = shutil.which(name, path=os.pathsep.join([os.defpath, "/usr/sbin", "/sbin", *unpacked]))
    if path is None:
        pytest.skip(f"{name} is not on this machine: sh tests/deployment/fetch_tools.sh")
    return path
