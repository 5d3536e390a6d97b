"""The main loop, which runs all of a bot's platforms until the process is told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from bot.app.background import running
from bot.app.build import Bot
from bot.app.platforms import chat_platforms, mailer, public_site, web_form
from bot.app.starting import reminders
from bot.operations import supervision
from bot.outbox.routes import EMAIL
from bot.platforms.contract import Deliverer, Platform, PlatformError

CLOSING_SECONDS: Final = 9.0  # total time to close: a service manager kills the process after ten seconds
LEAST_SECONDS: Final = 1.0  # minimum time for platforms to close, however long the other parts took
RETRY_SECONDS: Final = 30  # between attempts to start a platform whose network is down


class Ending(IntEnum):
    """How the start of a platform, or the whole run of a bot, ended. The value is the process's exit code.

    `DONE`: the platform started, or the bot was told to stop. `FAILED`: an unforeseen error, which another
    start may avoid. `PASSING`: a temporary problem, such as a full disk (EX_TEMPFAIL in sysexits.h, whose
    names systemd shows). `MISSET`, `REFUSED`: another start will fail until someone changes a setting, or the
    token (EX_NOPERM).
    """

    DONE = 0
    FAILED = 1
    MISSET = 2
    PASSING = 75
    REFUSED = 77


@dataclass(frozen=True, slots=True)
class _Start:
    """The start of one platform.

    `tried`: set after the first attempt. `outcome`: the final result. It is not set while attempts are
    repeated, for example because the network is down.
    """

    platform: Platform
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: asyncio.Future[Ending] = field(default_factory=asyncio.Future)

    def settle(self, ending: Ending) -> None:
        if not self.outcome.done():
            self.outcome.set_result(ending)
        self.tried.set()


async def run(bot: Bot, say: Callable[[str], None]) -> Ending:
    """Run a whole bot until the process is told to stop. `say`, and the returned value: as in `serve`."""
    platforms = chat_platforms(bot)
    mail = mailer(bot)
    form = web_form(bot)
    site = public_site(bot)
    settings = bot.settings
    if settings.discord_token and not settings.vigie_discord_serveur:
        say(
            "VIGIE_DISCORD_SERVEUR n'est pas réglé\u00a0: je réponds dans tous les serveurs où je suis. "
            "Voyez vigie diagnostic."
        )
    for line in await bot.storage.run(lambda: reminders(bot)):
        say(line)
    posts: dict[str, Deliverer] = {**platforms, **({EMAIL: mail} if mail else {})}
    beside = [platform for platform in (mail, form, site) if platform]
    tried = asyncio.Event()
    behind = running(bot, posts, platforms, say, tried)
    return await serve([*platforms.values()], say, behind, beside, tried)


async def serve(
    platforms: Sequence[Platform],
    say: Callable[[str], None],
    behind: AbstractAsyncContextManager[None] | None = None,
    beside: Sequence[Platform] = (),
    tried: asyncio.Event | None = None,
) -> Ending:
    """Run the platforms until the process is told to stop (SIGTERM, SIGINT). Return how that ended.

    `say`: receives each message, in French, for the person who started the program. `behind`: a context
    manager, entered before the platforms start and exited before they close. `beside`: other platforms, such
    as e-mail, which do not keep the process running when none of `platforms` can start. `tried`: set once
    each of `platforms` has tried to start.

    The service manager, if any, is told that the bot is ready after the first attempts, even failed ones,
    since the network may be down for hours. The result is `DONE` if the process was told to stop, otherwise
    the reason why none of `platforms` started.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    first: asyncio.Future[bool] = loop.create_future()  # resolved once each of `platforms` has tried to start
    lines: dict[str, str] = {}

    def tell(platform: Platform, line: str) -> None:
        lines[platform.name] = f"{platform.name}\u00a0: {line}"
        if platform in beside and not first.done():  # so that people read first where to go
            first.add_done_callback(lambda _: say(f"{platform.name}\u00a0: {line}"))
        else:
            say(lines[platform.name])
        supervision.notify(supervision.status(" ".join(lines.values())))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with behind or nullcontext():
        stopping = asyncio.create_task(stop.wait())
        starts = [_Start(platform) for platform in platforms]
        others = [asyncio.create_task(_start(_Start(platform), tell)) for platform in beside]
        starting = [asyncio.create_task(_start(start, tell)) for start in starts]

        async def goes_on(steps: Sequence[Awaitable[object]]) -> bool:
            """Wait for each platform's step, or for a stop. Return whether to keep the process running."""
            reached: asyncio.Future[Any] = asyncio.gather(*steps)
            await asyncio.wait({stopping, reached}, return_when=asyncio.FIRST_COMPLETED)
            reached.cancel()
            with suppress(asyncio.CancelledError):  # asyncio would log an exception that nobody retrieves
                await reached
            # While a platform refuses the token, urgent notices leave by e-mail, and the form takes reports.
            tries = bool(beside) and not all(task.done() for task in starting)
            return not stop.is_set() and (tries or _ending(starts) is Ending.DONE)

        first.set_result(await goes_on([start.tried.wait() for start in starts]))
        if first.result():
            supervision.notify(supervision.READY)
            if tried:
                tried.set()
        if await goes_on([asyncio.shield(start.outcome) for start in starts]):
            await stopping
        supervision.notify(supervision.STOPPING)
        for task in (*starting, *others, stopping):
            task.cancel()
        until = loop.time() + CLOSING_SECONDS
    closing = [asyncio.create_task(platform.close()) for platform in (*platforms, *beside)]
    _, late = await asyncio.wait(closing, timeout=max(until - loop.time(), LEAST_SECONDS))
    for unfinished in late:
        unfinished.cancel()
    return Ending.DONE if stop.is_set() else _ending(starts)


def _ending(starts: Sequence[_Start]) -> Ending:
    """Return `DONE` if a platform started or still may, otherwise why none started."""
    endings = {start.outcome.result() if start.outcome.done() else Ending.DONE for start in starts}
    if Ending.DONE in endings:
        return Ending.DONE
    return Ending.FAILED if Ending.FAILED in endings else max(endings, default=Ending.FAILED)


async def _start(start: _Start, tell: Callable[[Platform, str], None]) -> None:
    """Start one platform. While its network is down or its token is refused, try again."""
    platform, refusal = start.platform, ""
    while True:
        try:
            await platform.start()
        except PlatformError as error:
            if str(error) != refusal:  # repeating the same refusal every 30 seconds would hide other messages
                refusal = str(error)
                tell(platform, f"{error}" + " Je réessaie sans le redire." * error.passing)
            start.tried.set()
            if not error.passing:
                start.settle(Ending.REFUSED if error.refused else Ending.MISSET)
                if not error.refused:
                    return
            await asyncio.sleep(RETRY_SECONDS)
        except Exception as error:  # noqa: BLE001 — an unexpected error is reported, and other platforms go on
            # The error's text may hold data from the network, or a token.
            tell(platform, f"erreur inattendue ({type(error).__name__}).")
            start.settle(Ending.FAILED)
            return
        else:
            where = f" Ouvrez {platform.address} dans un navigateur; Ctrl-C pour fermer."
            tell(platform, "prêt." + (where if platform.address else ""))
            start.settle(Ending.DONE)
            return
