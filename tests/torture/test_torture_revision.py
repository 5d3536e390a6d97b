"""`make torture-revision`, in short: a revision told by a bot that is killed while it tells it."""

from __future__ import annotations

from tests.torture import revision
from tests.torture.world import Weather


def test_a_revision_reaches_each_once_or_lists_why_not_and_a_restored_copy_says_nothing_again() -> None:
    toll = revision.run(30, 2, weather=Weather(0.1, 0, 0, 0, 0, 0), calm=1.0, paced=False)
    assert toll.kept, toll.lines()
    assert toll.told + sum(toll.listed.values()) == 30, toll.lines()
    assert set(toll.listed) == {"closed (50007)", "closed (cannot_dm_bot)"}, toll.lines()


def test_the_nights_when_the_hour_changes_delay_nothing_by_more_than_a_minute() -> None:
    for night, forced, arrived in revision.delays():
        assert 0 <= forced <= revision.ALLOWED_SECONDS, night
        assert 0 <= arrived <= revision.ALLOWED_SECONDS, night
