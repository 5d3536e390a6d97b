"""The daily task of the onboarding: reminders, late people, the refresher."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from sqlite_utils import Database

from bot.onboarding import attempts, enrolment
from bot.onboarding.enrolment import LATE, LateNotice, OnboardingPlan, Standing
from bot.outbox import kept_pictures, rows
from bot.outbox.rows import Delivery
from bot.register.attestations import Target
from bot.times import Calendar

TASK: Final = "accueil"
HOUR: Final = time(9, 30)


def daily(db: Database, target: Target, plan: OnboardingPlan, calendar: Calendar, now: datetime) -> None:
    """Follow who is concerned; on a working day, send reminders and refreshers, and report late people."""
    today, days, last = calendar.day(now), plan.reminder_days, max(plan.reminder_days, default=0)
    kept_pictures.forget(db, today)
    enrolment.follow(db, target, calendar, now)
    enrolment.note_delivered(db, target, calendar)
    if not calendar.is_working_day(today):
        return
    late = []
    for standing in enrolment.standings(db, target):
        person, elapsed = standing.person_id, (today - calendar.day(standing.started_at)).days
        due = sum(elapsed >= after for after in days) if standing.active else 0
        if standing.reminders < due:  # of several reminders that are due, one is sent
            enrolment.update_onboarding(db, person, target, reminders=due)
            notice = enrolment.REMINDER if standing.scope == "whole" else enrolment.REVISION_REMINDER
            enrolment.notify(db, person, notice, target, f"{standing.round}:{due}", now=now)
        elif due and standing.reminders == len(days) and elapsed > last:  # told to the administration once
            enrolment.update_onboarding(db, person, target, reminders=standing.reminders + 1)
            late.append(person)
        if _is_refresher_due(standing, plan, calendar, today) and attempts.missed(db, person, target.policy):
            enrolment.update_onboarding(db, person, target, refreshed=1)
            enrolment.notify(db, person, enrolment.REFRESHER, target, "1", now=now)
    if late:
        key = f"{LATE.name}:{target.policy}:{target.version}:{today.isoformat()}"
        late_notice = LateNotice(target.policy, target.version, tuple(late))
        rows.enqueue(db, Delivery(key, enrolment.TO_ADMINISTRATION, LATE, late_notice), now)


def _is_refresher_due(standing: Standing, plan: OnboardingPlan, calendar: Calendar, today: date) -> bool:
    """Return whether the quiz on the whole text was passed long enough ago, and no refresher was proposed."""
    passed = standing.steps.get("passed")
    if passed is None or standing.suspended_on or standing.refreshed or standing.scope != "whole":
        return False
    return 0 < plan.refresher_days <= (today - calendar.day(passed)).days
