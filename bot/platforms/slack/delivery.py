"""Delivery of unprompted messages on Slack, and checks that they were sent.

Slack does not detect duplicate messages. So each message has the mark of its delivery in its metadata. If a
message may already have been sent, we search the conversation for this mark before sending it again. A
message is still sent twice if Slack processes the first request after our search, or if the bot may not read
the channel's history.
"""

import copy
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.messages import File, Message, Quoter
from bot.platforms import contract
from bot.platforms.pace import Window
from bot.platforms.slack.link import NOT_SENT, failure_code
from bot.platforms.slack.meanings import MEANINGS
from bot.platforms.slack.render import fallback, render

EVENT_TYPE = "vigie_delivery"  # the metadata's event type
CHANNEL_SECONDS = 1.0  # between two messages in one conversation (docs.slack.dev, « Rate limits »)
EARLIER = timedelta(days=1)  # how far ahead our clock may have been when a message was sent
PAGE = 200  # messages fetched in one request
PAGES = 5
UNKNOWN_WAIT = 30.0  # seconds to wait after a 429 that gives no time

logger = logging.getLogger(__name__)

# The errors that Slack returns for a channel that the bot may not read.
_UNREADABLE = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "no_permission"})


class SlackDelivery:
    """A sender that uses `client`, which must not retry by itself (see `without_retries`)."""

    def __init__(self, client: AsyncWebClient, quote: Quoter) -> None:
        self._client = client
        self._quote = quote
        self._paces: dict[str, Window] = {}
        # The files already sent, by delivery and name, when Slack refused their message. Only the message is
        # then sent again.
        self._uploaded: set[tuple[str, str]] = set()

    async def deliver(self, to: contract.Destination, message: Message, delivery_id: str) -> None:
        """Send `message` to `to`. Raises the errors of `contract.Deliverer.deliver`, and `TooLong`."""
        blocks, line = render(message, self._quote), fallback(message, self._quote)
        await self._pace(to.id).turn()
        contract.may_leave()
        try:
            for file in message.files():
                # A file is sent before its message, and without a mark: a crash may duplicate it but never
                # lose it.
                if (delivery_id, file.name) not in self._uploaded:
                    await self.upload(file, to)
                    self._uploaded.add((delivery_id, file.name))
            await self._client.chat_postMessage(
                channel=to.id,
                blocks=blocks,
                text=line,
                unfurl_links=False,
                unfurl_media=False,
                metadata=marked(delivery_id),
            )
        except NOT_SENT as error:
            raise delivery_error(error) from error
        self._uploaded.difference_update((delivery_id, file.name) for file in message.files())

    async def was_delivered(
        self, to: contract.Destination, delivery_id: str, since: datetime, *, thread: str = ""
    ) -> bool:
        """Return whether the part of the conversation that the bot can read contains that delivery's mark.

        `thread`: the time of the message whose replies to search, "" for the conversation itself. Raises
        `DeliveryError`.
        """
        try:
            async for message in self.messages(to, since - EARLIER, thread=thread):
                if is_marked(message, delivery_id):
                    return True
        except SlackApiError as error:
            # In private, repeating a message is worse than delaying it, so a missing permission delays it.
            if to.surface == "person" or failure_code(error) not in _UNREADABLE:
                raise delivery_error(error) from error
            logger.warning("Slack: a channel's history cannot be searched (%s)", failure_code(error))
        except NOT_SENT as error:
            raise delivery_error(error) from error
        return False

    async def messages(
        self, to: contract.Destination, since: datetime, *, thread: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the latest messages of a conversation, or of a thread, as Slack returns them.

        At most `PAGES` pages are read. Raises the errors of Slack's library.
        """
        fetch = self._client.conversations_history
        if thread:  # a conversation's history omits replies in threads
            fetch = partial(self._client.conversations_replies, ts=thread)
        conversation = await self._conversation(to)
        oldest = f"{since.timestamp():.6f}"
        pages = await fetch(channel=conversation, oldest=oldest, include_all_metadata=True, limit=PAGE)
        number = 0
        async for page in pages:
            for message in page["messages"]:
                yield message
            number += 1
            if number == PAGES:
                break

    async def upload(self, file: File, to: contract.Destination) -> None:
        """Send a file. Raises the errors of Slack's library."""
        channel = await self._conversation(to)
        await self._client.files_upload_v2(
            channel=channel,
            filename=file.name,
            content=file.content,
            title=file.title,
            alt_txt=file.alternative if file.is_picture else None,
        )

    async def _conversation(self, to: contract.Destination) -> str:
        """Return a conversation's identifier. If `to` is a person, ask Slack for it."""
        if to.surface == "channel":
            return to.id
        opened = await self._client.conversations_open(users=to.id)
        conversation: str = opened["channel"]["id"]
        return conversation

    def _pace(self, channel: str) -> Window:
        if len(self._paces) > PAGE:
            self._paces = {name: pace for name, pace in self._paces.items() if not pace.idle}
        return self._paces.setdefault(channel, Window(1, CHANNEL_SECONDS))


def marked(delivery_id: str) -> dict[str, Any]:
    """Return the metadata that allows `SlackDelivery.was_delivered` to find a message."""
    return {"event_type": EVENT_TYPE, "event_payload": {"id": delivery_id}}


def is_marked(message: Mapping[str, Any], delivery_id: str) -> bool:
    """Return whether a message of a history has the mark of a delivery (see `marked`)."""
    metadata = message.get("metadata") or {}
    mark = (metadata.get("event_payload") or {}).get("id")
    return metadata.get("event_type") == EVENT_TYPE and mark == delivery_id


def without_retries(client: AsyncWebClient) -> AsyncWebClient:
    """Return a copy of `client` that never retries, since the outbox retries.

    The original client waits out rate limits, during which the outbox can send something else.
    """
    twin = copy.copy(client)
    twin.retry_handlers = []
    return twin


def delivery_error(error: Exception) -> contract.DeliveryError:
    """Return the delivery error for a failed call to Slack."""
    code = failure_code(error)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return contract.AwayError(code)
    if not isinstance(error, SlackApiError):
        return contract.UnknownError(code)
    # The SDK gives aiohttp's own response if its body is not JSON.
    status = getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0)
    meaning = MEANINGS.get(code)
    if meaning == "lacking":
        code = str(error.response.get("needed") or code)
    wait = next((v for name, v in error.response.headers.items() if name.lower() == "retry-after"), "")
    # Each conversation is already paced, so a 429 applies to everything that we send.
    seconds = float(wait) if wait.strip().isdecimal() else UNKNOWN_WAIT
    return contract.refusal(meaning, code, status=status, seconds=seconds)
