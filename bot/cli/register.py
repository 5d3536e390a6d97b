"""Commands for the register of attestations: verify it or a receipt, export, keys, erasure."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

import click

from bot.backup import destroyed
from bot.cli import base
from bot.cli.progress import working
from bot.register import attestations, receipt, signing
from bot.register.attestations import Audit
from bot.register.receipt import ReceiptError
from bot.register.signing import Ring
from bot.storage.database import StorageError
from bot.storage.spreadsheets import as_csv

LARGEST_LISTED: Final = 10  # faults to list; `--json` lists them all

_FILE: Final = click.Path(path_type=Path)

# The columns of the CSV, for people who open it in a spreadsheet. Programs read the JSON.
_HEADERS: Final = {
    "number": "numero",
    "name": "nom",
    "previous": "precedente",
    "policy": "politique",
    "version": "version",
    "text_sha256": "sha256_du_texte",
    "statement": "attestation",
    "attested_at": "attestee_le",
    "platform": "plateforme",
    "name_commitment": "engagement_du_nom",
    "account_commitment": "engagement_du_compte",
    "key_id": "cle",
    "digest": "empreinte",
    "signature": "signature",
}


registre = base.CommandGroup(
    "registre", help="Le registre des attestations de lecture.", no_args_is_help=True
)


def _public_keys(file: Path | None, folder: Path, *, required: bool = True) -> Ring:
    """Return the public keys in `file`, or in the key folder when it is None. Raises `StorageError`."""
    ring = signing.read_ring(file) if file else signing.load_ring(folder)
    if required and not ring:
        raise StorageError(
            f"il n'y a aucune clé publique à {file or folder}. Vérifiez VIGIE_CLES, ou donnez --cles."
        )
    return ring


# --- verifier ---------------------------------------------------------------------------------


@registre.command(
    name="verifier",
    short_help="Vérifier le registre, ou un reçu.",
    help="Vérifier le registre (la chaîne, les signatures, la fin) ou, sans la base, un reçu en PDF.",
)
@click.argument("recu", type=_FILE, metavar="[RECU.pdf]", required=False)
@click.option(
    "--cles", type=_FILE, metavar="FICHIER", help="Les clés publiques (sinon, celles de VIGIE_CLES)."
)
@base.json_flag
def _verify(recu: Path | None, cles: Path | None, as_json: bool) -> None:
    """Verify the register or a receipt. Anyone can verify a receipt with the public keys alone."""
    if recu:
        _verify_receipt(recu, cles, as_json)
    else:
        _verify_register(cles, as_json)


def _verify_receipt(file: Path, key_file: Path | None, as_json: bool) -> None:
    bot = base.parts()
    ring = _public_keys(key_file, bot.settings.keys())
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file} ne se lit pas.") from error
    try:
        attestation = receipt.verify_receipt(content, ring)
    except ReceiptError as error:
        base.show({"ok": False, "problem": str(error)}, f"{file.name}\u00a0: {error}", as_json)
        sys.exit(1)
    entry = attestation.entry
    text = (
        f"Ce reçu est authentique.\n"
        f"«\u00a0{entry.statement}\u00a0»\n"
        f"{attestation.name or 'Nom non précisé'}, le "
        f"{receipt.local_time(entry.attested_at, bot.calendar.zone)}\n"
        f"Inscription {entry.number}\u00a0: {entry.digest}\n"
        f"Texte attesté\u00a0: {entry.text_sha256}\n"
        f"Clé\u00a0: {entry.key_id}"
    )
    base.show({"ok": True, "name": attestation.name, **asdict(entry)}, text, as_json)


def _verify_register(cles: Path | None, as_json: bool) -> None:
    config = base.real_settings()
    ring = _public_keys(cles, config.keys(), required=False)
    keys = config.keys()
    if cles and not (keys / signing.HEAD_FILE).exists():  # on another machine, it is beside the public keys
        keys = cles.parent
    with base.read_only(config.database()) as db:
        audit, end_checked = attestations.verify_with_end(db, ring, keys)
    values = {
        "ok": not audit.faults,
        "attestations": audit.entries,
        "erased": audit.erased,
        "end_checked": end_checked,
        "faults": [asdict(fault) for fault in audit.faults],
    }
    base.show(values, "\n".join(_report_lines(audit)), as_json)
    if audit.faults:
        sys.exit(1)


def _report_lines(audit: Audit) -> Iterator[str]:
    """Yield the findings of a verification, starting with the first bad entry."""
    if faults := audit.faults:
        lines = [
            f"{fault.number}\u00a0: {fault.text}."
            if fault.number
            else f"{fault.text[0].upper()}{fault.text[1:]}."
            for fault in faults[:LARGEST_LISTED]
        ]
        first = "Première inscription en cause\u00a0: " if faults[0].number else ""
        yield f"Le registre a été altéré. {first}{lines[0]}"
        yield from lines[1:]
        if len(faults) > LARGEST_LISTED:
            yield f"Et {len(faults) - LARGEST_LISTED} autres\u00a0: voyez --json."
        return
    entries = f"{audit.entries} inscription" + ("s" if audit.entries > 1 else "")
    erased = f", dont {audit.erased} sans nom, effacé depuis" if audit.erased else ""
    yield f"Le registre est intact\u00a0: {entries}{erased}."


# --- recu, exporter ---------------------------------------------------------------------------


@registre.command(
    name="recu",
    short_help="Refaire le reçu d'une attestation.",
    help="Refaire le reçu d'une attestation, en PDF, signé de la clé en usage. NUMÉRO\u00a0: celui de "
    "l'inscription (vigie registre exporter).",
)
@click.argument("numero", type=int, metavar="NUMÉRO")
@click.option(
    "--sortie", "out", type=_FILE, metavar="FICHIER", help="Où l'écrire (par défaut, recu-NUMÉRO.pdf ici)."
)
@base.json_flag
def _receipt(numero: int, out: Path | None, as_json: bool) -> None:
    bot = base.real_parts()
    with base.read_only(bot.settings.database()) as db:
        attestation = next(
            (entry for entry in attestations.all_attestations(db) if entry.entry.number == numero), None
        )
    if attestation is None or attestation.name is None:
        why = "n'existe pas" if attestation is None else "n'a plus de nom\u00a0: il a été effacé"
        problem = f"L'inscription {numero} {why}."
        base.show({"ok": False, "number": numero, "problem": problem}, problem, as_json)
        sys.exit(1)
    with working("Je fais le reçu"):
        content = receipt.make_receipt(attestation, bot.issuer, signing.load_signer(bot.settings.keys()))
    file = out or Path(f"recu-{numero}.pdf")
    base.write(file, content)
    values = {"ok": True, "number": numero, "file": str(file), "sha256": hashlib.sha256(content).hexdigest()}
    base.show(values, f"Le reçu de l'inscription {numero} est dans {file}.", as_json)


@registre.command(name="exporter", help="Écrire le registre en CSV, ou en JSON.")
@base.json_flag
def _export(as_json: bool) -> None:
    with base.read_only(base.real_settings().database()) as db:
        entries = list(attestations.all_attestations(db))
        keys = attestations.public_keys(db)
    rows = [asdict(line.entry) | {"name": line.name, "name_salt": line.name_salt} for line in entries]
    if as_json:
        click.echo(base.dump({"keys": dict(keys), "attestations": rows}))
        return
    table = [[row[column] for column in _HEADERS] for row in rows]
    click.echo(as_csv([*_HEADERS.values()], table), nl=False)


# --- cle, reprendre, effacer ------------------------------------------------------------------


@registre.command(
    name="cle",
    short_help="Écrire les clés publiques, ou changer de clé.",
    help="Écrire les clés publiques, à donner à qui veut vérifier un reçu.",
)
@click.option(
    "--renouveler",
    is_flag=True,
    help="Faire une nouvelle clé; ce qui est déjà signé reste vérifiable. Redémarrez ensuite Vigie.",
)
def _key(renouveler: bool) -> None:
    folder = base.real_settings().keys()
    if renouveler:
        click.echo(f"Nouvelle clé\u00a0: {signing.renew(folder).id}.", err=True)
    click.echo(signing.ring_text(_public_keys(None, folder)), nl=False)


@registre.command(
    name="reprendre",
    short_help="Repartir d'une base restaurée.",
    help="Admettre que la fin du registre est perdue, ou ce qui la disait (après la restauration d'une "
    "copie, par exemple), et repartir de là. "
    "Ce qui disait où il finissait est gardé sous un autre nom.",
)
@base.confirmed("Admettre que la fin du registre est perdue, et repartir de là?")
def _resume() -> None:
    config = base.real_settings()
    signer = signing.load_signer(config.keys())
    with base.read_only(config.database()) as db:
        last = attestations.head(db)
    former = signing.set_head_aside(config.keys())
    signing.note_head(config.keys(), last, signer)
    click.echo(
        f"Le registre reprend après l'inscription {last.number}."
        + (f" L'ancienne fin\u00a0: {former.name}." if former else "")
    )


@registre.command(
    name="effacer",
    short_help="Effacer le nom et le compte d'une inscription.",
    help="Effacer le nom et le compte d'une inscription; elle reste dans la chaîne, que rien ne brise.",
)
@click.argument("numero", type=int, metavar="NUMÉRO")
@base.confirmed("Ce qui est effacé ne revient pas. Effacer?")
def _erase(numero: int) -> None:
    with base.real_bot() as (bot, db):
        erased = attestations.erase_identity(db, numero, partial(destroyed.record, bot.settings.keys()))
    base.conclude(erased, "C'est effacé.", "Il n'y a rien à effacer à ce numéro.")


COMMANDS: Final = (registre,)
