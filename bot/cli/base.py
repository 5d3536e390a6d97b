"""Helpers that the commands share, to read settings, open the database, write files and refuse."""

# ruff: noqa: PLC0415 — each command imports the rooms that it needs

import functools
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar

import click
from sqlite_utils import Database

from bot import settings
from bot.app.build import Parts
from bot.backup import restore
from bot.cli.progress import working
from bot.configuration import places
from bot.configuration.settings_file import SettingsError
from bot.configuration.values import HIGHEST_PORT
from bot.conversation.requests import UserError
from bot.language.other_words import say_other_words
from bot.language.voice import FRENCH, Voice
from bot.logs import ExplainedError
from bot.policy.articles import PolicyError
from bot.policy.library import Policy, Reading
from bot.policy.loading import read_policies
from bot.storage.database import Storage, StorageError, beside, reader
from bot.storage.spreadsheets import as_csv
from bot.times import iso, system_clock

if TYPE_CHECKING:
    from bot.policy.decisions import Decisions
    from bot.policy.provisions import Block

SUBCOMMAND = "COMMANDE [ARGUMENTS]…"
FILE = click.Path(path_type=Path, dir_okay=False)


class _Date(click.ParamType["date"]):
    """A date option, with the same error messages as in the chat."""

    name = "date"

    def convert(self, value: str | date, _: click.Parameter | None, context: click.Context | None) -> date:
        """Parse the typed date."""
        from bot.language.dates import DateError, read_date

        if isinstance(value, date):
            return value
        try:
            read = read_date(value, date.today())  # noqa: DTZ011 — the machine's own date
        except DateError as error:
            raise click.BadParameter(str(error), context) from error
        if not read.exact:  # nobody could confirm an inferred year on a command line
            raise click.BadParameter("Écrivez le jour, le mois et l'année.", context)
        return read.day

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 — click's signature
        """Return the format of a date, for the help."""
        return "AAAA-MM-JJ"


DATE = _Date()

_JSON_HELP = "Répondre en JSON."
_REFUSED = 2  # the exit code of wrong usage or settings
policy_option = click.option(
    "--politique", "name", metavar="POLITIQUE", help="Une autre politique que la vôtre."
)
json_flag = click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)

PortCheck: TypeAlias = Callable[[click.Context, click.Parameter, int | None], int | None]
Rooms: TypeAlias = Mapping[Callable[[], Sequence[click.Command]], Sequence[str]]
Rows: TypeAlias = Sequence[Mapping[str, object]]  # the lines of a table, by column
Decorated = TypeVar("Decorated", bound=Callable[..., object])


def port_from(lowest: int) -> PortCheck:
    """Return the check of an option that is a port, from `lowest` up."""

    # `IntRange` would show 1<=x<=65535 in the help.
    def check(_: click.Context, __: click.Parameter, port: int | None) -> int | None:
        if port is not None and not lowest <= port <= HIGHEST_PORT:
            raise click.BadParameter(f"il faut un nombre de {lowest} à {HIGHEST_PORT}.")
        return port

    return check


def agreed(question: str, *, unanswered: str = "") -> bool:
    """Ask a question until the answer is yes or no, in French. Return whether it is yes.

    click's own prompt accepts only « y » and « n ». `unanswered`: what else can be done where nobody can
    answer, for a question that no option answers in advance.
    """

    def yes(text: str) -> bool:
        word = text.strip().lower()
        if word not in {"oui", "o", "non", "n"}:
            raise click.UsageError("répondez oui ou non.")
        return word in {"oui", "o"}

    try:  # on standard error, since a program may read standard output
        return bool(click.prompt(f"{question} (oui ou non)", value_proc=yes, prompt_suffix=" ", err=True))
    except click.Abort as abort:
        if not (unanswered and isinstance(abort.__context__, EOFError)):
            raise
        click.echo(err=True)  # after the question, which ends without a line break
        refuse(
            f"personne n'a répondu\u00a0: rien n'est fait. Lancez la commande dans un terminal, {unanswered}."
        )


