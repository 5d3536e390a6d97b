"""How many people have finished the onboarding, shared with the team if the administration wishes.

The team sees two figures, how many have finished and out of how many, never names. Nothing is shown for a
team of fewer than ten, or if fewer than five have finished or are left. Each person is told of this sharing:
in the welcome or, if it is turned on later, in a separate message.
"""

from datetime import datetime
from typing import Final

from sqlite_utils import Database

from bot.onboarding.enrolment import SHARING, WELCOME, Onboardings
from bot.storage import state

SHARED: Final = "team_progress"  # the name of the flag that is set while the team sees the figures
LEAST_TEAM, LEAST_PART = 10, 5


def is_shared(db: Database) -> bool:
    """Return whether the figures are shared with the team."""
    return state.flag(db, SHARED) is not None


def share(onboardings: Onboardings, now: datetime) -> None:
    """Start sharing the figures with the team, and queue a notice of this sharing to everyone, once.

    People whose welcome is not sent yet will read of it in their welcome.
    """
    db = onboardings.db
    if not state.hoist(db, SHARED, now):
        return
    waiting = db.conn.execute(
        "SELECT substr(recipient, 8) FROM outbox WHERE notice = ? AND state IN ('queued', 'held')",
        (WELCOME.name,),
    )
    welcomed_later = {str(person) for (person,) in waiting}
    for standing in onboardings.standings():
        if standing.suspended_on is None and standing.person_id not in welcomed_later:
            onboardings.notify(standing.person_id, SHARING, "1", now)


def stop_sharing(db: Database) -> None:
    """Stop sharing the figures with the team, and cancel the queued messages that announce them."""
    state.lower(db, SHARED)
    db.conn.execute("DELETE FROM outbox WHERE notice = ? AND state IN ('queued', 'held')", (SHARING.name,))


def team_line(onboardings: Onboardings) -> str:
    """Return « Dans l'équipe, 8 personnes sur 15 ont terminé. », or "" if the figures must not be shown."""
    if not is_shared(onboardings.db):
        return ""
    present = [standing for standing in onboardings.standings() if standing.suspended_on is None]
    total = len(present)
    finished = sum(standing.done for standing in present)
    if total < LEAST_TEAM or min(finished, total - finished) < LEAST_PART:
        return ""
    return f"Dans l'équipe, {finished} personnes sur {total} ont terminé."
