"""The bot's connection to Discord, from startup to clean shutdown."""

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Quoter
from bot.conversation.requests import Actor
from bot.platforms.contract import Connectable, Meter, PlatformError, Standing
from bot.platforms.discord import members as discord_members
from bot.platforms.discord.check import OUTSIDE
from bot.platforms.discord.client import Client, error_kind
from bot.platforms.discord.delivery import FAILURES, PUT_OUT, DiscordDelivery, is_in
from bot.platforms.groups import FollowedGroup, Members

logger = logging.getLogger(__name__)

CONNECT_TIME = 30.0  # seconds to be ready; discord.py alone would retry forever
FINISH_TIME = 3.0  # seconds allowed for answers in progress at shutdown
# Seconds before each attempt to reconnect. Discord allows a thousand new sessions a day, so attempts are
# rare.
AGAIN_SECONDS = (5.0, 15.0, 45.0, 120.0)
GOODBYE_TIME = 2.0  # seconds for the closing handshake; discord.py would wait 30

_BOT_PAGE = "à la page «\u00a0Bot\u00a0» de l'application (https://discord.com/developers/applications)"


@dataclass(eq=False, repr=False)
class DiscordAdapter(Connectable):
    """The platform « Discord » (see `bot.platforms.contract.Platform`).

    `token`: the bot's token. `server`: the association's server, None if not set. `members`: records the
    members' roles, None if no role is followed. `meter`: counts events. `api_url`: the address of Discord's
    API, for proxies and tests. discord.py has a single API address for the whole process, so two adapters
    with different addresses cannot coexist.
    """

    name = "Discord"
    address = ""

    dispatcher: Dispatcher
    quote: Quoter
    _: KW_ONLY
    token: str
    api_url: str
    server: str | None = None
    members: Members | None = None
    meter: Meter = field(default_factory=Meter)
    _client: Client | None = None
    _connecting: asyncio.Task[None] | None = None
    _connection: asyncio.Task[None] | None = None
    _reconnecting: asyncio.Task[None] | None = None
    _closing: bool = False

    async def start(self) -> None:
        """Connect, and return once requests are answered. Can be called again. Raises `PlatformError`."""
        quiet_library(self.meter.limited)
        Route.BASE = self.api_url
        self._connecting = asyncio.create_task(self._connect())
        try:
            async with asyncio.timeout(CONNECT_TIME):
                await self._connecting
        except FAILURES as error:
            await self._disconnect()
            explained = connection_error(error, self.api_url)
            self._refused = explained.refused
            raise explained from error
        except PlatformError as error:
            await self._disconnect()
            self._refused = error.refused
            raise
        except asyncio.CancelledError:
            if not self._closing:  # the caller gave up waiting, and will call `close`
                raise
            raise PlatformError("arrêt demandé pendant la connexion.") from None

    async def close(self) -> None:
        """Let the answers in progress finish, then disconnect. May be called at any time."""
        self._closing = True
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            await asyncio.wait({self._connecting})
        await self._disconnect()

    async def ready(self) -> bool:
        """Return whether events from Discord are arriving, and Discord accepts our token."""
        client = self._client
        if client is None or not (client.is_ready() and client.online):
            return False

        async def ask() -> Standing:
            try:
                await client.application_info()
            except discord.HTTPException as error:
                return "refused" if error.status == HTTPStatus.UNAUTHORIZED else "unsure"
            except FAILURES:
                return "unsure"
            return "accepted"

        return await self._accepts(ask)

    async def fetch_members(self, group: FollowedGroup) -> set[Actor]:
        """Return the members who have a role now. Raises `PlatformError` if Discord does not answer."""
        if self._client is None:
            raise PlatformError("Discord n'est pas connecté.", passing=True)
        return await discord_members.fetch_role_members(self._client, group)

    async def _connect(self) -> None:
        # A closed client cannot be used again.
        self._client = client = Client(
            self.dispatcher, self.quote, server=self.server, members=self.members, meter=self.meter
        )
        await client.login(self.token)
        # Asked before connecting to the gateway, which allows few sessions a day: the bot may wait long for
        # its invitation.
        if self.server and not await is_in(client, self.server):
            raise PlatformError(OUTSIDE, passing=True, refused=PUT_OUT)
        # After losing a session, discord.py connects to its default gateway. This makes the default this
        # API's gateway.
        client.shard_count, gateway, _ = await client.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)
        self._connection = connection = asyncio.create_task(client.connect(), name="discord")
        ready = asyncio.create_task(client.wait_until_ready())
        try:
            await asyncio.wait({connection, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if connection.done():
            await connection
        connection.add_done_callback(self._ended)
        self._delivery = DiscordDelivery(client, self.quote, self.server)

    async def _disconnect(self) -> None:
        client, self._client, self._delivery = self._client, None, None
        if client is None:
            return
        await client.finish(FINISH_TIME)
        goodbye = asyncio.create_task(client.close())
        done, _ = await asyncio.wait({goodbye}, timeout=GOODBYE_TIME)
        if not done:
            await client.http.close()  # cuts the sockets, which ends the closing handshake at once
        await goodbye
        if self._connection is not None:
            self._connection.cancel()
            await asyncio.wait({self._connection})

    def _ended(self, connection: asyncio.Task[None]) -> None:
        """Connect again after the connection was closed for good: invalid token, removed bot."""
        if self._closing or connection is not self._connection:
            return
        error = None if connection.cancelled() else connection.exception()
        if self._client is not None and self._client.put_out:
            explained = PlatformError(OUTSIDE, refused=PUT_OUT)
        else:
            ended = error if isinstance(error, Exception) else discord.DiscordException()
            explained = connection_error(ended, self.api_url)
        self._delivery, self._refused = None, explained.refused
        logger.error("Discord: connection closed, without retry. %s", explained)
        self._reconnecting = asyncio.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        for wait in itertools.chain(AGAIN_SECONDS, itertools.repeat(AGAIN_SECONDS[-1])):
            await asyncio.sleep(wait)
            with contextlib.suppress(PlatformError):
                await self.start()
                logger.info("Discord: connected again")
                self.meter.reconnected()
                return


def connection_error(error: Exception, api_url: str) -> PlatformError:
    """Return the error of a failed connection, as one line of advice in French.

    The codes are those of the gateway: discord.com/developers/docs/topics/opcodes-and-status-codes.
    """
    match error:
        case discord.LoginFailure() | discord.ConnectionClosed(code=4004):
            return PlatformError(
                f"le jeton DISCORD_TOKEN est refusé. Copiez-le de nouveau {_BOT_PAGE}.", refused="401"
            )
        case discord.PrivilegedIntentsRequired() | discord.ConnectionClosed(code=4013 | 4014):
            return PlatformError(
                f"les intentions (intents) demandées sont refusées. Vérifiez-les {_BOT_PAGE}."
            )
        case discord.DiscordException():
            return PlatformError(f"Discord répond par une erreur ({error_kind(error)}).", passing=True)
        case _:
            return PlatformError(
                f"Discord ne répond pas à l'adresse {api_url}. Vérifiez l'accès à Internet, "
                "et DISCORD_API_URL si vous l'avez réglé.",
                passing=True,
            )


# The library's log messages for a 429 response (in discord.http and discord.webhook.async_).
_LIMITED = re.compile("responded with 429|is rate limited")


def quiet_library(limited: Callable[[], None]) -> None:
    """Keep only errors in the library's log: lower levels include addresses, sessions and payloads.

    `limited` is called for each 429 response, which the library logs before it waits and retries.
    """

    def one_line(record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:  # the error's text may quote our messages
            record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
            record.args, record.exc_info = (), None
        return True

    def only_errors(record: logging.LogRecord) -> bool:
        if _LIMITED.search(str(record.msg)):
            limited()
        return record.levelno >= logging.ERROR

    logging.getLogger("discord").setLevel(logging.ERROR)
    for name in ("discord.http", "discord.webhook.async_"):
        sending = logging.getLogger(name)
        sending.setLevel(logging.WARNING)
        sending.filters = [only_errors]
    for name in ("discord.client", "discord.shard"):
        logging.getLogger(name).filters = [one_line]
