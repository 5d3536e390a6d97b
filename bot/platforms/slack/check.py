"""Slack's checks for `vigie diagnostic`: tokens, their permissions, the workspace, channels, the time."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.findings import Finding, clock_drift, fine, note, wrong
from bot.conversation.messages import Message, Quotation, Quote
from bot.platforms.contract import DeliveryError, Destination, PlatformError
from bot.platforms.slack.delivery import SlackDelivery, without_retries
from bot.platforms.slack.link import NOT_SENT, failure_code, identify_bot, web_api
from bot.platforms.slack.manifest import OPTIONAL, REINSTALL

SUBJECT = "Slack"
TRIAL_ID: Final = "diagnostic"  # the mark of the message that is sent once
NO_CHANNELS: Final[Mapping[str, Collection[Destination]]] = {}
EVER: Final = datetime(2020, 1, 1, tzinfo=UTC)


async def check_slack(
    *,
    bot_token: str,
    app_token: str | None,
    api_url: str,
    team: str | None,
    now: datetime,
    follows: Collection[str] = (),
    channels: Mapping[str, Collection[Destination]] = NO_CHANNELS,
    trial: tuple[Destination, Message] | None = None,
) -> list[Finding]:
    """Check the configuration against Slack, and return the findings.

    `team`: the workspace that the bot serves, if set. `follows`: the kinds of groups that are followed.
    `channels`: the channels where the bot writes unprompted, by the name of their setting.
    `trial`: a message sent once to an administrator, to check that it can be found again.
    """
    async with web_api(bot_token, api_url) as client:
        try:
            bot = await identify_bot(client)
        except PlatformError as error:
            return [wrong(SUBJECT, str(error))]
        if bot.lacks:
            return [wrong(SUBJECT, bot.lacks)]
        findings = [fine(SUBJECT, "le jeton du robot et ses permissions conviennent.")]
        own = str(bot.me.team_id)
        if team is None:
            findings.append(note(SUBJECT, f"aucun espace n'est réglé. Écrivez VIGIE_SLACK_EQUIPE={own}"))
        elif own != team:
            problem = f"le jeton est celui de l'espace {own}, pas de VIGIE_SLACK_EQUIPE."
            findings.append(wrong(SUBJECT, problem))
        findings += clock_drift(SUBJECT, bot.date, now)
        findings += _check_optional(bot.scopes, follows)
        try:
            findings += [
                await _channel(client, channel, own, setting)
                for setting, listed in channels.items()
                for channel in listed
            ]
            if trial:
                findings.append(await _find_again(client, *trial))
            if app_token:
                await client.apps_connections_open(app_token=app_token)
                findings.append(fine(SUBJECT, "le jeton de l'application ouvre le mode Socket."))
        except SlackApiError as error:
            problem = f"SLACK_APP_TOKEN est refusé ({failure_code(error)}). Créez-en un autre."
            findings.append(wrong(SUBJECT, problem))
        except NOT_SENT:
            findings.append(wrong(SUBJECT, "aucune réponse. Vérifiez l'accès à Internet."))
    return findings


def _check_optional(scopes: Collection[str] | None, follows: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each optional permission that is missing, an error if a followed group needs it."""
    for source, permission in OPTIONAL.items():
        if scopes is None or permission.scope in scopes:
            continue
        problem = (
            f"la permission facultative {permission.scope} n'est pas accordée\u00a0: Vigie ne peut pas "
            f"{permission.purpose}."
        )
        if source in follows:
            yield wrong(SUBJECT, f"{problem} Or elle en suit un\u00a0: {REINSTALL}")
        else:
            yield note(SUBJECT, f"{problem} Rien d'autre n'en dépend.")


async def _find_again(client: AsyncWebClient, to: Destination, message: Message) -> Finding:
    """Return a finding on whether Vigie can find its own messages, as it must before sending one again.

    `message` is sent only if no earlier check sent it.
    """
    delivery = SlackDelivery(without_retries(client), _no_quote)
    try:
        if not await delivery.was_delivered(to, TRIAL_ID, EVER):
            await delivery.deliver(to, message, TRIAL_ID)
            if not await delivery.was_delivered(to, TRIAL_ID, EVER):
                problem = (
                    "Vigie ne retrouve pas ses propres messages\u00a0: un envoi incertain se répéterait. "
                    "Ajoutez à l'application la permission metadata.message:read, puis réinstallez-la."
                )
                return wrong(SUBJECT, problem)
    except DeliveryError as error:
        return note(SUBJECT, f"je n'ai pas pu vérifier que Vigie retrouve ses messages ({error}).")
    return fine(SUBJECT, "Vigie retrouve ses propres messages, et n'en répète donc aucun.")


def _no_quote(quote: Quote) -> Quotation:
    raise LookupError(quote.clause)


async def _channel(client: AsyncWebClient, channel: Destination, team: str, setting: str) -> Finding:
    """Check that Vigie can write in the channel that a setting names, as far as Slack reports it."""
    named = f"canal {channel.id} ({setting})"
    if channel.team != team:
        return wrong(SUBJECT, f"{named}\u00a0: il n'est pas de l'espace {team}.")
    try:
        info = (await client.conversations_info(channel=channel.id))["channel"]
    except SlackApiError as error:
        if failure_code(error) != "missing_scope":  # a scope that Vigie lacks unless it follows channels
            return wrong(SUBJECT, f"{named}\u00a0: {failure_code(error)}.")
        return note(
            SUBJECT,
            f"{named}\u00a0: Vigie y est-elle? Slack ne le dit pas d'avance. Dans ce canal\u00a0: "
            "/invite @Vigie.",
        )
    if info.get("is_archived") or not info.get("is_member"):
        return wrong(SUBJECT, f"{named}\u00a0: Vigie ne peut pas y écrire. Invitez-la\u00a0: /invite @Vigie.")
    return fine(SUBJECT, f"{named}\u00a0: Vigie y est.")
