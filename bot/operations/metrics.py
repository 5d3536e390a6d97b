"""The figures of a bot, for Prometheus: counted as things happen, or read each time that they are asked for.

Nothing tells that a report came. An event is counted like any other, whatever it asks; what waits to be sent
is not counted; ages are in whole minutes; the processor's time, which a report's seal takes, is left out.
"""

import json
import platform
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Metric, ProcessCollector
from sqlite_utils import Database

from bot import __version__
from bot.storage import state
from bot.storage.schema.migrations import latest
from bot.times import iso, utc

_MINUTE = timedelta(minutes=1)
_PLATFORM = ("platform",)
# Slack and Discord give up after 3 s, so the buckets are finest below that.
_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class PendingWork:
    """The work pending in the database.

    `held`, `dead`: the number of messages that wait for a decision, and that were not delivered.
    `message_age`, `task_age`: how long ago, in seconds but whole minutes, the oldest due message and task
    fell due. `paused`: whether all sending is paused. `lost`: a French line for each file of the key folder
    that is lost. `next_runs`: when each task that recurs is next due, by
    its name. Other tasks are left out: one of them may be about a report.
    """

    held: int
    dead: int
    message_age: float
    task_age: float
    paused: bool
    lost: Sequence[str] = ()
    next_runs: Mapping[str, datetime] = field(default_factory=dict)


def read_pending(db: Database, now: datetime, recurring: Collection[str] = ()) -> PendingWork:
    """Return the work pending in the database at the time `now`. `recurring`: the tasks that recur."""
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
    """What is beside the database. `copies`: the time of the latest sealed copy of each kind, in seconds.

    `free`: the free space of the disk, in bytes, None if there is no file. `untaught`: failed trainings.
    """

    copies: Mapping[str, float] = field(default_factory=dict)
    free: int | None = None
    untaught: int = 0


class _Process(ProcessCollector):
    def collect(self) -> Iterable[Metric]:
        return [family for family in super().collect() if family.name != "process_cpu_seconds"]


class Metrics:
    """The bot's own figures, for Prometheus."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        _Process(registry=own)
        Info("vigie_build", "The version that runs", registry=own).info(
            {"version": __version__, "schema": latest(), "python": platform.python_version()}
        )
        counter, gauge = partial(Counter, registry=own), partial(Gauge, registry=own)
        ack = "From the platform's own time of an event to its acknowledgement"
        self.ack = Histogram("vigie_ack_seconds", ack, _PLATFORM, registry=own, buckets=_ACK_BUCKETS)
        self.sent = counter("vigie_sent", "Messages sent on the bot's own initiative", _PLATFORM)
        self.rate_limited = counter("vigie_rate_limited", "Answers 429 of a platform", _PLATFORM)
        self.reconnects = counter("vigie_reconnects", "Connections made again", _PLATFORM)
        self.outbox_failures = counter(
            "vigie_outbox_failures", "Times that the outbox could not be looked at"
        )
        self.task_failures = counter("vigie_task_failures", "Due tasks put off", ("task",))
        self._ready = gauge("vigie_platform_ready", "1 when connected", _PLATFORM)
        self._refused = gauge("vigie_token_refused", "1 while the platform refuses the token", _PLATFORM)
        self.models = gauge("vigie_model_ready", "1 once the bank of questions is learnt", ("policy",))
        self._copy = gauge("vigie_last_copy_timestamp_seconds", "Time of the latest sealed copy", ("kind",))
        self._disk = gauge("vigie_disk_free_bytes", "Free space where the database is")
        self._next = gauge("vigie_task_next_timestamp_seconds", "Next run of a recurring task", ("task",))
        self._dead = gauge("vigie_dead_letters", "Messages not delivered to anyone")
        self._age = gauge("vigie_outbox_oldest_seconds", "Age of the oldest message due")
        self._tasks_age = gauge("vigie_tasks_oldest_seconds", "Age of the oldest task due")
        self._lost = gauge("vigie_keys_lost", "Files of the key folder that are lost")
        self._untaught = gauge("vigie_trainings_failed", "Banks of questions that could not be learnt")
        self.limited = gauge(
            "vigie_reports_limited", "1 if reports were refused on the day before the last morning", ("door",)
        )
        self._paused = gauge("vigie_paused", "1 while all sending is paused")

    def observe_ack(self, platform: str, stamp: float) -> None:
        """Count an acknowledgement. `stamp`: when the platform says that the event happened, since 1970.

        The wait on the network and before the event was read counts. A clock behind the platform's counts 0.
        """
        self.ack.labels(platform).observe(max(0.0, time.time() - stamp))

    def observe(
        self, work: PendingWork, platforms: Mapping[str, bool], refused: Mapping[str, bool], machine: Machine
    ) -> None:
        """Set the gauges. `platforms`, `refused`: whether each is connected, and refuses the token."""
        self._dead.set(work.dead)
        self._age.set(work.message_age)
        self._tasks_age.set(work.task_age)
        self._untaught.set(machine.untaught)
        self._lost.set(len(work.lost))
        self._paused.set(work.paused)
        for name, ready in platforms.items():
            self._ready.labels(name).set(ready)
        for name, is_refused in refused.items():
            self._refused.labels(name).set(is_refused)
        for kind, moment in machine.copies.items():
            self._copy.labels(kind).set(moment)
        for task, due in work.next_runs.items():
            self._next.labels(task).set(due.timestamp())
        if machine.free is not None:
            self._disk.set(machine.free)
