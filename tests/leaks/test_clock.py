"""The moment of a report, in short: nothing tells it to a visitor or a thief, and what is planted does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kits.measures import Check
from tests.leaks import paced
from tests.leaks.clock import FEW, NOTICED, cost, watched
from tests.leaks.guessing import Moments, tau


@pytest.mark.attack("L'heure d'un signalement")
async def test_nobody_guesses_when_a_report_came(tmp_path: Path, check: Check) -> None:
    moments = await watched(tmp_path / "essai", 1, FEW, pace=paced.SHORT)
    for figure in moments.figures():
        check(figure)


@pytest.mark.attack("L'heure d'un signalement")
async def test_a_delay_a_date_and_a_counter_that_tell_of_reports_are_noticed(tmp_path: Path) -> None:
    moments = await watched(tmp_path / "essai", 1, FEW, plant=paced.EVERY, pace=paced.SHORT)
    assert moments.noticed() >= set.union(*NOTICED.values()), moments.strays()


def test_guessing_is_one_half_and_knowing_is_one() -> None:
    clues = [{"form": float(number)} for number in range(20)]
    assert Moments(1, clues, clues).auc("form") == 0.5
    assert Moments(1, clues[10:], clues[:10]).auc("form") == 1
    assert Moments(1, clues[:10], clues[10:]).noticed() == {"form"}, "less often tells as much as more often"
    assert Moments(1, clues[::2], clues[1::2]).noticed() == set()
    assert (tau([1, 2, 3]), tau([3, 2, 1])) == (1, -1)


def test_the_cost_of_the_cadence_is_measured_on_the_disk(tmp_path: Path) -> None:
    layout, copy, beat, written = cost(tmp_path / "base", 2)
    assert layout.value > 0
    assert copy.value > 0
    assert beat.value > 0
    assert written.value > 2 * 24
