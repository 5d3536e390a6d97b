"""Vigie's figures beside those of the bare libraries, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.kits import measures
from tests.kits.measures import Target, number

_HEADINGS = ("Mesure", "Rapport", "Cible", "Vigie", "Bibliothèque nue")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, for Vigie and for the bare library, and the ratio of the first to the second.

    Without a target, it is there to be read only.
    """

    label: str
    unit: str
    ours: float
    bare: float
    ratio: float
    target: Target | None = None

    @property
    def missed(self) -> bool:
        """Whether there is a target, and it is not met."""
        return self.target is not None and not self.target.met(self.ratio)

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows."""
        figures = (f"{number(one)}\u00a0{self.unit}" for one in (self.ours, self.bare))
        return (self.label, number(self.ratio), str(self.target or ""), *figures)


def compared(
    label: str, unit: str, ours: Sequence[float], bare: Sequence[float], target: Target | None = None
) -> Row:
    """Return the row of what was measured in turns: medians, and the median of each turn's ratio.

    Whatever else slows the machine down weighs on both figures of a turn, and so little on its ratio,
    which is judged with the digits that are shown.
    """
    ratio = median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    return Row(label, unit, median(ours), median(bare), round(ratio, 2), target)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    return measures.table(_HEADINGS, [row.cells() for row in rows])


def verdict(rows: Iterable[Row]) -> list[str]:
    """Return a line for each target that is missed."""
    return [
        f"Cible manquée\u00a0: {row.label}, rapport de {number(row.ratio)} (il faut {row.target})."
        for row in rows
        if row.missed
    ]
