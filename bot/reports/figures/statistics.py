"""Figures about reports, shown so that they reveal no individual report.

Every number is shown as a band of five (see `bot.language.bands`). Comparing bands may still reveal that a
number under five is not zero, or not one.

Figures count only the cases that the holder may see, because counting a case that implicates them would
reveal that it exists.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.conversation.messages import within_sentence
from bot.language.bands import BAND, Band
from bot.reports import access
from bot.reports.filing import open_report
from bot.reports.records import SEVERITIES, Session
from bot.times import iso

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
ELSEWHERE: Final = "Ailleurs"  # a post on another site, or without an address
# Upper bounds, in hours, of the time from a case's first alert to its first reading, with their labels.
_DELAYS: Final = (
    (4.0, "En moins de 4\u00a0h"),
    (24.0, "De 4 à 24\u00a0h"),
    (72.0, "De 24 à 72\u00a0h"),
    (float("inf"), "Après 72\u00a0h"),
)
_GRAVITY: Final = tuple(SEVERITIES)  # lightest first


@dataclass(frozen=True, slots=True)
class LabelledBand:
    """A count, shown as a band of five numbers."""

    label: str
    band: Band


@dataclass(frozen=True, slots=True)
class Table:
    """A titled group of figures."""

    title: str
    figures: Sequence[LabelledBand]


def visible(session: Session, person_id: str | None = None) -> list[str]:
    """Return the ids of the cases that a person may know of or, without a person, of those with an alert."""
    rows = session.execute("SELECT id FROM report_cases ORDER BY id").fetchall()
    cases = [str(case_id) for (case_id,) in rows]
    if person_id is None:
        return [case_id for case_id in cases if access.alerted_roles(session, case_id)]
    return [case_id for case_id in cases if access.may_know(session, case_id, person_id)]


def tables(session: Session, cases: Iterable[str]) -> list[Table]:
    """Return four tables about these cases: in all, by platform, by severity, by time to first reading.

    Raises `StorageError` or `SealError` if the keys are lost.
    """
    counts = Counter[str]()
    platforms = Counter[str]()
    severities = Counter[str]()
    delays = Counter[str]()
    for case_id in cases:
        case = session.case(case_id)
        rows = session.execute(
            "SELECT sealed FROM report_filings WHERE case_id = ? AND appears_at <= ? ORDER BY id",
            (case_id, iso(session.now)),
        ).fetchall()
        reports = [open_report(session.ring, sealed) for (sealed,) in rows]
        counts["Dossiers clos" if case.status == "closed" else "Dossiers en cours"] += 1
        counts["Signalements reçus"] += len(reports)
        if case.read_after is not None:
            delays[next(label for limit, label in _DELAYS if case.read_after < limit)] += 1
        if reports:
            labels = (PLATFORMS[report.platform] for report in reports if report.platform in PLATFORMS)
            platforms[next(labels, ELSEWHERE)] += 1
            gravest = max(reports, key=lambda report: _GRAVITY.index(report.severity))
            severities[_short(gravest.severity)] += 1
    totals = ("Dossiers en cours", "Dossiers clos", "Signalements reçus")
    # Every label gets a figure, since a missing label would reveal that its count is zero.
    return [
        Table(title, tuple(LabelledBand(label, Band.of(counted[label])) for label in labels))
        for title, labels, counted in (
            ("En tout", totals, counts),
            ("Par plateforme", (*PLATFORMS.values(), ELSEWHERE), platforms),
            ("Par gravité", tuple(map(_short, SEVERITIES)), severities),
            ("Première lecture", tuple(label for _, label in _DELAYS), delays),
        )
    ]


def lines(tables: Sequence[Table]) -> list[str]:
    """Return a French sentence for each table. The figures under five share one phrase of the sentence.

    When every figure is under five, return a single sentence for all the tables.
    """
    if not any(figure.band.low for table in tables for figure in table.figures):
        return [f"Moins de {BAND} à chaque ligne."]
    sentences = []
    for table in tables:
        parts = []
        for figure in table.figures:
            if figure.band.low:
                is_name = figure.label in PLATFORMS.values()
                label = figure.label if is_name else within_sentence(figure.label)
                parts.append(f"{label}, {figure.band.words}")
        if len(parts) < len(table.figures):
            rest = "pour chacune des autres lignes" if parts else "partout"
            parts.append(f"moins de {BAND} {rest}")
        sentences.append(f"{table.title}\u00a0: {'; '.join(parts)}.")
    return sentences


def _short(severity: str) -> str:
    return SEVERITIES[severity].partition("\u00a0:")[0]


def rows(tables: Sequence[Table]) -> list[dict[str, str | int]]:
    """Return a row for CSV or JSON for each figure: « table », « label », « at_least » and « at_most »."""
    return [
        {
            "table": table.title,
            "label": figure.label,
            "at_least": figure.band.low,
            "at_most": figure.band.high,
        }
        for table in tables
        for figure in table.figures
    ]
