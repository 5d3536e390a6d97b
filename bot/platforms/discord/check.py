"""The checks of Discord for `vigie diagnostic`: token, intents, server, channels, clock.

Flags: discord.com/developers/docs/resources/application#application-object-application-flags.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import aiohttp
import discord

from bot.conversation.findings import Finding, clock_drift, fine, note, wrong
from bot.conversation.messages import Message, Quotation, Quote
from bot.platforms.contract import DeliveryError, Destination, PlatformError
from bot.platforms.discord.delivery import FAILURES, DiscordDelivery

# The permissions needed in each channel: by channel identifier, the flag of each permission by its French
# name.
Channels: TypeAlias = Mapping[str, Mapping[str, int]]

SUBJECT = "Discord"
TRIAL_ID: Final = "diagnostic"  # the mark of the test message, which is sent once
EVER: Final = datetime(2020, 1, 1, tzinfo=UTC)
MEMBERS = 1 << 14 | 1 << 15  # GATEWAY_GUILD_MEMBERS: granted after review, or under 100 servers
_AGENT = "DiscordBot (vigie, 1)"  # required format: discord.com/developers/docs/reference#user-agent
_SECONDS = 15
_FAILURES = (aiohttp.ClientError, TimeoutError, ValueError, KeyError)


# The permissions to write in a channel and to open a private thread in it (permissions, same document).
WRITE: Final = {"voir le canal": 1 << 10, "y écrire": 1 << 11}
RELAY: Final = WRITE | {"y créer des fils privés": 1 << 36, "écrire dans les fils": 1 << 38}
_ADMINISTRATOR = 1 << 3

_REFUSED: Final = "DISCORD_TOKEN est refusé. Copiez-le de nouveau à la page «\u00a0Bot\u00a0»."
_BLIND: Final = (
    "permettez l'intention «\u00a0Server Members\u00a0» à la page «\u00a0Bot\u00a0», "
    "sans quoi Vigie ne voit pas qui arrive ni qui change de rôle."
)
OUTSIDE: Final = (
    "le robot n'est pas dans VIGIE_DISCORD_SERVEUR. Vérifiez ce numéro, ou invitez le robot\u00a0: "
    "vigie discord invitation."
)


async def check_discord(
    *,
    token: str,
    api_url: str,
    server: str | None,
    members: bool,
    now: datetime,
    channels: Channels | None = None,
    trial: tuple[Destination, Message] | None = None,
) -> list[Finding]:
    """Check the configuration against Discord, and return the findings.

    `server`: the server that the bot serves, if set. `members`: whether the bot follows arrivals and role
    changes. `channels`: the channels where the bot writes unprompted, with the permissions needed in each.
    `trial`: a message to send to a member of the server, unless it was already sent.
    """
    headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with aiohttp.ClientSession(f"{api_url}/", headers=headers, timeout=timeout) as session:
            async with session.get("applications/@me") as answer:
                if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                    return [wrong(SUBJECT, _REFUSED)]
                if answer.status != HTTPStatus.OK:
                    problem = f"Discord répond par une erreur ({answer.status}). Réessayez plus tard."
                    return [wrong(SUBJECT, problem)]
                application = await answer.json()
                late = clock_drift(SUBJECT, answer.headers.get("Date", ""), now)
            findings = [fine(SUBJECT, "le jeton du robot convient.")]
            if members and application.get("flags", 0) & MEMBERS:
                findings.append(fine(SUBJECT, "l'intention «\u00a0Server Members\u00a0» est permise."))
            elif members:
                findings.append(wrong(SUBJECT, _BLIND))
            findings += late
            if server is None:
                return [*findings, note(SUBJECT, "aucun serveur n'est réglé (VIGIE_DISCORD_SERVEUR).")]
            bot = str(application["bot"]["id"]) if channels else ""
            findings += await _check_server(session, server, bot, channels or {})
            if trial and findings[-1].level != "erreur":
                findings.append(await _write(token, api_url, server, *trial))
            return findings
    except _FAILURES:
        return [wrong(SUBJECT, f"aucune réponse à {api_url}. Vérifiez l'accès à Internet.")]


async def list_servers(token: str, api_url: str) -> dict[str, str]:
    """Return the name of each server that a bot is in, by identifier. Raises `PlatformError`."""
    headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(f"{api_url}/", headers=headers, timeout=timeout) as session,
            session.get("users/@me/guilds") as answer,
        ):
            answer.raise_for_status()
            return {str(guild["id"]): str(guild["name"]) for guild in await answer.json()}
    except _FAILURES as error:
        raise PlatformError(f"aucune réponse à {api_url}. Vérifiez l'accès à Internet.") from error


async def _write(token: str, api_url: str, server: str, to: Destination, message: Message) -> Finding:
    """Return a finding on whether Vigie can write to someone. The test message is sent only once."""
    discord.http.Route.BASE = api_url
    async with discord.Client(intents=discord.Intents.none()) as client:
        delivery = DiscordDelivery(client, _no_quote, server)
        try:
            await client.login(token)
            if not await delivery.was_delivered(to, TRIAL_ID, EVER):
                await delivery.deliver(to, message, TRIAL_ID)
        except (DeliveryError, *FAILURES) as error:
            problem = f" ({error})" if isinstance(error, DeliveryError) else ""
            text = f"le message d'essai n'a pas pu être remis{problem}. Vérifiez le compte."
            return wrong(SUBJECT, text, undelivered=True)
    return fine(SUBJECT, "un message d'essai a été remis à l'administration.")


def _no_quote(quote: Quote) -> Quotation:
    raise LookupError(quote.clause)


async def _check_server(
    session: aiohttp.ClientSession, server: str, bot: str, channels: Channels
) -> list[Finding]:
    """Check that the bot is in the server and has the permissions that it needs in each of `channels`."""

    async def fetch(path: str) -> Any:  # noqa: ANN401 — JSON
        async with session.get(path) as answer:
            return await answer.json() if answer.status == HTTPStatus.OK else None

    guild = await fetch(f"guilds/{server}")
    if guild is None:
        return [wrong(SUBJECT, OUTSIDE)]
    findings = [fine(SUBJECT, "le robot est dans le serveur de l'association.")]
    me = await fetch(f"guilds/{server}/members/{bot}") if channels else {}
    for identifier, needs in channels.items():
        allowed = _allowed(guild, me, await fetch(f"channels/{identifier}"), bot)
        if missing := [name for name, flag in needs.items() if not allowed & flag]:
            problem = f"dans le canal {identifier}, Vigie ne peut pas {', '.join(missing)}. Permettez-le."
            findings.append(wrong(SUBJECT, problem))
        else:
            findings.append(fine(SUBJECT, f"Vigie peut écrire dans le canal {identifier}."))
    return findings


def _allowed(
    guild: Mapping[str, Any], me: Mapping[str, Any], channel: Mapping[str, Any] | None, bot: str
) -> int:
    """Return the bot's permissions in a channel, 0 if the channel is not in the server.

    The algorithm is from docs.discord.com/developers/topics/permissions#permission-overwrites.
    """
    if channel is None or channel.get("guild_id") != guild["id"]:
        return 0
    mine = {guild["id"], *me["roles"]}
    allowed = 0
    for role in guild["roles"]:
        allowed |= int(role["permissions"]) if role["id"] in mine else 0
    if allowed & _ADMINISTRATOR:
        return ~0
    for targets in ({guild["id"]}, {*me["roles"]}, {bot}):
        overwrites = [o for o in channel.get("permission_overwrites", ()) if o["id"] in targets]
        for overwrite in overwrites:
            allowed &= ~int(overwrite["deny"])
        for overwrite in overwrites:
            allowed |= int(overwrite["allow"])
    return allowed
