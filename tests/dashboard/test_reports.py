"""What the figures say of reports: nothing from which one can be guessed, not even by who handles them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.dashboard import boards, periods
from bot.dashboard.boards import Dashboard
from bot.dashboard.figures import Section
from bot.language.bands import BAND, Band
from bot.reports import reporter_access
from bot.reports.keys import new_keyring
from tests.conftest import TODAY
from tests.dashboard.test_differencing import LIBRARY
from tests.kits.reports.records import CALENDAR, CONSEILLER, VP, Desk

NOVEMBER = periods.month_of(TODAY)


@dataclass
class Watch:
    """Reports of November, looked at in December."""

    desk: Desk = field(default_factory=Desk)
    dashboard: Dashboard | None = None

    def restart(self) -> None:
        """Begin a new process."""
        self.dashboard = Dashboard(LIBRARY, self.desk.records, CALENDAR)

    def section(self) -> Section:
        """Return what is published of the reports of November."""
        self.desk.clock.set("2026-12-03T15:00:00Z")
        if self.dashboard is None:
            self.restart()
        assert self.dashboard is not None
        board = boards.count(self.desk.db, self.dashboard, NOVEMBER)
        return next(section for section in board.sections if section.id == "signalements")

    def bands(self) -> list[Band]:
        """Return its bands: cases opened, cases closed."""
        return [figure.band for figure in self.section().figures]

    def file(self, count: int, first: int = 0, **more: object) -> list[str]:
        """Report some posts, of which someone is told; return the codes."""
        codes = [
            self.desk.file(f"https://www.facebook.com/spotted/posts/{first + number}", **more)
            for number in range(count)
        ]
        self.desk.clock.move(hours=2)
        self.desk.beat()
        return codes


@pytest.fixture
def watch() -> Watch:
    made = Watch()
    made.desk.holder(VP)
    made.desk.holder(CONSEILLER)
    return made


def test_reports_are_in_bands_of_five(watch: Watch) -> None:
    watch.file(BAND - 1)
    assert watch.bands() == [Band(), Band()]


def test_the_fifth_report_crosses_the_edge(watch: Watch) -> None:
    watch.file(BAND)
    assert watch.bands() == [Band.of(BAND), Band()]


def test_who_is_implicated_cannot_subtract_what_they_see_from_the_figure(watch: Watch) -> None:
    """A holder who knows of four cases would learn from « 5 à 9 » that one more implicates them."""
    watch.file(BAND - 1)
    watch.file(3 * BAND, BAND, implicated=(VP,))
    assert watch.bands() == [Band(), Band()]


def test_a_withdrawal_does_not_show_between_two_looks(watch: Watch) -> None:
    """Or looking each day would tell the day when someone withdrew their report."""
    codes = watch.file(BAND)
    before = watch.section()
    session = watch.desk.session
    reporter_access.withdraw(session, reporter_access.receipt_of(session, codes[0]))
    assert watch.desk.db["report_cases"].count == BAND - 1
    assert watch.section() == before


def test_nothing_of_reports_is_kept_with_the_figures(watch: Watch) -> None:
    """What was withdrawn or destroyed leaves nothing, not even in a band."""
    watch.file(BAND)
    watch.section()
    tables = ("counted_figures", "nameless_counts")
    rows = [row for table in tables for row in watch.desk.db.conn.execute(f"SELECT * FROM {table}")]  # noqa: S608
    assert rows == []


def test_reports_are_of_the_last_month_only(watch: Watch) -> None:
    watch.file(BAND)
    watch.section()
    assert watch.dashboard is not None
    for period in boards.counted_periods(watch.desk.db):
        board = boards.count(watch.desk.db, watch.dashboard, period)
        assert ("signalements" in {section.id for section in board.sections}) == (period == NOVEMBER)


def test_the_other_figures_are_shown_when_the_keys_of_reports_are_lost(watch: Watch) -> None:
    watch.file(BAND)
    watch.desk.ring = new_keyring()
    section = watch.section()
    assert section.figures == ()
    assert "clés" in section.note
