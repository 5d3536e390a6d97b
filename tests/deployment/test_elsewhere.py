"""Copies kept elsewhere: the units' own commands, by the real rclone and restic, on this machine."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.backup import copies
from bot.storage.database import Storage
from bot.times import utc
from tests.deployment.tools import DEPLOYMENT, tool

NOW = utc("2026-11-24T15:00:00Z")


def run(unit: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run what a unit starts, as systemd would for the instance « vigie » whose state is in `folder`."""
    needed = "rclone" if "ailleurs" in unit else "restic"
    where = {"PATH": f"{Path(tool(needed)).parent}:{os.environ['PATH']}", "HOME": str(folder)}
    where |= {"CACHE_DIRECTORY": str(folder / "cache"), **environment}
    for line in (DEPLOYMENT / unit).read_text("utf-8").splitlines():
        name, _, command = line.partition("=")
        if name == "ExecStart":
            command = command.replace("/var/lib/%i", str(folder)).replace("%i", "vigie")
            words = [word.replace("${AILLEURS}", where.get("AILLEURS", "")) for word in shlex.split(command)]
            words[0] = shutil.which(Path(words[0]).name, path=where["PATH"]) or words[0]
            done = subprocess.run(
                words, cwd=folder / "sauvegardes", env=where, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Storage(tmp_path / "vigie.db").close()
    return tmp_path


def test_the_hourly_copy_replaces_the_one_before_elsewhere_though_its_size_is_the_same(home: Path) -> None:
    places = home / "vigie.db", home / "sauvegardes", home / "cles"
    elsewhere = home / "ailleurs"
    for hours in range(2):
        copies.save_hourly(*places, NOW + timedelta(hours=hours))
        os.utime(home / "sauvegardes" / copies.HOURLY, (1, 1))  # a place that keeps no dates
        run("vigie-ailleurs@.service", home, {"AILLEURS": str(elsewhere), "RCLONE_CONFIG": "/dev/null"})
        assert [path.name for path in elsewhere.iterdir()] == [copies.HOURLY], "one only"
        assert copies.last_hour(elsewhere, home / "cles") == NOW + timedelta(hours=hours)


def test_nightly_copies_are_versions_elsewhere_each_of_one_night(home: Path) -> None:
    repository, secret = home / "depot", home / "motdepasse"
    secret.write_text("un mot de passe")
    settings = {
        "RESTIC_REPOSITORY": str(repository), "RESTIC_PASSWORD_FILE": str(secret), "JOURS": "30",
    }  # fmt: skip
    restic = [tool("restic"), "--no-cache", "-r", str(repository), "-p", str(secret)]
    subprocess.run([*restic, "init"], check=True, capture_output=True)
    old = [*restic, "backup", "--host", "vigie", "--time", "2026-01-01 04:30:00", str(secret)]
    subprocess.run(old, check=True, capture_output=True)
    nights = [date(2026, 11, 23), date(2026, 11, 24)]
    for night in nights:
        copies.save_sealed(home / "vigie.db", home / "sauvegardes", home / "cles", night)
        copies.save_hourly(home / "vigie.db", home / "sauvegardes", home / "cles", NOW)
        run("vigie-archive@.service", home, settings)
    snapshots = subprocess.run([*restic, "snapshots", "--json"], check=True, capture_output=True, text=True)
    assert snapshots.stdout.count('"short_id"') == 2, "that of January is forgotten"
    subprocess.run([*restic, "restore", "latest", "--target", str(home / "revenu")], check=True)
    [path] = (home / "revenu").rglob("*.chiffre")
    assert copies.read_copy(path, home / "cles")[1] == nights[-1], "neither older nights nor the hour's copy"


@pytest.mark.parametrize("unit", ["vigie-ailleurs@.service", "vigie-archive@.service"])
def test_a_unit_exposes_little(unit: str) -> None:
    done = subprocess.run(
        [tool("systemd-analyze"), "--no-pager", "security", "--offline=true", str(DEPLOYMENT / unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    [exposure] = re.findall(r"exposure level.*: ([\d.]+)", done.stdout)
    assert float(exposure) <= 4.0, "they are given the network and a remote's own programs"


@pytest.mark.parametrize("timer", ["vigie-ailleurs@.timer", "vigie-archive@.timer"])
def test_a_timer_catches_up_with_what_it_missed(timer: str) -> None:
    text = (DEPLOYMENT / timer).read_text("utf-8")
    [calendar] = re.findall(r"^OnCalendar=(.*)$", text, re.MULTILINE)
    subprocess.run([tool("systemd-analyze"), "calendar", calendar], check=True, capture_output=True)
    assert "\nPersistent=true\n" in text


def test_the_model_of_the_settings_names_all_that_the_units_use() -> None:
    text = (DEPLOYMENT / "ailleurs.env").read_text("utf-8")
    assert all(f"\n{name}=" in text for name in ("AILLEURS", "RCLONE_CONFIG", "RESTIC_REPOSITORY", "JOURS"))
