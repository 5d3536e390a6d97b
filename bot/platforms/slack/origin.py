"""Where a request was made on Slack, and so where its answer goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncBoltContext

from bot.conversation.requests import Actor, Place
from bot.platforms.slack.render import PUBLIC_ACTION

Json: TypeAlias = dict[str, Any]

_PLACES: Mapping[str, Place] = {"direct": "direct", "home": "home"}  # what a window may carry back


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request was made, and so where its answer goes.

    `replace`: the button pressed is on a message that only this person sees, whose place the answer
    takes. `trigger` opens one window, within 3 seconds. `window`: the one that the button pressed is in.
    `shown_alone`: that message is one that Slack keeps nothing of. `fleeting`: so must be the answer.
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
        """Return what a window carries for the answer to its form to find its way back.

        In a conversation with the bot, answers are messages that stay: the address that came with the
        button could only give one that is gone the next time.
        """
        way = {"place": self.place, "channel": self.channel, "thread": self.thread, "window": self.window}
        if self.place == "channel" or self.fleeting:
            way["response_url"] = self.response_url
        return {name: value for name, value in way.items() if value}

    @classmethod
    def from_metadata(cls, actor: Actor, known: Mapping[str, str]) -> Origin:
        """Return the origin of a form's answer, from what its window carried."""
        return cls(
            actor,
            _PLACES.get(known.get("place", ""), "channel"),
            channel=known.get("channel", ""),
            thread=known.get("thread", ""),
            response_url=known.get("response_url", ""),
            window=known.get("window", ""),
        )


def written(event: Json, context: AsyncBoltContext, place: Place) -> Origin:
    """Return the origin of a message."""
    return Origin(actor_of(context), place, channel=event["channel"], thread=event.get("thread_ts", ""))


def pressed(body: Json, actor: Actor) -> Origin:
    """Return the origin of a press on a button, whose identifier says who sees the message it is on."""
    container = body["container"]
    channel = (body.get("channel") or {}).get("id", "")
    if not channel:
        shown = body.get("view") or {}
        window = shown["id"] if shown.get("type") == "modal" else ""
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


def actor_of(context: AsyncBoltContext) -> Actor:
    """Return who acts: in a channel shared between workspaces, their own workspace, where it is known."""
    team = context.actor_team_id or context.team_id or ""
    return Actor("slack", team, context.actor_user_id or context.user_id or "")
