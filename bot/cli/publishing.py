"""The command that makes the public site."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from bot.app.publication import site_facts
from bot.cli import base
from bot.cli.progress import working
from bot.site import sources
from bot.site.publishing import publish


@click.command(
    name="publier",
    short_help="Publier les politiques en pages.",
    help="Faire des politiques publiques un site de simples fichiers, à poser chez n'importe quel hébergeur "
    "de pages\u00a0: textes, versions, comparaisons, données, fil. Tout est écrit, ou rien ne change; seul "
    "ce qui a changé est refait.",
)
@click.argument("dossier", type=click.Path(path_type=Path, file_okay=False), metavar="DOSSIER")
def publier(dossier: Path) -> None:
    """Make the site in a folder."""
    bot = base.parts()
    profile, facts, path = bot.settings.profile, site_facts(bot.settings), bot.settings.database()
    with working("Je fais les pages"):
        if path.is_file():
            with base.read_only(path) as db:
                policies = sources.public_policies(db, bot.folders, profile, facts, bot.today())
        else:
            policies = sources.public_policies(None, bot.folders, profile, facts, bot.today())
        done = publish(dossier, facts, policies)
    made = f"{done.made} refaits" if done.made > 1 else "un refait"
    click.echo(f"{dossier}\u00a0: {done.files} fichiers, dont {made}.")


COMMANDS: Final = (publier,)
