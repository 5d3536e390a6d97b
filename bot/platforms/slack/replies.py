"""The destination of a reply on Slack, and the call that shows it to the right person and no one else.

If Slack refuses a call, the failure is logged and the next method is tried. If Slack may have acted before
it failed, a call that is harmless when repeated is made again. A message in a conversation with the bot is
searched for before it is sent again. No other message can be searched for, since histories omit ephemeral
messages and the bot reads no channel's history. The next method then sends that answer again, since the
first may not have been shown.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.conversation.dispatcher import TOO_LATE
from bot.conversation.forms import Form
from bot.conversation.messages import Button, Message, Quoter
from bot.conversation.requests import Actor, Place
from bot.platforms.contract import DeliveryError, Destination, UnknownError
from bot.platforms.slack.delivery import SlackDelivery, delivery_error, marked
from bot.platforms.slack.link import NOT_SENT, failure_code
from bot.platforms.slack.manifest import prompts
from bot.platforms.slack.render import (
    PUBLIC_ACTION,
    Json,
    fallback,
    form_window,
    home_tab,
    message_window,
    render,
)

logger = logging.getLogger(__name__)

_UNFURL: Json = {"unfurl_links": False, "unfurl_media": False}
# The first letters of the identifiers of people, and of their conversations with the bot, which the bot can
# read.
_OWN = frozenset("DUW")
_OPENED = "exchanged_trigger_id"  # Slack: this trigger already opened a window, although its answer was lost

# The `window` of a request made where Slack shows nothing of the bot's. Its answer opens a window.
NEW_WINDOW = "new"

# The fields that a window's metadata keeps. The response address is added if only one person may see the
# answer.
_CARRIED = ("place", "channel", "thread", "window")


@dataclass(frozen=True, slots=True)
class Origin:
    """The place where a request was made, and therefore where its answer goes.

    `replace`: whether the answer replaces the message whose button was pressed, which only this person sees.
    `trigger`: opens one window, within 3 seconds. `window`: the window whose button was pressed, or
    `NEW_WINDOW`, or "" outside of windows. `shown_alone`: whether the message whose button was pressed is
    ephemeral. `fleeting`: whether Slack must not keep the answer.
    """

    actor: Actor
    place: Place = "channel"
    channel: str = ""
    thread: str = ""
    response_url: str = ""
    trigger: str = ""
    replace: bool = False
    window: str = ""
    shown_alone: bool = False
    fleeting: bool = False

    def metadata(self) -> dict[str, str]:
        """Return the entries that a window's metadata needs for the answer to its form.

        In a conversation with the bot, answers are messages that stay, so the button's response address,
        which allows only an ephemeral message, is omitted.
        """
        ephemeral = self.place == "channel" or self.fleeting
        names = (*_CARRIED, "response_url") if ephemeral else _CARRIED
        return {name: value for name in names if (value := getattr(self, name))}

    @classmethod
    def from_metadata(cls, actor: Actor, metadata: Mapping[str, Any], trigger: str) -> Origin:
        """Return the origin of a form's answer, from its window's metadata and its own trigger."""
        carried = {name: metadata[name] for name in (*_CARRIED, "response_url") if name in metadata}
        return cls(actor, trigger=trigger, **carried)


def button_origin(body: Json, actor: Actor) -> Origin:
    """Return the origin of a pressed button, whose identifier tells whether everyone sees its message."""
    container = body["container"]
    channel = (body.get("channel") or {}).get("id", "")
    if not channel:
        view = body.get("view") or {}
        window = view["id"] if view.get("type") == "modal" else ""
        return Origin(actor, "home", trigger=body["trigger_id"], window=window)
    private = not body["actions"][0]["action_id"].startswith(PUBLIC_ACTION)
    alone = private and channel.startswith("D") and not container.get("is_ephemeral")
    return Origin(
        actor,
        "direct" if alone else "channel",
        channel=channel,
        thread=container.get("thread_ts", ""),
        response_url=body["response_url"],
        trigger=body["trigger_id"],
        replace=private,
        shown_alone=private and not alone,
    )


@dataclass(frozen=True, slots=True)
class SlackReplies:
    """A sender of replies through `client`. `bot`: the bot's name, which is the title of its windows.

    `menu`: the command whose reply is the first page of the App Home. `at_menu`: the people whose App Home
    shows this page, since the process began.
    """

    client: AsyncWebClient
    quote: Quoter
    menu: str
    bot: str
    at_menu: set[Actor] = field(default_factory=set, repr=False)

    async def open(self, form: Form, origin: Origin) -> bool:
        """Open a form, over the window that requested it, if any. Return whether it is open.

        A new window also has the button of the menu.
        """
        is_new = origin.window == NEW_WINDOW
        opening = self.client.views_open if is_new or not origin.window else self.client.views_push
        view = form_window(form, origin.metadata(), self._back(form.command) if is_new else None)
        return await _works(lambda: opening(trigger_id=origin.trigger, view=view), again=True)

    async def suggest(self, questions: Sequence[str], channel: str) -> None:
        """Suggest questions at the top of a conversation with the bot, which Slack shows as an agent."""
        if questions:
            suggest = self.client.assistant_threads_setSuggestedPrompts
            await _works(partial(suggest, channel_id=channel, prompts=prompts(questions)), again=True)

    async def say(self, message: Message, origin: Origin, command: str) -> None:
        """Reply where the request was made, or else in private. Then send the message's file, if any."""
        if origin.fleeting:
            await self._say_for_a_moment(message, origin)
        else:
            await self._say(message, origin, command)
        to = Destination("slack", "", origin.actor.user)  # elsewhere, everyone would see the file
        if origin.place == "direct":
            to = Destination("slack", "", origin.channel, "channel")
        for file in message.files():
            await _works(partial(SlackDelivery(self.client, self.quote).upload, file, to))

    async def _say_for_a_moment(self, message: Message, origin: Origin) -> None:
        """Reply in a way that Slack does not keep.

        A request from a window or the App Home is answered in a window. Any other request is answered with an
        ephemeral message or, where the bot may not write one, in a window too. If no window opens from the
        App Home, the App Home says so without repeating the request. Elsewhere, nothing else is tried,
        because a message in the conversation would stay.
        """
        if not origin.window and origin.place != "home":
            content = self._content(message)
            if origin.response_url and await self._respond(content, origin, public=False):
                return
            if await self._show_to(origin, content) or not origin.trigger:
                return
        opened = await self._show_window(message, origin, self.menu)
        if not opened and origin.place == "home" and not origin.window:
            await self._publish(TOO_LATE, origin, self._back(""))

    def window(self, message: Message, origin: Origin, command: str) -> Json:
        """Return the window that shows an answer, without the menu's button if the answer must not stay."""
        back = None if origin.fleeting else self._back(command)
        return message_window(message, self.quote, self.bot, back)

    def _back(self, command: str) -> Button | None:
        """Return the button that leads from a command's answer to the menu, None for the menu itself."""
        return None if command == self.menu else Button("Menu", self.menu)

    async def _show_window(self, message: Message, origin: Origin, command: str) -> bool:
        """Show a message in the window of the request, or in a new one. Return whether it is shown."""
        window = self.window(message, origin, command)
        show = partial(self.client.views_open, trigger_id=origin.trigger, view=window)
        if origin.window not in {"", NEW_WINDOW}:
            show = partial(self.client.views_update, view_id=origin.window, view=window)
        return await _works(show, again=True)

    async def _publish(self, message: Message, origin: Origin, back: Button | None) -> bool:
        page = home_tab(message, self.quote, back)
        publish = partial(self.client.views_publish, user_id=origin.actor.user, view=page)
        if back is None:  # the menu itself
            self.at_menu.add(origin.actor)
        else:
            self.at_menu.discard(origin.actor)
        return await _works(publish, again=True)

    async def _say(self, message: Message, origin: Origin, command: str) -> None:
        """Reply in a window, the App Home or a conversation, or else in private.

        A reply can fail because a response address expires after half an hour, because the bot is not in the
        channel, because a window was closed or because a trigger is too old.
        """
        mark = secrets.token_hex(8)
        if origin.window:
            if await self._show_window(message, origin, command):
                return
        elif origin.place == "home":
            opened = command == self.menu  # the tab was opened, and nothing was asked
            if await self._publish(message, origin, self._back(command)) or opened:
                return
        elif await self._send(message, origin, mark):
            return
        await self._post(message, origin.actor.user, mark)

    def _content(self, message: Message) -> Json:
        return {"blocks": render(message, self.quote), "text": fallback(message, self.quote)}

    async def _send(self, message: Message, origin: Origin, mark: str) -> bool:
        """Reply in the conversation where the request was made. Return whether the reply was posted."""
        content, public = {**self._content(message), **_UNFURL}, message.public
        if origin.response_url and not (public and origin.place == "direct"):
            return await self._respond(content, origin, public=public)
        if public or origin.place == "direct":
            return await self._post(message, origin.channel, mark, origin.thread or None)
        return await self._show_to(origin, content)

    async def _post(self, message: Message, channel: str, mark: str, thread: str | None = None) -> bool:
        """Post in a conversation. Return whether the message was posted.

        `channel`: the conversation's identifier, or a person's, for their own conversation with the bot.
        """
        content = {**self._content(message), **_UNFURL, "metadata": marked(mark)}
        post = partial(self.client.chat_postMessage, channel=channel, thread_ts=thread, **content)
        to = Destination("slack", "", channel, "channel" if channel.startswith("D") else "person")
        search = SlackDelivery(self.client, self.quote).was_delivered
        since = datetime.now(UTC)

        async def posted() -> bool:
            with suppress(DeliveryError):
                return await search(to, mark, since, thread=thread or "")
            return False

        private = channel[:1] in _OWN
        return await _works(post, again=private, done=posted if private else None)

    async def _respond(self, content: Json, origin: Origin, *, public: bool) -> bool:
        """Reply through the request's response address. Return whether Slack accepted the reply."""
        replaces = origin.replace and not public and (origin.shown_alone or not origin.fleeting)
        if replaces:
            how: Json = {"replace_original": True}
        else:
            seen = "in_channel" if public else "ephemeral"
            how = {"replace_original": False, "response_type": seen, "thread_ts": origin.thread or None}
        client = self.client
        hook = AsyncWebhookClient(
            origin.response_url,
            session=client.session,
            logger=client.logger,
            retry_handlers=client.retry_handlers,
        )

        async def send() -> None:
            answer = await hook.send_dict({**content, **how})
            if answer.status_code != HTTPStatus.OK:
                raise SlackApiError("response_url", answer)  # type: ignore[no-untyped-call]  # theirs has none

        return await _works(send, again=replaces)

    async def _show_to(self, origin: Origin, content: Json) -> bool:
        show = partial(self.client.chat_postEphemeral, channel=origin.channel, user=origin.actor.user)
        thread = origin.thread or None
        return await _works(partial(show, thread_ts=thread, blocks=content["blocks"], text=content["text"]))


async def _works(
    call: Callable[[], Awaitable[object]],
    *,
    again: bool = False,
    done: Callable[[], Awaitable[bool]] | None = None,
) -> bool:
    """Return whether a call to Slack succeeded, and log the reason if it did not.

    `again`: whether to repeat a call whose result is unknown, unless `done` reports that it succeeded.
    """
    for _ in range(2 if again else 1):
        try:
            await call()
        except NOT_SENT as error:
            code = failure_code(error)
            if code == _OPENED:
                return True
            logger.warning("Slack refused a reply: %s", code)
            if not isinstance(delivery_error(error), UnknownError):
                return False
        else:
            return True
        if done is not None and await done():
            return True
    return False
