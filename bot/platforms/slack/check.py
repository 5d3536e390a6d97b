"""What `vigie diagnostic` asks of Slack: the tokens, their permissions, the workspace, the time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.findings import Finding, drift, fine, note, wrong
from bot.platforms.contract import Destination, PlatformError
from bot.platforms.slack.link import NOT_SENT, failure, identify, web_api
from bot.platforms.slack.manifest import MEMBERS_NEED

SUBJECT = "Slack"


async def check(
    *,
    bot_token: str,
    app_token: str | None,
    api_url: str,
    team: str | None,
    now: datetime,
    follows: Collection[str] = (),
    channels: Collection[Destination] = (),
) -> list[Finding]:
    """Ask Slack and return what it says.

    `team`: the workspace that is served, when one is set. `follows`: what the groups are that are
    followed. `channels`: those of the administration.
    """
    async with web_api(bot_token, api_url) as client:
        try:
            me = await identify(client)
        except PlatformError as error:
            return [wrong(SUBJECT, str(error))]
        found = [fine(SUBJECT, "le jeton du robot et ses permissions conviennent.")]
        found += _workspace(str(me.team_id), team)
        try:
            answer = await client.auth_test()
            found += drift(SUBJECT, answer.headers.get("Date", answer.headers.get("date", "")), now)
            found += _followed(answer.headers.get("x-oauth-scopes", ""), follows)
            found += [await _channel(client, one, str(me.team_id)) for one in channels]
            if app_token:
                await client.apps_connections_open(app_token=app_token)
                found.append(fine(SUBJECT, "le jeton de l'application ouvre le mode Socket."))
        except SlackApiError as error:
            found.append(wrong(SUBJECT, f"SLACK_APP_TOKEN est refusé ({failure(error)}). Créez-en un autre."))
        except NOT_SENT:
            found.append(wrong(SUBJECT, "aucune réponse. Vérifiez l'accès à Internet."))
    return found


def _workspace(own: str, team: str | None) -> Iterator[Finding]:
    if team is None:
        yield note(SUBJECT, f"aucun espace n'est réglé. Écrivez VIGIE_SLACK_EQUIPE={own}")
    elif own != team:
        yield wrong(SUBJECT, f"le jeton est celui de l'espace {own}, pas de VIGIE_SLACK_EQUIPE.")


def _followed(granted: str, follows: Collection[str]) -> Iterator[Finding]:
    """Yield which permission is missing to know who is in the groups that are followed."""
    scopes = {one.strip() for one in granted.split(",")}
    for source, option in (("slack_group", "groupe"), ("slack_channel", "canal")):
        missing = [one for one in MEMBERS_NEED[source][0] if one not in scopes]
        if source in follows and missing:
            yield wrong(
                SUBJECT,
                f"il manque {', '.join(missing)} pour lire les groupes suivis. Collez de nouveau le "
                f"manifeste (vigie slack manifeste --suivre {option}), puis réinstallez l'application.",
            )


async def _channel(client: AsyncWebClient, channel: Destination, team: str) -> Finding:
    """Return whether Vigie can write in a channel of the administration, as far as Slack says."""
    if channel.team != team:
        return wrong(SUBJECT, f"VIGIE_CANAUX_ADMIN\u00a0: {channel.id} n'est pas de l'espace {team}.")
    try:
        info = (await client.conversations_info(channel=channel.id))["channel"]
    except SlackApiError as error:
        if failure(error) != "missing_scope":  # which Vigie does without, where it follows no channel
            return wrong(SUBJECT, f"le canal {channel.id} de l'administration\u00a0: {failure(error)}.")
        told = "y est-elle? Slack ne le dit pas d'avance. Dans ce canal\u00a0: /invite @Vigie."
        return fine(SUBJECT, f"canal {channel.id} de l'administration. Vigie {told}")
    if info.get("is_archived") or not info.get("is_member"):
        return wrong(
            SUBJECT, f"Vigie ne peut pas écrire dans le canal {channel.id}. Invitez-la\u00a0: /invite @Vigie."
        )
    return fine(SUBJECT, f"Vigie est dans le canal {channel.id} de l'administration.")
