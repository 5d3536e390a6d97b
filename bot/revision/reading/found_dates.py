"""The dates that a text gives for its own adoption and effect.

The dates are suggested to the person who approves the text, and never used without their consent.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.language.dates import DateError, read_date
from bot.policy.search import fold_accents

_DAY: Final = (
    r"(?P<day>\d{4}-\d{2}-\d{2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{1,2}(?:er)?\s+[a-z]{3,9}\.?\s+\d{4})"
)
_WITHIN: Final = r"(?:(?!en vigueur|effet)[^.;\n]){0,140}?"  # a sentence may say both dates
_ADOPTS: Final = r"\b(?:adopte|adoption|approuve|enterine|revis|modifi|amende)[a-z]*\b"
# The date is in the same sentence or, below « Adoption » alone on its line, in the next sentence.
_ADOPTED: Final = re.compile(
    rf"(?:{_ADOPTS}|^[# |]*{_ADOPTS}[ :|]*\n+){_WITHIN}\b{_DAY}",
    re.MULTILINE,
)
_EFFECTIVE: Final = re.compile(
    rf"\b(?:en vigueur|(?:prend\w*|prise d') ?(?:son )?effet|date d'effet)\b[^.;\n]{{0,60}}?\b{_DAY}"
)
_AT_ONCE: Final = re.compile(
    r"\b(?:en vigueur|effet)\s+(?:des|a|le (?:meme )?jour de|au moment de)\s+(?:l'|son |sa |cette )adoption\b"
)
_MARKUP: Final = re.compile(r"</?[a-z]+>|\*\*|__|\\")


@dataclass(frozen=True, slots=True)
class FoundDates:
    """The latest adoption date and effective date written in a text, each None if it is not written."""

    adopted: date | None
    effective: date | None


def find_dates(text: str) -> FoundDates:
    """Return the dates in a text, in Markdown. A date that can be read in two ways is ignored."""
    plain = fold_accents(_MARKUP.sub("", text)).replace("’", "'").replace("\u00a0", " ")
    adopted = max(_days(_ADOPTED, plain), default=None)
    effective = max(_days(_EFFECTIVE, plain), default=None)
    return FoundDates(adopted, effective or (adopted if _AT_ONCE.search(plain) else None))


def _days(pattern: re.Pattern[str], plain: str) -> Iterator[date]:
    for match in pattern.finditer(plain):
        with suppress(DateError):
            parsed = read_date(match["day"], date(2000, 1, 1))
            if parsed.exact:
                yield parsed.day
