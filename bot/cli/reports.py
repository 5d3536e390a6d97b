"""Commands for reports of negative posts: queue, export, figures, keys and post addresses."""

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from bot.app import kept_keys
from bot.cli import base
from bot.cli.lines import LineError, numbered_lines, read_json
from bot.cli.progress import working
from bot.language.bands import BAND
from bot.reports import keys, queue, records, retention, routing
from bot.reports.addresses.addresses import Addresses, load_addresses
from bot.reports.figures import export as report_export
from bot.reports.figures import statistics as report_statistics
from bot.reports.keys import SealError
from bot.reports.records import STATUSES, ReportError
from bot.settings import SEED
from bot.storage import files, keepsakes
from bot.storage.database import beside
from bot.typesetting.typeset import typeset

_SHORTEST: Final = 6  # minimum number of characters of a case's identifier
_NO_ADDRESS: Final[dict[str, str | None]] = {"platform": None, "canonical": None}
_COLUMNS: Final = ("table", "label", "at_least", "at_most")


@click.group(
    name="signalements",
    cls=base.CommandGroup,
    invoke_without_command=True,
    help="L'état des signalements, en nombres\u00a0: ni contenu, ni identité. Le code de sortie est 1 quand "
    "ils n'atteignent personne.",
    short_help="L'état des signalements, sans leur contenu.",
)
@base.json_flag
@click.pass_context
def signalements(context: click.Context, as_json: bool) -> None:
    """Print the state of the reports. Exit with code 1 if they reach nobody, or if an alert has failed."""
    if context.invoked_subcommand is not None:
        return
    with base.real_bot() as (bot, db):
        state = queue.read_queue(db, bot.today())
        titles = routing.titles(db)
    if as_json:
        click.echo(base.dump({**asdict(state), "open": state.open, "ok": state.sound}))
    else:
        for status, label in STATUSES.items():
            click.echo(f"{label}\u00a0: {state.by_status[status]}")
        click.echo(f"Ouverts\u00a0: {state.open}, dont urgents\u00a0: {state.urgent}")
        click.echo(f"Pas encore annoncés\u00a0: {state.waiting}")
        click.echo(f"Gardés au-delà du terme\u00a0: {state.held}")
        if state.dead:
            click.echo(f"Alertes non remises\u00a0: {state.dead}. Voyez\u00a0: vigie lettres.")
        for role in state.vacant:
            click.echo(f"Vacant\u00a0: {titles.get(role, role)}. Voyez\u00a0: vigie roles nommer.")
    sys.exit(0 if state.sound else 1)


# --- Export and figures -----------------------------------------------------------------------


@signalements.command(name="exporter", help="Écrire le dossier d'un signalement en PDF, et son empreinte.")
@click.argument("signalement")
@click.option(
    "--sortie",
    "out",
    type=base.FILE,
    metavar="FICHIER",
    help="Où l'écrire (par défaut, ici, sous son numéro).",
)
@base.json_flag
def _export(signalement: str, out: Path | None, as_json: bool) -> None:
    """Write the PDF of a case in a new file, readable by its owner alone."""
    start = signalement.strip().lower()
    with base.real_bot() as (bot, db):
        session = bot.records_of(db).at(db)
        rows = session.execute(
            "SELECT id FROM report_cases WHERE substr(id, 1, ?) = ?", (len(start), start)
        ).fetchall()
        if len(start) < _SHORTEST or len(rows) != 1:
            raise ReportError(f"aucun signalement ne commence par «\u00a0{signalement[:40]}\u00a0».")
        [[case_id]] = rows
        data = report_export.export(session, case_id, bot.settings.profile.association)
    with working("Je mets le dossier en pages"):
        content = typeset(report_export.TEMPLATE, data, "pdf")
    path = out or Path(f"signalement-{case_id[:_SHORTEST]}.pdf")
    _write_new(path, content)
    digest = hashlib.sha256(content).hexdigest()
    values = {"file": str(path), "sha256": digest, "content_sha256": data["digest"]}
    digests = f"SHA-256 du fichier\u00a0: {digest}\nSHA-256 du contenu\u00a0: {data['digest']}"
    base.show(values, f"Écrit dans {path}.\n{digests}", as_json)


