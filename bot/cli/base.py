"""What every part of the command line shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from bot import settings
from bot.app.build import Parts
from bot.storage import database
from bot.times import system_clock

SUBCOMMAND = "COMMANDE [ARGUMENTS]…"
DAY = "AAAA-MM-JJ"  # how a date is written

json_flag = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")

Decorated = TypeVar("Decorated", bound=Callable[..., object])


def agreed(question: str) -> bool:
    """Ask until the answer is yes or no, in French: click's own question takes « y » and « n » only."""
    return bool(click.prompt(f"{question} (oui ou non)", value_proc=_yes, prompt_suffix=" "))


def _yes(text: str) -> bool:
    word = text.strip().lower()
    if word not in {"oui", "o", "non", "n"}:
        raise click.UsageError("répondez oui ou non.")
    return word in {"oui", "o"}


def confirmed(question: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator that has a command ask `question` first, unless `--oui` is given."""

    def ask(context: click.Context, _: click.Parameter, given: bool) -> None:
        if not given and not agreed(question):
            context.abort()

    return click.option("--oui", is_flag=True, expose_value=False, callback=ask, help="Sans demander.")


def one_of(name: str, flags: Mapping[str, str], ask: str = "") -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds flags of which one may be given, since click lets the last one win.

    `flags`: the help of each, by its word without the dashes. `name`: the command's parameter, the word
    of the flag that was given, else None. `ask`: the question whose yes is the first flag and whose no is
    the second, when neither is given.
    """
    words = tuple(flags)

    def take(context: click.Context, option: click.Parameter, given: bool) -> None:
        word = option.opts[0].removeprefix("--")
        earlier = context.params.setdefault(name, None)
        if given and earlier:
            raise click.UsageError(f"--{earlier} et --{word} s'excluent\u00a0: choisissez.", context)
        if given:
            context.params[name] = word
        elif ask and earlier is None and word == words[-1]:  # click comes to what is not given last
            context.params[name] = words[0] if agreed(ask) else words[1]

    def add(command: Decorated) -> Decorated:
        for word in reversed(words):
            option = click.option(
                f"--{word}", is_flag=True, expose_value=False, callback=take, help=flags[word]
            )
            command = option(command)
        return command

    return add


as_table = one_of("form", {"json": "Répondre en JSON.", "csv": "Répondre en CSV."})


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What was written before the command, click's `obj`: the file of settings, and `--essai`.

    `sandbox`: whether the sandbox's own database is meant.
    """

    env_file: Path | None = None
    sandbox: bool = False


def _written() -> CommandLine:
    return click.get_current_context().find_object(CommandLine) or CommandLine()


def configured() -> settings.Settings:
    """Read the settings; end with exit code 2 and a line for each problem when they cannot be used."""
    try:
        return settings.load(_written().env_file)
    except settings.SettingsError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        raise SystemExit(2) from error


def kept() -> settings.Settings:
    """Read the settings of a command that acts on what is kept: never on the sandbox's by mistake."""
    config = configured()
    if config.sandboxed() and not _written().sandbox:
        refuse(
            f"aucun jeton n'est réglé\u00a0: ce serait la base du bac à sable ({config.database()}). "
            "Lancez la commande dans le dossier du fichier .env, ou donnez ce fichier avec --reglages. "
            "Pour le bac à sable, ajoutez --essai après «\u00a0vigie\u00a0»."
        )
    return config


def parts() -> Parts:
    """Return the parts of the bot that the settings describe, for a command that only reads."""
    return Parts(configured(), system_clock)


def kept_parts() -> Parts:
    """Return them for a command that acts on what is kept: never on the sandbox's by mistake."""
    return Parts(kept(), system_clock)


def dump(value: object) -> str:
    """Write `value` as JSON for people and programs."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def refuse(problem: str) -> NoReturn:
    """End with exit code 2 and one line."""
    click.echo(f"vigie\u00a0: {problem}", err=True)
    raise SystemExit(2)


@contextmanager
def storage_refusals() -> Iterator[None]:
    """End with the one line that a `StorageError` is."""
    try:
        yield
    except database.StorageError as error:
        refuse(str(error))
