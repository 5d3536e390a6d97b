"""The `vigie` command line, in French.

Exit codes: 0 success, 1 the answer is no (not found, a check failed), 2 wrong usage or settings.
"""

from __future__ import annotations

import asyncio
import gettext
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from bot import __version__, app, settings
from bot.commands import politique
from bot.platforms import discord_commands, slack_manifest
from bot.policy.articles import Clause, PolicyError, Version
from bot.policy.library import Policy

LOCALE = Path(__file__).parent / "locale"

as_json = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[COMMANDE]…",
    help="Vigie garde la politique de l'association vivante parmi les personnes qu'elle lie. "
    "Sans commande, « vigie servir ».",
)
@click.version_option(__version__, prog_name="vigie", help="Montrer la version.")
@click.option(
    "--reglages",
    type=click.Path(path_type=Path),
    metavar="FICHIER",
    default=Path(".env"),
    show_default=True,
    help="Le fichier de réglages; l'environnement passe avant lui.",
)
@click.pass_context
def vigie(context: click.Context, reglages: Path) -> None:
    """Hold the whole command line; alone, start the bot."""
    context.obj = reglages
    if context.invoked_subcommand is None:
        context.invoke(servir)


@vigie.command(
    help="Démarrer les plateformes réglées ou, sans aucun jeton, le bac à sable.",
    short_help="Démarrer Vigie.",
)
@click.option("--port", type=click.IntRange(1, 65_535), help="Le port du bac à sable (8787).")
def servir(port: int | None = None) -> None:
    """Start the bot and run until it is told to stop."""
    config = _settings()
    if port:
        config = config.model_copy(update={"vigie_port": port})
    _log(config.vigie_journal)
    bot = _bot(config)
    if not asyncio.run(app.serve(app.platforms(bot), click.echo)):
        sys.exit(1)


@vigie.command(name="politique", help="Lire la politique par numéro ou par mot.")
@click.argument("demande", nargs=-1, metavar="[NUMÉRO OU MOT]")
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Le texte en vigueur à cette date.")
@as_json
def politique_(demande: tuple[str, ...], on: datetime | None, as_json: bool) -> None:
    """Print clauses; exit 1 when there is none."""
    bot = _bot(_settings())
    named, text = bot.library.naming.split(" ".join(demande))
    policy = bot.library.policies.get(named or bot.library.default.id)
    if policy is None:
        _refuse(f"je ne connais pas la politique « {named} ».")
    version = policy.in_force(on.date()) if on else bot.library.current(policy)
    clauses = politique.select(policy, version, text) if version else ()
    if as_json:
        click.echo(_dump(_described(policy, version, clauses)))
    elif clauses:
        click.echo("\n\n".join(_printed(policy, clause) for clause in clauses))
    else:
        click.echo(_why_none(policy, version, text), err=True)
    sys.exit(0 if clauses else 1)


@vigie.group(help="Ce qu'il faut pour installer Vigie dans Slack.")
def slack() -> None:
    """Commands for whoever installs the bot in Slack."""


@slack.command(name="manifeste", help="Écrire le manifeste de l'application, à coller dans Slack.")
@click.option(
    "--adresse", help="L'adresse https qui reçoit les requêtes, en mode HTTP (sans elle, mode Socket)."
)
def slack_manifeste(adresse: str | None) -> None:
    """Print the application's manifest as JSON."""
    bot = _bot(_settings())
    click.echo(_dump(slack_manifest.manifest(bot.dispatcher.commands, adresse)))


@vigie.group(help="Ce qu'il faut pour installer Vigie dans Discord.")
def discord() -> None:
    """Commands for whoever installs the bot in Discord."""


@discord.command(name="invitation", help="Écrire l'adresse qui invite Vigie dans un serveur Discord.")
@click.option(
    "--application", type=int, help="L'identifiant de l'application (sinon, lu dans DISCORD_TOKEN)."
)
def discord_invitation(application: int | None) -> None:
    """Print the address that invites the bot into a server."""
    token = _settings().discord_token
    number = application or (discord_commands.client_id(token.get_secret_value()) if token else None)
    if number is None:
        _refuse(
            "donnez --application (page « General Information » de l'application), ou réglez DISCORD_TOKEN."
        )
    click.echo(discord_commands.invitation_url(number))


# --- What the commands share ------------------------------------------------------------------


def _described(policy: Policy, version: Version | None, clauses: Sequence[Clause]) -> dict[str, Any]:
    return {
        "policy": policy.id,
        "version": version.adopted.isoformat() if version else None,
        "clauses": [
            {
                "id": str(clause.number),
                "article": str(clause.number.article),
                "heading": clause.heading or (policy.title(clause.number, version) if version else ""),
                "force": policy.annotations.force(clause.number),
                "text": clause.text,
            }
            for clause in clauses
        ],
    }


def _why_none(policy: Policy, version: Version | None, text: str) -> str:
    if version is None:
        return f"La {policy.name} n'était pas encore en vigueur à cette date."
    reference = politique.reference_in(text, version)
    if reference:
        return politique.missing(policy, version, reference.spans[0].first)
    return f"Rien dans la {policy.name} pour « {text} »."


def _printed(policy: Policy, clause: Clause) -> str:
    label = policy.annotations.label(clause.number)
    return (
        f"{policy.name}, {clause.number}"
        + (f" ({label})" if label else "")
        + f"\n«\u00a0{clause.text}\u00a0»"
    )


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _settings() -> settings.Settings:
    try:
        return settings.load(click.get_current_context().obj)
    except settings.SettingsError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(2)


def _bot(config: settings.Settings) -> app.Bot:
    try:
        return app.build(config)
    except PolicyError as error:
        _refuse(str(error))


def _refuse(problem: str) -> NoReturn:
    click.echo(f"vigie\u00a0: {problem}", err=True)
    sys.exit(2)


def _log(level: str) -> None:
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    # Below INFO these libraries write whole payloads: people's names and words.
    for library in ("aiohttp", "discord", "slack_bolt", "slack_sdk"):
        logging.getLogger(library).setLevel(max(logging.INFO, logging.getLevelName(level)))


def main() -> None:
    """Run the command line; every error is one French line on the standard error output."""
    os.environ["LANGUAGE"] = "fr"  # click's own messages, wherever the machine is
    gettext.bindtextdomain("messages", str(LOCALE))
    try:
        vigie.main(prog_name="vigie", standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        message = error.format_message().rstrip(".")
        click.echo(f"vigie\u00a0: {message}. Voyez « vigie --help ».", err=True)
        sys.exit(2)
