"""What `vigie diagnostic` asks of Slack: the tokens, their permissions, the workspace, the time."""

from __future__ import annotations

from datetime import datetime

from slack_sdk.errors import SlackApiError

from bot.findings import Finding, drift, fine, note, wrong
from bot.platforms import PlatformError
from bot.platforms.slack_link import NOT_SENT, failure, identify, web_api

SUBJECT = "Slack"


async def check(
    *, bot_token: str, app_token: str | None, api_url: str, team: str | None, now: datetime
) -> list[Finding]:
    """Ask Slack and return what it says. `team`: the workspace that is served, when one is set."""
    async with web_api(bot_token, api_url) as client:
        try:
            me = await identify(client)
        except PlatformError as error:
            return [wrong(SUBJECT, str(error))]
        found = [fine(SUBJECT, "le jeton du robot et ses permissions conviennent.")]
        if team is None:
            found.append(note(SUBJECT, f"aucun espace n'est réglé. Écrivez VIGIE_SLACK_EQUIPE={me.team_id}"))
        elif me.team_id != team:
            found.append(
                wrong(SUBJECT, f"le jeton est celui de l'espace {me.team_id}, pas de VIGIE_SLACK_EQUIPE.")
            )
        try:
            answer = await client.auth_test()
            found += drift(SUBJECT, answer.headers.get("Date", answer.headers.get("date", "")), now)
            if app_token:
                await client.apps_connections_open(app_token=app_token)
                found.append(fine(SUBJECT, "le jeton de l'application ouvre le mode Socket."))
        except SlackApiError as error:
            found.append(wrong(SUBJECT, f"SLACK_APP_TOKEN est refusé ({failure(error)}). Créez-en un autre."))
        except NOT_SENT:
            found.append(wrong(SUBJECT, "aucune réponse. Vérifiez l'accès à Internet."))
    return found