def write(path: Path, content: bytes) -> None:
    """Write the file that the person asked for, or print an error and exit with code 2."""
    try:
        path.write_bytes(content)
    except OSError:
        refuse(f"{path} ne peut pas être écrit. Vérifiez son dossier et vos droits.")


@contextmanager
def reading(file: Path) -> Iterator[bytes]:
    """Yield the content of a file, and show progress meanwhile. An unreadable file ends the command."""
    try:
        content = file.read_bytes()
    except OSError as error:
        check = "son nom" if isinstance(error, FileNotFoundError) else "vos droits"
        refuse(f"{file} ne se lit pas. Vérifiez {check}.")
    try:
        with working(f"Je lis {file.name}"):
            yield content
    except PolicyError as error:
        refuse(str(error), 1)


def confirmed(question: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator that makes the command ask `question` first, unless `--oui` is given."""

    def ask(context: click.Context, _: click.Parameter, yes: bool) -> None:
        if not yes and not agreed(question):
            context.abort()

    return click.option("--oui", is_flag=True, expose_value=False, callback=ask, help="Sans demander.")


def one_of(name: str, flags: Mapping[str, str], ask: str = "") -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds mutually exclusive flags to a command.

    click alone would let the last flag win. `flags`: the help of each flag, by its word without the dashes.
    The parameter `name` receives the word of the flag that was given, or None. `ask`: a question to ask when
    no flag is given. Yes means the first flag, no the second.
    """
    words = tuple(flags)

    def choose(context: click.Context, option: click.Parameter, present: bool) -> None:
        word = option.opts[0].removeprefix("--")
        earlier = context.params.setdefault(name, None)
        if present and earlier:
            raise click.UsageError(f"--{earlier} et --{word} s'excluent\u00a0: choisissez.", context)
        if present:
            context.params[name] = word
        elif ask and earlier is None and word == words[-1]:  # click calls the absent options last
            context.params[name] = words[0] if agreed(ask) else words[1]

    def add(command: Decorated) -> Decorated:
        for word in reversed(words):
            option = click.option(
                f"--{word}", is_flag=True, expose_value=False, callback=choose, help=flags[word]
            )
            command = option(command)
        return command

    return add


as_table = one_of("form", {"json": "Répondre en JSON.", "csv": "Répondre en CSV."})

output_option = click.option(
    "--sortie", "out", type=FILE, metavar="FICHIER", help="Écrire dans ce fichier, et non à l'écran."
)


class CommandGroup(click.Group):
    """A group of commands that prints an error on one line and exits with code 2.

    Wrong settings get one line each. A missing subcommand is reported in the same way. `rooms`: names of
    commands, by the function that imports them. The function is called when one of its commands is run, or
    when all commands are listed. `options`: passed to click.
    """

    def __init__(self, name: str = "", rooms: Rooms = MappingProxyType({}), **options: Any) -> None:  # noqa: ANN401 — click's own types
        metavar = f"[{SUBCOMMAND}]" if options.get("invoke_without_command") else SUBCOMMAND
        super().__init__(name, **{"subcommand_metavar": metavar, "no_args_is_help": False, **options})
        self._rooms = {command: room for room, commands in rooms.items() for command in commands}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all the commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._rooms})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None when there is no command of that name."""
        if cmd_name in self._rooms and cmd_name not in self.commands:
            for command in self._rooms[cmd_name]():
                self.add_command(command)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command at the start of `args`, even with accents or capitals that its name lacks."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            from bot.policy.search import fold_accents

            folded = fold_accents(error.command_name)
            if command := self.get_command(ctx, folded):
                return folded, command, args[1:]
            names = self.list_commands(ctx)  # including the commands of rooms that are not imported
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=names, ctx=ctx) from error

    def invoke(self, context: click.Context) -> object:
        """Run the requested command."""
        try:
            return super().invoke(context)
        except (SystemExit, click.exceptions.Exit, click.ClickException):
            raise  # before `_explained_errors` imports rooms that these refusals do not need
        except SettingsError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            raise SystemExit(2) from error
        except _explained_errors() as error:
            refuse(str(error))
        except _spoken_errors() as error:
            refuse(after_colon(str(error)))


def _explained_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose text is one line of French. Only called after an error."""
    from bot.policy.articles import PolicyError
    from bot.register.sealed_pages import ReceiptError
    from bot.reports.keys import SealError
    from bot.reports.records import ReportError
    from bot.revision.revisions import RevisionError

    return (ExplainedError, PolicyError, ReceiptError, ReportError, RevisionError, SealError)