def _write_new(path: Path, content: bytes) -> None:
    """Write a new file, readable by its owner alone. Raises `StorageError`."""
    if path.exists():
        base.refuse(f"{path} existe déjà. Choisissez un autre nom.")
    files.write_whole(path, content)


@signalements.command(
    name="statistiques",
    help="Compter les signalements, par tranches de cinq\u00a0: aucun nombre ne désigne personne.",
    short_help="Compter les signalements, par tranches de cinq.",
)
@base.as_table
@base.output_option
def _statistics(form: str | None, out: Path | None) -> None:
    """Print the figures of the reports that someone received."""
    with base.real_bot() as (bot, db):
        session = bot.records_of(db).at(db)
        tables = report_statistics.tables(session, report_statistics.visible(session))
    rows = report_statistics.rows(tables)
    value = {"band": BAND, "figures": rows}
    lines = report_statistics.lines(tables)
    text = base.table(form, value, _COLUMNS, rows, "\n".join(lines)).rstrip("\n")
    if out is None:
        click.echo(text)
    else:
        _write_new(out, f"{text}\n".encode())
        click.echo(f"Écrit dans {out}.")


# --- The keys ---------------------------------------------------------------------------------


@signalements.command(
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
def _key(renouveler: bool, detruire: bool) -> None:
    """List the keys of reports, replace the current key, or destroy the old ones."""
    config = base.real_settings()
    folder, database = config.keys(), config.database()
    with beside(database) as db:
        made = keepsakes.find(db, records.KEYS, folder, needed=kept_keys.needed(db, records.KEYS, config))
    if not made:
        click.echo("Il n'y a pas encore de clé\u00a0: elle sera faite au prochain démarrage.")
        return
    if renouveler or detruire:
        destroyed: tuple[str, ...] = ()
        try:
            # A transaction, so that two renewals at once do not each store a file without the other's key.
            with beside(database) as db:
                resealed = retention.reseal(
                    db, keys.rotate(folder) if renouveler else keys.load_keyring(folder)
                )
            # Another one, so that no key is destroyed before what replaces its content is committed, and no
            # report is sealed meanwhile.
            if detruire:
                with beside(database) as db:
                    destroyed = keys.retire(folder, retention.keys_used(db))
        except SealError as error:
            base.refuse(f"{error} Rien n'est détruit.")
        if resealed:
            click.echo(f"Scellés à nouveau\u00a0: {resealed}", err=True)
        for key in destroyed:
            click.echo(f"Détruite\u00a0: {key}", err=True)
    ring = keys.load_keyring(folder)
    click.echo(f"En usage\u00a0: {ring.current_name}")
    for key in ring.former_names:
        click.echo(f"Ancienne\u00a0: {key}")


# --- Addresses of posts -----------------------------------------------------------------------


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
@base.json_flag
def adresse(texte: tuple[str, ...], lot: bool, as_json: bool) -> None:
    """Print the canonical address of a post. Exit with code 1 when the text has none."""
    addresses = load_addresses(SEED)
    if lot:
        if texte:
            base.refuse("avec --lot, les textes viennent de l'entrée standard.")
        for number, line in numbered_lines():
            click.echo(json.dumps(_address_json(addresses, _json_text(line, number)), ensure_ascii=False))
        return
    if not texte:
        base.refuse("donnez le texte qui contient l'adresse, ou --lot.")
    address = _address_json(addresses, " ".join(texte))
    if as_json:
        click.echo(json.dumps(address, ensure_ascii=False))
    elif address["canonical"]:
        click.echo(f"{address['platform']}\u00a0: {address['canonical']}")
    else:
        click.echo("Il n'y a pas d'adresse Web dans ce texte.", err=True)
    sys.exit(0 if address["canonical"] else 1)


def _address_json(addresses: Addresses, text: str) -> dict[str, str | None]:
    post = addresses.find(text)
    return asdict(post) if post else _NO_ADDRESS


def _json_text(line: bytes, number: int) -> str:
    try:
        text = read_json(line)
    except LineError:
        text = None
    if not isinstance(text, str):
        base.refuse(f"ligne {number}\u00a0: il faut une chaîne JSON, entre guillemets.")
    return text


COMMANDS: Final = (adresse, signalements)
