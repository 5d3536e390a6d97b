"""The measure of crowds itself: that it runs and says what it promises, whatever the figures here."""

from __future__ import annotations

from tests.bench import crowd
from tests.kits.questions import learn


async def test_crowds_and_floods_are_measured_beside_what_they_must_be() -> None:
    learn()
    figures = await crowd.measure(rounds=1, people=3, floods=2, questions=2)
    assert [figure.target.limit for figure in figures if figure.target] == [
        1.25,
        2_000,
        1.25,
        2_000,
        2_000,
        1_000,
        100,
        50,
    ]
    assert all(figure.value > 0 for figure in figures)
