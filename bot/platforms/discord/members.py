"""The members of Discord roles, from the gateway's events and the API's list.

The gateway's raw messages are read here, because discord.py ignores a role change of a member who is not
cached, and this bot caches nobody. Events: docs.discord.com/developers/events/gateway-events.
"""

import json
import logging
import time
from collections.abc import Callable

import discord

from bot.conversation.requests import Actor
from bot.platforms.contract import PlatformError
from bot.platforms.discord.delivery import FAILURES
from bot.platforms.groups import FollowedGroup

logger = logging.getLogger(__name__)

_DAY, _REFUSED = 86_400.0, 60.0  # seconds during which Discord's answer about someone is remembered
_REMEMBERED = 10_000  # maximum people remembered
_EVENTS = ("GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE")


def member_update(message: str | bytes) -> tuple[Actor, set[str] | None] | None:
    """Return the member change that a gateway message reports, None for any other message.

    The result is the person with all their roles, or with None if they left the server. The roles of a new
    member, usually none, are reported as a change.
    """
    text = message if isinstance(message, str) else message.decode("utf-8", "replace")
    if not any(f'"{name}"' in text for name in _EVENTS):  # a message is parsed only if it may report a change
        return None
    payload = json.loads(text)
    if payload.get("t") not in _EVENTS or payload["d"]["user"].get("bot"):
        return None
    data = payload["d"]
    left = payload["t"] == "GUILD_MEMBER_REMOVE"
    actor = Actor("discord", str(data["guild_id"]), str(data["user"]["id"]))
    return actor, None if left else set(map(str, data["roles"]))


async def fetch_role_members(client: discord.Client, group: FollowedGroup) -> set[Actor]:
    """Return the people who have a role now. Raises `PlatformError` if Discord does not answer."""
    try:
        server = client.get_guild(int(group.team)) or await client.fetch_guild(int(group.team))
        members = {
            Actor("discord", group.team, str(member.id))
            async for member in server.fetch_members(limit=None)
            # `roles` omits the roles that are not in memory.
            if not member.bot and int(group.source_id) in member._roles  # noqa: SLF001
        }
    except (discord.ClientException, discord.Forbidden) as error:
        # Without the intent, discord.py raises `ClientException`. If Discord refuses, it answers 403.
        raise PlatformError(
            "Discord ne donne pas la liste des membres. Permettez l'intention "
            "«\u00a0Server Members\u00a0» à la page «\u00a0Bot\u00a0», puis redémarrez Vigie."
        ) from error
    except discord.NotFound as error:
        raise PlatformError(
            f"le robot n'est pas dans le serveur {group.team}. Invitez-le\u00a0: vigie discord invitation."
        ) from error
    except FAILURES as error:
        raise PlatformError("Discord n'a pas donné la liste des membres.", passing=True) from error
    if group.source_id not in {str(role.id) for role in server.roles}:
        raise PlatformError(
            f"il n'y a pas de rôle {group.source_id} dans le serveur. Vérifiez son identifiant."
        )
    return members


class Belonging:
    """A cache of who is a member of a server, from Discord's API. This requires no privileged intent.

    The answer about a member is remembered for a day, about anyone else for a minute. A private conversation
    does not prove membership, since anyone who shares any server with the bot can open one.
    """

    def __init__(self, server: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._known: dict[int, tuple[float, bool]] = {}  # by user: the expiry time, and the answer

    async def team(self, client: discord.Client, user: int) -> str:
        """Return the server's id if `user` is a member, or if Discord does not answer, else ""."""
        until, inside = self._known.get(user, (0.0, False))
        if until <= self._clock():
            try:
                await client.http.get_member(int(self._server), user)
                inside, remembered = True, _DAY
            except (discord.NotFound, discord.Forbidden):
                inside, remembered = False, _REFUSED  # short, so that a person who joins is soon served
            except FAILURES as error:
                logger.warning("Discord did not list the server's members (%s)", type(error).__name__)
                return self._server
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[user] = self._clock() + remembered, inside
        return self._server if inside else ""
