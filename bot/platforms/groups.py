"""The groups whose members are followed, and where platforms report who enters and leaves them."""

from __future__ import annotations

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
    """Records who enters and leaves the followed groups; it ignores the others.

    Every call may come twice, or late: a nightly reading of the whole makes up for what was missed.
    """

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        """Record that `actor` is in these groups of their platform, and in no other."""

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        """Record that `actor` entered a group, or left it."""

    async def gone(self, actor: Actor) -> None:
        """Record that `actor` left the workspace or server."""
