"""The background work beside the platforms: the outbox pump, the clock and the health pages."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from threading import Timer
from typing import Final, TypeAlias

from bot.app import kept_keys, learning
from bot.app.build import Bot
from bot.app.tasks import ChatPlatform, Tasks
from bot.backup import copies
from bot.configuration.values import listed
from bot.logs import loggable
from bot.operations import supervision
from bot.operations.health import Health
from bot.operations.metrics import Machine
from bot.operations.ping import Ping
from bot.outbox.pump import Pump
from bot.outbox.routes import Routes, parse_address
from bot.outbox.sending import Sender
from bot.platforms.contract import Connectable, Deliverer
from bot.platforms.listening import port_problem
from bot.schedule.clock import BEAT_SECONDS, Schedule
from bot.settings import Settings

logger = logging.getLogger(__name__)

# After the start, which is kept quick: reading whether the banks were learnt, and preparing for reports.
LEARNT_SECONDS: Final = 0.5
PREPARED_SECONDS: Final = 20.0
SANDBOX_BEAT: Final = 1.0  # seconds: whoever advances the clock waits to see what comes
ENDING_SECONDS: Final = 3.0  # how long messages being sent may take to finish when the bot stops

Say: TypeAlias = Callable[[str], None]


@asynccontextmanager
async def running(
    bot: Bot, posts: Mapping[str, Deliverer], platforms: Mapping[str, ChatPlatform], say: Say
) -> AsyncIterator[None]:
    """Run the pump, the clock and the health pages, and stop them on exit, before the platforms close.

    `posts`: every platform that sends messages, e-mail included, by name (« slack »). `platforms`: the chat
    platforms, by name. `say`: receives a French line for each part that fails to start.
    """
    settings, metrics = bot.settings, bot.metrics
    async with AsyncExitStack() as stack:
        channels = [parse_address(f"channel:{channel}") for channel in listed(settings.vigie_canaux_admin)]
        sender = Sender(
            bot.storage,
            Routes(posts, listed(settings.vigie_discord_relais), channels),
            bot.notices,
            bot.clock,
            bot.calendar,
            sent=lambda platform: metrics.sent.labels(platform).inc(),
        )
        pump = Pump(sender, failed=metrics.outbox_failures.inc)
        work = Tasks(bot, platforms).work()
        ready = {name: platform.ready for name, platform in platforms.items()}
        port = settings.vigie_sante_port
        health = Health(
            bot.storage,
            metrics,
            ready,
            bot.clock,
            port,
            sending=lambda: pump.alive,
            untaught=lambda: learning.untaught(bot),
            refused=lambda: {name: _refuses(platform) for name, platform in platforms.items()},
            machine=lambda: _machine(settings),
            recurring=[daily.task for daily in work.daily] + [*work.hourly],
            lost=lambda db: kept_keys.find_lost(db, settings),
        )
        try:
            await health.start()
            stack.push_async_callback(health.close)
        except OSError as error:
            say(f"Pages de santé\u00a0: {port_problem(error, port, 'VIGIE_SANTE_PORT')}")
        if settings.vigie_ping:
            ping = Ping(settings.vigie_ping.get_secret_value(), health.is_well)
            stack.callback(asyncio.create_task(ping.run(), name="ping").cancel)
        pumping = asyncio.create_task(pump.run(), name="outbox")

        async def end_pump() -> None:
            await pump.close(ENDING_SECONDS)
            await asyncio.gather(pumping, return_exceptions=True)

        stack.push_async_callback(end_pump)

        def beat() -> None:
            """Wake the pump, and delete short-lived data that has expired."""
            pump.wake()
            bot.answering.memory.fade()
            bot.reporting.fade()
            bot.course.on_screen.fade()
            bot.dispatcher.typed.fade()

        schedule = Schedule(
            bot.storage,
            work,
            bot.calendar,
            bot.clock,
            woken=beat,
            failed=lambda task: metrics.task_failures.labels(task).inc(),
            beat=SANDBOX_BEAT if settings.sandboxed() else BEAT_SECONDS,
        )
        stack.push_async_callback(schedule.close)
        await schedule.start()
        stack.callback(bot.shelf.close)
        watchdog = asyncio.create_task(supervision.keep_watchdog(bot.storage, lambda: pump.alive))
        stack.callback(watchdog.cancel)
        for seconds, begin in ((LEARNT_SECONDS, learning.learn_banks), (PREPARED_SECONDS, _prepare)):
            later = Timer(seconds, begin, (bot,))
            later.daemon = True
            later.start()
            stack.callback(later.cancel)
        yield


def _refuses(platform: ChatPlatform) -> bool:
    return isinstance(platform, Connectable) and platform.refuses_us


def _machine(settings: Settings) -> Machine:
    """Return what the pages of health tell of the disk. The sandbox is never copied."""
    made, free = dict[str, float](), None
    with suppress(OSError):
        free = shutil.disk_usage(settings.database().parent).free
    with suppress(OSError):
        made = {} if settings.sandboxed() else copies.latest(settings.copies())
    return Machine(made, free)


def _prepare(bot: Bot) -> None:
    """Load what the first report needs. If that fails, the report itself tries again."""
    try:
        bot.prepare_reports()
    except Exception as error:  # noqa: BLE001 — a thread of its own would print a traceback
        logger.error("what reports need cannot be read: %s", loggable(error))  # noqa: TRY400 — one line
