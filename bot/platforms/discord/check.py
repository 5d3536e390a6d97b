"""What `vigie diagnostic` asks of Discord: the token, the intents, the server, the time.

Flags: discord.com/developers/docs/resources/application#application-object-application-flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from bot.conversation.findings import Finding, drift, fine, note, wrong

SUBJECT = "Discord"
MEMBERS = 1 << 14 | 1 << 15  # GATEWAY_GUILD_MEMBERS: granted after review, or under 100 servers
_AGENT = "DiscordBot (vigie, 1)"  # its shape is asked for: discord.com/developers/docs/reference#user-agent
_SECONDS = 15
_FAILURES = (aiohttp.ClientError, TimeoutError, ValueError, KeyError)


# What it takes to write in a channel; and to open a private thread there (permissions, same document).
WRITE: Final = {"voir le canal": 1 << 10, "y écrire": 1 << 11}
RELAY: Final = WRITE | {"y créer des fils privés": 1 << 36, "écrire dans les fils": 1 << 38}
_ADMINISTRATOR = 1 << 3


async def check(
    *,
    token: str,
    api_url: str,
    server: str | None,
    members: bool,
    now: datetime,
    channels: Mapping[str, Mapping[str, int]] | None = None,
) -> list[Finding]:
    """Ask Discord and return what it says.

    `server`: the one that is served, when one is set. `members`: whether the bot needs to be told who
    joins and whose roles change. `channels`: those it writes in unprompted, and what that takes.
    """
    headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            async with session.get(f"{api_url}/applications/@me") as answer:
                if answer.status != HTTPStatus.OK:
                    return [_refused(answer.status)]
                application = await answer.json()
                late = drift(SUBJECT, answer.headers.get("Date", ""), now)
            found = [fine(SUBJECT, "le jeton du robot convient.")]
            found += [*_intents(application.get("flags", 0), members=members), *late]
            if server is None:
                return [*found, note(SUBJECT, "aucun serveur n'est réglé (VIGIE_DISCORD_SERVEUR).")]
            return found + await _check_server(session, api_url, server, application, channels or {})
    except _FAILURES:
        return [wrong(SUBJECT, f"aucune réponse à {api_url}. Vérifiez l'accès à Internet.")]


async def _check_server(
    session: aiohttp.ClientSession,
    api_url: str,
    server: str,
    application: Mapping[str, Any],
    channels: Mapping[str, Mapping[str, int]],
) -> list[Finding]:
    """Look whether the bot is in the server, and may do what it must in its `channels`."""
    async with session.get(f"{api_url}/guilds/{server}") as answer:
        found = [_server(answer.status)]
        guild = await answer.json() if answer.status == HTTPStatus.OK else None
    if guild and channels:
        bot = str(application["bot"]["id"])
        async with session.get(f"{api_url}/guilds/{server}/members/{bot}") as answer:
            me = await answer.json()
        for channel, needs in channels.items():
            async with session.get(f"{api_url}/channels/{channel}") as answer:
                told = await answer.json() if answer.status == HTTPStatus.OK else None
            found.append(_channel(channel, _allowed(guild, me, told, bot), needs))
    return found


def _refused(status: int) -> Finding:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return wrong(SUBJECT, "DISCORD_TOKEN est refusé. Copiez-le de nouveau à la page «\u00a0Bot\u00a0».")
    return wrong(SUBJECT, f"Discord répond par une erreur ({status}). Réessayez plus tard.")


def _intents(flags: int, *, members: bool) -> list[Finding]:
    if not members:
        return []
    if flags & MEMBERS:
        return [fine(SUBJECT, "l'intention «\u00a0Server Members\u00a0» est permise.")]
    return [
        wrong(SUBJECT, "permettez l'intention «\u00a0Server Members\u00a0» à la page «\u00a0Bot\u00a0», "
        "sans quoi Vigie ne voit pas qui arrive ni qui change de rôle.")
    ]  # fmt: skip


def _server(status: int) -> Finding:
    if status == HTTPStatus.OK:
        return fine(SUBJECT, "le robot est dans le serveur de l'association.")
    return wrong(
        SUBJECT, "le robot n'est pas dans VIGIE_DISCORD_SERVEUR. Invitez-le\u00a0: vigie discord invitation."
    )


def _channel(channel: str, allowed: int, needs: Mapping[str, int]) -> Finding:
    missing = [name for name, flag in needs.items() if not allowed & flag]
    if missing:
        return wrong(
            SUBJECT, f"dans le canal {channel}, Vigie ne peut pas {', '.join(missing)}. Permettez-le."
        )
    return fine(SUBJECT, f"Vigie peut écrire dans le canal {channel}.")


def _allowed(
    guild: Mapping[str, Any], me: Mapping[str, Any], channel: Mapping[str, Any] | None, bot: str
) -> int:
    """Return the bot's permissions in a channel of the server, none in one that is not there.

    As computed in docs.discord.com/developers/topics/permissions#permission-overwrites.
    """
    if channel is None or channel.get("guild_id") != guild["id"]:
        return 0
    mine = {guild["id"], *me["roles"]}
    allowed = 0
    for role in guild["roles"]:
        allowed |= int(role["permissions"]) if role["id"] in mine else 0
    if allowed & _ADMINISTRATOR:
        return ~0
    over = {one["id"]: one for one in channel.get("permission_overwrites", ())}
    for those in ({guild["id"]}, {*me["roles"]}, {bot}):
        found = [over[one] for one in those if one in over]
        for one in found:
            allowed &= ~int(one["deny"])
        for one in found:
            allowed |= int(one["allow"])
    return allowed
