"""Times and working days: UTC in the database, local days and hours for people.

Arithmetic is done in UTC, since adding hours to a local time is wrong on the two nights when the clocks
change. `Calendar.at` returns the moment of an hour on a given day, such as « 9:00 on that day ».
"""

import functools
import importlib
import sys
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import ModuleType
from typing import TypeAlias
from zoneinfo import ZoneInfo

Clock: TypeAlias = Callable[[], datetime]  # always aware, in UTC

OPENS, CLOSES = time(9), time(17)  # the working day, which ends just before 17:00
QUEBEC = "CA-QC"

_SATURDAY = 5
# Twelve words read better as a line than as a list.
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905
_ENGLISH_MONTHS = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def system_clock() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class AdvancedClock:
    """The sandbox's clock: the real time, plus the time that visitors skipped. It only goes forward."""

    real: Clock = system_clock
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return the sandbox's current time, in UTC."""
        return self.real() + self.ahead

    def advance(self, moment: datetime) -> None:
        """Move the clock forward to `moment`, unless it is already later."""
        self.ahead += max(moment - self(), timedelta())


def iso(moment: datetime) -> str:
    """Format `moment` for the database: « 2026-11-24T15:04:05Z ».

    Raises `ValueError` for a time without a zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).strftime(_ISO)


def utc(text: str) -> datetime:
    """Parse a time in the format of `iso`. Raises `ValueError` for anything else."""
    return datetime.strptime(text, _ISO).replace(tzinfo=UTC)


def years_before(day: date, years: int) -> date:
    """Return the same day some years before. For 29 February, return 28 February if that year has no 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def in_words(day: date) -> str:
    """Format a date in French, « 13 décembre 2015 », « 1er mai 2026 », with no-break spaces."""
    return f"{'1er' if day.day == 1 else day.day}\u00a0{MONTHS[day.month - 1]}\u00a0{day.year}"


def in_english(day: date) -> str:
    """Format a date in English, « December 13, 2015 », with no-break spaces."""
    return f"{_ENGLISH_MONTHS[day.month - 1]}\u00a0{day.day}, {day.year}"


class UnknownHolidaysError(ValueError):
    """No calendar of public holidays has this name."""


@functools.cache
def public_holidays(code: str) -> Container[date]:
    """Return the public holidays of a country, « FR », or of one of its regions, « CA-QC »; none for "".

    A day off that replaces a holiday at a weekend is included. Raises `UnknownHolidaysError`.
    """
    if not code:
        return ()
    # Imported late, since startup does not need it. `holidays.countries` would import 250 countries, in 8 MB
    # and 150 ms: an empty package stands in for it meanwhile.
    import holidays  # noqa: PLC0415
    from holidays.registry import COUNTRIES  # noqa: PLC0415

    country, _, region = code.partition("-")
    module, name = next(
        ((module, names[0]) for module, names in COUNTRIES.items() if names[1] == country), ("", "")
    )
    if not module:
        raise UnknownHolidaysError(code)
    countries = ModuleType("holidays.countries")
    countries.__path__ = [str(Path(holidays.__file__).parent / "countries")]
    whole = sys.modules.get(countries.__name__)
    sys.modules[countries.__name__] = countries
    try:
        calendar = getattr(importlib.import_module(f"holidays.countries.{module}"), name)
        if code.endswith("-") or (region and region not in calendar.subdivisions):
            raise UnknownHolidaysError(code)
        days: Container[date] = calendar(subdiv=region or None)
    finally:
        del sys.modules[countries.__name__]
        if whole:
            sys.modules[countries.__name__] = whole
    return days


@dataclass(frozen=True, slots=True)
class Calendar:
    """The association's time zone, working hours and holidays. Outside them, only urgent messages are sent.

    `holidays`: the code of a country or a region, as in `public_holidays`.
    """

    zone: ZoneInfo
    opens: time = OPENS
    closes: time = CLOSES
    holidays: str = QUEBEC

    def today(self, clock: Clock) -> date:
        """Return today's local date."""
        return self.day(clock())

    def day(self, moment: datetime) -> date:
        """Return the local date of `moment`."""
        return moment.astimezone(self.zone).date()

    def in_words(self, moment: datetime) -> str:
        """Format a moment in French, in the association's time: « 27 novembre 2026 à 11 h 30 »."""
        local = moment.astimezone(self.zone)
        return f"{in_words(local.date())} à {local.hour}\u00a0h\u00a0{local.minute:02}"

    def at(self, day: date, hour: time) -> datetime:
        """Return the moment, in UTC, of a local `hour` on a local `day`.

        If the hour occurs twice (in November), the first occurrence is returned. If it is skipped (in March),
        the moment is computed with the offset from before the change (PEP 495, fold=0).
        """
        return datetime.combine(day, hour, tzinfo=self.zone).astimezone(UTC)

    def is_working_day(self, day: date) -> bool:
        """Return whether `day` is neither on a weekend nor a public holiday."""
        return day.weekday() < _SATURDAY and day not in public_holidays(self.holidays)

    def is_working(self, moment: datetime) -> bool:
        """Return whether `moment` is within working hours, from opening to just before closing."""
        day = self.day(moment)
        return self.is_working_day(day) and self.at(day, self.opens) <= moment < self.at(day, self.closes)

    def next_working(self, moment: datetime) -> datetime:
        """Return `moment` in UTC if it is within working hours, else the next opening time."""
        day = self.day(moment)
        if self.is_working(moment):
            return moment.astimezone(UTC)
        if not self.is_working_day(day) or moment >= self.at(day, self.opens):
            day = self.next_working_day(day)
        return self.at(day, self.opens)

    def after_working(self, moment: datetime, span: timedelta) -> datetime:
        """Return the moment, in UTC, when `span` of working time has passed since `moment`.

        The result is always within working hours: a moment at closing time becomes the next opening time.
        """
        since = self.next_working(moment)
        while since + span >= (closes := self.at(self.day(since), self.closes)):
            span -= closes - since
            since = self.next_working(closes)
        return since + span

    def next_working_day(self, day: date) -> date:
        """Return the first working day after `day`."""
        day += timedelta(days=1)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def next_daily(self, moment: datetime, hour: time) -> date:
        """Return the first local day on which `hour` comes after `moment`."""
        day = self.day(moment)
        return day if self.at(day, hour) > moment else day + timedelta(days=1)
