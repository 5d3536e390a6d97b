"""The report of each month, sent once to each holder of the roles that the setting names.

A report is queued on the first working day of the next month, or later if the bot was stopped that day. The
last month queued is recorded, so that no month is skipped or sent twice. The report is made when it is sent,
and stored nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlite_utils import Database

from bot.dashboard import access, boards, periods
from bot.dashboard.periods import Period
from bot.outbox import rows
from bot.outbox.notices import Notice
from bot.outbox.rows import Delivery
from bot.storage import state
from bot.times import Calendar

LATE: Final = 3  # maximum reports sent at once, when the bot was stopped for months
_QUEUED: Final = "monthly_report"  # the `state` key: the first day of the last month that was queued


@dataclass(frozen=True, slots=True)
class PeriodNotice:
    """The argument of a notice about a period: the period's id."""

    period: str


REPORT: Final = Notice("rapport-du-mois", "le rapport du mois", PeriodNotice)


def queue_reports(
    db: Database, monthly_report_roles: Sequence[str], calendar: Calendar, now: datetime
) -> None:
    """Queue the reports that are due, in the caller's transaction. Call it daily.

    The first report is for the month in which counting began, since earlier months may be incomplete. A role
    whose messages reach nobody is skipped: the diagnostic mentions it, which avoids a dead letter each month.
    """
    due = latest_due(calendar.day(now), calendar)
    stored = state.read_value(db, _QUEUED)
    began = boards.counted_since(db) or calendar.day(now)
    queued = periods.month_of(date.fromisoformat(stored)) if stored else None
    state.write_value(db, _QUEUED, due.first.isoformat())
    months: list[Period] = []
    # A wrong clock may have recorded a later month. The keys of the outbox then prevent duplicates.
    while due.last >= began and due != queued and len(months) < LATE:
        months.append(due)
        due = due.previous
    received = [role for role in monthly_report_roles if access.is_received(db, role, calendar.day(now))]
    for month in reversed(months):
        for role in received:
            key = f"{REPORT.name}:{month.id}:{role}"
            rows.enqueue(db, Delivery(key, f"role:{role}", REPORT, PeriodNotice(month.id)), now)


def latest_due(today: date, calendar: Calendar) -> Period:
    """Return the last month whose report is due, from the first working day of the next month on."""
    month = periods.latest_month(today)
    return month if today >= _opening(today, calendar) else month.previous


def next_due(today: date, calendar: Calendar) -> date:
    """Return the day when the next report is sent, possibly today."""
    opening = _opening(today, calendar)
    return opening if today <= opening else _opening(periods.month_of(today).next.first, calendar)


def _opening(day: date, calendar: Calendar) -> date:
    """Return the first working day of the month that contains `day`."""
    return calendar.next_working_day(day.replace(day=1) - timedelta(days=1))
