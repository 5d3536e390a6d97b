"""The periods of figures: whole months, and the association's whole years.

Only a period that is over is counted. Otherwise, subtracting the figures of one day from those of the next
would reveal the acts of a single day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.policy.search import fold_accents
from bot.times import MONTHS

FIRST_MONTH: Final = 9  # the first month of the association's year, by default
_MONTHS_IN_YEAR: Final = 12
_MONTH: Final = re.compile(r"([1-9]\d{3})-(\d{1,2})")
_MONTH_NAMES: Final = [*map(fold_accents, MONTHS)]
_IN_WORDS: Final = re.compile(rf"({'|'.join(_MONTH_NAMES)})(?: ([1-9]\d{{3}}))?(?!\w)")
_YEAR: Final = re.compile(r"([1-9]\d{3})(?:-(\d{4}))?")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A whole month, or twelve months from any month. `first` and `last`: its first and last days."""

    first: date
    last: date

    @property
    def is_year(self) -> bool:
        """Whether the period is a year rather than a month."""
        return _month_after(self.first, 1) <= self.last

    @property
    def id(self) -> str:
        """The period in a command or a table: « 2026-09 », « 2026-2027 », « 2026 » for a calendar year."""
        if not self.is_year:
            return f"{self.first:%Y-%m}"
        return "-".join(map(str, dict.fromkeys((self.first.year, self.last.year))))

    @property
    def title(self) -> str:
        """The period in French: « septembre 2026 », « année 2026-2027 »."""
        if self.is_year:
            return f"année\u00a0{self.id}"
        return f"{MONTHS[self.first.month - 1]}\u00a0{self.first.year}"

    @property
    def previous(self) -> Period:
        """The period of the same length before this one."""
        return self._moved(-1)

    @property
    def next(self) -> Period:
        """The period of the same length after this one."""
        return self._moved(1)

    def _moved(self, by: int) -> Period:
        if self.is_year:
            return year_from(_month_after(self.first, by * _MONTHS_IN_YEAR))
        return month_of(_month_after(self.first, by))

    @property
    def months(self) -> tuple[Period, ...]:
        """Its months, in order."""
        count = _MONTHS_IN_YEAR if self.is_year else 1
        return tuple(month_of(_month_after(self.first, month)) for month in range(count))


def month_of(day: date) -> Period:
    """Return the month of a day."""
    first = day.replace(day=1)
    return Period(first, _month_after(first, 1) - timedelta(days=1))


def year_from(first: date) -> Period:
    """Return the twelve months that begin with the month of `first`."""
    first = first.replace(day=1)
    return Period(first, _month_after(first, _MONTHS_IN_YEAR) - timedelta(days=1))


def year_of(day: date, first_month: int = FIRST_MONTH) -> Period:
    """Return the association's year that contains a day. `first_month`: the month in which it begins."""
    return year_from(date(day.year - (day.month < first_month), first_month, 1))


def latest_month(today: date) -> Period:
    """Return the last month that is over."""
    return month_of(today).previous


def latest_year(today: date, first_month: int) -> Period:
    """Return the last year that is over."""
    return year_of(today, first_month).previous


def read_period(text: str, first_month: int = FIRST_MONTH) -> Period | None:
    """Parse a period's id, None if invalid. « 2026 » is the year that begins in 2026."""
    if match := _MONTH.fullmatch(text):
        year, month = map(int, match.groups())
        return month_of(date(year, month, 1)) if 1 <= month <= _MONTHS_IN_YEAR else None
    if match := _YEAR.fullmatch(text):
        begins = int(match[1])
        ends = match[2]
        if begins < date.max.year and (ends is None or int(ends) == begins + 1):
            return year_from(date(begins, first_month, 1))
    return None


def name_period(words: str, periods: Sequence[Period], first_month: int) -> tuple[Period | None, str]:
    """Return the period of `periods` that a text begins with, or None, and the rest of the text.

    The text begins with an id, a title or a month alone: « septembre » is the latest September. `periods`:
    latest first.
    """
    folded = " ".join(fold_accents(words).split())
    if match := _IN_WORDS.match(folded):
        month = _MONTH_NAMES.index(match[1]) + 1
        year = match[2]
        months = (period for period in periods if not period.is_year and period.first.month == month)
        period = next((candidate for candidate in months if year in {None, str(candidate.first.year)}), None)
        return period, folded[match.end() :].strip()
    wanted, _, rest = folded.removeprefix("annee ").partition(" ")
    period = read_period(wanted, first_month)
    return period if period in periods else None, rest


def _month_after(first: date, months: int) -> date:
    """Return the first day of the month that is `months` months after the month of `first`."""
    years, month = divmod(first.year * _MONTHS_IN_YEAR + first.month - 1 + months, _MONTHS_IN_YEAR)
    return date(years, month + 1, 1)
