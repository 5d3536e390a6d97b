"""The platforms, the mailer and the web form that the settings ask for.

A platform's library is imported only when the platform is configured: Slack's takes 30 MB.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.app.build import Bot, Parts
from bot.app.publication import quoter
from bot.app.tasks import ChatPlatform
from bot.people import membership
from bot.platforms.contract import Meter, Platform
from bot.schedule.inbound import Heard
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.platforms.email.mailer import Mailer


def import_libraries(settings: Settings) -> None:
    """Import now the libraries of the configured chat platforms."""
    if settings.slack_bot_token:
        from bot.platforms.slack import adapter as _slack  # noqa: F401, PLC0415 — see the module's docstring
    if settings.discord_token:
        from bot.platforms.discord import adapter as _discord  # noqa: F401, PLC0415 — see the module's docstring


def chat_platforms(bot: Bot) -> dict[str, ChatPlatform]:
    """Return the configured chat platforms by name (« slack ») or, with no token, the sandbox (« local »).

    Do not call this on the storage thread, since it waits for that thread.
    """
    settings, storage = bot.settings, bot.storage
    if settings.sandboxed():
        from bot.app import sandbox  # noqa: PLC0415 — see the module's docstring

        return {"local": sandbox.adapter(bot)}

    def read_followed() -> Collection[str]:
        with storage.transaction() as db:
            return {source.platform for source in membership.sources(db)}

    followed = storage.executor.submit(read_followed).result()
    members = None
    if followed:
        from bot.people.group_sync import GroupSync  # noqa: PLC0415 — see the module's docstring

        members = GroupSync(storage, bot.clock, bot.calendar, bot.office.registry_changed)
    platforms: dict[str, ChatPlatform] = {}
    if settings.slack_bot_token:
        from bot.platforms.slack.adapter import SlackAdapter  # noqa: PLC0415 — see the module's docstring

        platforms["slack"] = SlackAdapter(
            bot.dispatcher,
            quoter(bot),
            bot_token=settings.slack_bot_token.get_secret_value(),
            app_token=_revealed(settings.slack_app_token),
            signing_secret=_revealed(settings.slack_signing_secret),
            port=settings.vigie_slack_port,
            api_url=settings.slack_api_url,
            team=settings.vigie_slack_equipe,
            members=members if "slack" in followed else None,
            heard=Heard(storage, bot.clock),
            questions=bot.starting_questions,
            bot=settings.profile.bot,
            meter=_meter(bot, "slack"),
        )
    if settings.discord_token:
        from bot.platforms.discord.adapter import DiscordAdapter  # noqa: PLC0415 — see the module's docstring

        platforms["discord"] = DiscordAdapter(
            bot.dispatcher,
            quoter(bot),
            token=settings.discord_token.get_secret_value(),
            api_url=settings.discord_api_url,
            server=settings.vigie_discord_serveur,
            members=members if "discord" in followed else None,
            meter=_meter(bot, "discord"),
        )
    return platforms


def mailer(parts: Parts) -> Mailer | None:
    """Return the e-mail sender, or None in the sandbox or when e-mail is not configured."""
    settings = parts.settings
    if settings.vigie_smtp is None or settings.vigie_courriel_de is None or settings.sandboxed():
        return None
    from bot.platforms.email import mailer as email  # noqa: PLC0415 — see the module's docstring

    server = email.read_server(settings.vigie_smtp.get_secret_value())
    return email.Mailer(quoter(parts), server, settings.vigie_courriel_de)


def web_form(bot: Bot) -> Platform | None:
    """Return the web form for reports, None if no port is set or if reports are not offered."""
    port = bot.settings.vigie_signalement_port
    if port is None or not bot.reporting.offered:
        return None
    from bot.web.form import WebForm  # noqa: PLC0415 — see the module's docstring

    return WebForm(bot.reporting, port=port)


def public_site(bot: Parts) -> Platform | None:
    """Return the server of the public site, None if no port is set."""
    port, folder = bot.settings.vigie_site_port, bot.settings.site()
    if port is None or folder is None:
        return None
    from bot.site.serving import PublicSite  # noqa: PLC0415 — see the module's docstring

    return PublicSite(folder, port=port)


def _meter(bot: Bot, platform: str) -> Meter:
    return Meter(
        lambda stamp: bot.metrics.observe_ack(platform, stamp),
        lambda: bot.metrics.reconnects.labels(platform).inc(),
        lambda: bot.metrics.rate_limited.labels(platform).inc(),
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
