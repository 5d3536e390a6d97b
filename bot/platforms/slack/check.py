"""The checks of Slack for `vigie diagnostic`: tokens, permissions, workspace, channels, clock."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.findings import Finding, clock_drift, fine, note, wrong
from bot.conversation.messages import Message, Quotation, Quote
from bot.platforms.contract import DeliveryError, Destination, PlatformError
from bot.platforms.slack.delivery import SlackDelivery, is_marked, without_retries
from bot.platforms.slack.link import (
    NOT_SENT,
    failure_code,
    identify_bot,
    open_socket,
    other_workspace,
    web_api,
)
from bot.platforms.slack.manifest import OPTIONAL, REINSTALL
from bot.platforms.slack.render import fallback

SUBJECT = "Slack"
TRIAL_ID: Final = "diagnostic"  # the mark of the test message, which is sent once
NO_CHANNELS: Final[Mapping[str, Collection[Destination]]] = {}
EVER: Final = datetime(2020, 1, 1, tzinfo=UTC)


async def check_slack(
    *,
    bot_token: str,
    app_token: str | None,
    api_url: str,
    team: str | None,
    bot: str,
    now: datetime,
    follows: Collection[str] = (),
    channels: Mapping[str, Collection[Destination]] = NO_CHANNELS,
    trial: tuple[Sequence[Destination], Message] | None = None,
) -> list[Finding]:
    """Check the configuration against Slack, and return the findings.

    `team`: the workspace that the bot serves, if set. `follows`: the kinds of groups that are followed.
    `channels`: the channels where the bot writes unprompted, by the name of their setting. `trial`: the
    places where a test message may be sent, best first, and this message. It is sent once, to check that it
    can be found again. `bot`: the name of the bot in Slack.
    """
    async with web_api(bot_token, api_url) as client:
        try:
            identity = await identify_bot(client)
        except PlatformError as error:
            return [wrong(SUBJECT, str(error))]
        if identity.lacks:
            return [wrong(SUBJECT, identity.lacks)]
        findings = [fine(SUBJECT, "le jeton du robot et ses permissions conviennent.")]
        bot_team = str(identity.me.team_id)
        if team is None:
            findings.append(note(SUBJECT, f"aucun espace n'est réglé. Écrivez VIGIE_SLACK_EQUIPE={bot_team}"))
        elif bot_team != team:
            findings.append(wrong(SUBJECT, other_workspace(bot_team, team)))
        findings += clock_drift(SUBJECT, identity.date, now)
        findings += _check_optional(identity.scopes, follows)
        try:
            findings += [
                await _channel(client, channel, bot_team, setting, bot)
                for setting, listed in channels.items()
                for channel in listed
            ]
            if trial:
                findings.append(await _find_again(client, *trial))
            if app_token:
                findings.append(await _socket(client, app_token))
        except NOT_SENT:
            findings.append(wrong(SUBJECT, "aucune réponse. Vérifiez l'accès à Internet."))
    return findings


async def check_app_token(app_token: str, api_url: str) -> Finding:
    """Return a finding on whether Slack lets an application's token open Socket Mode."""
    async with web_api("", api_url) as client:
        return await _socket(client, app_token)


async def find_workspace(bot_token: str, api_url: str) -> tuple[str, str]:
    """Return the identifier and the name of a bot's workspace. Raises `PlatformError`."""
    async with web_api(bot_token, api_url) as client:
        me = (await identify_bot(client)).me
    return str(me.team_id), str(me.team or me.team_id)


async def _socket(client: AsyncWebClient, app_token: str) -> Finding:
    try:
        await open_socket(client, app_token)
    except PlatformError as error:
        return wrong(SUBJECT, str(error))
    return fine(SUBJECT, "le jeton de l'application ouvre le mode Socket.")


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


async def _find_again(client: AsyncWebClient, recipients: Sequence[Destination], trial: Message) -> Finding:
    """Return a finding on whether Vigie can find its own messages, as it must before sending one again.

    `trial` is sent to the first recipient whose conversation Vigie can read, unless the conversation already
    has a copy of it, with or without its mark. `recipients`: administrators, then their channels.
    """
    delivery = SlackDelivery(without_retries(client), _no_quote)
    problem = ""
    for to in recipients:
        try:
            if not (sightings := await _sightings(delivery, to, trial)):
                await delivery.deliver(to, trial, TRIAL_ID)
                sightings = await _sightings(delivery, to, trial)
        except (DeliveryError, SlackApiError, *NOT_SENT) as error:
            problem = f" ({error if isinstance(error, DeliveryError) else failure_code(error)})"
            continue
        if any(sightings):
            return fine(SUBJECT, "Vigie retrouve ses propres messages, et n'en répète donc aucun.")
        return wrong(
            SUBJECT,
            "Vigie ne retrouve pas ses propres messages\u00a0: un envoi incertain se répéterait. "
            "Ajoutez à l'application la permission metadata.message:read, puis réinstallez-la.",
        )
    return note(
        SUBJECT,
        f"je n'ai pas pu vérifier que Vigie retrouve ses messages{problem}. Il faut que quelqu'un de "
        "l'administration ait un compte sur Slack, lié au sien (/vigie lier), ou que Vigie puisse lire un "
        "canal de VIGIE_CANAUX_ADMIN. Refaites ensuite ce diagnostic.",
        undelivered=True,
    )


async def _sightings(delivery: SlackDelivery, to: Destination, trial: Message) -> list[bool]:
    """Return, for each copy of `trial` in a conversation, whether its mark can be read."""
    words = fallback(trial, _no_quote).split()
    return [
        is_marked(message, TRIAL_ID)
        async for message in delivery.messages(to, EVER)
        if is_marked(message, TRIAL_ID) or str(message.get("text")).split() == words
    ]


def _no_quote(quote: Quote) -> Quotation:
    raise LookupError(quote.clause)


async def _channel(
    client: AsyncWebClient, channel: Destination, team: str, setting: str, bot: str
) -> Finding:
    """Check that Vigie can write in the channel that a setting names, as far as Slack reports it."""
    named = f"canal {channel.id} ({setting})"
    if channel.team != team:
        return wrong(SUBJECT, f"{named}\u00a0: il n'est pas de l'espace {team}.")
    try:
        info = (await client.conversations_info(channel=channel.id))["channel"]
    except SlackApiError as error:
        if failure_code(error) != "missing_scope":  # Vigie lacks this scope unless it follows channels
            return wrong(SUBJECT, f"{named}\u00a0: {failure_code(error)}.")
        return note(
            SUBJECT,
            f"{named}\u00a0: Vigie y est-elle? Slack ne le dit pas d'avance. Dans ce canal\u00a0: "
            f"/invite @{bot}.",
        )
    if info.get("is_archived") or not info.get("is_member"):
        return wrong(SUBJECT, f"{named}\u00a0: Vigie ne peut pas y écrire. Invitez-la\u00a0: /invite @{bot}.")
    return fine(SUBJECT, f"{named}\u00a0: Vigie y est.")
