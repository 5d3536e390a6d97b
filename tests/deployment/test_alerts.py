"""The six alerts: valid for Prometheus, about figures that exist, ringing for what they say alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bot.operations.metrics import Metrics
from tests.deployment.tools import DEPLOYMENT, tool

RULES = DEPLOYMENT / "alertes.yml"
TRIALS = Path(__file__).with_name("alertes_essais.yml")


def promtool(folder: Path, *words: str) -> str:
    done = subprocess.run([tool("promtool"), *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_reads_the_six_alerts(tmp_path: Path) -> None:
    assert "6 rules found" in promtool(tmp_path, "check", "rules", str(RULES))


def test_each_alert_rings_when_it_must(tmp_path: Path) -> None:
    for file in (RULES, TRIALS):
        shutil.copy(file, tmp_path)
    assert "SUCCESS" in promtool(tmp_path, "test", "rules", TRIALS.name)


def test_each_alert_is_about_a_figure_that_the_bot_gives() -> None:
    metrics = Metrics()
    available = {
        f"{family.name}{end}"
        for family in metrics.registry.collect()
        for end in ("", "_bucket", "_count", "_info", "_total")
    }
    used = set(re.findall(r"\bvigie_\w+", RULES.read_text("utf-8")))
    assert len(used) >= 9
    assert used <= available
