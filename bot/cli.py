"""The `vigie` command line, in French.

Exit codes: 0 success, 1 the answer is no (not found, a check failed), 2 wrong usage or settings.
"""

from __future__ import annotations

import asyncio
import gc
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

USUAL_FILE = Path(".env")
SUBCOMMAND = "COMMANDE [ARGUMENTS]…"

json_flag = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")


def _port(_: click.Context, __: click.Parameter, port: int | None) -> int | None:
    # Not `IntRange`: it would write 1<=x<=65535 in the help.
    if port is not None and not 1 <= port <= settings.HIGHEST_PORT:
        raise click.BadParameter(f"il faut un nombre de 1 à {settings.HIGHEST_PORT}.")
    return port


def _https(_: click.Context, __: click.Parameter, address: str | None) -> str | None:
    if address is not None and not settings.is_web_address(address, ("https",)):
        raise click.BadParameter("il faut une adresse https complète.")
    return address


@click.group(
    invoke_without_command=True,
    subcommand_metavar=f"[{SUBCOMMAND}]",
    help="Vigie garde la politique de l'association vivante parmi les personnes qu'elle lie. "
    "Sans commande, «\u00a0vigie servir\u00a0».",
)
@click.version_option(__version__, prog_name="vigie", help="Montrer la version.")
@click.option(
    "--reglages",
    type=click.Path(path_type=Path),
    metavar="FICHIER",
    help="Le fichier de réglages (par défaut .env, s'il existe); l'environnement passe avant lui.",
)
@click.pass_context
def vigie(context: click.Context, reglages: Path | None) -> None:
    """Hold the whole command line; alone, start the bot."""
    context.obj = reglages or (USUAL_FILE if USUAL_FILE.exists() else None)
    if context.invoked_subcommand is None:
        context.invoke(servir)


@vigie.command(
    help="Démarrer les plateformes réglées ou, sans aucun jeton, le bac à sable.",
    short_help="Démarrer Vigie.",
)
@click.option(
    "--port",
    type=int,
    callback=_port,
    metavar="PORT",
    help=f"Le port du bac à sable (par défaut {settings.SANDBOX_PORT}).",
)
def servir(port: int | None = None) -> None:
    """Start the bot and run until it is told to stop."""
    config = _settings()
    if port:
        config = config.model_copy(update={"vigie_port": port})
    _log(config.vigie_journal)
    platforms = app.platforms(_bot(config))
    gc.freeze()  # what is there now stays to the end: the collector need not look at it again
    if not asyncio.run(app.serve(platforms, click.echo)):
        sys.exit(1)


@vigie.command(name="politique", help="Lire la politique par numéro ou par mot.")
@click.argument("demande", nargs=-1, metavar="[NUMÉRO OU MOT]…")
@click.option(
    "--date",
    "on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="AAAA-MM-JJ",
    help="Le texte en vigueur à cette date.",
)
@json_flag
def politique_(demande: tuple[str, ...], on: datetime | None, as_json: bool) -> None:
    """Print clauses; exit 1 when there is none."""
    bot = _bot(_settings())
    named, text = bot.library.naming.split(" ".join(demande))
    policy = bot.library.policies.get(named or bot.library.default.id)
    if policy is None:
        _refuse(f"je ne connais pas la politique «\u00a0{named}\u00a0».")
    version = policy.in_force(on.date()) if on else bot.library.current(policy)
    clauses = politique.select(policy, version, text) if version else ()
    if as_json:
        click.echo(_dump(_described(policy, version, clauses)))
    elif version and clauses:
        reading = politique.Reading(policy, version)
        click.echo("\n\n".join((*(_printed(reading, clause) for clause in clauses), reading.revised())))
    else:
        click.echo(_why_none(policy, version, text), err=True)
    sys.exit(0 if clauses else 1)


@vigie.group(
    subcommand_metavar=SUBCOMMAND,
    no_args_is_help=False,  # one line that says what is missing, like every other error
    help="Ce qu'il faut pour installer Vigie dans Slack.",
)
def slack() -> None:
    """Commands for whoever installs the bot in Slack."""


@slack.command(name="manifeste", help="Écrire le manifeste de l'application, à coller dans Slack.")
@click.option(
    "--adresse",
    callback=_https,
    metavar="ADRESSE",
    help="L'adresse https qui reçoit les requêtes, en mode HTTP (sans elle, mode Socket).",
)
def slack_manifeste(adresse: str | None) -> None:
    """Print the application's manifest as JSON."""
    bot = _bot(_settings())
    click.echo(_dump(slack_manifest.manifest(bot.dispatcher.commands, adresse)))


@vigie.group(
    subcommand_metavar=SUBCOMMAND,
    no_args_is_help=False,
    help="Ce qu'il faut pour installer Vigie dans Discord.",
)
def discord() -> None:
    """Commands for whoever installs the bot in Discord."""


@discord.command(name="invitation", help="Écrire l'adresse qui invite Vigie dans un serveur Discord.")
@click.option(
    "--application",
    type=int,
    metavar="NOMBRE",
    help="L'identifiant de l'application (sinon, lu dans DISCORD_TOKEN).",
)
def discord_invitation(application: int | None) -> None:
    """Print the address that invites the bot into a server."""
    token = _settings().discord_token
    number = application or (discord_commands.client_id(token.get_secret_value()) if token else None)
    if number is None:
        _refuse(
            "donnez --application (page «\u00a0General Information\u00a0» de l'application), "
            "ou réglez DISCORD_TOKEN."
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
                "force": policy.force(clause),
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
    return f"Rien dans la {policy.name} pour «\u00a0{text}\u00a0»."


def _printed(reading: politique.Reading, clause: Clause) -> str:
    label = reading.policy.label(clause)
    return (
        f"{reading.policy.name}, {clause.number}"
        + (f" ({label})" if label else "")
        + f"\n{reading.place(clause.number)}\n«\u00a0{clause.text}\u00a0»"
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
        message = error.format_message().strip()
        stop = "" if message.endswith((".", "?")) else "."
        context = error.ctx if isinstance(error, click.UsageError) else None
        command = context.command_path if context else "vigie"
        click.echo(f"vigie\u00a0: {message}{stop} Voyez «\u00a0{command} --help\u00a0».", err=True)
        sys.exit(2)
