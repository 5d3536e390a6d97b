"""No figure lets anyone be guessed: what is published is what the bands of separate cells say, and no more.

The truth is counted here apart, from the acts themselves. An act belongs to one cell: a figure, for a month
or for a year. Whatever is compared with whatever (months, years, what came before, two policies), one act
more or less changes nothing unless its cell crosses the edge of a band.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import inf
from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.dashboard import boards, periods
from bot.dashboard.boards import Dashboard
from bot.dashboard.figures import Board, Figure
from bot.dashboard.periods import Period
from bot.language.bands import BAND, Band
from bot.policy import loading
from bot.reports.keys import new_keyring
from bot.reports.records import Records
from bot.settings import SEED
from bot.storage.schema.migrations import migrations
from tests.conftest import TEST_DATA, TODAY
from tests.kits.fake_clock import FakeClock
from tests.kits.reports.records import CALENDAR, PLAN

LIBRARY = loading.load_library([SEED, TEST_DATA], "pa20", lambda: TODAY)
POLICIES: Final = sorted(LIBRARY.policies)[:2]
CLAUSES: Final = ("5.9", "5.10")
PEOPLE: Final = 12
# Few days, so that cells fill up: both ends of a month, and the end of a year.
DAYS: Final = tuple(
    map(date.fromisoformat, ("2025-09-01", "2026-08-31", "2026-09-01", "2026-09-30", "2026-10-31"))
)
RARE: Final = {"quiz", "questions", "demandes"}


@dataclass(frozen=True, order=True)
class Act:
    """Something that someone did, or that was counted without a name."""

    kind: str
    policy: str
    person: int
    day: date
    clause: str = CLAUSES[0]

    @property
    def cell(self) -> tuple[str, Period]:
        """Return the figure and the period of the only cell that it belongs to."""
        figure = {
            "begun": f"accueil:{self.policy}:commences",
            "read": f"accueil:{self.policy}:lus",
            "late": f"accueil:{self.policy}:retards",
            "attested": f"attestations:{self.policy}:version:{_version(self.policy)}",
            "sent": f"avis:{self.policy}:remis",
            "opened": f"avis:{self.policy}:ouverts",
            "wrong": f"quiz:{self.policy}:clause:{self.clause}",
            "asked": f"questions:{self.policy}:clause:{self.clause}",
            "unanswered": f"sans-reponse:{self.policy}:toutes",
            "post": "textes:tous",
            "requested": f"demandes:{self.policy}:faites",
            "granted": f"demandes:{self.policy}:accordees",
            "refused": f"demandes:{self.policy}:refusees",
        }[self.kind]
        is_rare = figure.partition(":")[0] in RARE
        return figure, periods.year_of(self.day) if is_rare else periods.month_of(self.day)


KINDS: Final = (
    *("begun", "read", "late", "attested", "sent", "opened", "wrong", "asked", "unanswered", "post"),
    *("requested", "granted", "refused"),
)
acts = st.builds(
    Act,
    st.sampled_from(KINDS),
    st.sampled_from(POLICIES),
    st.integers(0, PEOPLE - 1),
    st.sampled_from(DAYS),
    st.sampled_from(CLAUSES),
)


# A failure is of three cells at most as it is drawn: to shrink it would make thousands of databases.
tried = settings(max_examples=40, phases=[Phase.reuse, Phase.generate])


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Act], Act]:
    """Draw acts of a few cells, so that these fill up to the edges of their bands, and one more of them."""
    few = draw(st.lists(acts, min_size=1, max_size=3))

    def again() -> Act:
        return replace(draw(st.sampled_from(few)), person=draw(st.integers(0, PEOPLE - 1)))

    return [again() for _ in range(draw(st.integers(0, 45)))], again()


def _version(policy: str) -> str:
    return LIBRARY.current(LIBRARY.policies[policy]).key


@dataclass
class Books:
    """A database, and the figures that are made of it."""

    db: Database
    clock: FakeClock
    dashboard: Dashboard
    rows: int = 0

    def add(self, act: Act) -> None:
        """Write an act as the bot would."""
        self.rows += 1
        person, version, row = f"p{act.person}", _version(act.policy), f"r{self.rows}"
        moment = f"{act.day}T16:00:00Z"

        def insert(table: str, *values: object) -> None:
            marks = ", ".join("?" * len(values))
            self.db.conn.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)  # noqa: S608

        if act.kind in {"begun", "late"}:
            # Of a version of their own, so that what one says is not what the other does.
            began = moment if act.kind == "begun" else "2020-01-01T00:00:00Z"
            key = (person, act.policy, f"{act.kind}-{act.day}")
            insert("onboardings", *key, began, 0, 1, 0, None, 0, "whole", 0)
            if act.kind == "late":
                insert("due_dates", *key, act.day.isoformat())
        elif act.kind == "read":
            insert("reading_facts", row, person, act.policy, f"read-{act.day}", "read", moment, "slack")
        elif act.kind == "attested":
            (last,) = self.db.conn.execute("SELECT coalesce(max(number), 0) FROM attestations").fetchone()
            insert("attestation_keys", "k", "", "2020-01-01")
            chain = ("", act.policy, version, "", "", moment, "slack", "", "", "k", "", "")
            insert("attestations", last + 1, *chain)
        elif act.kind in {"sent", "opened"}:
            sent = (act.day.isoformat(), None) if act.kind == "sent" else (None, moment)
            revision = f"{act.policy}-{act.kind}-{act.day}"
            origin = (act.policy, "withdrawn", "file", "", "", None, None, None, "{}", None, "[]", None, None)
            insert("revisions", revision, *origin, "2020-01-01", None, None, None, None)
            notice = (revision, person, "changes", "", 1, "2020-01-01", "sent", None, None)
            insert("revision_recipients", row, *notice, *sent)
        elif act.kind in {"requested", "granted", "refused"}:
            day, is_decided = act.day.isoformat(), act.kind != "requested"
            state, asked_on = (act.kind, "2020-01-01") if is_decided else ("asked", day)
            asked = (row, "logo", act.policy, version, "[]", person, "", None, 0, state, asked_on, None)
            insert("permission_requests", *asked, None, None, day if is_decided else None, None, None)
        elif act.kind == "wrong":
            insert("quiz_attempts", row, person, act.policy, version, "quiz", "[]", "[]", moment, moment)
            insert("quiz_answers", row, 0, act.clause, "[]", 0)
        else:
            kind = {"asked": "clause"}.get(act.kind, act.kind)
            clause = act.clause if act.kind == "asked" else ""
            policy = "" if act.kind == "post" else act.policy
            self.db.conn.execute(
                """INSERT INTO nameless_counts VALUES (?, ?, ?, ?, 1)
                   ON CONFLICT DO UPDATE SET count = count + 1""",
                (kind, policy, clause, f"{act.day:%Y-%m}"),
            )

    def published(self) -> dict[Period, Board]:
        """Return all that can be looked at: every period."""
        boards.keep(self.db, self.dashboard)
        return {
            period: boards.count(self.db, self.dashboard, period)
            for period in boards.counted_periods(self.db)
        }


@contextmanager
def books(acts: Sequence[Act] = (), people: int = PEOPLE) -> Iterator[Books]:
    """Give a database with these acts, on the day of the tests."""
    db, clock = Database(memory=True), FakeClock()
    migrations.apply(db)
    ring = new_keyring()
    records = Records(lambda _: ring, CALENDAR, PLAN, clock=clock)
    dashboard = Dashboard(LIBRARY, records, CALENDAR, clause_of=lambda _policy, question: question)
    for person in range(people):
        db.conn.execute("INSERT INTO people VALUES (?)", (f"p{person}",))
    counted = Books(db, clock, dashboard)
    for act in acts:
        counted.add(act)
    try:
        yield counted
    finally:
        db.close()


def truth(acts: Sequence[Act]) -> dict[tuple[str, Period], int]:
    """Return the number in each cell: persons, or what was counted without a name."""
    cells: dict[tuple[str, Period], list[int]] = defaultdict(list)
    for act in acts:
        cells[act.cell].append(act.person)
    named = ("accueil", "avis", "quiz", "demandes")
    return {
        cell: len(set(people)) if cell[0].startswith(named) else len(people) for cell, people in cells.items()
    }


def expected(acts: Sequence[Act], figure: str, period: Period) -> Band:
    """Return what may be said of a figure for a period, from the truth."""
    cells = truth(acts)
    is_rare = figure.partition(":")[0] in RARE
    parts = period.months if period.is_year and not is_rare else (period,)
    return Band.total(Band.of(cells.get((figure, part), 0)) for part in parts)


@tried
@given(histories())
def test_every_figure_is_what_the_bands_of_its_cells_say(drawn: tuple[list[Act], Act]) -> None:
    done, _ = drawn
    with books(done) as counted:
        shown = counted.published()
    for period, board in shown.items():
        for section in board.sections:
            for figure in section.figures:
                if section.id == "signalements":
                    continue
                assert figure.band == expected(done, figure.id, period), (figure.id, period)
                if figure.before is not None:
                    assert figure.before == expected(done, figure.id, period.previous)


@tried
@given(histories())
def test_one_act_more_changes_nothing_unless_its_cell_crosses_the_edge_of_a_band(
    drawn: tuple[list[Act], Act],
) -> None:
    done, added = drawn
    figure, cell = added.cell
    with books(done) as before, books([*done, added]) as after:
        without, with_it = before.published(), after.published()
    numbers = [truth(acts).get((figure, cell), 0) for acts in (done, [*done, added])]
    if Band.of(numbers[0]) == Band.of(numbers[1]) or cell not in with_it:
        assert without == with_it
        return
    assert numbers[1] % BAND == 0
    assert {period: _others(board, figure) for period, board in without.items()} == {
        period: _others(board, figure) for period, board in with_it.items()
    }
    concerned = {period for period in with_it if period.first <= cell.first <= period.last}
    concerned |= {period.next for period in concerned}
    assert {period for period in with_it if without[period] != with_it[period]} <= concerned


def inferred(shown: dict[Period, Board], figure: str, cell: Period) -> tuple[float, float]:
    """Return the least and the most that whoever subtracts views from one another knows of a cell."""
    views: dict[Period, list[Band]] = defaultdict(list)
    for period, board in shown.items():
        for each in _figures(board):
            if each.id == figure:
                views[period].append(each.band)
                if each.before is not None:
                    views[period.previous].append(each.before)

    def seen(period: Period) -> tuple[float, float]:
        lows, highs = [view.low for view in views[period]], [view.high for view in views[period]]
        return max(lows, default=0), min(highs, default=inf)

    low, high = seen(cell)
    for year in [period for period in views if period.is_year and cell in period.months]:
        others = [seen(month) for month in year.months if month != cell]
        least, most = seen(year)
        high = min(high, most - sum(low for low, _ in others))
        low = max(low, least - sum(high for _, high in others))
    return low, high


@tried
@given(histories())
def test_who_knows_an_act_and_subtracts_two_views_learns_of_nobody_else(
    drawn: tuple[list[Act], Act],
) -> None:
    """Beside the one that they know, as many others as a band allows may have acted, or nobody."""
    done, known = drawn
    with books([*done, known]) as counted:
        shown = counted.published()
    for act in {act.cell: act for act in (*done, known)}.values():
        figure, cell = act.cell
        low, high = inferred(shown, figure, cell)
        assert low <= truth([*done, known])[act.cell] <= high
        others = high - 1 - max(low - 1, 0)  # how far their least and their most number are apart
        assert others >= BAND - 2, (figure, cell)
        if cell in shown:
            assert low % BAND == 0, "no finer than its own band"


def _others(board: Board, figure: str) -> list[object]:
    """Return all but a figure, and the note of its section, which says whether any clause has five."""
    return [
        (
            section.id,
            section.title,
            "" if figure.startswith(f"{section.id}:clause:") else section.note,
            [each for each in section.figures if each.id != figure],
        )
        for section in board.sections
    ]


@tried
@given(histories(), st.integers(1, BAND - 1))
def test_in_a_small_association_every_figure_is_under_five(drawn: tuple[list[Act], Act], people: int) -> None:
    """Of fewer than five persons, whatever they did, and however often."""
    few = [replace(act, person=act.person % people) for act in drawn[0]]
    attested = {(act.cell, act.person): act for act in few if act.kind == "attested"}  # once each
    with books([*attested.values(), *(act for act in few if act.kind != "attested")], people) as counted:
        shown = counted.published()
    assert shown
    assert all(figure.band.low == 0 for board in shown.values() for figure in _figures(board))


def _figures(board: Board) -> list[Figure]:
    return [figure for section in board.sections for figure in section.figures]


def test_what_is_erased_later_changes_no_figure() -> None:
    """Or two looks, before and after someone erases themselves, would say what they had done."""
    done = [Act("read", POLICIES[0], person, date(2026, 9, 12)) for person in range(BAND)]
    with books(done) as counted:
        before = counted.published()
        assert Band.of(BAND) in {figure.band for figure in _figures(before[done[0].cell[1]])}
        counted.db.conn.execute("DELETE FROM people WHERE id = 'p0'")
        assert counted.published() == before


def test_a_month_that_is_not_over_is_not_counted() -> None:
    with books() as counted:
        assert max(counted.published()) == periods.month_of(date(2026, 10, 1))
        with pytest.raises(boards.UncountedError):
            boards.count(counted.db, counted.dashboard, periods.month_of(TODAY))
        counted.clock.set("2026-12-01T04:00:00Z")  # 11 p.m. on 30 November, in Québec
        assert max(counted.published()) == periods.month_of(date(2026, 10, 1))
        counted.clock.set("2026-12-01T05:00:00Z")
        assert max(counted.published()) == periods.month_of(TODAY)


def test_years_that_would_overlap_are_not_both_counted() -> None:
    """After a change of the setting, what two of them have in common could be subtracted."""
    with books() as counted:
        counted.published()
        counted.dashboard = replace(counted.dashboard, first_month=1)
        counted.clock.set("2028-02-01T15:00:00Z")
        years = sorted(period for period in counted.published() if period.is_year)
    assert [year.id for year in years] == ["2025-2026", "2027"]
    assert all(one.last < other.first for one, other in pairwise(years))


def test_what_was_counted_as_it_happened_is_deleted_once_its_figures_are() -> None:
    done = [Act(kind, POLICIES[0], 0, date(2026, 8, 31)) for kind in ("asked", "unanswered", "post")]
    recent = [Act(kind, POLICIES[0], 0, date(2026, 10, 31)) for kind in ("asked", "unanswered", "post")]
    with books([*done, *recent]) as counted:
        counted.published()
        rows = counted.db.conn.execute("SELECT kind, month FROM nameless_counts").fetchall()
    assert rows == [("clause", "2026-10")], "a year that is not over needs its months"


def test_the_bot_that_was_down_counts_the_months_that_it_missed() -> None:
    with books() as counted:
        counted.published()
        for person in range(BAND):
            counted.add(Act("read", POLICIES[0], person, date(2026, 11, 30)))
        counted.clock.set("2027-02-15T15:00:00Z")
        shown = counted.published()
    november = shown[periods.month_of(TODAY)]
    assert {figure.id: figure.band.low for figure in _figures(november)}[f"accueil:{POLICIES[0]}:lus"] == BAND
    assert max(shown) == periods.month_of(date(2027, 1, 1))
