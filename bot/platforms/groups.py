"""Who is in the groups that are followed: what platforms tell of it, and what they answer when asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bot.conversation.requests import Actor


class FollowedGroup(Protocol):
    """A group that is followed: a Discord role, a Slack user group or a private channel of Slack."""

    @property
    def team(self) -> str:
        """The workspace or the server."""

    @property
    def source(self) -> str:
        """What it is: « discord_role », « slack_group », « slack_channel »."""

    @property
    def source_id(self) -> str:
        """The platform's identifier of it."""


class Members(Protocol):
    """Where platforms tell who enters and leaves groups; those that are not followed are passed over.

    Every call may come twice, or late: a nightly reading of the whole makes up for what was missed.
    """

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        """Take that `actor` is in these groups of their platform, and in no other."""

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        """Take that `actor` entered a group, or left it."""

    async def gone(self, actor: Actor) -> None:
        """Take that `actor` left the workspace or the server."""
