"""Counts shown to people as bands of five numbers: « moins de 5 », « 5 à 9 ».

Hiding only the small counts is not enough, because they could be computed from a total or from an earlier
count. A total of several counts is therefore computed from their bands, never from the counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

BAND: Final = 5


@dataclass(frozen=True, slots=True, order=True)
class Band:
    """Consecutive numbers, from `low` to `high`, one of which is the hidden count."""

    low: int = 0
    high: int = BAND - 1

    @classmethod
    def of(cls, count: int) -> Band:
        """Return the band of five that contains `count`."""
        return cls.at(count // BAND * BAND)

    @classmethod
    def at(cls, low: int) -> Band:
        """Return the band of five that begins with `low`."""
        return cls(low, low + BAND - 1)

    @classmethod
    def total(cls, bands: Iterable[Band]) -> Band:
        """Return the range of the sum of several counts, from their bands alone."""
        parts = tuple(bands)
        return cls(sum(band.low for band in parts), sum(band.high for band in parts))

    @property
    def words(self) -> str:
        """The band in French.

        The total of several months spans more than five numbers, so only its minimum is given.
        """
        if self.high - self.low < BAND:
            return f"{self.low} à {self.high}" if self.low else f"moins de {BAND}"
        return f"au moins {self.low}" if self.low else f"moins de {BAND} chaque mois"
