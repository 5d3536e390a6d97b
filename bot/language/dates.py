"""Dates as people write them, in French or English: « 12 janvier », « next Monday », « 2027-03-03 ».

A text that may mean several days is refused, with the reason. What a text leaves out, such as the year, is
inferred, and the person is asked to confirm it.
"""

import difflib
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.conversation.forms import DATE_EXAMPLES
from bot.conversation.messages import excerpt
from bot.policy.search import fold_accents
from bot.times import MONTHS, in_words

_FIRST, _LAST = 1900, 2199  # the years that are accepted
_LEAP: Final = 8  # maximum number of years from one 29 February to the next
_MISSPELT: Final = 0.8  # minimum similarity (`difflib`) between a word and the month that it misspells
_DAYS: Final = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()  # noqa: SIM905 — seven words read better as a line
_ENGLISH_DAYS: Final = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905 — as above
_ENGLISH_MONTHS: Final = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905 — as above
)
_MONTH_NUMBERS: Final[Mapping[str, int]] = {
    fold_accents(name): number for names in (MONTHS, _ENGLISH_MONTHS) for number, name in enumerate(names, 1)
}
_DAY_NUMBERS: Final[Mapping[str, int]] = {
    name: number for names in (_DAYS, _ENGLISH_DAYS) for number, name in enumerate(names)
}
_OFFSETS: Final[Mapping[str, int]] = {
    "aujourd'hui": 0, "today": 0, "maintenant": 0, "ce jour": 0,
    "demain": 1, "tomorrow": 1, "apres-demain": 2, "apres demain": 2, "day after tomorrow": 2,
    "hier": -1, "yesterday": -1, "avant-hier": -2, "avant hier": -2,
}  # fmt: skip

_LEADING: Final = re.compile(
    r"^(?:(?:a|en|des|depuis|pour|on|date|compter|partir|the|le|du|de|d'|l'|ce|cette|this)(?:\s+|(?<=')))*"
)
_WEEKDAY: Final = rf"(?P<weekday>{'|'.join(_DAY_NUMBERS)})"
_SEPARATOR: Final = r"\s*[-/. ]\s*"
_WHOLE: Final = re.compile(rf"(\d{{4}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})")
_NUMBERS: Final = re.compile(rf"(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})(?:{_SEPARATOR}(\d{{4}}|\d{{2}}))?")
_DAY_MONTH: Final = re.compile(
    rf"(?:{_WEEKDAY},?\s+(?:le\s+|the\s+)?)?(?P<day>\d{{1,2}})\s*(?:er|st|nd|rd|th|e)?[\s-]+(?:de\s+|of\s+)?"
    r"(?P<month>[a-z]{3,})\.?(?:,?[\s-]+(?P<year>\d{4}|\d{2}))?"
)
_MONTH_DAY: Final = re.compile(
    rf"(?:{_WEEKDAY},?\s+)?(?P<month>[a-z]{{3,}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
    r"(?:,?\s+(?P<year>\d{4}))?"
)
_DAY_ALONE: Final = re.compile(
    rf"(?:{_WEEKDAY}\s+(?:le\s+)?)?(?P<day>\d{{1,2}})(?:\s*er)?(?P<month>\s+du mois(?:\s+prochain)?)?"
)
_WEEKDAY_ALONE: Final = re.compile(
    rf"(?:(?P<before>next|last)\s+)?{_WEEKDAY}(?:\s+(?P<after>prochain|dernier|passe|qui vient|en huit))?"
)
_SPAN: Final = re.compile(
    r"(?:(?P<ahead>dans|d'ici|in)|(?P<ago>il y a|ca fait))?\s*(?P<count>\d{1,3})\s*"
    r"(?P<unit>jours?|semaines?|mois|ans?|annees?|days?|weeks?|months?|years?)(?:\s+(?P<past>ago))?"
)
_NAMES: Final = "|".join(_MONTH_NUMBERS)
_YEAR: Final = r"(?:19|20)\d\d"
_IN_TEXT: Final = re.compile(
    rf"\b(?:{_YEAR}-\d\d-\d\d|\d{{1,2}}(?:\s*er)?\s+(?:{_NAMES})\s+{_YEAR}"
    rf"|(?:{_NAMES})\s+\d{{1,2}},?\s+{_YEAR}|{_YEAR})\b"
)


