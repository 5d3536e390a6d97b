"""The main loop, which runs all of a bot's platforms until the process is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from bot.app.background import running
from bot.app.build import Bot
from bot.app.platforms import chat_platforms, mailer, web_form
from bot.app.starting import reminders
from bot.outbox.routes import EMAIL
from bot.platforms.contract import Deliverer, Platform, PlatformError

CLOSING_SECONDS: Final = 9.0  # total time to close: a service manager kills the process after ten seconds
LEAST_SECONDS: Final = 1.0  # minimum time for platforms to close, however long the rest took
RETRY_SECONDS: Final = 30  # between attempts to reach a platform whose network is down


async def run(bot: Bot, say: Callable[[str], None]) -> bool:
    """Run a whole bot until the process is told to stop. See `serve` for `say` and the returned value."""
    platforms = chat_platforms(bot)
    mail, form = mailer(bot), web_form(bot)
    settings = bot.settings
    if settings.discord_token and not settings.vigie_discord_serveur:
        say(
            "VIGIE_DISCORD_SERVEUR n'est pas réglé\u00a0: je réponds dans tous les serveurs où je suis. "
            "Voyez vigie diagnostic."
        )
    for line in await bot.storage.run(lambda: reminders(bot)):
        say(line)
    posts: dict[str, Deliverer] = {**platforms, **({EMAIL: mail} if mail else {})}
    beside = [platform for platform in (mail, form) if platform]
    return await serve([*platforms.values()], say, running(bot, posts, platforms, say), beside)


async def serve(
    platforms: Sequence[Platform],
    say: Callable[[str], None],
    behind: AbstractAsyncContextManager[None] | None = None,
    beside: Sequence[Platform] = (),
) -> bool:
    """Run the platforms until the process is told to stop (SIGTERM, SIGINT).

    `say`: receives each message, in French, for the person who started the program. `behind`: a context
    manager, entered before the platforms start and exited before they close. `beside`: other platforms to
    run, such as e-mail, which do not keep the process running once none of `platforms` can start. Return
    False when none of `platforms` started, unless the process was told to stop.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with behind or nullcontext():
        stopping = asyncio.create_task(stop.wait())
        others = [asyncio.create_task(_start(platform, loop.create_future(), say)) for platform in beside]
        outcomes = [(platform, loop.create_future()) for platform in platforms]
        starting = [asyncio.create_task(_start(*platform, say)) for platform in outcomes]
        unknown, started = {outcome for _, outcome in outcomes}, False
        while unknown and not stop.is_set():
            done, _ = await asyncio.wait({stopping, *unknown}, return_when=asyncio.FIRST_COMPLETED)
            started |= any(outcome.result() for outcome in done & unknown)
            unknown -= done
        # While a token is refused, urgent notices still leave by e-mail, and the form still takes reports.
        if started or (beside and not all(task.done() for task in starting)):
            await stopping
        for task in (*starting, *others, stopping):
            task.cancel()
        until = loop.time() + CLOSING_SECONDS
    closing = [asyncio.create_task(platform.close()) for platform in (*platforms, *beside)]
    _, late = await asyncio.wait(closing, timeout=max(until - loop.time(), LEAST_SECONDS))
    for unfinished in late:
        unfinished.cancel()
    return started or stop.is_set()


async def _start(platform: Platform, outcome: asyncio.Future[bool], say: Callable[[str], None]) -> None:
    """Start one platform, trying again while its network is down or its token is refused.

    `outcome`: set to True once it is started, or to False once it fails for a reason other than its network.
    """
    refusal = ""

    def settle(*, started: bool) -> None:
        if not outcome.done():
            outcome.set_result(started)

    while True:
        try:
            await platform.start()
        except PlatformError as error:
            if str(error) != refusal:  # repeating it every 30 seconds would hide the rest
                refusal = str(error)
                say(f"{platform.name}\u00a0: {error}" + " Je réessaie sans le redire." * error.passing)
            if not error.passing:
                settle(started=False)
                if not error.refused:
                    return
            await asyncio.sleep(RETRY_SECONDS)
        except Exception as error:  # noqa: BLE001 — an unexpected error is reported, and stops no other platform
            # The error's text may hold data from the network, or a token.
            say(f"{platform.name}\u00a0: erreur inattendue ({type(error).__name__}).")
            settle(started=False)
            return
        else:
            where = f" Ouvrez {platform.address} dans un navigateur; Ctrl-C pour fermer."
            say(f"{platform.name}\u00a0: prêt." + (where if platform.address else ""))
            settle(started=True)
            return
