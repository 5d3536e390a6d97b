"""The daily task of the onboarding: reminders, late people, the refresher."""

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

TASK: Final = "accueil"
HOUR: Final = time(9, 30)


def daily(db: Database, target: Target, plan: OnboardingPlan, calendar: Calendar, now: datetime) -> None:
    """Follow who is concerned; on a working day, send reminders and refreshers, and report late people."""
    today = calendar.day(now)
    kept_pictures.forget(db, today)
    enrolment.follow(db, target, calendar, now)
    enrolment.note_delivered(db, target, calendar)
    if not calendar.is_working_day(today):
        return
    late = []
    for standing in enrolment.standings(db, target):
        days = (today - calendar.day(standing.started_at)).days
        if standing.active and _remind(db, standing, target, plan, days=days, now=now):
            late.append(standing.person_id)
        if standing.suspended_on is None:
            _propose_refresher(db, standing, target, plan, calendar=calendar, now=now)
    if late:
        notice = LateNotice(target.policy, target.version, tuple(late))
        key = f"{LATE.name}:{target.policy}:{target.version}:{today.isoformat()}"
        rows.enqueue(db, Delivery(key, enrolment.TO_ADMINISTRATION, LATE, notice), now)


def _remind(
    db: Database, standing: Standing, target: Target, plan: OnboardingPlan, *, days: int, now: datetime
) -> bool:
    """Send one reminder when any is due. Return whether to report the person as late.

    The administration is told once, on a later day than the last reminder.
    """
    person, due = standing.person_id, sum(days >= after for after in plan.reminder_days)
    if standing.reminders >= len(plan.reminder_days):
        if due and standing.reminders == len(plan.reminder_days) and days > max(plan.reminder_days):
            enrolment.update_onboarding(db, person, target, reminders=standing.reminders + 1)
            return True
    elif due > standing.reminders:
        enrolment.update_onboarding(db, person, target, reminders=due)
        notice = enrolment.REMINDER if standing.scope == "whole" else enrolment.REVISION_REMINDER
        enrolment.notify(db, person, notice, target, f"{standing.round}:{due}", now=now)
    return False


def _propose_refresher(
    db: Database,
    standing: Standing,
    target: Target,
    plan: OnboardingPlan,
    *,
    calendar: Calendar,
    now: datetime,
) -> None:
    """Propose the refresher, once, some days after the quiz was passed, to a person who missed something."""
    person, passed = standing.person_id, standing.steps.get("passed")
    if passed is None or standing.refreshed or standing.scope != "whole" or not plan.refresher_days:
        return
    days = (calendar.day(now) - calendar.day(passed)).days
    if days >= plan.refresher_days and attempts.missed(db, person, target.policy):
        enrolment.update_onboarding(db, person, target, refreshed=1)
        enrolment.notify(db, person, enrolment.REFRESHER, target, "1", now=now)