class DateError(ValueError):
    """A text does not mean exactly one day. The error's message says why, in French."""


@dataclass(frozen=True, slots=True)
class ReadDate:
    """The day that a text means. `exact`: whether the text gives the day, the month and a four-digit year."""

    day: date
    exact: bool


def read_date(text: str, today: date, *, past: bool = False) -> ReadDate:
    """Return the day that a text means. Raises `DateError` for an ambiguous text, such as « 04/03/2027 ».

    `past`: a text without a year means the latest such day up to `today`, rather than the first such day from
    `today` on. A weekday alone never means `today`.
    """
    words = re.sub(r"\s+", " ", fold_accents(text).replace("’", "'").replace("‑", "-")).strip(' .,;:!?«»"')
    words = re.sub(r"\bpremier\b", "1", words)
    parsed = _read(words, _Reading(today, past))
    if parsed is None and any(letter.isalpha() for letter in words):
        from text_to_num import alpha2digit  # type: ignore[attr-defined]  # noqa: PLC0415 — rarely needed

        parsed = _read(alpha2digit(words, "fr", threshold=0), _Reading(today, past))
    if parsed is None:
        quoted = excerpt(text, 30)
        problem = f"«\u00a0{quoted}\u00a0» n'est pas une date que je lis." if quoted else "Il manque la date."
        raise DateError(f"{problem} Écrivez-la comme {DATE_EXAMPLES}.")
    if not _FIRST <= parsed.day.year <= _LAST:
        raise DateError(f"L'année {parsed.day.year} n'est pas la bonne.")
    return parsed


def days_named(text: str) -> Iterator[tuple[date, date]]:
    """Yield the first and last days of each day or year in a text: « le 3 mars 2016 », « en 2016 »."""
    for words in _IN_TEXT.findall(fold_accents(text)):
        parsed = None
        with suppress(DateError):
            parsed = _Reading(date.min, past=True).of(words)
        [year, *_] = map(int, re.findall(_YEAR, words))
        yield (parsed.day, parsed.day) if parsed else (date(year, 1, 1), date(year, 12, 31))


def in_full(day: date) -> str:
    """Format a date with its weekday: « lundi 30 novembre 2026 »."""
    return f"{_DAYS[day.weekday()]} {in_words(day)}"


