"""The part of the command line about reports: the canonical address of a post."""

from __future__ import annotations

import json
import sys
from typing import Final, TypeAlias

import click

from bot.cli_base import json_flag, refuse
from bot.policy import addresses
from bot.policy.addresses import Addresses
from bot.settings import SEED

_Described: TypeAlias = dict[str, str | None]
_NONE: Final[_Described] = {"platform": None, "canonical": None}


@click.command(
    name="adresse",
    short_help="Écrire l'adresse canonique d'une publication.",
    help="Écrire l'adresse canonique de la publication dont un texte contient l'adresse, sans rien de la "
    "personne qui la partage. Aucun accès au réseau.",
)
@click.argument("texte", nargs=-1, metavar="[TEXTE]…")
@click.option(
    "--lot",
    is_flag=True,
    help="Lire une chaîne JSON par ligne sur l'entrée standard; répondre en JSON, une ligne pour chacune.",
)
@json_flag
def adresse(texte: tuple[str, ...], lot: bool, as_json: bool) -> None:
    """Print the canonical address found in a text; exit 1 when there is none."""
    reader = addresses.load(SEED)
    if lot:
        if texte:
            refuse("avec --lot, les textes viennent de l'entrée standard.")
        _each_line(reader)
        return
    if not texte:
        refuse("donnez le texte qui contient l'adresse, ou --lot.")
    found = _described(reader, " ".join(texte))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif found["canonical"]:
        click.echo(f"{found['platform']}\u00a0: {found['canonical']}")
    else:
        click.echo("Il n'y a pas d'adresse Web dans ce texte.", err=True)
    sys.exit(0 if found["canonical"] else 1)


def _each_line(reader: Addresses) -> None:
    """Answer each line of the standard input as it comes; end with exit code 2 at one that is no text."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)
        except ValueError:
            text = None
        if not isinstance(text, str):
            refuse(f"ligne {number}\u00a0: il faut une chaîne JSON, entre guillemets.")
        click.echo(json.dumps(_described(reader, text), ensure_ascii=False))


def _described(reader: Addresses, text: str) -> _Described:
    found = reader.read(text)
    return {"platform": found.platform, "canonical": found.canonical} if found else _NONE


COMMANDS: Final = (adresse,)
