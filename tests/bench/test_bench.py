"""The benchmark itself: that it runs and says what it promises, whatever the figures on this machine."""

from __future__ import annotations

import pytest

from tests.bench import report
from tests.bench.__main__ import measure
from tests.bench.load import Scale
from tests.bench.report import Row, compared
from tests.kits.measures import Target, at_least, at_most

LABELS = [
    "Slack, débit",
    "Slack, délai p50",
    "Slack, délai p99",
    "Slack, processeur par requête",
    "Discord, débit",
    "Discord, délai p50",
    "Discord, délai p99",
    "Discord, processeur par requête",
    "Temps pour être prêt",
    "Processeur pour être prêt",
    "Mémoire résidente",
]


async def test_both_platforms_and_the_start_are_compared_with_the_bare_libraries() -> None:
    rows = await measure(Scale(rounds=1, requests=40, together=4, starts=1, quiet=0))
    assert [row.label for row in rows] == LABELS
    assert [row.label for row in rows if row.target] == [
        "Slack, débit",
        "Discord, débit",
        "Temps pour être prêt",
        "Mémoire résidente",
    ]
    assert all(row.ours > 0 and row.bare > 0 for row in rows if "processeur" not in row.label)


def test_a_ratio_is_the_median_of_the_turns() -> None:
    row = compared("Débit", "/s", [90, 10, 80], [100, 100, 100])
    assert (row.ours, row.bare, row.ratio) == (80, 100, 0.8)


@pytest.mark.parametrize(
    ("target", "ratio", "missed"),
    [
        (at_least(0.8), 0.8, False),
        (at_least(0.8), 0.79, True),
        (at_most(1.5), 1.5, False),
        (at_most(1.5), 1.51, True),
    ],
)
def test_a_missed_target_is_told(target: Target, ratio: float, missed: bool) -> None:
    verdict = report.verdict([Row("Débit", "/s", 1, 1, ratio, target), Row("Délai", "ms", 1, 1, 9)])
    assert bool(verdict) == missed
    assert all("Débit" in line for line in verdict)


def test_the_table_is_written_as_french_is() -> None:
    table = report.table([Row("Débit", "/s", 1234.5, 12.34, 0.987, at_least(0.8))])
    cells = [cell.strip(" ") for cell in table.splitlines()[-1].strip("|").split("|")]
    assert cells == ["Débit", "0,99", "≥\u00a00,80", "1\u00a0234\u00a0/s", "12,3\u00a0/s"]
    assert len({len(line) for line in table.splitlines()}) == 1
