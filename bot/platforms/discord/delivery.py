"""Delivery of unprompted messages on Discord, and checks that they were sent.

Discord merges messages with the same nonce into one, but only for a few minutes. So each message also has a
permanent mark, the number of its first component. If a message may already have been sent, the bot searches
for this number before it sends the message again.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import aiohttp
import discord
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from bot.conversation.messages import Message, Quoter
from bot.platforms import contract
from bot.platforms.discord.render import View, attached_files, render
from bot.platforms.pace import Window

REQUESTS, PER_SECONDS = 50, 1.0  # « Global Rate Limit », discord.com/developers/docs/topics/rate-limits
PATIENCE = 90.0  # seconds for one message, including discord.py's own rate-limit waits
EARLIER = timedelta(days=1)  # how far ahead our clock may have been when a message was sent
LOOKED_AT = 1_000  # messages to search in a conversation, as on Slack
CONVERSATIONS_KEPT = 10_000  # cached identifiers, so that a second message takes only one request
UNKNOWN_WAIT = 60.0  # seconds to wait after a 429 that gives no time

_NOT_COUNTED = frozenset({"interactions", "webhooks", "gateway"})
# The meaning of Discord's codes (discord.com/developers/docs/topics/opcodes-and-status-codes, « JSON »).
# A message that fails with any other code is retried.
MEANINGS: Final[Mapping[int, contract.Meaning]] = {
    10003: "gone",  # unknown channel
    10004: "gone",  # unknown server
    10007: "gone",  # unknown member
    10013: "gone",  # unknown user
    50033: "gone",  # invalid recipient
    50007: "closed",  # private messages closed
    50278: "closed",  # no server in common
    20009: "forbidden",  # filtered by the server
    30033: "forbidden",  # too many members in the thread
    50001: "forbidden",  # the channel is not visible
    50008: "forbidden",  # not a text channel
    50009: "forbidden",  # the channel's verification level
    50013: "forbidden",  # a permission of the channel
    50024: "forbidden",  # not in this type of channel
    50083: "forbidden",  # the thread is archived
    160005: "forbidden",  # the thread is locked
    160006: "forbidden",  # too many active threads
    200000: "forbidden",  # blocked by the server's moderation
    10002: "refused",  # unknown application
    20012: "refused",  # not allowed for this application
    20026: "refused",  # the application may not open private conversations: it is suspected of spam
    40001: "refused",  # unauthorized
    40002: "refused",  # the account must be verified
    50014: "refused",  # invalid token
    50025: "refused",  # invalid OAuth2 access token
    20016: "wait",  # slow mode
    20028: "wait",  # writing in a channel too fast
    40003: "wait",  # opening private conversations too fast
    40004: "wait",  # sending is switched off for now
    130000: "unsure",  # overloaded
    40005: "faulty",  # too large
    50006: "faulty",  # empty
    50035: "faulty",  # invalid form
    50109: "faulty",  # invalid JSON
}

PUT_OUT: Final = "not in the server"  # the reason when the bot is not in its server

# The exceptions of a failed call to Discord.
FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


class Paced(aiohttp.TCPConnector):
    """A client's `connector`, which keeps its requests under Discord's global rate limit.

    Each request waits right before it is sent, after discord.py's own waits, because discord.py notices this
    limit only once it is exceeded. Answers to people do not wait, since Discord does not count them.
    """

    def __init__(self) -> None:
        super().__init__(limit=0)  # like discord.py's own connector
        self._pace = Window(REQUESTS, PER_SECONDS)

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 — aiohttp's signature
    ) -> Connection:
        """Return a connection once the request may be sent. Raises `StoppedError` if it may not be sent."""
        if _NOT_COUNTED.isdisjoint(req.url.raw_parts):
            await self._pace.turn()
            contract.may_leave()
        return await super().connect(req, traces, timeout)


class DiscordDelivery:
    """A sender that uses `client`, which must be logged in and should be `Paced`.

    `server`: the association's server, None if not set. When the bot was removed from this server, Discord
    reports the person or the channel as unreachable, although neither is at fault.
    """

    def __init__(self, client: discord.Client, quote: Quoter, server: str | None = None) -> None:
        self._client = client
        self._quote = quote
        self._server = server
        self._conversations: dict[str, int] = {}

    async def deliver(self, to: contract.Destination, message: Message, delivery_id: str) -> None:
        """Send `message` to `to`. Raises the errors of `contract.Deliverer.deliver`, and `TooLong`."""
        first, *others = render(message, self._quote).to_components()
        view = View([{**first, "id": delivery_mark(delivery_id)}, *others])
        try:
            async with asyncio.timeout(PATIENCE):
                channel = await self._channel(to)
                await channel.send(
                    view=view, files=attached_files(message), nonce=delivery_id, suppress_embeds=True
                )
        except FAILURES as error:
            raise await self._failure(error) from error

    async def was_delivered(self, to: contract.Destination, delivery_id: str, since: datetime) -> bool:
        """Return whether the conversation contains a message of ours with the mark of this delivery.

        Raises `DeliveryError`.
        """
        number, user = delivery_mark(delivery_id), self._client.user
        try:
            async with asyncio.timeout(PATIENCE):
                channel = await self._channel(to)
                history = channel.history(limit=LOOKED_AT, after=since - EARLIER, oldest_first=False)
                async for sent in history:
                    marks = [getattr(part, "id", None) for part in sent.components]
                    if sent.author == user and number in marks:
                        return True
        except FAILURES as error:
            raise await self._failure(error) from error
        return False

    async def _failure(self, error: Exception) -> contract.DeliveryError:
        failure = delivery_error(error)
        if isinstance(failure, contract.UndeliverableError) and self._server:
            with suppress(*FAILURES):
                if not await is_in(self._client, self._server):
                    return contract.RefusedError(PUT_OUT)
        return failure

    async def _channel(self, to: contract.Destination) -> discord.PartialMessageable:
        match to.surface:
            case "channel":
                return self._client.get_partial_messageable(int(to.id))
            case "person":
                if to.id not in self._conversations:
                    opened = await self._client.create_dm(discord.Object(int(to.id)))
                    self._conversations[to.id] = opened.id
                    if len(self._conversations) > CONVERSATIONS_KEPT:
                        del self._conversations[next(iter(self._conversations))]
                identifier = self._conversations[to.id]
                return self._client.get_partial_messageable(identifier, type=discord.ChannelType.private)
            case "thread":
                return self._client.get_partial_messageable(await self._thread(to))

    async def _thread(self, to: contract.Destination) -> int:
        """Return the private thread with a person in the channel `to.team`, creating it if needed.

        The thread's name contains a digest of the person's id, so that a retry after a crash finds the thread
        again.
        """
        parent = await self._client.fetch_channel(int(to.team))
        if not isinstance(parent, discord.TextChannel):
            raise contract.UndeliverableError("forbidden (no text channel)")
        name = f"Message privé {_digest(to.id):08x}"
        active = await parent.guild.active_threads()
        existing = (thread for thread in active if (thread.parent_id, thread.name) == (parent.id, name))
        thread = next(existing, None) or await parent.create_thread(
            name=name, type=discord.ChannelType.private_thread, invitable=False
        )
        await thread.add_user(discord.Object(int(to.id)))  # harmless if the person is already in the thread
        return thread.id


async def is_in(client: discord.Client, server: str) -> bool:
    """Return whether the bot is in a server. Raises the exceptions of `FAILURES`."""
    try:
        await client.fetch_guild(int(server), with_counts=False)
    except (discord.NotFound, discord.Forbidden):
        return False
    return True


def delivery_mark(delivery_id: str) -> int:
    """Return the component number that marks a delivery: 31 bits, since Discord's are int32, and never 0."""
    return _digest(delivery_id) >> 1 or 1


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def delivery_error(error: Exception) -> contract.DeliveryError:
    """Return the delivery error for a failed request to Discord."""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return contract.AwayError(type(error).__name__)
    if isinstance(error, discord.RateLimited):
        return contract.refusal("wait", "429", seconds=error.retry_after)
    if not isinstance(error, discord.HTTPException):
        return contract.UnknownError(type(error).__name__)
    wait = str(error.response.headers.get("Retry-After", ""))
    seconds = float(wait) if wait.replace(".", "", 1).isdecimal() else UNKNOWN_WAIT
    code = str(error.code or error.status)
    return contract.refusal(MEANINGS.get(error.code), code, status=error.status, seconds=seconds)
