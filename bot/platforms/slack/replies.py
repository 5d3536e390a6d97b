"""How the bot replies on Slack: with which of its calls, so that the reply is seen by whom it is for.

A call that Slack refuses is logged, and the next way is tried.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, TypeAlias

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.forms import Form
from bot.conversation.messages import Button, File, Message, Quoter, Text
from bot.platforms.slack.link import NOT_SENT, failure, response_hook
from bot.platforms.slack.origin import Origin
from bot.platforms.slack.render import fallback, home, render, view, window

logger = logging.getLogger(__name__)

Json: TypeAlias = dict[str, Any]


class SlackReplies:
    """Replies through `client`. `menu`: the command whose reply is the front page of the App Home."""

    def __init__(self, client: AsyncWebClient, quote: Quoter, menu: str) -> None:
        self._client = client
        self._quote = quote
        self._menu = menu

    async def open(self, form: Form, origin: Origin) -> bool:
        """Open a form, over the window that it was asked for from, if any. Return whether it is open."""
        opening = self._client.views_push if origin.window else self._client.views_open
        return await _works(opening(trigger_id=origin.trigger, view=view(form, origin.metadata())))

    async def say(self, message: Message, origin: Origin, command: str) -> None:
        """Reply where the request was made, or else in private; then give the message's file, if any."""
        if origin.fleeting:
            await self._say_for_a_moment(message, origin)
        elif origin.place == "home":
            await self._say_at_home(message, origin, command)
        else:
            await self._say_in_conversation(message, origin)
        for file in message.files():
            await _works(self._give(file, origin))

    async def _say_for_a_moment(self, message: Message, origin: Origin) -> None:
        """Reply in what Slack keeps nothing of: a window from the App Home, else a message that goes away.

        There is no other way to reply then: a message in the conversation would stay.
        """
        if origin.window:
            shown = window(message, self._quote)
            await _works(self._client.views_update(view_id=origin.window, view=shown))
        elif origin.place == "home":
            shown = window(message, self._quote)
            await _works(self._client.views_open(trigger_id=origin.trigger, view=shown))
        else:
            content = self._content(message)
            if not origin.response_url or not await _works(self._respond(content, origin, public=False)):
                await _works(self._show_to(origin, content))

    async def _say_at_home(self, message: Message, origin: Origin, command: str) -> None:
        back = None if command == self._menu else Button("Menu", self._menu)
        shown = home(message, self._quote, back)
        published = await _works(self._client.views_publish(user_id=origin.actor.user, view=shown))
        if not published and command != self._menu:  # opening the tab asks for nothing
            await self._say_in_private(self._lasting(message), origin)

    async def _say_in_conversation(self, message: Message, origin: Origin) -> None:
        """Reply in a conversation, or else in private.

        An address to reply at expires after half an hour, and the bot may not be in the channel.
        """
        content = self._lasting(message)
        if not await _works(self._send(content, origin, public=message.public)):
            await self._say_in_private(content, origin)

    async def _say_in_private(self, content: Json, origin: Origin) -> None:
        await _works(self._client.chat_postMessage(channel=origin.actor.user, **content))

    def _content(self, message: Message) -> Json:
        return {"blocks": render(message, self._quote), "text": fallback(message, self._quote)}

    def _lasting(self, message: Message) -> Json:
        return {**self._content(message), "unfurl_links": False, "unfurl_media": False}

    async def _send(self, content: Json, origin: Origin, *, public: bool) -> None:
        if origin.response_url:
            await self._respond(content, origin, public=public)
        elif public or origin.place == "direct":
            thread = origin.thread or None
            await self._client.chat_postMessage(channel=origin.channel, thread_ts=thread, **content)
        else:
            await self._show_to(origin, content)

    async def _respond(self, content: Json, origin: Origin, *, public: bool) -> None:
        """Reply at the address that came with the request."""
        if origin.replace and not public and (origin.shown_alone or not origin.fleeting):
            how: Json = {"replace_original": True}
        else:
            seen = "in_channel" if public else "ephemeral"
            how = {"replace_original": False, "response_type": seen, "thread_ts": origin.thread or None}
        answer = await response_hook(self._client, origin.response_url).send_dict({**content, **how})
        if answer.status_code != HTTPStatus.OK:
            raise SlackApiError("response_url", answer)  # type: ignore[no-untyped-call]  # theirs has none

    async def _show_to(self, origin: Origin, content: Json) -> None:
        await self._client.chat_postEphemeral(
            channel=origin.channel,
            user=origin.actor.user,
            thread_ts=origin.thread or None,
            blocks=content["blocks"],
            text=content["text"],
        )

    async def _give(self, file: File, origin: Origin) -> None:
        """Send a file in the person's own conversation with the bot: Slack shows none to one person only."""
        channel = origin.channel
        if origin.place != "direct":
            here = self._content(Message(Text(f"{file.title}\u00a0: voici le fichier.")))
            told = await self._client.chat_postMessage(channel=origin.actor.user, **here)
            channel = told["channel"]
        await self._client.files_upload_v2(
            channel=channel, filename=file.name, content=file.content, title=file.title
        )


async def _works(call: Awaitable[object]) -> bool:
    """Return whether `call` to Slack succeeded; why it did not is logged."""
    try:
        await call
    except NOT_SENT as error:
        logger.warning("Slack did not take an answer: %s", failure(error))
        return False
    return True
