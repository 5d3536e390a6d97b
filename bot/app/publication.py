"""The publication of the public site, from the settings and the database."""

# ruff: noqa: PLC0415 — the rooms that make pages are imported only to make pages

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from bot.app.build import Parts
from bot.conversation.messages import Quotation, Quote, Quoter
from bot.schedule.names import AHEAD
from bot.settings import Settings
from bot.storage.database import StorageError, beside, explained, reader

if TYPE_CHECKING:
    from bot.site.frame import SiteFacts
    from bot.site.publishing import Publication


def site_facts(settings: Settings) -> SiteFacts:
    """Return the facts about the association and the bot that the site's pages state. None is secret."""
    from bot.site.frame import Door, SiteFacts

    profile, doors = settings.profile, []
    if settings.vigie_slack_equipe:
        address = f"https://app.slack.com/client/{settings.vigie_slack_equipe}"
        doors.append(Door(f"À {profile.bot}, dans Slack", address))
    if settings.discord_token:
        from bot.platforms.discord.commands import client_id

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


def quoter(bot: Parts) -> Quoter:
    """Return the function that gives a quotation's words and, for a published clause, its address."""
    address, quote = bot.settings.vigie_adresse_site, bot.library.quote
    public = {name for name, words in bot.settings.profile.policies.items() if words.public}
    if address is None or not public:
        return quote
    from bot.site.addresses import online_path

    def online(wanted: Quote) -> Quotation:
        policy = bot.library.policies.get(wanted.policy) if wanted.policy in public else None
        path = online_path(policy, wanted.version, wanted.clause) if policy else None
        return replace(quote(wanted), address=f"{address.rstrip('/')}/{path}" if path else "")

    return online


def publish_site(bot: Parts, folder: Path) -> Publication:
    """Make the public site in a folder, according to the settings. Do not call this on the storage thread.

    Raises `PublicationError`, `PolicyError`, `SettingsError` for a mistake in the profile, and
    `StorageError`.
    """
    from bot.site import sources
    from bot.site.publishing import publish

    facts = site_facts(bot.settings)
    path = bot.settings.database()
    read = partial(
        sources.public_policies,
        folders=bot.folders,
        profile=bot.settings.profile,
        facts=facts,
        now=bot.clock(),
        calendar=bot.calendar,
    )
    if not path.is_file():
        return publish(folder, facts, read(None))
    with closing(reader(path).conn) as conn, explained(path):
        # read before the policies: a revision announced after this line may not be published now
        untold = _untold(bot, Database(conn))
        policies = read(Database(conn))
    done = publish(folder, facts, policies)
    if untold:
        try:
            with beside(path) as db:
                # `Archive.withdraw` cancels these tasks under their former key only. The site now shows the
                # revision, so that a withdrawal must be announced too, and the revision's addresses kept.
                for key in untold:
                    db.conn.execute(
                        "UPDATE OR IGNORE due_tasks SET key = ? WHERE key = ?",
                        (key.removesuffix("scheduled") + "published", key),
                    )
        except StorageError as error:
            done_but = "le site est publié, mais la base ne l'a pas noté. Publiez de nouveau après ceci"
            raise type(error)(f"{done_but}\u00a0: {error}") from error
    return done


def _untold(bot: Parts, db: Database) -> list[str]:
    """Return the keys of the pending tasks that announce a coming revision of a public policy.

    Such a task is pending when the bot was stopped before it could announce the revision.
    """
    rows = db.conn.execute(
        """SELECT due_tasks.key, revisions.policy FROM due_tasks
             JOIN revisions ON due_tasks.key = ? || ':' || revisions.id || ':scheduled'""",
        (AHEAD,),
    )
    policies = bot.settings.profile.policies
    return [str(key) for key, policy in rows if policy in policies and policies[policy].public]
