"""The daily task of the onboarding: reminders, reports of late people, and refreshers."""

from datetime import date, datetime

from sqlite_utils import Database

from bot.onboarding import attempts, enrolment
from bot.onboarding.enrolment import LATE, LateNotice, OnboardingPlan, Onboardings, Standing
from bot.outbox import rows
from bot.outbox.rows import Delivery
from bot.register.attestations import Target
from bot.times import Calendar


def daily(db: Database, target: Target, plan: OnboardingPlan, calendar: Calendar, now: datetime) -> None:
    """Update the onboardings. On a working day, queue reminders and refreshers, and report late people."""
    today, days = calendar.day(now), plan.reminder_days
    onboardings = Onboardings(db, target)
    onboardings.follow(calendar, now)
    onboardings.note_delivered(calendar)
    if not calendar.is_working_day(today):
        return
    late = []
    for standing in onboardings.standings():
        person = standing.person_id
        elapsed = (today - calendar.day(standing.started_at)).days
        due = sum(elapsed >= after for after in days) if standing.active else 0
        if standing.reminders < due:  # if several reminders are due, only one is sent
            onboardings.update(person, reminders=due)
            notice = enrolment.REMINDER if standing.scope == "whole" else enrolment.REVISION_REMINDER
            if standing.remind_on is None:  # the reminder that they asked for replaces the automatic one
                onboardings.notify(person, notice, f"{standing.round}:{due}", now)
        elif days and standing.late(today) and standing.reminders == len(days):  # they are reported once
            onboardings.update(person, reminders=standing.reminders + 1)
            late.append(person)
        if _is_refresher_due(standing, plan, calendar, today) and attempts.missed(db, person, target.policy):
            onboardings.update(person, refreshed=1)
            onboardings.notify(person, enrolment.REFRESHER, "1", now)
    if late:
        key = f"{LATE.name}:{target.policy}:{target.version}:{today.isoformat()}"
        late_notice = LateNotice(target.policy, target.version, tuple(late))
        rows.enqueue(db, Delivery(key, enrolment.TO_ADMINISTRATION, LATE, late_notice), now)


def _is_refresher_due(standing: Standing, plan: OnboardingPlan, calendar: Calendar, today: date) -> bool:
    """Return whether a person passed the quiz on the whole text long enough ago, and had no refresher."""
    passed = standing.steps.get("passed")
    if passed is None or standing.suspended_on or standing.refreshed or standing.scope != "whole":
        return False
    return 0 < plan.refresher_days <= (today - calendar.day(passed)).days
