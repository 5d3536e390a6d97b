"""The figures as people read them, in French: on the terminal, and in docs/mesures.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

BEGINNING, END = "<!-- mesures -->\n", "<!-- fin des mesures -->\n"
_HEADINGS = ("Mesure", "Rapport", "Cible", "Vigie", "Bibliothèque nue")


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio must be: at least or at most `limit`."""

    sign: str
    limit: float

    def met(self, ratio: float) -> bool:
        """Return whether a ratio is good enough."""
        return ratio >= self.limit if self.sign == "≥" else ratio <= self.limit

    def __str__(self) -> str:
        return f"{self.sign}\u00a0{number(self.limit)}"


def at_least(limit: float) -> Target:
    """Return a target that more is good for."""
    return Target("≥", limit)


def at_most(limit: float) -> Target:
    """Return a target that less is good for."""
    return Target("≤", limit)


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


def number(value: float) -> str:
    """Return a figure as it is written in French, with the digits that mean something."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")


def machine() -> str:
    """Say where and when this was measured."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cœurs ({platform.machine()}), {python}, {date.today().isoformat()}"  # noqa: DTZ011 — the reader's own day


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table whose columns are aligned, so that it reads anywhere."""
    lines = [_HEADINGS, *(row.cells() for row in rows)]
    first, *others = (max(map(len, column)) for column in zip(*lines, strict=True))
    rule = "|".join(["", "-" * (first + 2), *("-" * (width + 1) + ":" for width in others), ""])

    def line(cells: Sequence[str]) -> str:
        shown = [cell.rjust(width) for cell, width in zip(cells[1:], others, strict=True)]
        return f"| {' | '.join([cells[0].ljust(first), *shown])} |"

    heading, *body = map(line, lines)
    return "\n".join([heading, rule, *body])


def verdict(rows: Iterable[Row]) -> list[str]:
    """Return a line for each target that is missed."""
    return [
        f"Cible manquée\u00a0: {row.label}, rapport de {number(row.ratio)} (il faut {row.target})."
        for row in rows
        if row.missed
    ]


def written(page: str, figures: str) -> str:
    """Return `page` with the figures between its two marks. Raises `ValueError` if it lacks them."""
    before, beginning, rest = page.partition(BEGINNING)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the page needs {BEGINNING.strip()} and {END.strip()}")
    return f"{before}{beginning}\n{figures}\n\n{end}{after}"
