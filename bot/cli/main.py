"""The `vigie` command line, in French.

Exit codes: 0 success, 1 the answer is no (nothing found, a failed check), 2 wrong usage or settings. For a
running bot: 75 a temporary problem (a full disk, another bot on the database), 77 the platform refuses the
token.
"""

# ruff: noqa: PLC0415 — a command imports the modules that `servir` does not need

import asyncio
import errno
import gc
import gettext
import os
import re
import resource
import socket
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from bot import __version__, logs, settings
from bot.app import platforms, serving, starting
from bot.app.build import build
from bot.app.serving import Ending
from bot.cli import base
from bot.cli.rooms import ROOMS
from bot.commands import politique
from bot.configuration import places
from bot.configuration.values import is_web_address
from bot.language.other_words import other_words
from bot.operations.health import HOST
from bot.platforms.slack import manifest
from bot.policy import references
from bot.policy.addresses import listed
from bot.policy.articles import Clause, ClauseItem, Version
from bot.policy.changes import identities
from bot.policy.library import Policy, Reading
from bot.storage import files
from bot.storage.database import PassingError, Storage, StorageError, lock, lock_keys
from bot.storage.schema.migrations import latest
from bot.times import AdvancedClock, in_words, system_clock

LOCALE = Path(__file__).parent / "locale"
# The errors that, without a file name, are about the output. Others, such as a refused connection, are not.
_UNWRITTEN: Final = frozenset({errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC})

_QUOTED = re.compile(r"(?<!\w)'([^']+)'(?!\w)")  # click's English quotes around typed words


# The commands in the help, by purpose. A test checks that every command is in it.
SECTIONS: Final = {
    "Installer et démarrer": ("installer", "servir", "diagnostic", "slack", "discord", "completion"),
    "Lire la politique": (
        "politique", "question", "verifier", "publier", "mcp", "evaluer", "apprendre",
    ),
    "Accueillir, attester et autoriser": ("accueil", "quiz", "demandes", "tableau", "registre"),
    "Commencer et réviser une politique": ("importer", "commencer", "abandonner", "reviser", "revisions"),
    "Signalements et renseignements personnels": (
        "signalements", "adresse", "donnees", "confidentialite",
    ),
    "Rôles et envois": ("roles", "pause", "reprendre", "retenus", "lettres"),
    "Garder et remettre": ("sauvegarder", "restaurer", "cles", "passation"),
}  # fmt: skip
_WIDE = 200  # characters: wide enough that the short help of a command is never cut
# Commands without `--json`: they keep running, ask questions, or write another program's input.
WITHOUT_JSON: Final = frozenset({"servir", "mcp", "installer", "slack manifeste", "completion"})


def _https(_: click.Context, __: click.Parameter, address: str | None) -> str | None:
    if address is not None and not is_web_address(address, ("https",)):
        raise click.BadParameter("il faut une adresse https complète.")
    return address


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version of Vigie, and the versions that a database or a model must match."""
    if not wanted or context.resilient_parsing:
        return
    from bot.answers.engine import model_files, store

    click.echo(f"vigie, version {__version__}")
    click.echo(f"tables\u00a0: {latest()}")
    for policy in base.shipped_policies():
        sources = store.Sources((settings.SEED,), policy.versions[-1])
        learnt = store.is_learnt(sources, settings.SEED / model_files.SHIPPED)
        shipped = "apprise" if learnt else "sera apprise au premier démarrage"
        click.echo(f"banque {policy.name.of}\u00a0: {sources.key()} ({shipped})")
    context.exit()


def each_command(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield a command and its subcommands, each preceded by the words typed after « vigie ».

    A group that does nothing by itself is left out.
    """
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if under := command.get_command(context, name):
                yield from each_command(under, f"{path} {name}".strip())
    if path and (not isinstance(command, click.Group) or command.invoke_without_command):
        yield path, command


