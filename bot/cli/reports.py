"""The part of the command line about reports: the canonical address of a post, and the keys that seal."""

from __future__ import annotations

import json
import sys
from typing import Final, TypeAlias

import click

from bot.cli.base import json_flag, kept, refuse, storage_refusals
from bot.reports import keys, records, retention
from bot.reports.addresses.addresses import Addresses, load_addresses
from bot.reports.keys import KEY_FILE, SealError
from bot.settings import SEED, Settings
from bot.storage.database import beside

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
    reader = load_addresses(SEED)
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
    found = reader.find(text)
    return {"platform": found.platform, "canonical": found.canonical} if found else _NONE


# --- The keys, under « vigie signalements » ----------------------------------------------------


@click.command(
    name="cle",
    short_help="Changer la clé qui scelle les signalements.",
    help="Nommer les clés des signalements ou, avec une option, changer celle qui les scelle. Vigie peut "
    "rester en marche.",
)
@click.option(
    "--renouveler",
    is_flag=True,
    help="Faire une nouvelle clé et sceller à nouveau ce qui est gardé; les anciennes ouvrent encore les "
    "copies.",
)
@click.option(
    "--detruire",
    is_flag=True,
    help="Détruire les anciennes clés\u00a0: les signalements des copies d'avant ne s'ouvriront plus jamais.",
)
def cle(renouveler: bool, detruire: bool) -> None:
    """Name the keys of reports, change the one in use, or destroy the others."""
    config = kept()
    with storage_refusals():
        if not (config.keys() / KEY_FILE).exists():
            _none_yet(config)
            return
        if renouveler:
            keys.rotate(config.keys())
        if renouveler or detruire:
            try:
                _seal_anew(config, destroy=detruire)
            except SealError as error:
                refuse(f"{error} Rien n'est détruit.")
        ring = keys.keyring(config.keys())
    click.echo(f"En usage\u00a0: {ring.current}")
    for one in ring.former:
        click.echo(f"Ancienne\u00a0: {one}")


def _none_yet(config: Settings) -> None:
    """Say that there are no keys; raise `StorageError` when there should be."""
    with beside(config.database()) as db:
        if records.any_report(db):
            keys.keyring(config.keys())
    click.echo("Il n'y a pas encore de clé\u00a0: elle sera faite au premier signalement.")


def _seal_anew(config: Settings, *, destroy: bool) -> None:
    """Seal everything with the key in use, and destroy the others while nobody can seal with them."""
    with beside(config.database()) as db:
        anew = retention.reseal(db, keys.keyring(config.keys()))
        gone = keys.retire(config.keys()) if destroy else ()
    if anew:
        click.echo(f"Scellés à nouveau\u00a0: {anew}", err=True)
    for one in gone:
        click.echo(f"Détruite\u00a0: {one}", err=True)


COMMANDS: Final = (adresse,)
