"""`make torture`, in short: kills and limits."""

from __future__ import annotations

from tests.torture import fanout, kills, permissions, reports
from tests.torture.world import CALM, Weather


def test_a_bot_that_is_killed_again_and_again_loses_nothing_and_says_nothing_twice() -> None:
    toll = kills.run(3, Weather(held=0))  # nothing is held up past what is waited for
    assert toll.accepted > 5, toll.lines()
    assert toll.kept, toll.lines()
    assert toll.twice["slack"] == 0, toll.lines()


def test_reports_survive_kills_and_are_told_of_once_at_each_level() -> None:
    toll = reports.run(4, CALM, each_second=4, brisk=True)
    assert toll.kept, toll.lines()
    assert toll.sound, toll.lines()


def test_requests_survive_kills_and_each_decision_is_told_once() -> None:
    toll = permissions.run(4, CALM, each_second=6, brisk=True)
    assert toll.sound, toll.lines()


def test_a_message_to_many_arrives_once_and_keeps_to_the_limits() -> None:
    """How long it takes beside what the limits impose is for `make torture`, over a thousand people."""
    [result] = fanout.run(200, 0)
    assert result.twice == 0, result.line()
    assert result.refused <= fanout.DISCORD[0], result.line()
