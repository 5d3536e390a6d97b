"""The systemd units: valid, as confined as they say, and never restarted for what a restart cannot mend."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app import serving
from bot.app.serving import Ending
from tests.deployment.tools import DEPLOYMENT, UNPACKED, tool
from tests.wire.bot_process import free_port, running

UNITS = ("vigie.service", "vigie@.service")
MOST_EXPOSED = 2.0  # of 10, as `systemd-analyze security` counts
SYSTEM = Path("usr/lib/systemd/system")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the system's own units, ours, and a program where they look for it."""
    root = tmp_path_factory.mktemp("machine")
    own = next((folder for folder in (Path("/") / SYSTEM, UNPACKED / SYSTEM) if folder.is_dir()), None)
    if own is None:
        pytest.skip("systemd's units are not on this machine: sh tests/deployment/fetch_tools.sh")
    shutil.copytree(own, root / SYSTEM, symlinks=True)
    program = root / "opt/vigie/bin/vigie"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (root / "etc/systemd/system").mkdir(parents=True)
    for unit in UNITS:
        shutil.copy(DEPLOYMENT / unit, root / "etc/systemd/system")
    return root


def analyzed(machine: Path, *words: str) -> str:
    done = subprocess.run(
        [tool("systemd-analyze"), "--no-pager", f"--root={machine}", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def values(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", (DEPLOYMENT / unit).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", ["vigie.service", "vigie@cafe.service"])
def test_systemd_has_nothing_to_say_about_a_unit(machine: Path, unit: str) -> None:
    assert analyzed(machine, "verify", unit) == ""


@pytest.mark.parametrize("unit", ["vigie.service", "vigie@cafe.service"])
def test_a_unit_exposes_little(machine: Path, unit: str) -> None:
    report = analyzed(machine, "security", "--offline=true", unit)
    level = re.search(r"exposure level for \S+: ([\d.]+)", report)
    assert level, report
    assert float(level[1]) <= MOST_EXPOSED


def test_the_template_is_the_unit_with_a_name_for_each_association() -> None:
    alone, template = [(DEPLOYMENT / unit).read_text("utf-8").partition("\n[Unit]\n")[2] for unit in UNITS]
    assert template.replace("vigie-%i", "vigie").replace("Vigie (%i)", "Vigie") == alone
    assert template.count("vigie-%i") == 4


@pytest.mark.parametrize("unit", UNITS)
def test_what_a_restart_cannot_mend_is_not_restarted(unit: str) -> None:
    assert values(unit, "Restart") == ["on-failure"]
    (codes,) = values(unit, "RestartPreventExitStatus")
    assert {int(code) for code in codes.split()} == {Ending.MISSET, Ending.REFUSED}
    assert str(int(Ending.PASSING)) not in codes.split()


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_leaves_time_to_close(unit: str) -> None:
    (seconds,) = values(unit, "TimeoutStopSec")
    assert int(seconds) > serving.CLOSING_SECONDS + serving.LEAST_SECONDS


async def test_the_bot_starts_and_stops_under_the_filter_of_the_unit() -> None:
    tool("systemd-analyze")
    confined = ("-m", "tests.deployment.confined", "-m", "bot", "--reglages", "/dev/null")
    async with running({"VIGIE_PORT": str(free_port())}, program=confined) as bot:
        await bot.until("Bac à sable\u00a0: prêt")
        assert await bot.stop() == Ending.DONE
        assert "Traceback" not in bot.log


def test_the_filter_forbids_what_the_bot_has_no_need_of() -> None:
    tool("systemd-analyze")
    tries = "import os; os.sched_setaffinity(0, os.sched_getaffinity(0))"
    confined = [sys.executable, "-m", "tests.deployment.confined", "-c", tries]
    done = subprocess.run(confined, cwd=DEPLOYMENT.parent, capture_output=True, text=True, check=False)
    assert "PermissionError" in done.stderr
