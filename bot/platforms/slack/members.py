"""The members of Slack groups, from Slack's events and the lists of its API.

A group is a user group or, if the plan has none, a private channel that includes the bot. Members of a
private channel were invited by someone. Public channels are refused because anyone can join them. Joining
the workspace (`team_join`) does not add a person to any group, so that event is not requested.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.requests import Actor
from bot.platforms.contract import PlatformError
from bot.platforms.groups import FollowedGroup
from bot.platforms.slack.link import NOT_SENT, failure_code, may_pass
from bot.platforms.slack.manifest import granting

Json: TypeAlias = dict[str, Any]

_PRIVATE = "G"
_PAGE = 200  # the most that Slack recommends: docs.slack.dev/apis/web-api/pagination


def member_changes(event: Json) -> Iterator[tuple[str, str, bool]]:
    """Yield the changes that an event reports: a user, a group, and whether the user joined it."""
    match event:
        case {"type": "subteam_members_changed", "subteam_id": group}:
            # Slack sends a list and its length, but only the list is reliable.
            for key, inside in (("added_users", True), ("removed_users", False)):
                for user in event.get(key) or ():
                    yield user, group, inside
        case {"type": "member_joined_channel" | "member_left_channel", "user": user, "channel": channel}:
            if event.get("channel_type") == _PRIVATE:
                yield user, channel, event["type"] == "member_joined_channel"


async def fetch_group_members(client: AsyncWebClient, group: FollowedGroup, bot_user: str) -> set[Actor]:
    """Return the people who are in a group now. Raises `PlatformError` if Slack does not answer."""
    try:
        if group.source == "slack_group":
            users = set((await client.usergroups_users_list(usergroup=group.source_id))["users"])
        else:
            users = await _in_channel(client, group.source_id)
    except NOT_SENT as error:
        refused = f"Slack n'a pas donné la liste du groupe {group.source_id} ({failure_code(error)})."
        if may_pass(error):
            raise PlatformError(refused, passing=True) from error
        invite = "Invitez le robot dans le canal. " if group.source == "slack_channel" else ""
        raise PlatformError(
            f"{refused} {invite}{granting(group.source)} Redémarrez ensuite Vigie."
        ) from error
    return {Actor("slack", group.team, user) for user in users - {bot_user}}


async def _in_channel(client: AsyncWebClient, channel: str) -> set[str]:
    info = (await client.conversations_info(channel=channel))["channel"]
    if info.get("is_shared") or info.get("is_ext_shared"):
        raise PlatformError(
            f"le canal {channel} est partagé avec un autre espace, dont les membres y sont aussi. "
            "Choisissez un canal privé qui n'est qu'à vous."
        )
    if not info.get("is_private"):
        raise PlatformError(
            f"le canal {channel} est public\u00a0: n'importe qui peut y entrer. Choisissez un canal privé."
        )
    pages = await client.conversations_members(channel=channel, limit=_PAGE)
    return {user async for page in pages for user in page["members"]}
