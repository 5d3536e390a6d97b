"""What the figures are: a board of sections, each of figures in bands, for a period and the one before."""

from dataclasses import dataclass

from bot.dashboard.periods import Period
from bot.language.bands import Band


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, as a band. `before`: for the period before, None when nothing was counted then.

    `id`: « accueil.commences:pa20 », what is counted, then the policy and the clause or version, if any.
    """

    id: str
    title: str
    band: Band
    before: Band | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of figures. `note`: what is counted and how, a French sentence or two, or ""."""

    id: str
    title: str
    note: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of a period. `before`: the period that they are compared with, None when there is none.

    `note`: one or more French sentences that apply to all of them.
    """

    period: Period
    before: Period | None
    sections: tuple[Section, ...]
    note: str
