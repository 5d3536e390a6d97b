"""The groups whose members are followed, and the interface that records who joins and leaves them."""

from collections.abc import Collection
from typing import Protocol

from bot.conversation.requests import Actor


class FollowedGroup(Protocol):
    """A Discord role, a Slack user group or a private Slack channel whose members are followed."""

    @property
    def team(self) -> str:
        """The group's workspace or server."""

    @property
    def source(self) -> str:
        """The kind of group: « discord_role », « slack_group », « slack_channel »."""

    @property
    def source_id(self) -> str:
        """The group's identifier on the platform."""


class Members(Protocol):
    """The interface that records who joins and leaves the followed groups. Other groups are ignored.

    Any change may be reported twice or late. Every night, a full reading of the groups catches missed
    changes.
    """

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        """Record that `actor` is in exactly these groups of the actor's platform."""

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        """Record that `actor` joined a group (`inside`), or left it."""

    async def gone(self, actor: Actor) -> None:
        """Record that `actor` left the workspace or server."""
