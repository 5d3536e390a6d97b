"""The part of the command line that keeps the register of attestations: export, verify, receipts, keys."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.backup import destroyed
from bot.cli.base import SUBCOMMAND, confirmed, dump, json_flag, kept_parts, parts
from bot.register import attestations, receipt, signing
from bot.register.attestations import Attestation, Audit, Fault
from bot.register.chain import COLUMNS
from bot.register.receipt import ReceiptError
from bot.register.signing import Head, Ring
from bot.storage.database import StorageError, beside, reader

LARGEST_LISTED: Final = 10  # faults that are written out; `--json` writes them all

_FILE: Final = click.Path(path_type=Path)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (StorageError, ReceiptError) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _reading(path: Path) -> Iterator[Database]:
    """Open the database for reading, in one transaction: what is read is of one moment."""
    if not path.is_file():
        raise StorageError(f"il n'y a pas de base à {path}. Vérifiez VIGIE_DB.")
    db = reader(path)
    with closing(db.conn):
        db.conn.execute("BEGIN")
        yield db


def _trusted(keys: Path | None, opened: Callable[[], Parts] = kept_parts, *, needed: bool = True) -> Ring:
    """Return the public keys of a file or, without one, those of the folder of keys."""
    ring = signing.read_ring(keys) if keys else signing.load_ring(opened().settings.keys())
    if needed and not ring:
        place = keys or opened().settings.keys()
        raise StorageError(f"il n'y a aucune clé publique à {place}. Vérifiez VIGIE_CLES, ou donnez --cles.")
    return ring


@click.group(name="registre", subcommand_metavar=SUBCOMMAND, help="Le registre des attestations de lecture.")
def registre() -> None:
    """Hold the commands of the register."""


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
@json_flag
def _verify(recu: Path | None, cles: Path | None, as_json: bool) -> None:
    with _explained():
        if recu:
            _verify_receipt(recu, _trusted(cles, parts), as_json)
        else:
            _verify_register(_trusted(cles, needed=False), as_json)


def _verify_receipt(file: Path, ring: Ring, as_json: bool) -> None:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file} ne se lit pas.") from error
    try:
        found = receipt.verify_receipt(content, ring)
    except ReceiptError as error:
        _say({"ok": False, "problem": str(error)}, f"{file.name}\u00a0: {error}", as_json)
        sys.exit(1)
    entry = found.entry
    text = (
        f"Ce reçu est authentique.\n"
        f"«\u00a0{entry.statement}\u00a0»\n"
        f"{found.name or 'Nom non précisé'}, le {_when(entry.attested_at)}\n"
        f"Inscription {entry.number}\u00a0: {entry.digest}\n"
        f"Texte attesté\u00a0: {entry.text_sha256}\n"
        f"Clé\u00a0: {entry.key_id}"
    )
    _say({"ok": True, "name": found.name, **asdict(entry)}, text, as_json)


def _when(moment: str) -> str:
    return receipt.local_time(moment, parts().calendar.zone)


def _verify_register(ring: Ring, as_json: bool) -> None:
    bot = kept_parts()
    head: Head | None = None
    unreadable: tuple[Fault, ...] = ()
    try:
        head = signing.noted_head(bot.settings.keys(), ring)
    except StorageError as error:
        unreadable = (Fault(0, str(error).removesuffix(".")),)
    with _reading(bot.settings.database()) as db:
        audit = attestations.verify(db, ring, head)
    faults = audit.faults + unreadable
    found = {
        "ok": not faults,
        "attestations": audit.entries,
        "erased": audit.erased,
        "end_checked": head is not None,
        "faults": [asdict(fault) for fault in faults],
    }
    _say(found, "\n".join(_report(audit, faults, head)), as_json)
    if faults:
        sys.exit(1)


def _report(audit: Audit, faults: tuple[Fault, ...], head: Head | None) -> Iterator[str]:
    """Yield the lines of what a verification found, the first bad entry before all else."""
    if faults:
        yield f"Le registre a été altéré. {_first(faults[0])}"
        yield from (_line(fault) for fault in faults[1:LARGEST_LISTED])
        if len(faults) > LARGEST_LISTED:
            yield f"Et {len(faults) - LARGEST_LISTED} autres\u00a0: voyez --json."
        return
    yield f"Le registre est intact\u00a0: {_count(audit)}."
    if head is None and audit.entries:
        yield "Rien ne dit, à côté des clés, où il finissait\u00a0: la fin n'est pas vérifiée."


def _first(fault: Fault) -> str:
    return f"Première inscription en cause\u00a0: {_line(fault)}" if fault.number else _line(fault)


def _line(fault: Fault) -> str:
    return (
        f"{fault.number}\u00a0: {fault.text}."
        if fault.number
        else f"{fault.text[0].upper()}{fault.text[1:]}."
    )


def _count(audit: Audit) -> str:
    entries = f"{audit.entries} inscription" + ("s" if audit.entries > 1 else "")
    erased = f", dont {audit.erased} sans nom, effacé depuis" if audit.erased else ""
    return entries + erased


# --- recu -------------------------------------------------------------------------------------


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
@json_flag
def _receipt(numero: int, out: Path | None, as_json: bool) -> None:
    with _explained():
        bot = kept_parts()
        with _reading(bot.settings.database()) as db:
            found = next(
                (row for row in attestations.all_attestations(db) if row.entry.number == numero), None
            )
        if found is None or found.name is None:
            why = "n'existe pas" if found is None else "n'a plus de nom\u00a0: il a été effacé"
            problem = f"L'inscription {numero} {why}."
            _say({"ok": False, "number": numero, "problem": problem}, problem, as_json)
            sys.exit(1)
        content = receipt.make_receipt(found, bot.issuer, signing.load_signer(bot.settings.keys()))
        file = out or Path(f"recu-{numero}.pdf")
        try:
            file.write_bytes(content)
        except OSError as error:
            raise StorageError(f"{file} ne peut pas être écrit.") from error
    told = {"ok": True, "number": numero, "file": str(file), "sha256": hashlib.sha256(content).hexdigest()}
    _say(told, f"Le reçu de l'inscription {numero} est dans {file}.", as_json)


# --- exporter ---------------------------------------------------------------------------------


@registre.command(name="exporter", help="Écrire le registre en CSV, ou en JSON.")
@click.option(
    "--format", "as_", type=click.Choice(["csv", "json"]), default="csv", help="csv (par défaut) ou json."
)
def _export(as_: str) -> None:
    with _explained(), _reading(kept_parts().settings.database()) as db:
        found = list(attestations.all_attestations(db))
        keys = attestations.public_keys(db)
    if as_ == "csv":
        click.echo(_csv(found), nl=False)
    else:
        rows = [asdict(one.entry) | {"name": one.name, "name_salt": one.name_salt} for one in found]
        click.echo(dump({"keys": dict(keys), "attestations": rows}))


# What a column is called, for people who open it in a spreadsheet; programs read the JSON.
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


def _csv(found: list[Attestation]) -> str:
    """Return the entries as a spreadsheet opens them; a name that would be taken for a formula is quoted."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(_HEADERS[one] for one in (*COLUMNS[:1], "name", *COLUMNS[1:]))
    for one in found:
        number, *rest = asdict(one.entry).values()
        lines.writerow((number, _inert(one.name or ""), *rest))
    return text.getvalue()


