"""What each day asks of the onboarding: whom to remind, who is late, who revises what they missed."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from sqlite_utils import Database

from bot.onboarding import attempts, enrolment
from bot.onboarding.enrolment import LATE, LateNotice, OnboardingPlan, Standing
from bot.outbox import kept_pictures, rows
from bot.outbox.rows import Delivery
from bot.register.attestations import Target
from bot.times import Calendar

TASK: Final = "accueil"  # the daily task
HOUR: Final = time(9, 30)


def daily(db: Database, target: Target, plan: OnboardingPlan, calendar: Calendar, now: datetime) -> None:
    """Do what each working day asks for: who is new, who is to be reminded, who is late, who revises."""
    today = calendar.day(now)
    kept_pictures.forget(db, today)
    enrolment.follow(db, target, calendar, now)
    enrolment.delivered(db, target, calendar)
    if not calendar.is_working_day(today):
        return
    late = []
    for one in enrolment.everyone(db, target):
        days = (today - calendar.day(one.started_at)).days
        if one.active and _remind(db, one, target, plan, days=days, now=now):
            late.append(one.person_id)
        if one.suspended_on is None:
            _revise(db, one, target, plan, calendar=calendar, now=now)
    if late:
        notice = LateNotice(target.policy, target.version, tuple(late))
        key = f"{LATE.name}:{target.policy}:{target.version}:{today.isoformat()}"
        rows.enqueue(db, Delivery(key, enrolment.TO_ADMINISTRATION, LATE, notice), now)


def _remind(
    db: Database, one: Standing, target: Target, plan: OnboardingPlan, *, days: int, now: datetime
) -> bool:
    """Remind a person if it is time: of several reminders that are due, once. Return whether they are late.

    The administration is told once, on a later day than the last reminder.
    """
    due = sum(days >= after for after in plan.reminder_days)
    if one.reminders >= len(plan.reminder_days):
        if due and one.reminders == len(plan.reminder_days) and days > max(plan.reminder_days):
            enrolment.reminded(db, one.person_id, target, one.reminders + 1)
            return True
    elif due > one.reminders:
        enrolment.reminded(db, one.person_id, target, due)
        notice = enrolment.REMINDER if one.scope == "whole" else enrolment.REVISION_REMINDER
        enrolment.notify(db, one.person_id, notice, target, f"{one.round}:{due}", now=now)
    return False


def _revise(
    db: Database, one: Standing, target: Target, plan: OnboardingPlan, *, calendar: Calendar, now: datetime
) -> None:
    """Propose the refresher once, so many days after the quiz was passed, to whoever missed something."""
    passed = one.steps.get("passed")
    if passed is None or one.refreshed or one.scope != "whole" or not plan.refresher_days:
        return
    days = (calendar.day(now) - calendar.day(passed)).days
    if days >= plan.refresher_days and attempts.missed(db, one.person_id, target.policy):
        enrolment.refreshed(db, one.person_id, target)
        enrolment.notify(db, one.person_id, enrolment.REFRESHER, target, "1", now=now)
