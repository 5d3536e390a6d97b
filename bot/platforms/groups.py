"""The groups whose members are followed, and the interface to report arrivals and departures in them."""

from collections.abc import Collection
from typing import Protocol

from bot.conversation.requests import Actor


class FollowedGroup(Protocol):
    """A Discord role, a Slack user group or a private Slack channel whose members are followed."""

    @property
    def team(self) -> str:
        """The workspace or server."""

    @property
    def source(self) -> str:
        """The kind of group: « discord_role », « slack_group », « slack_channel »."""

    @property
    def source_id(self) -> str:
        """The group's identifier on the platform."""


class Members(Protocol):
    """The interface that records arrivals and departures in the followed groups. It ignores other groups.

    Any change may be reported twice or late. A full reading every night catches missed changes.
    """

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        """Record that `actor` is in exactly these groups of their platform."""

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        """Record that `actor` entered (`inside`) or left a group."""

    async def gone(self, actor: Actor) -> None:
        """Record that `actor` left the workspace or server."""
