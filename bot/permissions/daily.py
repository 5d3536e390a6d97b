"""The daily task of requests: new deciders, reminders, and permissions that end.

Each notice that it queues has a key made from the request and the event, so that no notice is repeated when
the bot was down for days, when the clock is set back, or when the task runs again.
"""

from typing import Final

from bot.permissions import queueing, requests
from bot.permissions.requests import SOON, PermissionRequest, PermissionSession

REMINDER_DAYS: Final = (3, 7, 14, 21, 28)
CONSENT_REMINDER_DAYS: Final = (7,)  # only one reminder, so that nobody is pressed to consent


def daily(session: PermissionSession) -> None:
    """End permissions that are over, announce those that end soon, and remind deciders on working days."""
    db, today = session.db, session.today
    requests.release(session)
    for request in requests.end_over(session):
        _tell_end(session, request, over=True)
    for request in requests.ending(db, today, today + SOON):
        decided_on = request.decided_on or today
        if request.until == today:
            _tell_end(session, request, over=True)
        elif request.until and decided_on < request.until - SOON:
            _tell_end(session, request, over=False)
    working = session.desk.calendar.is_working_day(today)
    for request in requests.waiting(db):
        role, people = requests.deciders(db, request, today)
        if not people and not request.by_consent:
            queueing.stranded(db, request.id, session.now)
        queueing.to_deciders(db, request.id, role, people, session.now)
        days = CONSENT_REMINDER_DAYS if request.by_consent else REMINDER_DAYS
        for person, to in zip(people, queueing.addresses(role, people), strict=True):
            told_on = queueing.told_on(db, request.id, person)  # their reminders count from that day
            number = sum((today - told_on).days >= after for after in days) if told_on else 0
            if number and working:
                queueing.remind(db, request.id, number, to, session.now)


def _tell_end(session: PermissionSession, request: PermissionRequest, *, over: bool) -> None:
    """Notify the asker, and the consenter or deciders, that a permission ends. `over`: see `ExpiryNotice`."""
    if request.until is None:
        return
    to = requests.recipients(session.db, request, ["asker", "consenter", "decider"], session.today)
    queueing.expiring(session.db, request.id, request.until, to, session.now, over=over)
