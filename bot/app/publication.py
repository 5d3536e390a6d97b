"""What the public site says of the association and of its bot, from the settings."""

from __future__ import annotations

from bot.settings import Settings
from bot.site.frame import Door, SiteFacts


def site_facts(settings: Settings) -> SiteFacts:
    """Return what the site says of itself. Nothing in it is a secret."""
    profile, doors = settings.profile, []
    if settings.vigie_slack_equipe:
        address = f"https://app.slack.com/client/{settings.vigie_slack_equipe}"
        doors.append(Door(f"À {profile.bot}, dans Slack", address))
    if settings.discord_token:
        from bot.platforms.discord.commands import client_id  # noqa: PLC0415 — the library takes a while

        number = client_id(settings.discord_token.get_secret_value())
        if number:
            doors.append(Door(f"À {profile.bot}, dans Discord", f"https://discord.com/users/{number}"))
    reports = settings.vigie_signalement_adresse if profile.reports else None
    return SiteFacts(
        profile.association,
        profile.bot,
        (settings.vigie_adresse_site or "").rstrip("/"),
        tuple(doors),
        reports or "",
    )
