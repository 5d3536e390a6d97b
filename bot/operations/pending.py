"""The bot's pending work, and the state of the files beside its database.

The health pages and the diagnostic use them.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.storage import state
from bot.times import iso, utc

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PendingWork:
    """The work pending in the database.

    `held`: the number of messages that wait for a decision after a restoration. `dead`: the number of
    messages that could not be delivered. `message_age`, `task_age`: how long ago the oldest due message and
    task fell due, in seconds, rounded down to the minute. `paused`: whether all sending is paused. `lost`: a
    French line for each lost file of the key folder. `next_runs`: when each recurring task is next due, by
    name. Other tasks are left out, since one may be about a report.
    """

    held: int
    dead: int
    message_age: float
    task_age: float
    paused: bool
    lost: Sequence[str] = ()
    next_runs: Mapping[str, datetime] = field(default_factory=dict)


def read_pending(db: Database, now: datetime, recurring: Collection[str] = ()) -> PendingWork:
    """Return the work pending in the database at `now`. `recurring`: the names of the recurring tasks."""
    held, dead = db.conn.execute(
        "SELECT count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'dead') FROM outbox"
    ).fetchone()
    message_due, task_due = db.conn.execute(
        """SELECT (SELECT min(due_at) FROM outbox WHERE due_at <= :now AND state = 'queued'),
             (SELECT min(due_at) FROM due_tasks WHERE due_at <= :now)""",
        {"now": iso(now)},
    ).fetchone()
    ages = [(now - utc(due)) // _MINUTE * 60.0 if due else 0.0 for due in (message_due, task_due)]
    runs = db.conn.execute(
        """SELECT task, min(due_at) FROM due_tasks
           WHERE task IN (SELECT value FROM json_each(?)) GROUP BY task""",
        (json.dumps([*recurring]),),
    ).fetchall()
    next_runs = {task: utc(due) for task, due in runs}
    paused = state.flag(db, state.PAUSED) is not None
    return PendingWork(held, dead, ages[0], ages[1], paused, next_runs=next_runs)


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of the machine, apart from the database.

    `copies`: when the latest sealed copy of each kind was made, in seconds since 1970. `free`: the free space
    of the disk, in bytes, None if unknown. `learnt`: whether each question bank is learnt, by policy.
    `untaught`: the number of banks that the bot failed to learn.
    """

    copies: Mapping[str, float] = field(default_factory=dict)
    free: int | None = None
    learnt: Mapping[str, bool] = field(default_factory=dict)
    untaught: int = 0
