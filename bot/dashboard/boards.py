"""The board of each month and year: counted once when the period is over, then read from the stored counts.

Comparing a later count with the first would reveal the rows that an erasure, a withdrawal or a destruction
removed. Only bands are stored. A year's figure is either counted once for the whole year, or deduced from the
bands of its months. Figures on reports are not stored: each process counts the last month once, in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.dashboard import counting, periods
from bot.dashboard.counting import Counting, Grain, Measure, SectionPlan
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import FIRST_MONTH, Period
from bot.language.bands import Band
from bot.policy.addresses import as_counted
from bot.policy.articles import Number
from bot.policy.library import Library, Policy
from bot.posting.checks import are_asked
from bot.reports.keys import SealError
from bot.reports.records import Records
from bot.revision import ledger, revisions
from bot.storage.database import StorageError
from bot.times import Calendar, in_words

FEWEST: Final = 5  # minimum known persons for the counts of `tallies.py` to be used
LONGEST: Final = 10  # maximum clauses in a section
KEPT_YEARS: Final = 5  # whole years for which figures are kept
NOTE: Final = (
    "Tout est donné par tranches de cinq, pour ne désigner personne. Un mois ou une année se compte une "
    "fois, à sa fin."
)
RARE: Final = "Ce qui est plus rare (clause par clause, les demandes) ne se compte qu'à la fin de l'année."
NONE: Final = "Aucune clause n'atteint cinq."


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The sources of the figures. `first_month`: the first month of the association's year, 1 to 12.

    `clause_of`: as in `Counting`. `reports`, `permissions`: whether the bot takes reports, and requests for
    permissions. `last_reports`: the bands of the last month's reports, by figure, once they are counted.
    """

    library: Library
    records: Records
    calendar: Calendar
    clause_of: Callable[[str, str], str] = lambda _policy, _question: ""
    first_month: int = FIRST_MONTH
    reports: bool = True
    permissions: bool = True
    last_reports: dict[Period, Mapping[str, Band]] = field(default_factory=dict, repr=False)

    @property
    def today(self) -> date:
        """Today's date in the association's time zone."""
        return self.calendar.today(self.records.clock)

    def plans(self) -> Iterator[SectionPlan]:
        """Yield the sections. Those on texts, permissions and reports depend on what the bot offers."""
        offered = {
            counting.POSTS: are_asked(self.library),
            counting.PERMISSIONS: self.permissions,
            counting.REPORTS: self.reports,
        }
        yield from (plan for plan in (*counting.PLANS, counting.REPORTS) if offered.get(plan, True))

    def places(self) -> Iterator[_Place]:
        """Yield each section that has stored counts, once for each policy if it is counted by policy."""
        for plan in self.plans():
            if plan.by_policy:
                yield from (_Place(plan, policy) for policy in self.library.policies.values())
            elif plan.measures:
                yield _Place(plan)


class UncountedError(LookupError):
    """A period has no figures: it is not over, or it is earlier than the first count."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A section to count. `policy`: the policy it is about, or None for all policies."""

    plan: SectionPlan
    policy: Policy | None = None

    @property
    def id(self) -> str:
        """The section's id, with which the ids of its figures begin: « accueil:pa20 », « textes »."""
        return f"{self.plan.id}:{self.policy.id}" if self.policy else self.plan.id

    def figure(self, measure: Measure, key: str) -> str:
        """Return the id of a figure. `key`: its clause number or version key, if any."""
        return f"{self.id}:{measure.id}:{key}" if key else f"{self.id}:{measure.id}"


# --- Counting ---------------------------------------------------------------------------------


def keep(db: Database, dashboard: Dashboard) -> None:
    """Count the periods that are over and were not counted yet, in the caller's transaction.

    The first count starts from the beginning of the last whole year.
    """
    latest = periods.latest_month(dashboard.today)
    year = periods.latest_year(dashboard.today, dashboard.first_month)
    last = max((period for period in counted_periods(db) if not period.is_year), default=None)
    month = last.next if last else year.months[0]
    if month > latest:
        return
    for policy in dashboard.library.policies:
        for revision in revisions.list_revisions(db, policy):
            if revision.state == "announced":
                ledger.sync(db, revision)  # updates the delivery of notices, before they are counted
    while month <= latest:
        _keep(db, dashboard, month, "month")
        year = periods.year_of(month.last, dashboard.first_month)
        # After a change of `first_month`, subtracting overlapping years could reveal a count.
        overlaps = any(period.is_year and period.last >= year.first for period in counted_periods(db))
        if year.last == month.last and not overlaps:
            _keep(db, dashboard, year, "year")
        month = month.next
    _forget(db, dashboard, latest)


def _keep(db: Database, dashboard: Dashboard, period: Period, grain: Grain) -> None:
    days = period.first.isoformat(), period.last.isoformat()
    db.conn.execute("INSERT INTO counted_periods VALUES (?, ?, ?)", (*days, dashboard.today.isoformat()))
    (people,) = db.conn.execute("SELECT count(*) FROM people").fetchone()
    for place in dashboard.places():
        plan, policy = place.plan, place.policy.id if place.policy else ""
        if plan.grain != grain or (plan.nameless and people < FEWEST):
            continue
        of = Counting(db, policy, period, dashboard.calendar, dashboard.clause_of)
        rows = [
            (*days, place.figure(measure, key), low)
            for measure in plan.measures
            for key, count in measure.count(of).items()
            if (low := Band.of(count).low)
        ]
        db.conn.executemany("INSERT INTO counted_figures VALUES (?, ?, ?, ?)", rows)


