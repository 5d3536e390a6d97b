"""Figures as people read them, in French: on the terminal, and between two marks of a page of docs/."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import click

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mesures.md"
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must be: at least or at most `limit`."""

    sign: str
    limit: float

    def met(self, value: float) -> bool:
        """Return whether a figure is good enough."""
        return value >= self.limit if self.sign == "≥" else value <= self.limit

    def __str__(self) -> str:
        return f"{self.sign}\u00a0{number(self.limit)}" if self.limit else "0"


def at_least(limit: float) -> Target:
    """Return a target that more is good for."""
    return Target("≥", limit)


def at_most(limit: float) -> Target:
    """Return a target that less is good for."""
    return Target("≤", limit)


NONE = at_most(0)


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was counted or measured. Without a target, it is there to be read only."""

    label: str
    value: float
    target: Target | None = None
    unit: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a target, and it is not met."""
        return self.target is not None and not self.target.met(self.value)

    @property
    def shown(self) -> str:
        """The figure as it is read, with its unit."""
        return f"{number(self.value)}\u00a0{self.unit}".rstrip("\u00a0")


Check: TypeAlias = Callable[[Figure], None]  # the fixture `check`, of tests/conftest.py


def lines(figures: Iterable[Figure]) -> list[str]:
    """Return a line for each figure, for the terminal."""
    return [
        f"{figure.label}\u00a0: {figure.shown}"
        + (f" (cible\u00a0: {figure.target})" if figure.target else "")
        for figure in figures
    ]


def missed(figures: Iterable[Figure]) -> list[str]:
    """Return a line for each target that is missed."""
    return [
        f"Cible manquée\u00a0: {figure.label}, {figure.shown} (il faut {figure.target})."
        for figure in figures
        if figure.missed
    ]


def number(value: float) -> str:
    """Return a figure as it is written in French, with the digits that mean something."""
    decimals = 0 if isinstance(value, int) or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")


def duration(seconds: float) -> str:
    """Return how long something took, as it is read."""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}\u00a0min {rest:02}\u00a0s" if minutes else f"{rest}\u00a0s"


def today() -> str:
    """Return the day that it is where this is run."""
    return date.today().isoformat()  # noqa: DTZ011 — the reader's own day


def machine(day: str = "") -> str:
    """Say where and when (today, if nothing is said) this was measured."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cœurs ({platform.machine()}), {python}, {day or today()}"


def passage(command: str, seconds: float, day: str = "") -> str:
    """Say by what command, where, when and in how long the figures that follow were obtained."""
    return f"Machine\u00a0: {machine(day)}. `{command}`, {duration(seconds)}."


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are aligned, so that it reads anywhere: words, then figures."""
    every = [headings, *rows]
    first, *others = (max(map(len, column)) for column in zip(*every, strict=True))
    rule = "|".join(["", "-" * (first + 2), *("-" * (width + 1) + ":" for width in others), ""])

    def line(cells: Sequence[str]) -> str:
        shown = [cell.rjust(width) for cell, width in zip(cells[1:], others, strict=True)]
        return f"| {' | '.join([cells[0].ljust(first), *shown])} |"

    heading, *body = map(line, every)
    return "\n".join([heading, rule, *body])


def table_of(figures: Iterable[Figure]) -> str:
    """Return figures as a table, each beside what it must be."""
    return table(
        ("Mesure", "Chiffre", "Cible"),
        [(figure.label, figure.shown, str(figure.target or "")) for figure in figures],
    )


def marks(mark: str) -> tuple[str, str]:
    """Return the lines of a page between which the figures of that name are."""
    return f"<!-- {mark} -->\n", f"<!-- fin de {mark} -->\n"


def written(page: str, figures: str, mark: str) -> str:
    """Return `page` with the figures between its two marks. Raises `ValueError` if it lacks them."""
    beginning, end = marks(mark)
    before, marker, rest = page.partition(beginning)
    _, ended, after = rest.partition(end)
    if not (marker and ended):
        raise ValueError(f"the page needs {beginning.strip()} and {end.strip()}")
    return f"{before}{beginning}\n{figures}\n\n{end}{after}"


def write(figures: str, mark: str, page: Path | None = None) -> None:
    """Put figures between two marks of a page (`PAGE`). Raises `ValueError` if it lacks them."""
    page = page or PAGE
    page.write_text(written(page.read_text("utf-8"), figures, mark), "utf-8")


def told(
    figures: Sequence[Figure],
    command: str,
    seconds: float,
    mark: str | None,
    day: str = "",
    *,
    page: Path | None = None,
) -> int:
    """Print figures, write them between two marks if asked to, and return 1 if a target is missed, else 0."""
    for line in lines(figures):
        click.echo(line)
    if mark is not None:
        write(f"{passage(command, seconds, day)}\n\n{table_of(figures)}", mark, page)
    wrong = missed(figures)
    for line in wrong or ["Tout est tenu."]:
        click.echo(line)
    return 1 if wrong else 0