class _Root(base.CommandGroup):
    """The command `vigie`. Its help lists the commands by purpose, and most of them take `--json`."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command, and give `--json` to it and its subcommands, except those in `WITHOUT_JSON`."""
        super().add_command(cmd, name)
        for words, command in each_command(cmd, name or cmd.name or ""):
            if words not in WITHOUT_JSON and not any(
                "--json" in parameter.opts for parameter in command.params
            ):
                base.add_json(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, by section."""
        for title, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(f"{title}\u00a0"):  # click adds the colon
                formatter.write_dl(
                    [(name, command.get_short_help_str(_WIDE)) for name, command in commands if command]
                )


@click.group(
    cls=_Root,
    rooms=ROOMS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Vigie fait connaître la politique de l'association aux personnes qui doivent la suivre. "
    "Sans commande, «\u00a0vigie servir\u00a0».",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Montrer la version, et les empreintes de ses tables et de ses banques de questions.",
)
@click.option(
    "--reglages",
    type=click.Path(path_type=Path),
    metavar="FICHIER",
    help="Le fichier de réglages, s'il n'est pas où «\u00a0vigie diagnostic\u00a0» le dit; l'environnement "
    "passe avant lui.",
)
@click.option("--essai", is_flag=True, help="Agir sur la base du bac à sable, faute de jeton.")
@click.pass_context
def vigie(context: click.Context, reglages: Path | None, essai: bool) -> None:
    """Run the command line. Without a command, start the bot."""
    usual = places.settings_file()
    context.obj = base.CommandLine(reglages or (usual if places.is_there(usual) else None), sandbox=essai)
    if context.invoked_subcommand is None:
        context.invoke(servir)


@vigie.command(
    help="Démarrer les plateformes réglées ou, sans aucun jeton, le bac à sable.",
    short_help="Démarrer Vigie.",
)
@click.option(
    "--port",
    type=int,
    callback=base.port_from(1),
    metavar="PORT",
    help=f"Le port du bac à sable (par défaut {settings.SANDBOX_PORT}).",
)
@click.option("--garder", is_flag=True, help="Garder la base du bac à sable du démarrage précédent.")
def servir(port: int | None = None, garder: bool = False) -> None:
    """Start the bot and run until it is told to stop."""
    config = base.configured()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no core dump, since memory holds drafts
    if port:
        config = config.model_copy(update={"vigie_port": port})
    chosen = "vigie_journal" in config.model_fields_set
    # On a terminal, the bot prints French lines of its own: log only warnings, unless a setting asks for
    # more.
    logs.configure(config.vigie_journal if chosen or not sys.stderr.isatty() else "WARNING")
    if config.sandboxed():
        config = _playground(config)
    if config.sandboxed() and not garder:
        _erase(config.database(), config.keys(), config.own_data())
    try:
        # Locked before `settle`, which has the database remember the keys that it finds.
        with (
            closing(base.open_storage(config, click.echo)) as storage,
            lock_keys(config.keys()),
        ):
            bot = build(config, storage, AdvancedClock() if config.sandboxed() else system_clock)
            settling = storage.executor.submit(starting.settle, bot)
            gc.disable()  # the collector's pauses would cost more than the little memory that it frees
            try:
                platforms.import_libraries(config)  # while waiting for the disk
                settling.result()
                gc.freeze()  # these objects live until the end, so that the collector can ignore them
            finally:
                gc.enable()
            ending = asyncio.run(serving.run(bot, click.echo))
    except PassingError as error:
        base.refuse(str(error), Ending.PASSING)
    sys.exit(ending)


def _playground(config: settings.Settings) -> settings.Settings:
    """Return the sandbox's settings, completed where nothing was chosen.

    Adds free ports, the web form's address, and personas who decide on permissions.
    """
    chosen = config.model_fields_set
    ports = {
        "vigie_port": settings.SANDBOX_PORT,
        "vigie_sante_port": settings.HEALTH_PORT,
        "vigie_signalement_port": settings.FORM_PORT,
    }
    free: dict[str, object] = {name: _free_port(usual) for name, usual in ports.items() if name not in chosen}
    if "vigie_signalement_adresse" not in chosen:
        form = free.get("vigie_signalement_port", config.vigie_signalement_port)
        free["vigie_signalement_adresse"] = f"http://{HOST}:{form}"
    if "vigie_demandes" not in chosen:
        free["vigie_demandes"] = starting.persona_deciders(config.profile)
    return config.model_copy(update=free)


def _free_port(usual: int) -> int:
    """Return a free port of this machine: `usual` or, if it is taken, any other."""
    for number in (usual, 0):
        with suppress(OSError), socket.create_server((HOST, number)) as listener:
            return int(listener.getsockname()[1])
    return usual  # opening the port will report the problem


def _erase(database: Path, keys: Path, data: Path | None) -> None:
    """Delete the sandbox's database, the head of its register in the key folder, and its own questions.

    Nothing is deleted while another sandbox uses the database. Opening the database then reports the
    conflict.
    """
    from bot.answers.bank import BANK
    from bot.register import heads

    try:
        with lock(database):
            for suffix in ("", "-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            for of in heads.CHAINS:  # the next sandbox starts a new register
                (keys / of.file.name).unlink(missing_ok=True)
            for bank in data.glob(f"politique/*/{BANK}") if data else ():
                bank.unlink(missing_ok=True)
    except (StorageError, OSError):  # such as a folder of this name; opening the database reports it
        return


@vigie.command(name="politique", help="Lire la politique par numéro ou par mot.")
@click.argument("demande", nargs=-1, metavar="[NUMÉRO OU MOT]…")
@click.option(
    "--date",
    "on",
    type=base.DATE,
    help="Le texte en vigueur à cette date, même approuvé et pas encore annoncé.",
)
@base.json_flag
def politique_(demande: tuple[str, ...], on: date | None, as_json: bool) -> None:
    """Print clauses. Exit with code 1 when there are no such clauses."""
    bot = base.parts()
    library = bot.library_on(on) if on else bot.library
    today = bot.today()
    named, text = library.naming.split(" ".join(demande))
    policy = library.find(named) if named else library.default
    version = policy.in_force(on) if on else library.current(policy)
    if version and not (named or on):
        reading = politique.holder(library, Reading(policy, version), text)
        policy, version = reading.policy, reading.version
    clauses = policy.select(version, text) if version else ()
    reference = references.reference_in(text, version) if version and text else None
    spans = reference.spans if reference else ()
    item = version.item(spans[0].first) if version and len(spans) == 1 else None
    if as_json:
        click.echo(base.dump(_described(policy, version, clauses)))
    elif version and named and not text:
        entries = politique.contents_entries(Reading(policy, version))
        click.echo("\n".join(entry.line for entry in entries))
    elif version and clauses:
        reading = Reading(policy, version)
        printed = [_printed(reading, clause, item[1] if item else None) for clause in clauses]
        if not on and (other := other_words(reading, text)):
            printed.insert(0, base.point_to_other_words(reading, other, listed(spans)))
        if version.since > today:
            printed.insert(0, f"Pas encore en vigueur\u00a0: prend effet le {in_words(version.since)}.")
        click.echo("\n\n".join((*printed, reading.revised())))
    else:
        click.echo(politique.why_none(policy, on or today, text), err=True)
    sys.exit(0 if clauses else 1)


slack = base.CommandGroup("slack", help="Ce qu'il faut pour installer Vigie dans Slack.")


@slack.command(name="manifeste", help="Écrire le manifeste de l'application, à coller dans Slack.")
@click.option(
    "--adresse",
    callback=_https,
    metavar="ADRESSE",
    help="L'adresse https qui reçoit les requêtes, en mode HTTP (sans elle, mode Socket).",
)
@click.option(
    "--agent",
    is_flag=True,
    help="Faire de Vigie un agent de Slack\u00a0: questions suggérées, et chaque échange dans son fil. Slack "
    "n'en laisse pas revenir, et en prive les personnes invitées (guests).",
)
def slack_manifeste(adresse: str | None, *, agent: bool) -> None:
    """Print the manifest of the Slack application as JSON."""
    with closing(Storage()) as storage:
        bot = build(base.configured(), storage)
        suggested = bot.starting_questions() if agent else None
        made = manifest.slack_manifest(
            bot.dispatcher.commands, adresse, agent=suggested, bot=bot.settings.profile.bot
        )
    click.echo(base.dump(made))


discord = base.CommandGroup("discord", help="Ce qu'il faut pour installer Vigie dans Discord.")


@discord.command(name="invitation", help="Écrire l'adresse qui invite Vigie dans un serveur Discord.")
@click.option(
    "--application",
    type=int,
    metavar="NOMBRE",
    help="L'identifiant de l'application (sinon, lu dans DISCORD_TOKEN).",
)
@base.json_flag
def discord_invitation(application: int | None, as_json: bool) -> None:
    """Print the URL that invites the bot to a server."""
    from bot.platforms.discord import commands as discord_commands

    token = base.configured().discord_token
    number = application or (discord_commands.client_id(token.get_secret_value()) if token else None)
    if number is None:
        base.refuse(
            "donnez --application (page «\u00a0General Information\u00a0» de l'application), "
            "ou réglez DISCORD_TOKEN."
        )
    address = discord_commands.invitation_url(number)
    base.show({"address": address}, address, as_json)


def _described(policy: Policy, version: Version | None, clauses: Sequence[Clause]) -> dict[str, Any]:
    named = identities.name_parts(version) if version else {}
    around = {number for clause in clauses if version for number in version.around(clause.number)}
    return {
        "policy": policy.id,
        "version": version.adopted if version else None,
        "clauses": [
            {
                "id": str(clause.number),
                "article": str(clause.article),
                "heading": clause.heading or (policy.title(clause.number, version) if version else ""),
                "force": policy.label(clause, nuanced=False),
                "text": clause.text,
                "identity": named[clause.number],
                "items": [{"id": str(item.number), "identity": named[item.number]} for item in clause.items],
            }
            for clause in clauses
        ],
        "around": [
            {
                "id": str(number),
                "kind": version.part(number).kind,
                "title": version.part(number).title,
                "identity": named[number],
            }
            for number in (version.parts() if version else ())
            if version and number in around
        ],
    }


def _printed(reading: Reading, clause: Clause, item: ClauseItem | None) -> str:
    label = reading.policy.label(clause)
    words = clause.text[item.start : item.end] if item else clause.text
    return (
        f"{reading.policy.name}, {item.number if item else clause.number}"
        + (f" ({label})" if label else "")
        + f"\n{reading.place(clause.number)}\n«\u00a0{words}\u00a0»"
    )


for _group in (slack, discord):
    vigie.add_command(_group)


def main() -> None:
    """Run the command line, and print every error as one line of French on standard error."""
    os.environ["LANGUAGE"] = "fr"  # click's own messages in French, whatever the machine's locale
    gettext.bindtextdomain("messages", str(LOCALE))
    try:
        sys.exit(vigie.main(prog_name="vigie", standalone_mode=False) or 0)
    except click.Abort as abort:
        if not isinstance(abort.__context__, EOFError):
            sys.exit(130)
        click.echo(err=True)  # the question ends without a line break
        how = "Lancez la commande dans un terminal, ou voyez dans --help comment répondre d'avance."
        _leave(f"personne n'a répondu\u00a0: rien n'est fait. {how}", 2)
    except click.ClickException as error:
        click.echo(f"vigie\u00a0: {_explained(error)}", err=True)
        sys.exit(2)
    except Exception as error:
        if isinstance(error, OSError) and (error.filename or error.errno in _UNWRITTEN):
            _leave(f"{error.filename or 'ce qui sort de cette commande'}\u00a0: {files.reason(error)}.", 2)
        if os.environ.get("VIGIE_JOURNAL", "").upper() == "DEBUG":
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {Path(place.filename).name}, ligne {place.lineno}"
        # The error's text is left out, since it may quote what was being read.
        _leave(f"erreur imprévue ({where}). Avec VIGIE_JOURNAL=DEBUG, elle se voit en entier.", 1)


def _leave(problem: str, code: int) -> NoReturn:
    """Print a line on standard error and exit, even if standard output cannot be written."""
    with suppress(OSError):
        click.echo(f"vigie\u00a0: {problem}", err=True)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:  # otherwise, Python would flush again at exit and print an error
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def _explained(error: click.ClickException) -> str:
    """Return a click error as one line. A usage error also points to the help."""
    message = _QUOTED.sub("«\u00a0\\1\u00a0»", re.sub(r"\n\t", " ", error.format_message().strip()))
    line = message if message.endswith((".", "?")) else f"{message}."
    if not isinstance(error, click.UsageError):
        return line
    command = error.ctx.command_path if error.ctx else "vigie"
    return f"{line} Voyez «\u00a0{command} --help\u00a0»."