def _forget(db: Database, dashboard: Dashboard, latest: Period) -> None:
    """Delete the counts of acts already stored in figures, and the figures older than `KEPT_YEARS`."""
    year = max((period.last for period in counted_periods(db) if period.is_year), default=date.min)
    for day, which in ((latest.last, "kind <> 'clause'"), (year, "kind = 'clause'")):
        month = day.isoformat()[:7]
        db.conn.execute(f"DELETE FROM nameless_counts WHERE month <= ? AND {which}", (month,))  # noqa: S608 — ours
    oldest = periods.year_of(dashboard.today, dashboard.first_month)
    for _ in range(KEPT_YEARS):
        oldest = oldest.previous
    for table in ("counted_figures", "counted_periods"):
        db.conn.execute(f"DELETE FROM {table} WHERE last < ?", (oldest.first.isoformat(),))  # noqa: S608 — ours


# --- Reading ----------------------------------------------------------------------------------


def counted_periods(db: Database) -> Sequence[Period]:
    """Return the months and years that were counted, the latest first."""
    rows = db.conn.execute("SELECT first, last FROM counted_periods ORDER BY last DESC, first DESC")
    return [Period(date.fromisoformat(first), date.fromisoformat(last)) for first, last in rows.fetchall()]


def counted_since(db: Database) -> date | None:
    """Return the day of the first count, None if no period was counted yet."""
    (since,) = db.conn.execute("SELECT min(counted_on) FROM counted_periods").fetchone()
    return date.fromisoformat(since) if since else None


def count(db: Database, dashboard: Dashboard, period: Period) -> Board:
    """Return the board of a period, in the caller's transaction, after counting the periods that are over.

    When the keys of reports are lost, the section on reports says so. Raises `UncountedError` for a period
    that was not counted.
    """
    keep(db, dashboard)
    counted = counted_periods(db)
    if period not in counted:
        raise UncountedError(period.id)
    before = period.previous if period.previous in counted else None
    sections = []
    for place in dashboard.places():
        if now := _read(db, period, place.plan.grain):
            earlier = _read(db, before, place.plan.grain) if before else None
            title = place.plan.title
            if place.policy and len(dashboard.library.policies) > 1:
                title += f" ({place.policy.name})"
            figures = tuple(_figures(place, period, now, earlier))
            sections.append(Section(place.id, title, place.plan.note if figures else NONE, figures))
    if dashboard.reports and period == periods.latest_month(dashboard.today):
        sections.append(_reports(db, dashboard, period))
    since = counted_since(db)
    notes = [NOTE] if period.is_year else [NOTE, RARE]
    if since and period.first < since:
        notes.append(f"Je compte depuis le {in_words(since)}\u00a0: d'avant, il n'y a que ce qui en restait.")
    return Board(period, before, tuple(sections), " ".join(notes))


@dataclass(frozen=True, slots=True)
class _Counted:
    """The stored counts of a period: those of the whole period, or of each of its months."""

    cells: tuple[Mapping[str, int], ...]

    def band(self, figure: str) -> Band:
        """Return the band of a figure, from the bands of its cells."""
        return Band.total(Band.at(cell.get(figure, 0)) for cell in self.cells)

    def keys(self, prefix: str) -> list[str]:
        """Return the clause numbers after `prefix` in figures' ids, by decreasing count, then in order."""
        figures = {figure for cell in self.cells for figure in cell if figure.startswith(prefix)}
        by_rank = {
            (-self.band(figure).low, as_counted(Number(key))): key
            for figure in figures
            if (key := figure.removeprefix(prefix))
        }
        return [by_rank[rank] for rank in sorted(by_rank)]


def _read(db: Database, period: Period, grain: Grain) -> _Counted | None:
    """Return a period's stored counts, None when a part of the period was not counted at this grain."""
    parts = period.months if grain == "month" else (period,)
    counted = counted_periods(db)
    if (grain == "year" and not period.is_year) or any(part not in counted for part in parts):
        return None
    query = "SELECT figure, low FROM counted_figures WHERE first = ? AND last = ?"
    days = [(part.first.isoformat(), part.last.isoformat()) for part in parts]
    return _Counted(tuple(dict(db.conn.execute(query, parameters).fetchall()) for parameters in days))


def _figures(place: _Place, period: Period, now: _Counted, before: _Counted | None) -> Iterator[Figure]:
    for measure in place.plan.measures:
        keys = [""]
        if measure.each == "clause":
            keys = now.keys(place.figure(measure, "") + ":")[:LONGEST]
        elif measure.each == "version" and place.policy:
            first = place.policy.in_force(period.first)
            keys = [
                version.key
                for version in place.policy.versions
                if version is first or period.first < version.since <= period.last
            ]
        for key in keys:
            figure = place.figure(measure, key)
            of = in_words(date.fromisoformat(key)) if measure.each == "version" else key
            title = f"{measure.title} {of}".rstrip()
            yield Figure(figure, title, now.band(figure), before.band(figure) if before else None)


def _reports(db: Database, dashboard: Dashboard, month: Period) -> Section:
    """Return the section on reports. `month`: the last month that is over."""
    plan, bands = counting.REPORTS, dashboard.last_reports
    if month not in bands:
        bands.clear()
        try:
            counts = counting.count_reports(dashboard.records.at(db), month)
        except (SealError, StorageError):
            note = "Leurs clés manquent sur la machine qui m'héberge\u00a0: je ne peux pas les compter."
            return Section(plan.id, plan.title, note, ())
        bands[month] = {figure: Band.of(count) for figure, count in counts.items()}
    titles = {counting.OPENED: "Dossiers ouverts", counting.CLOSED: "Dossiers clos"}
    figures = (Figure(figure, title, bands[month][figure]) for figure, title in titles.items())
    return Section(plan.id, plan.title, plan.note, tuple(figures))