def _inert(name: str) -> str:
    return f"'{name}" if name[:1] in tuple("=+-@\t") else name


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
    with _explained():
        keys = kept_parts().settings.keys()
        if renouveler:
            click.echo(f"Nouvelle clé\u00a0: {signing.renew(keys).id}.", err=True)
        click.echo(signing.ring_text(_trusted(None)), nl=False)


@registre.command(
    name="reprendre",
    short_help="Repartir d'une base restaurée.",
    help="Admettre que la fin du registre est perdue, après la restauration d'une copie, et repartir de là. "
    "Ce qui disait où il finissait est gardé sous un autre nom.",
)
@confirmed("La fin du registre est perdue\u00a0: repartir de là?")
def _resume() -> None:
    with _explained():
        bot = kept_parts()
        signer = signing.load_signer(bot.settings.keys())
        with _reading(bot.settings.database()) as db:
            last = attestations.head(db)
        aside = signing.set_head_aside(bot.settings.keys())
        signing.note_head(bot.settings.keys(), last, signer)
    click.echo(
        f"Le registre reprend après l'inscription {last.number}."
        + (f" L'ancienne fin\u00a0: {aside.name}." if aside else "")
    )


@registre.command(
    name="effacer",
    short_help="Effacer le nom et le compte d'une inscription.",
    help="Effacer le nom et le compte d'une inscription; elle reste dans la chaîne, que rien ne brise.",
)
@click.argument("numero", type=int, metavar="NUMÉRO")
@confirmed("Ce qui est effacé ne revient pas. Effacer?")
def _erase(numero: int) -> None:
    with _explained():
        bot = kept_parts()
        with beside(bot.settings.database()) as db:
            done = attestations.erase_identity(
                db, numero, lambda table, ids: destroyed.record(bot.settings.keys(), table, ids)
            )
    click.echo("C'est effacé." if done else "Il n'y a rien à effacer à ce numéro.", err=not done)
    if not done:
        sys.exit(1)


def _say(found: dict[str, Any], text: str, as_json: bool) -> None:
    click.echo(dump(found) if as_json else text)
