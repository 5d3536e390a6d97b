"""The publication of the public site: what it says of the association and its bot, and from which texts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from bot.app.build import Parts
from bot.settings import Settings
from bot.site import sources
from bot.site.frame import Door, SiteFacts
from bot.site.publishing import Publication, publish
from bot.storage.database import explained, reader


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


def publish_site(bot: Parts, folder: Path) -> Publication:
    """Make the public site of the settings in a folder. Do not call this on the storage thread.

    Raises `PublicationError`, `PolicyError` and `StorageError`.
    """
    profile, facts, path = bot.settings.profile, site_facts(bot.settings), bot.settings.database()
    if not path.is_file():
        policies = sources.public_policies(None, bot.folders, profile, facts, bot.today())
    else:
        with closing(reader(path).conn) as conn, explained(path):
            policies = sources.public_policies(Database(conn), bot.folders, profile, facts, bot.today())
    return publish(folder, facts, policies)
