"""How many reports there are, without telling of any one of them.

Every number is a band of five: « moins de 5 », « 5 à 9 ». An exact number over a threshold would not do:
what is hidden could be had by subtracting what is not from a total, or this week's figures from last
week's. Of a number under five, what other bands may tell is that it is not zero, or not one.

Those who handle cases are only ever told of cases that they may see: a figure that counts another would
tell whoever is named in it that it exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.conversation.messages import within_sentence
from bot.reports import access
from bot.reports.filing import Report, open_report
from bot.reports.records import SEVERITIES, Session
from bot.times import iso

BAND: Final = 5

PLATFORMS: Final = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "tiktok": "TikTok",
    "x": "X",
    "reddit": "Reddit",
    "youtube": "YouTube",
    "linkedin": "LinkedIn",
    "snapchat": "Snapchat",
    "discord": "Discord",
    "threads": "Threads",
    "bluesky": "Bluesky",
    "google": "Avis Google",
}
ELSEWHERE: Final = "Ailleurs"  # on another site, or where no address was given
# Hours from when a holder is told to when one of them opens the case, as escalation counts them.
_DELAYS: Final = ((4, "En moins de 4\u00a0h"), (24, "De 4 à 24\u00a0h"), (72, "De 24 à 72\u00a0h"))
_LATER: Final = "Après 72\u00a0h"
_GRAVEST: Final = ("grave", "serious", "light")


@dataclass(frozen=True, slots=True)
class Figure:
    """How many there are of something: only ever from `low` to `high`, five numbers in all."""

    label: str
    low: int

    @property
    def high(self) -> int:
        """The most that it may be."""
        return self.low + BAND - 1

    @property
    def words(self) -> str:
        """How it is said."""
        return f"{self.low} à {self.high}" if self.low else f"moins de {BAND}"


@dataclass(frozen=True, slots=True)
class Table:
    """Figures that go together."""

    title: str
    figures: Sequence[Figure]


def figure(label: str, count: int) -> Figure:
    """Return a number as the band that it is in."""
    return Figure(label, count // BAND * BAND)


def visible(session: Session, person_id: str | None = None) -> list[str]:
    """Return the cases that someone may know of; with nobody, all those that anyone was told of."""
    rows = session.execute("SELECT id FROM report_cases ORDER BY id").fetchall()
    cases = [str(row[0]) for row in rows]
    if person_id is None:
        return [one for one in cases if access.told_roles(session, one)]
    return [one for one in cases if access.may_know(session, one, person_id)]


def tables(session: Session, cases: Iterable[str]) -> list[Table]:
    """Count these cases. Raises `StorageError` or `SealError` when the keys are lost."""
    rows = [
        row
        for case_id in cases
        for row in session.execute(
            "SELECT id, status, read_after FROM report_cases WHERE id = ?", (case_id,)
        ).fetchall()
    ]
    entries = [_entries(session, row[0]) for row in rows]
    platforms = Counter(_platform(one) for one in entries if one)
    severities = Counter(_severity(one) for one in entries if one)
    delays = Counter(_delay(row[2]) for row in rows if row[2] is not None)
    closed = sum(row[1] == "closed" for row in rows)
    return [
        Table(
            "En tout",
            (
                figure("Publications en cours", len(rows) - closed),
                figure("Publications closes", closed),
                figure("Signalements reçus", sum(map(len, entries))),
            ),
        ),
        _table("Par plateforme", [*PLATFORMS.values(), ELSEWHERE], platforms),
        _table("Par gravité", [_short(one) for one in SEVERITIES], severities),
        _table("Première lecture", [*(label for _, label in _DELAYS), _LATER], delays),
    ]


def _table(title: str, labels: Iterable[str], counts: Counter[str]) -> Table:
    """Return figures for every label, so that which are there tells nothing."""
    return Table(title, tuple(figure(label, counts[label]) for label in labels))


def _entries(session: Session, case_id: str) -> list[Report]:
    rows = session.execute(
        "SELECT sealed FROM report_filings WHERE case_id = ? AND appears_at <= ? ORDER BY id",
        (case_id, iso(session.now)),
    ).fetchall()
    return [open_report(session.ring, row[0]) for row in rows]


def _platform(entries: Sequence[Report]) -> str:
    return next((PLATFORMS[one.platform] for one in entries if one.platform in PLATFORMS), ELSEWHERE)


def _severity(entries: Sequence[Report]) -> str:
    """Return the gravest that anyone said."""
    said = {one.severity for one in entries}
    return _short(next(one for one in _GRAVEST if one in said))


def _short(severity: str) -> str:
    return SEVERITIES[severity].partition("\u00a0:")[0]


def _delay(hours: int) -> str:
    return next((label for limit, label in _DELAYS if hours < limit), _LATER)


def lines(found: Sequence[Table]) -> list[str]:
    """Return figures in words, one a line; platforms of which there are few are told of together."""
    said = []
    for table in found:
        told = [one for one in table.figures if one.low]
        few = len(table.figures) - len(told)
        rest = (
            []
            if not few
            else [f"moins de {BAND} pour chacune des autres lignes" if told else f"moins de {BAND} partout"]
        )
        said.append(
            f"{table.title}\u00a0: "
            + "; ".join([*(f"{_said(one)}, {one.words}" for one in told), *rest])
            + "."
        )
    return said


def _said(one: Figure) -> str:
    return one.label if one.label in PLATFORMS.values() else within_sentence(one.label)


def rows(found: Sequence[Table]) -> list[dict[str, str | int]]:
    """Return figures as the rows of a table: what is counted, of what, from how many to how many."""
    return [
        {"table": table.title, "label": one.label, "at_least": one.low, "at_most": one.high}
        for table in found
        for one in table.figures
    ]
