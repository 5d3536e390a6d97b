"""Local days and hours, over whole years, both changes of the hour included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.times import Calendar, UnknownHolidaysError, iso, public_holidays, utc

TORONTO = Calendar(ZoneInfo("America/Toronto"))
ZONES = ("America/Toronto", "America/St_Johns", "Europe/Paris", "Pacific/Auckland", "America/Regina")
FIRST, LAST = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2033-12-31")

moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
calendars = st.sampled_from(ZONES).map(lambda name: Calendar(ZoneInfo(name)))


def local(text: str) -> datetime:
    """Read a local time of Trois-Rivières, into UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO.zone).astimezone(UTC)


@given(moments)
def test_what_is_written_is_read_back(moment: datetime) -> None:
    assert utc(iso(moment)) == moment
    assert iso(moment.astimezone(TORONTO.zone)) == iso(moment)


@given(st.lists(moments))
def test_written_times_sort_as_the_times_do(several: list[datetime]) -> None:
    assert [iso(moment) for moment in sorted(several)] == sorted(iso(moment) for moment in several)


def test_a_time_of_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        iso(FIRST)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24 09:00", "2026-11-24 09:00"),
        ("2026-11-24 16:59", "2026-11-24 16:59"),
        ("2026-11-24 17:00", "2026-11-25 09:00"),
        ("2026-11-24 03:00", "2026-11-24 09:00"),
        ("2026-11-27 18:00", "2026-11-30 09:00"),  # Friday evening
        ("2026-10-30 17:30", "2026-11-02 09:00"),  # over the night of November when the hour changes
        ("2026-03-06 17:30", "2026-03-09 09:00"),  # and that of March
        ("2026-04-02 18:00", "2026-04-06 09:00"),  # Good Friday
        ("2026-06-24 10:00", "2026-06-25 09:00"),  # the Fête nationale, a Wednesday
        ("2026-12-24 17:00", "2026-12-28 09:00"),  # Christmas, a Friday
        ("2026-10-09 20:00", "2026-10-13 09:00"),  # Thanksgiving, a Monday
    ],
)
def test_the_next_working_moment(moment: str, expected: str) -> None:
    assert TORONTO.next_working(local(moment)) == local(expected)


@given(moments, calendars)
def test_next_working_is_the_first_working_moment_not_before(moment: datetime, calendar: Calendar) -> None:
    found = calendar.next_working(moment)
    assert found >= moment
    assert calendar.is_working(found)
    assert calendar.next_working(found) == found
    if found > moment:
        assert found.astimezone(calendar.zone).time() == calendar.opens
        assert not calendar.is_working(found - timedelta(seconds=1))
        step = (found - moment) / 50
        assert not any(calendar.is_working(moment + step * n) for n in range(50))


@given(moments, moments, calendars)
def test_next_working_keeps_the_order(one: datetime, other: datetime, calendar: Calendar) -> None:
    early, late = sorted((one, other))
    assert calendar.next_working(early) <= calendar.next_working(late)


@pytest.mark.parametrize("year", range(2024, 2034))
def test_a_year_has_its_working_days_and_each_has_eight_hours(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    working = [day for day in days if TORONTO.is_working_day(day)]
    assert 250 <= len(working) <= 254
    assert all(TORONTO.at(day, time(17)) - TORONTO.at(day, time(9)) == timedelta(hours=8) for day in working)


@given(st.dates(FIRST.date(), LAST.date()), st.times().map(lambda t: t.replace(microsecond=0)), calendars)
def test_each_day_has_each_hour_once_and_days_follow_one_another(
    day: date, hour: time, calendar: Calendar
) -> None:
    here = calendar.at(day, hour)
    assert here < calendar.at(day + timedelta(days=1), hour)
    assert calendar.next_daily(here - timedelta(seconds=1), hour) <= day
    assert calendar.next_daily(here, hour) > day or calendar.day(here) != day


def test_the_hour_that_comes_twice_is_the_first_and_the_one_that_does_not_come_is_after_the_change() -> None:
    assert iso(TORONTO.at(date(2026, 11, 1), time(1, 30))) == "2026-11-01T05:30:00Z"
    assert iso(TORONTO.at(date(2026, 3, 8), time(2, 30))) == "2026-03-08T07:30:00Z"
    assert TORONTO.at(date(2026, 3, 8), time(2, 30)).astimezone(TORONTO.zone).time() == time(3, 30)


@pytest.mark.parametrize(
    ("holidays", "day", "works"),
    [
        ("CA-QC", date(2026, 6, 24), False),
        ("CA-QC", date(2026, 7, 14), True),
        ("FR", date(2026, 7, 14), False),
        ("FR", date(2026, 6, 24), True),
        ("FR", date(2026, 12, 26), False),  # a Saturday
        ("CH-GE", date(2026, 9, 10), False),  # the Genevan Fast
        ("", date(2026, 12, 25), True),
    ],
)
def test_holidays_are_those_of_the_country_or_region(holidays: str, day: date, works: bool) -> None:
    assert Calendar(TORONTO.zone, holidays=holidays).is_working_day(day) is works


@pytest.mark.parametrize("code", ["XX", "CA-", "CA-XX", "Québec", "canada"])
def test_holidays_of_nowhere_are_refused(code: str) -> None:
    with pytest.raises(UnknownHolidaysError):
        public_holidays(code)
