"""Slack's checks for `vigie diagnostic`: tokens, their permissions, the workspace, channels, the time."""

from collections.abc import Collection
from datetime import datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.findings import Finding, clock_drift, fine, note, wrong
from bot.platforms.contract import Destination, PlatformError
from bot.platforms.slack.link import NOT_SENT, failure_code, identify_bot, web_api
from bot.platforms.slack.manifest import MEMBERS_NEED

SUBJECT = "Slack"


async def check_slack(
    *,
    bot_token: str,
    app_token: str | None,
    api_url: str,
    team: str | None,
    now: datetime,
    follows: Collection[str] = (),
    channels: Collection[Destination] = (),
) -> list[Finding]:
    """Check the configuration against Slack, and return the findings.

    `team`: the workspace that the bot serves, if set. `follows`: the kinds of groups that are followed.
    `channels`: the administration's channels.
    """
    async with web_api(bot_token, api_url) as client:
        try:
            me, lacks = await identify_bot(client)
        except PlatformError as error:
            return [wrong(SUBJECT, str(error))]
        if lacks:
            return [wrong(SUBJECT, lacks)]
        findings = [fine(SUBJECT, "le jeton du robot et ses permissions conviennent.")]
        own = str(me.team_id)
        if team is None:
            findings.append(note(SUBJECT, f"aucun espace n'est réglé. Écrivez VIGIE_SLACK_EQUIPE={own}"))
        elif own != team:
            problem = f"le jeton est celui de l'espace {own}, pas de VIGIE_SLACK_EQUIPE."
            findings.append(wrong(SUBJECT, problem))
        try:
            answer = await client.auth_test()
            findings += clock_drift(SUBJECT, answer.headers.get("Date", answer.headers.get("date", "")), now)
            scopes = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")}
            for source, option in (("slack_group", "groupe"), ("slack_channel", "canal")):
                missing = [scope for scope in MEMBERS_NEED[source][0] if scope not in scopes]
                if source in follows and missing:
                    problem = (
                        f"il manque {', '.join(missing)} pour lire les groupes suivis. Collez de nouveau le "
                        f"manifeste (vigie slack manifeste --suivre {option}), puis réinstallez "
                        "l'application."
                    )
                    findings.append(wrong(SUBJECT, problem))
            findings += [await _channel(client, channel, own) for channel in channels]
            if app_token:
                await client.apps_connections_open(app_token=app_token)
                findings.append(fine(SUBJECT, "le jeton de l'application ouvre le mode Socket."))
        except SlackApiError as error:
            problem = f"SLACK_APP_TOKEN est refusé ({failure_code(error)}). Créez-en un autre."
            findings.append(wrong(SUBJECT, problem))
        except NOT_SENT:
            findings.append(wrong(SUBJECT, "aucune réponse. Vérifiez l'accès à Internet."))
    return findings


async def _channel(client: AsyncWebClient, channel: Destination, team: str) -> Finding:
    """Check that Vigie can write in one of the administration's channels, as far as Slack can tell."""
    if channel.team != team:
        return wrong(SUBJECT, f"VIGIE_CANAUX_ADMIN\u00a0: {channel.id} n'est pas de l'espace {team}.")
    try:
        info = (await client.conversations_info(channel=channel.id))["channel"]
    except SlackApiError as error:
        if failure_code(error) != "missing_scope":  # a scope that Vigie lacks unless it follows channels
            return wrong(SUBJECT, f"le canal {channel.id} de l'administration\u00a0: {failure_code(error)}.")
        return fine(
            SUBJECT,
            f"canal {channel.id} de l'administration. Vigie y est-elle? Slack ne le dit pas d'avance. "
            "Dans ce canal\u00a0: /invite @Vigie.",
        )
    if info.get("is_archived") or not info.get("is_member"):
        return wrong(
            SUBJECT, f"Vigie ne peut pas écrire dans le canal {channel.id}. Invitez-la\u00a0: /invite @Vigie."
        )
    return fine(SUBJECT, f"Vigie est dans le canal {channel.id} de l'administration.")
