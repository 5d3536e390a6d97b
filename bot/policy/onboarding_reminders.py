"""What each day asks of the onboarding: whom to remind, who is late, who revises what they missed."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from sqlite_utils import Database

from bot import kept_pictures, outbox
from bot.outbox import Delivery
from bot.policy import attempts, onboarding
from bot.policy.onboarding import Plan, Standing
from bot.policy.register import Reading as Target
from bot.times import Calendar

TASK: Final = "accueil"  # the daily task
HOUR: Final = time(9, 30)


def daily(db: Database, target: Target, plan: Plan, calendar: Calendar, now: datetime) -> None:
    """Do what each working day asks for: who is new, who is to be reminded, who is late, who revises."""
    today = calendar.day(now)
    kept_pictures.forget(db, today)
    onboarding.follow(db, target, calendar, now)
    onboarding.delivered(db, target, calendar)
    if not calendar.is_working_day(today):
        return
    late = []
    for one in onboarding.everyone(db, target):
        days = (today - calendar.day(one.started_at)).days
        if one.active and _remind(db, one, target, plan, days=days, now=now):
            late.append(one.person_id)
        if one.suspended_on is None:
            _revise(db, one, target, plan, calendar=calendar, now=now)
    if late:
        arguments = onboarding.named(target) | {"people": late}
        key = f"{onboarding.LATE}:{target.policy}:{target.version}:{today.isoformat()}"
        outbox.enqueue(db, Delivery(key, onboarding.TO_ADMINISTRATION, onboarding.LATE, arguments), now)


def _remind(db: Database, one: Standing, target: Target, plan: Plan, *, days: int, now: datetime) -> bool:
    """Remind a person if it is time: of several reminders that are due, once. Return whether they are late.

    The administration is told once, on a later day than the last reminder.
    """
    due = sum(days >= after for after in plan.reminder_days)
    if one.reminders >= len(plan.reminder_days):
        if due and one.reminders == len(plan.reminder_days) and days > max(plan.reminder_days):
            onboarding.reminded(db, one.person_id, target, one.reminders + 1)
            return True
    elif due > one.reminders:
        onboarding.reminded(db, one.person_id, target, due)
        notice = onboarding.REMINDER if one.scope == "whole" else onboarding.REVISION_REMINDER
        onboarding.notify(db, one.person_id, notice, target, f"{one.round}:{due}", now=now)
    return False


def _revise(
    db: Database, one: Standing, target: Target, plan: Plan, *, calendar: Calendar, now: datetime
) -> None:
    """Propose the refresher once, so many days after the quiz was passed, to whoever missed something."""
    passed = one.steps.get("passed")
    if passed is None or one.refreshed or one.scope != "whole" or not plan.refresher_days:
        return
    days = (calendar.day(now) - calendar.day(passed)).days
    if days >= plan.refresher_days and attempts.missed(db, one.person_id, target.policy):
        onboarding.refreshed(db, one.person_id, target)
        onboarding.notify(db, one.person_id, onboarding.REFRESHER, target, "1", now=now)
