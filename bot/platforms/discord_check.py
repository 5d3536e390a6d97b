"""What `vigie diagnostic` asks of Discord: the token, the intents, the server, the time.

Flags: discord.com/developers/docs/resources/application#application-object-application-flags.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import aiohttp

from bot.findings import Finding, drift, fine, note, wrong

SUBJECT = "Discord"
MEMBERS = 1 << 14 | 1 << 15  # GATEWAY_GUILD_MEMBERS: granted after review, or under 100 servers
_AGENT = "DiscordBot (vigie, 1)"  # its shape is asked for: discord.com/developers/docs/reference#user-agent
_SECONDS = 15
_FAILURES = (aiohttp.ClientError, TimeoutError, ValueError)


async def check(
    *, token: str, api_url: str, server: str | None, members: bool, now: datetime
) -> list[Finding]:
    """Ask Discord and return what it says.

    `server`: the one that is served, when one is set. `members`: whether the bot needs to be told who
    joins and whose roles change.
    """
    headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            async with session.get(f"{api_url}/applications/@me") as answer:
                if answer.status != HTTPStatus.OK:
                    return [_refused(answer.status)]
                found = [fine(SUBJECT, "le jeton du robot convient.")]
                found += _intents((await answer.json()).get("flags", 0), members=members)
                found += drift(SUBJECT, answer.headers.get("Date", ""), now)
            if server is None:
                found.append(note(SUBJECT, "aucun serveur n'est réglé (VIGIE_DISCORD_SERVEUR)."))
            else:
                async with session.get(f"{api_url}/guilds/{server}") as answer:
                    found.append(_server(answer.status))
            return found
    except _FAILURES:
        return [wrong(SUBJECT, f"aucune réponse à {api_url}. Vérifiez l'accès à Internet.")]


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
