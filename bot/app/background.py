"""The work behind the platforms: the outbox pump, the clock and the health pages."""

# ruff: noqa: PLC0415 — modules that the start does not need are imported later

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from threading import Timer
from typing import Final, TypeAlias

from bot.app import kept_keys
from bot.app.build import Bot
from bot.app.tasks import ChatPlatform, Tasks
from bot.backup import copies
from bot.configuration.values import listed
from bot.conversation.requests import Actor
from bot.logs import loggable
from bot.operations import supervision
from bot.operations.health import Health
from bot.operations.pending import Machine
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes, parse_address
from bot.outbox.sending import Sender
from bot.platforms.contract import Connectable, Deliverer, HomeKeeper
from bot.platforms.listening import port_problem
from bot.schedule.clock import BEAT_SECONDS, Schedule

logger = logging.getLogger(__name__)

# Seconds after the start before checking that the banks are learnt, and before preparing for reports. Neither
# work then slows the start.
LEARNT_SECONDS: Final = 0.5
PREPARED_SECONDS: Final = 20.0
SANDBOX_BEAT: Final = 1.0  # seconds between beats: someone who advances the clock waits to see the effects
TRIED_SECONDS: Final = 10.0  # the longest that the clock waits until each platform has tried to start
ENDING_SECONDS: Final = 3.0  # the longest that a bot told to stop waits for messages being sent

Say: TypeAlias = Callable[[str], None]


@asynccontextmanager
async def running(
    bot: Bot,
    posts: Mapping[str, Deliverer],
    platforms: Mapping[str, ChatPlatform],
    say: Say,
    tried: asyncio.Event,
) -> AsyncIterator[None]:
    """Run the pump, the clock and the health pages, and stop them on exit, before the platforms close.

    `posts`: every platform that sends messages, e-mail included, by name (« slack »). `platforms`: the chat
    platforms, by name. `say`: receives a French line for each part that fails to start. `tried`: set once
    each platform has tried to start. The clock waits for this, because overdue tasks would delay the
    platforms.
    """
    settings = bot.settings
    async with AsyncExitStack() as stack:
        channels = [parse_address(f"channel:{channel}") for channel in listed(settings.vigie_canaux_admin)]
        sender = Sender(
            bot.storage,
            Routes(posts, listed(settings.vigie_discord_relais), channels),
            bot.notices,
            bot.clock,
            bot.calendar,
            sent=lambda platform: bot.metrics.sent.labels(platform).inc(),
        )
        pump = Pump(sender, failed=lambda: bot.metrics.outbox_failures.inc())  # noqa: PLW0108 — the metrics are made on first use
        work = Tasks(bot, platforms).work()
        ready = {name: platform.ready for name, platform in platforms.items()}
        port = settings.vigie_sante_port
        health = Health(
            bot.storage,
            lambda: bot.metrics,
            ready,
            bot.clock,
            port,
            sending=lambda: pump.reading,
            untaught=lambda: _untaught(bot),
            refused=lambda: {
                name: isinstance(platform, Connectable) and platform.refuses_us
                for name, platform in platforms.items()
            },
            machine=lambda: _machine(bot),
            recurring=[daily.task for daily in work.daily] + [*work.hourly],
            lost=lambda db: kept_keys.find_lost(db, settings),
        )
        try:
            await health.start()
            stack.push_async_callback(health.close)
        except OSError as error:
            say(f"Pages de santé\u00a0: {port_problem(error, port, 'VIGIE_SANTE_PORT')}")
        if settings.vigie_ping:
            from bot.operations.ping import Ping

            ping = Ping(settings.vigie_ping.get_secret_value(), health.is_well)
            stack.callback(asyncio.create_task(ping.run(), name="ping").cancel)
        pumping = asyncio.create_task(pump.run(), name="outbox")

        async def end_pump() -> None:
            await pump.close(ENDING_SECONDS)
            await asyncio.gather(pumping, return_exceptions=True)

        stack.push_async_callback(end_pump)

        def beat() -> None:
            """Wake the pump, refresh the boards, and delete expired short-lived data."""
            pump.wake()
            if changed := bot.awaited.take_changed():
                people = [Actor(account.platform, account.team, account.user) for account in changed]
                for platform in platforms.values():
                    if isinstance(platform, HomeKeeper):
                        platform.refresh_homes(people)
            bot.answer_memory.fade()
            bot.posts.fade()
            bot.once_a_day.fade()
            bot.request_drafts.fade()
            bot.reporting.fade()
            bot.course.on_screen.fade()
            bot.dispatcher.typed.fade()

        schedule = Schedule(
            bot.storage,
            work,
            bot.calendar,
            bot.clock,
            woken=beat,
            failed=lambda task: bot.metrics.task_failures.labels(task).inc(),
            beat_seconds=SANDBOX_BEAT if settings.sandboxed() else BEAT_SECONDS,
        )
        await stack.enter_async_context(_beating(schedule, tried))
        stack.callback(bot.stop_training)
        watchdog = asyncio.create_task(supervision.keep_watchdog(bot.storage, lambda: pump.alive))
        stack.callback(watchdog.cancel)
        for seconds, begin in ((LEARNT_SECONDS, _learn), (PREPARED_SECONDS, _prepare)):
            later = Timer(seconds, begin, (bot,))
            later.daemon = True
            later.start()
            stack.callback(later.cancel)
        yield


@asynccontextmanager
async def _beating(schedule: Schedule, tried: asyncio.Event) -> AsyncIterator[None]:
    """Start the clock once each platform has tried to start, or after `TRIED_SECONDS`. Close it on exit."""
    waiting = asyncio.create_task(tried.wait())

    async def start() -> None:
        await asyncio.wait({waiting}, timeout=TRIED_SECONDS)
        if waiting.cancelled():
            return
        try:
            await schedule.start()
        except Exception as error:  # noqa: BLE001 — nobody awaits this task while the bot runs
            logger.error("the clock's start failed: %s", loggable(error))  # noqa: TRY400 — one line

    starting = asyncio.create_task(start(), name="clock")
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await schedule.close()


def _machine(bot: Bot) -> Machine:
    """Return the state of the disk for the health pages. The sandbox has no copies."""
    settings = bot.settings
    made = dict[str, float]()
    free = None
    with suppress(OSError):
        free = shutil.disk_usage(settings.database().parent).free
    with suppress(OSError):
        made = {} if settings.sandboxed() else copies.latest(settings.copies())
    return Machine(made, free, bot.learnt)


def _learn(bot: Bot) -> None:
    from bot.app import learning

    learning.learn_banks(bot)


def _untaught(bot: Bot) -> Mapping[str, str]:
    from bot.app import learning

    return learning.untaught(bot)


def _prepare(bot: Bot) -> None:
    """Load the code and data that the first report needs. If this fails, the report itself loads them."""
    try:
        bot.prepare_reports()
    except Exception as error:  # noqa: BLE001 — a thread of its own would print a traceback
        logger.error("the files that reports need cannot be read: %s", loggable(error))  # noqa: TRY400 — one line
