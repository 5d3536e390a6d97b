"""The data of a board: sections of figures, each figure with its band for a period and for the one before."""

from dataclasses import dataclass

from bot.dashboard.periods import Period
from bot.language.bands import Band


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, as a band. `before`: the band in the period before, None when that period was not counted.

    `id`: the section, then, if any, the policy, the measure and the clause or version:
    « accueil:pa20:commences ».
    """

    id: str
    title: str
    band: Band
    before: Band | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of figures. `note`: how they are counted, in one or two French sentences, or ""."""

    id: str
    title: str
    note: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of a period. `before`: the period to compare with, None when there is none.

    `note`: French sentences about all the figures.
    """

    period: Period
    before: Period | None
    sections: tuple[Section, ...]
    note: str
