"""The metrics of a bot, for Prometheus: counted as events happen, or read when the page is requested.

They do not reveal that a report was made. Events of all kinds are counted together, and queued messages are
not counted. Ages are in whole minutes. Processor time is left out, because sealing a report takes some.
"""

import platform
import time
from collections.abc import Iterable, Mapping
from functools import partial

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    Metric,
    ProcessCollector,
    generate_latest,
)

from bot import __version__
from bot.operations.pending import Machine, PendingWork
from bot.storage.schema.migrations import latest

_PLATFORM = ("platform",)
# Slack and Discord give up after 3 s, so the buckets are finest below that.
_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)


class _Process(ProcessCollector):
    def collect(self) -> Iterable[Metric]:
        return [family for family in super().collect() if family.name != "process_cpu_seconds"]


class Metrics:
    """The bot's metrics."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        _Process(registry=registry)
        Info("vigie_build", "The version that runs", registry=registry).info(
            {"version": __version__, "schema": latest(), "python": platform.python_version()}
        )
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        ack = "From the platform's own time of an event to its acknowledgement"
        self.ack = Histogram("vigie_ack_seconds", ack, _PLATFORM, registry=registry, buckets=_ACK_BUCKETS)
        self.sent = counter("vigie_sent", "Messages sent on the bot's own initiative", _PLATFORM)
        self.rate_limited = counter("vigie_rate_limited", "Answers 429 of a platform", _PLATFORM)
        self.reconnects = counter("vigie_reconnects", "Connections made again", _PLATFORM)
        self.outbox_failures = counter(
            "vigie_outbox_failures", "Times that the outbox could not be looked at"
        )
        self.task_failures = counter("vigie_task_failures", "Due tasks put off", ("task",))
        self._ready = gauge("vigie_platform_ready", "1 when connected", _PLATFORM)
        self._refused = gauge("vigie_token_refused", "1 while the platform refuses the token", _PLATFORM)
        self._models = gauge("vigie_model_ready", "1 once the bank of questions is learnt", ("policy",))
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

    def page(self) -> bytes:
        """Return every metric in Prometheus's format."""
        return generate_latest(self.registry)

    def observe_ack(self, platform: str, stamp: float) -> None:
        """Count an acknowledgement. `stamp`: the platform's time of the event, in seconds since 1970.

        The delay includes the network and the wait before the event was read. It is 0 if our clock is late.
        """
        self.ack.labels(platform).observe(max(0.0, time.time() - stamp))

    def observe(
        self, work: PendingWork, platforms: Mapping[str, bool], refused: Mapping[str, bool], machine: Machine
    ) -> None:
        """Set the gauges. `platforms`: whether each is connected. `refused`: whether each refuses us."""
        self._dead.set(work.dead)
        self._age.set(work.message_age)
        self._tasks_age.set(work.task_age)
        self._untaught.set(machine.untaught)
        self._models.clear()
        for policy, is_learnt in machine.learnt.items():
            self._models.labels(policy).set(is_learnt)
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
