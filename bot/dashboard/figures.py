"""The data of figures: a board has sections of figures in bands, for a period and the one before."""

from dataclasses import dataclass

from bot.dashboard.periods import Period
from bot.language.bands import Band


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, as a band. `before`: the band of the period before, None when it was not counted.

    `id`: « accueil.commences:pa20 »: the measure, then the policy and the clause or version, if any.
    """

    id: str
    title: str
    band: Band
    before: Band | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of figures. `note`: how its figures are counted, in a French sentence or two, or ""."""

    id: str
    title: str
    note: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of a period. `before`: the period that they are compared with, None when there is none.

    `note`: French sentences about all the figures.
    """

    period: Period
    before: Period | None
    sections: tuple[Section, ...]
    note: str
