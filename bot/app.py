"""The composition root: the one module that sees everything, and makes it run together."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot.commands import catalogue, examples
from bot.dispatch import Dispatcher
from bot.messages import Form, Reply
from bot.platforms import Platform, PlatformError, discord_render, slack_render
from bot.platforms.discord_adapter import DiscordAdapter
from bot.platforms.local_adapter import LocalAdapter
from bot.platforms.local_gallery import Gallery
from bot.platforms.slack_adapter import SlackAdapter
from bot.policy import library
from bot.policy.library import Library
from bot.settings import Settings

logger = logging.getLogger(__name__)

CLOSING_SECONDS = 8  # what is left of the ten after which a service manager kills
RETRY_SECONDS = 30  # between two attempts to reach a platform whose network is down


@dataclass(frozen=True)
class Bot:
    """What all platforms share: the policies, and the catalogue at work."""

    settings: Settings
    library: Library
    dispatcher: Dispatcher


def build(settings: Settings) -> Bot:
    """Read the policies and set up the commands. Raises `PolicyError`."""
    policies = library.load(settings.data_folders(), settings.vigie_politique, settings.today)
    executor = ThreadPoolExecutor(1, "storage")
    return Bot(settings, policies, Dispatcher(catalogue(policies), executor))


def platforms(bot: Bot) -> list[Platform]:
    """Return the platforms that are configured; with no token at all, the sandbox alone."""
    settings, quote = bot.settings, bot.library.quote
    found: list[Platform] = []
    if settings.slack_bot_token:
        found.append(
            SlackAdapter(
                bot.dispatcher,
                quote,
                bot_token=settings.slack_bot_token.get_secret_value(),
                app_token=_revealed(settings.slack_app_token),
                signing_secret=_revealed(settings.slack_signing_secret),
                port=settings.vigie_slack_port,
                api_url=settings.slack_api_url,
            )
        )
    if settings.discord_token:
        token = settings.discord_token.get_secret_value()
        found.append(DiscordAdapter(bot.dispatcher, quote, token=token, api_url=settings.discord_api_url))
    return found or [sandbox(bot)]


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def sandbox(bot: Bot) -> LocalAdapter:
    """Return the sandbox, its gallery showing every message as each platform would."""
    quote = bot.library.quote

    def on_slack(reply: Reply) -> object:
        return slack_render.view(reply) if isinstance(reply, Form) else slack_render.render(reply, quote)

    def on_discord(reply: Reply) -> object:
        if isinstance(reply, Form):
            return discord_render.render_form(reply).to_dict()
        components: list[dict[str, Any]] = discord_render.render(reply, quote).to_components()
        return components

    gallery = Gallery(examples(bot.library), {"Slack": on_slack, "Discord": on_discord})
    return LocalAdapter(bot.dispatcher, quote, port=bot.settings.vigie_port, gallery=gallery)


async def serve(running: Sequence[Platform], say: Callable[[str], None]) -> bool:
    """Run the platforms until the process is told to stop (SIGTERM, SIGINT).

    `say` receives one French line each time something happens that the person who started the
    program must know. Returns False when no platform could be started at all.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    starting = {asyncio.create_task(_start(platform, say), name=platform.name) for platform in running}
    started = False
    while starting and not stop.is_set():
        waited: set[asyncio.Task[bool]] = {stopping, *starting}
        done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        for task in done & starting:
            started = _has_started(task, say) or started
        starting -= done
    if started:
        await stopping
    for task in (*starting, stopping):
        task.cancel()
    closing = [asyncio.create_task(platform.close()) for platform in running]
    _, late = await asyncio.wait(closing, timeout=CLOSING_SECONDS)
    for unfinished in late:
        unfinished.cancel()
    return started or stop.is_set()


def _has_started(task: asyncio.Task[bool], say: Callable[[str], None]) -> bool:
    """Tell whether a start that ended is a success; what nobody foresaw is said, and stops no other.

    The error's type alone is said: its text may hold what the network sent, or a token.
    """
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is None:
        return task.result()
    say(f"{task.get_name()}\u00a0: erreur inattendue ({type(error).__name__}).")
    return False


async def _start(platform: Platform, say: Callable[[str], None]) -> bool:
    """Start one platform, however long its network takes to come; False when it refuses us."""
    while True:
        try:
            await platform.start()
        except PlatformError as error:
            say(f"{platform.name}\u00a0: {error}")
            if not error.passing:
                return False
            await asyncio.sleep(RETRY_SECONDS)
        else:
            where = f" Ouvrez {platform.address} dans un navigateur; Ctrl-C pour fermer."
            say(f"{platform.name}\u00a0: prêt." + (where if platform.address else ""))
            return True
