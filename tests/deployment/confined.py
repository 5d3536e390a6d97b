"""Run a Python program as the systemd unit confines it: its system calls, and no memory both written and run.

    python -m tests.deployment.confined -m bot servir

What the kernel can be asked for without systemd: the filter of system calls (seccomp), PR_SET_MDWE, no new
privileges. The rest of the unit (file systems, namespaces) is not tried here.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.deployment.tools import DEPLOYMENT, tool

UNIT = DEPLOYMENT / "vigie.service"
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001  # seccomp.h: SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
_MDWE = 65  # prctl.h: PR_SET_MDWE, as MemoryDenyWriteExecute= asks for on a recent kernel


def allowed(unit: Path) -> set[str]:
    """Return the names of the system calls that a unit allows: its filters, one after the other."""
    names: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", unit.read_text("utf-8"), re.MULTILINE):
        calls = {call for word in line.lstrip("~").split() for call in _members(word)}
        names = names - calls if line.startswith("~") else names | calls
    return names


def _members(word: str) -> set[str]:
    """Return the calls of a group such as « @system-service », with those of the groups in it."""
    if not word.startswith("@"):
        return {word}
    listing = [tool("systemd-analyze"), "syscall-filter", "--no-pager", word]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    members = [line.strip() for line in lines if line.startswith(" ") and not line.strip().startswith("#")]
    return {call for member in members for call in _members(member)}


def confine(names: set[str]) -> None:
    """Allow this process, and all that it becomes or starts, these system calls only. Raises `OSError`."""
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_EPERM))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of another architecture
            seccomp.seccomp_rule_add(context, _ALLOW, number, 0)
    if libc.prctl(_MDWE, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_MDWE")
    if seccomp.seccomp_load(context):  # it also sets « no new privileges »
        raise OSError("seccomp_load")


def main() -> None:
    """Confine this process, then become the program."""
    confine(allowed(UNIT))
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 — no shell


if __name__ == "__main__":
    main()
