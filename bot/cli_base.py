"""What every part of the command line shares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from bot import settings, storage

SANDBOX = "vigie.essai"  # in click's `meta`: whether the sandbox's own database is meant
SUBCOMMAND = "COMMANDE [ARGUMENTS]…"
DAY = "AAAA-MM-JJ"  # how a date is written

json_flag = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")


def configured() -> settings.Settings:
    """Read the settings; end with exit code 2 and a line for each problem when they cannot be used."""
    try:
        return settings.load(click.get_current_context().obj)
    except settings.SettingsError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        raise SystemExit(2) from error


def kept() -> settings.Settings:
    """Read the settings of a command that acts on what is kept: never on the sandbox's by mistake."""
    config = configured()
    if config.sandboxed() and not click.get_current_context().meta.get(SANDBOX):
        refuse(
            f"aucun jeton n'est réglé\u00a0: ce serait la base du bac à sable ({config.database()}). "
            "Lancez la commande dans le dossier du fichier .env, ou donnez ce fichier avec --reglages. "
            "Pour le bac à sable, ajoutez --essai après «\u00a0vigie\u00a0»."
        )
    return config


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
    except storage.StorageError as error:
        refuse(str(error))
