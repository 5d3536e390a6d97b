"""Attacks whose figure is a time: `make attaque` runs them, and the suite does not."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest

from tests.bench import crowd
from tests.kits.measures import Check, Figure, at_most
from tests.kits.questions import learn
from tests.reports.test_reports_kept import Home

LOOKED_UP = 150
ROUNDS = 61  # of a crowd, as `make bench`: of fewer, the worst is luck


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    it = Home(tmp_path)
    yield it
    it.storage.close()


@pytest.mark.attack("Codes essayés au hasard")
def test_codes_that_open_nothing_take_the_same_time(home: Home, check: Check) -> None:
    """T8: each is looked up in turn with one of the same length that is unknown."""
    codes, unknown = home.codes_that_open_nothing()
    for tried in codes.values():
        spent: dict[str, list[float]] = {tried: [], unknown: []}
        for _ in range(LOOKED_UP):
            for code, times in spent.items():
                began = perf_counter()
                assert not home.found(code)
                times.append(perf_counter() - began)
        least, most = sorted(statistics.median(times) for times in spent.values())
        check(Figure("temps, à côté d'un code inconnu", most / least, at_most(2), "fois"))


@pytest.mark.attack("Inondations")
async def test_a_crowd_and_a_flood_keep_nobody_waiting(check: Check) -> None:
    learn()
    for figure in await crowd.measure(ROUNDS, crowd.PEOPLE, crowd.FLOODS, crowd.QUESTIONS):
        check(figure)