def _spoken_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose text is a full sentence for the chat. Only called after an error."""
    from bot.people.roles import RoleError

    return (RoleError, UserError)


def after_colon(sentence: str) -> str:
    """Return a full sentence as it is printed after « vigie : »: without its capital."""
    return sentence[:1].lower() + sentence[1:]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The options that precede the command (click's `obj`): the settings file and `--essai`.

    `sandbox`: whether the command may act on the sandbox's database.
    """

    env_file: Path | None = None
    sandbox: bool = False


def _command_line() -> CommandLine:
    return click.get_current_context().find_object(CommandLine) or CommandLine()


def settings_place() -> Path:
    """Return the path of the settings file, which may not exist."""
    return _command_line().env_file or places.settings_file()


def configured() -> settings.Settings:
    """Return the settings. Raises `SettingsError`."""
    return settings.load(_command_line().env_file)


def make_state_folder(config: settings.Settings) -> None:
    """Make the folder of the state, unless a setting names another. Exit with code 2 if it cannot be made."""
    if config.vigie_db or config.vigie_data:
        return
    try:
        places.make_state_folder()
    except OSError:
        refused = f"le dossier {places.state_folder()} ne peut pas être créé."
        refuse(f"{refused} Vérifiez vos droits, ou réglez VIGIE_DB.")


def open_storage(config: settings.Settings, tell: Callable[[str], object]) -> Storage:
    """Open the database.

    Before an upgrade, make a copy of the database, and tell where it is. Raises `StorageError`.
    """
    make_state_folder(config)
    if former := restore.keep_before_upgrade(config.database(), system_clock()):
        days = config.vigie_sauvegardes_jours
        tell(f"La base est mise à niveau. L'ancienne est gardée {days} jours\u00a0: {former}")
    return Storage(config.database())


def real_settings() -> settings.Settings:
    """Return the settings for a command on real records. In a sandbox without `--essai`, exit with code 2."""
    config = configured()
    if config.sandboxed() and not _command_line().sandbox:
        refuse(
            f"aucun jeton n'est réglé\u00a0: ce serait la base du bac à sable ({config.database()}). "
            f"Les réglages se lisent dans {settings_place().absolute()}; --reglages en donne d'autres. "
            "Pour le bac à sable, ajoutez --essai après «\u00a0vigie\u00a0»."
        )
    return config


def parts() -> Parts:
    """Return the parts of the configured bot, for a command that only reads.

    Without a token, the association's database is not read, although it may contain newer texts. A warning
    says so.
    """
    config = configured()
    unread = config.real_database()
    if config.sandboxed() and not _command_line().sandbox and unread.is_file():
        click.echo(
            f"Aucun jeton n'est réglé : la base de l'association ({unread}) n'est pas lue, et les révisions "
            "qui y sont adoptées n'apparaissent pas. Pour ne plus lire ceci, ajoutez --essai après "
            "« vigie ».",
            err=True,
        )
    return Parts(config, system_clock)


def shipped_policies() -> list[Policy]:
    """Return the policies that come with the program, whatever the settings."""
    names = sorted(path.name for path in (settings.SEED / "politique").iterdir())
    return [read_policies((settings.SEED,), name, {})[name] for name in names]


def real_parts() -> Parts:
    """Return the parts of the bot for a command that acts on real records (see `real_settings`)."""
    return Parts(real_settings(), system_clock)


def find_served(bot: Parts, policy: str) -> Policy | None:
    """Return a policy by its id, None if it is not served.

    The default policy may have no text yet.
    """
    try:
        return bot.library.policies.get(policy)
    except PolicyError:
        if policy != bot.settings.profile.policy:
            raise
        return None