def _read(words: str, reading: "_Reading") -> ReadDate | None:
    return reading.of(_LEADING.sub("", words, count=1)) or reading.of(words)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads dates in text without accents or capitals. `past`: as in `read_date`."""

    today: date
    past: bool

    def of(self, words: str) -> ReadDate | None:
        """Return the day that `words` mean, or None. Raises `DateError`."""
        if words in _OFFSETS:
            return ReadDate(self.today + timedelta(_OFFSETS[words]), exact=False)
        forms: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], ReadDate | None]]] = (
            (_WHOLE, lambda m: ReadDate(_day(int(m[1]), int(m[2]), int(m[3])), exact=True)),
            (_NUMBERS, self._numbers),
            (_SPAN, self._span),
            (_DAY_MONTH, self._named_month),
            (_MONTH_DAY, self._named_month),
            (_WEEKDAY_ALONE, self._weekday),
            (_DAY_ALONE, self._day_alone),
        )
        for pattern, read in forms:
            if (match := pattern.fullmatch(words)) and (parsed := read(match)):
                return parsed
        return None

    def _numbers(self, match: re.Match[str]) -> ReadDate:
        """Read « 03/03/2027 » in the order that makes a day. When both orders make one, refuse to choose."""
        first, second, third = match.groups()
        days: set[date] = set()
        for day, month in ((first, second), (second, first)):
            with suppress(DateError):
                days.add(self._in_year(int(day), int(month), third))
        if third and len(third) == len("27"):  # « 27/03/04 »: many forms in Québec begin with the year
            with suppress(DateError):
                days.add(_day(2000 + int(first), int(second), int(third)))
        if len(days) == 1:
            return ReadDate(days.pop(), exact=bool(third) and len(third) == len("2027"))
        if not days:
            raise DateError(f"«\u00a0{match[0]}\u00a0» n'est le jour d'aucun mois.")
        readings = " ou ".join(f"le {in_words(day)}" for day in sorted(days))
        raise DateError(f"«\u00a0{match[0]}\u00a0» peut être {readings}. Écrivez le mois en lettres.")

    def _named_month(self, match: re.Match[str]) -> ReadDate | None:
        """Read « mardi 3 mars 2027 », and check the weekday."""
        abbreviation, year = match["month"], match["year"]
        names = [name for name in _MONTH_NUMBERS if name.startswith(abbreviation)]
        near = names or difflib.get_close_matches(abbreviation, _MONTH_NUMBERS, 1, _MISSPELT)
        months = {_MONTH_NUMBERS[name] for name in near}
        if len(months) != 1:
            return None
        day = self._in_year(int(match["day"]), months.pop(), year)
        self._check_weekday(match["weekday"], day)
        return ReadDate(day, exact=bool(names) and bool(year) and len(year) == len("2027"))

    def _in_year(self, day: int, month: int, year: str | None) -> date:
        """Return the date in `year` or, without a year, the nearest such date that `past` allows."""
        if year:
            return _day(int(year) + (2000 if len(year) == len("27") else 0), month, day)
        for years in range(_LEAP + 1):
            with suppress(DateError):
                candidate = _day(self.today.year + (-years if self.past else years), month, day)
                if candidate <= self.today if self.past else candidate >= self.today:
                    return candidate
        raise DateError(f"Le {day} {MONTHS[month - 1] if month <= len(MONTHS) else month} n'existe pas.")

    def _span(self, match: re.Match[str]) -> ReadDate | None:
        """Read « dans deux semaines » or « il y a trois jours »."""
        if not (match["ahead"] or match["ago"] or match["past"]):
            return None
        count = int(match["count"]) * (1 if match["ahead"] else -1)
        unit = match["unit"]
        if unit.startswith(("j", "d")):
            return ReadDate(self.today + timedelta(count), exact=False)
        if unit.startswith(("s", "w")):
            return ReadDate(self.today + timedelta(weeks=count), exact=False)
        months = count * (12 if unit.startswith(("a", "y")) else 1) + self.today.month - 1
        year = self.today.year + months // 12
        month = months % 12 + 1
        return ReadDate(date(year, month, min(self.today.day, monthrange(year, month)[1])), exact=False)

    def _weekday(self, match: re.Match[str]) -> ReadDate:
        """Read « lundi », « lundi prochain », « lundi dernier » or « lundi en huit »."""
        wanted = _DAY_NUMBERS[match["weekday"]]
        which = match["before"] or match["after"] or ""
        back = which in {"dernier", "passe", "last"} or (self.past and not which)
        if back:
            ago = (self.today.weekday() - wanted - 1) % 7 + 1
            return ReadDate(self.today - timedelta(ago), exact=False)
        ahead = (wanted - self.today.weekday() - 1) % 7 + 1
        return ReadDate(self.today + timedelta(ahead + 7 * (which == "en huit")), exact=False)

    def _day_alone(self, match: re.Match[str]) -> ReadDate:
        """Read « le 15 » or « le 15 du mois prochain »."""
        number = int(match["day"])
        next_month = "prochain" in (match["month"] or "")
        for step in range(1 if next_month else 0, 3):
            months = self.today.month - 1 + (-step if self.past and not next_month else step)
            try:
                day = _day(self.today.year + months // 12, months % 12 + 1, number)
            except DateError:  # a month without this day
                continue
            if match["month"] or (day <= self.today if self.past else day >= self.today):
                self._check_weekday(match["weekday"], day)
                return ReadDate(day, exact=False)
        raise DateError(f"Le {number} n'est le jour d'aucun mois.")

    def _check_weekday(self, weekday: str | None, day: date) -> None:
        if weekday and _DAY_NUMBERS[weekday] != day.weekday():
            is_really = _DAYS[day.weekday()]
            raise DateError(f"Le {in_words(day)} est un {is_really}, pas un {_DAYS[_DAY_NUMBERS[weekday]]}.")


def _day(year: int, month: int, day: int) -> date:
    """Return a date. Raises `DateError` if it does not exist."""
    try:
        return date(year, month, day)
    except ValueError as error:
        if not 1 <= month <= len(MONTHS):
            raise DateError(f"Il n'y a pas de mois {month}.") from error
        raise DateError(f"Le {day}\u00a0{MONTHS[month - 1]}\u00a0{year} n'existe pas.") from error
