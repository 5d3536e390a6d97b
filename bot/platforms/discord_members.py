"""Who has which role on Discord: what the gateway tells of it, and the list that the API gives.

The gateway's own words are read because discord.py passes over a change of roles of someone whom it
does not keep in memory, and we keep nobody. Events: docs.discord.com/developers/events/gateway-events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import aiohttp
import discord

from bot.dispatch import Actor
from bot.platforms import PlatformError
from bot.platforms.membership import Followed

_EVENTS = ("GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE")
_FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Change:
    """Someone's roles, all of them; None when they left the server."""

    actor: Actor
    roles: frozenset[str] | None


def change(message: str | bytes) -> Change | None:
    """Return what a message of the gateway's tells of a member, None when it is about something else.

    To have arrived is to have the roles that one has, most often none.
    """
    text = message if isinstance(message, str) else message.decode("utf-8", "replace")
    if not any(f'"{name}"' in text for name in _EVENTS):  # a message is parsed only if it may matter
        return None
    payload = json.loads(text)
    if payload.get("t") not in _EVENTS:
        return None
    data = payload["d"]
    actor = Actor("discord", str(data["guild_id"]), str(data["user"]["id"]))
    if data["user"].get("bot"):
        return None
    left = payload["t"] == "GUILD_MEMBER_REMOVE"
    return Change(actor, None if left else frozenset(map(str, data["roles"])))


async def fetch(client: discord.Client, group: Followed) -> set[Actor]:
    """Return those who have a role today. Raises `PlatformError` when Discord does not say."""
    try:
        server = client.get_guild(int(group.team)) or await client.fetch_guild(int(group.team))
        found = {
            Actor("discord", group.team, str(member.id))
            async for member in server.fetch_members(limit=None)
            if not member.bot and any(str(role) == group.source_id for role in _roles(member))
        }
    except _FAILURES as error:
        raise PlatformError(
            "Discord n'a pas donné la liste des membres. Vérifiez que l'intention "
            "«\u00a0Server Members\u00a0» est permise à la page «\u00a0Bot\u00a0».",
            passing=True,
        ) from error
    return found


def _roles(member: discord.Member) -> list[int]:
    """Return the identifiers of a member's roles, whether or not the server's own roles are known."""
    return list(member._roles)  # noqa: SLF001 — `roles` leaves out those that are not in memory
