"""The command that makes the public site."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from bot.app.publication import publish_site
from bot.cli import base
from bot.cli.progress import working


@click.command(
    name="publier",
    short_help="Publier les politiques en pages.",
    help="Faire des politiques publiques un site de simples fichiers, à poser chez n'importe quel hébergeur "
    "de pages\u00a0: textes, versions, comparaisons, données, fil. Tout est écrit, ou rien ne change; seul "
    "ce qui a changé est refait.",
)
@click.argument("dossier", type=click.Path(path_type=Path, file_okay=False), metavar="DOSSIER")
def publier(dossier: Path) -> None:
    """Make the public site in a folder."""
    with working("Je fais les pages"):
        done = publish_site(base.parts(), dossier)
    some = {0: "aucun à refaire", 1: "dont un refait"}.get(done.made, f"dont {done.made} refaits")
    made = "tous faits" if done.made == done.files else some
    click.echo(f"{dossier}\u00a0: {done.files} fichiers, {made}.")


COMMANDS: Final = (publier,)
