"""The periods of the figures: which there are, how they are named, and what comes before."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dashboard import periods
from bot.dashboard.periods import Period

days = st.dates(date(1002, 1, 1), date(9997, 1, 1))


@given(days, st.integers(1, 12))
def test_a_period_is_named_by_an_id_that_gives_it_back(day: date, first_month: int) -> None:
    for period in (periods.month_of(day), periods.year_of(day, first_month)):
        assert period.first <= day <= period.last
        assert periods.read_period(period.id, first_month) == period


@given(days, st.integers(1, 12))
def test_only_a_period_that_is_over_is_offered(day: date, first_month: int) -> None:
    month, year = periods.latest_month(day), periods.latest_year(day, first_month)
    assert month.last < day
    assert year.last < day
    assert len(year.months) == 12
    assert len(month.months) == 1
    for period in (month, year):
        assert (period.first - period.previous.last).days == 1
        assert period.previous.is_year == period.is_year


def test_periods_have_french_titles() -> None:
    assert periods.month_of(date(2026, 9, 12)).title == "septembre\u00a02026"
    assert periods.year_of(date(2026, 8, 31)).title == "année\u00a02025-2026"
    assert periods.year_of(date(2026, 8, 31), 1).title == "année\u00a02026"


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "0000-01", "2026-2028", "9999", "demain"])
def test_what_names_no_period_is_none(text: str) -> None:
    assert periods.read_period(text) is None


def test_a_year_is_named_by_the_one_in_which_it_begins() -> None:
    assert periods.read_period("2026") == Period(date(2026, 9, 1), date(2027, 8, 31))