def known_decisions(bot: Parts, policy: str, blocks: "Sequence[Block]") -> "Decisions":
    """Return the decisions that people made about the lines of a policy's earlier documents.

    There are none for an unknown policy, or without a database.
    """
    from bot.policy.decisions import NONE
    from bot.policy.outline import settle
    from bot.revision import dropped_texts

    decisions = NONE
    path = bot.settings.database()
    served_policy = find_served(bot, policy)
    if path.is_file():
        with read_only(path) as db:
            decisions = dropped_texts.kept_decisions(db, policy)
    return settle(blocks, decisions, served_policy.versions[-1].outline if served_policy else None)


@contextmanager
def read_only(path: Path) -> Iterator[Database]:
    """Yield the database, open for reading in one transaction. Raises `StorageError`."""
    if not path.is_file():
        raise StorageError(f"il n'y a pas de base à {path}. Vérifiez VIGIE_DB.")
    with closing(reader(path).conn) as connection:
        connection.execute("BEGIN")
        yield Database(connection)


@contextmanager
def real_bot() -> Iterator[tuple[Parts, Database]]:
    """Yield the real bot's parts and database, in one short transaction. Raises `StorageError`.

    A bot may be running on the same database at the same time.
    """
    bot = real_parts()
    with beside(bot.settings.database()) as db:
        yield bot, db


def dump(value: object) -> str:
    """Return `value` as readable JSON, with dates and times in ISO 8601 and paths as strings."""

    def written(field: object) -> str:
        return iso(field) if isinstance(field, datetime) else str(field)

    return json.dumps(value, ensure_ascii=False, indent=2, default=written)


def table(form: str | None, value: object, columns: Sequence[str], rows: Rows, text: str) -> str:
    """Return `value` in JSON, `rows` in CSV or `text`. `form`: the flag of `as_table` that was given."""
    if form == "json":
        return dump(value)
    return as_csv(columns, [[row[column] for column in columns] for row in rows]) if form == "csv" else text


def show(value: object, text: str, as_json: bool) -> None:
    """Print `value` in JSON or, without `--json`, print `text`."""
    click.echo(dump(value) if as_json else text)


def add_json(command: click.Command) -> None:
    """Add `--json` to a command that acts. It then prints what it did: {"done": bool, "text": str}.

    `done`: whether the exit code is 0. `text`: what the command would print without `--json`. A refusal (exit
    code 2) is still one line on standard error.
    """
    act = command.callback
    assert act is not None  # noqa: S101 — only groups have no callback

    def answer(*words: object, as_json: bool, **options: object) -> None:
        printed, code = io.StringIO(), 0
        if not as_json:
            act(*words, **options)
            return
        try:
            with redirect_stdout(printed):
                act(*words, **options)
        except SystemExit as ending:
            code = int(ending.code or 0)
            if code == _REFUSED:
                raise
        click.echo(dump({"done": not code, "text": printed.getvalue().strip()}))
        raise SystemExit(code)

    command.callback = functools.update_wrapper(answer, act)
    command.params.append(click.Option(["--json", "as_json"], is_flag=True, help=_JSON_HELP))


def point_to_other_words(reading: Reading, other: Reading, numbers: str, voice: Voice = FRENCH) -> str:
    """Return the line that says that the words differ on another day, with the command that prints them.

    `other`: the reading on that day. `numbers`: the clauses to read, "" for the table of contents.
    """
    read = voice("Pour les lire\u00a0: {command}.", command=f"vigie {other.command(numbers)}")
    return f"{say_other_words(reading, other, voice)} {read}"


def conclude(done: bool, yes: str, no: str) -> None:
    """Print `yes` if `done`. Otherwise, print `no` on standard error and exit with code 1."""
    click.echo(yes if done else no, err=not done)
    if not done:
        raise SystemExit(1)


def refuse(problem: str, code: int = _REFUSED) -> NoReturn:
    """Print one line on standard error, and exit with `code`."""
    click.echo(f"vigie\u00a0: {problem}", err=True)
    raise SystemExit(code)
