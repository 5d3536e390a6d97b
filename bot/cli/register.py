"""The commands for the register: verification, receipts, certificates, exports, keys, erasure."""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import click

from bot.app.build import Parts
from bot.backup import destroyed
from bot.cli import base
from bot.cli.progress import working
from bot.conversation.messages import capitalized
from bot.permissions import certificates as permissions
from bot.policy.counts import counted
from bot.register import attestations, certificate_page, certificates, heads, receipt, signing
from bot.register.certificate_page import Shown
from bot.register.heads import Audit, Chain
from bot.register.sealed_pages import ReceiptError
from bot.register.signing import Ring
from bot.storage.database import StorageError
from bot.storage.spreadsheets import as_csv
from bot.times import in_words

LARGEST_LISTED: Final = 10  # maximum faults to list; `--json` lists all of them

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
_CERTIFIED: Final = {
    "number": "numero",
    "previous": "precedente",
    "commitment": "engagement",
    "content": "contenu",
    "key_id": "cle",
    "digest": "empreinte",
    "signature": "signature",
}


registre = base.CommandGroup("registre", help="Le registre des attestations de lecture, et des certificats.")


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
    short_help="Vérifier le registre, un reçu ou un certificat.",
    help="Vérifier le registre (les chaînes, les signatures, leurs fins) ou, sans la base, un reçu ou un "
    "certificat en PDF. D'un certificat, la base dit en plus s'il vaut encore.",
)
@click.argument("recu", type=_FILE, metavar="[FICHIER.pdf]", required=False)
@click.option(
    "--cles", type=_FILE, metavar="FICHIER", help="Les clés publiques (sinon, celles de VIGIE_CLES)."
)
@base.json_flag
def _verify(recu: Path | None, cles: Path | None, as_json: bool) -> None:
    """Verify the register, or a sealed page. The public keys are enough to verify a page."""
    if recu:
        _verify_page(recu, cles, as_json)
    else:
        _verify_register(cles, as_json)


def _verify_page(file: Path, key_file: Path | None, as_json: bool) -> None:
    bot = base.parts()
    ring = _public_keys(key_file, bot.settings.keys())
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file} ne se lit pas.") from error
    try:
        if certificate_page.CERTIFICATE.mark in content:
            _show_certificate(bot, certificate_page.verify_page(content, ring), as_json)
            return
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


def _show_certificate(bot: Parts, certificate: Shown, as_json: bool) -> None:
    """Print a genuine certificate and, on a machine that has the register, whether it is still valid."""
    content = certificate.content
    names = certificate.names
    standing = None
    with suppress(StorageError), base.read_only(bot.settings.database()) as db:
        standing = permissions.standing(db, certificate.entry.number, certificate.entry.digest, bot.today())
    until, on = str(content.get("until", "")), str(content.get("on", ""))
    term = "sans date de fin" if not until else f"valable jusqu'au {in_words(date.fromisoformat(until))}"
    signed = f"signé le {in_words(date.fromisoformat(on))}" if on else "signé"
    unsure = (
        f"Selon ce certificat, {signed}\u00a0: {term}. Le registre n'est pas là pour dire s'il vaut encore."
    )
    terms = permissions.summary(content, names)
    sentence = (names.get("asker") or "Nom non précisé", *permissions.permitted(content, names))
    lines = [
        "Ce certificat est authentique. Les noms sont ceux que les personnes ont écrits.",
        f"{' '.join(filter(None, sentence))}.",
        # On one line each, so that people's words cannot look like our own lines.
        *(f"{title}\u00a0: {' '.join(value.split())}" for title, value in terms),
        *([f"Empreinte de l'image\u00a0: {content['fingerprint']}"] if content.get("fingerprint") else []),
        standing or unsure,
        f"Inscription {certificate.entry.number}\u00a0: {certificate.entry.digest}",
        f"Clé\u00a0: {certificate.entry.key_id}",
    ]
    values = {
        "ok": True,
        "certificate": dict(content),
        "names": dict(names),
        "standing": standing,
        **asdict(certificate.entry),
    }
    base.show(values, "\n".join(lines), as_json)


def _verify_register(cles: Path | None, as_json: bool) -> None:
    config = base.real_settings()
    ring = _public_keys(cles, config.keys(), required=False)
    keys = config.keys()
    # On a machine without the register, the heads are in the folder of the public keys.
    if cles and not any((keys / of.file.name).exists() for of in heads.CHAINS):
        keys = cles.parent
    with base.read_only(config.database()) as db:
        audit, end_checked = attestations.verify_with_end(db, ring, keys)
        permitted, permitted_end = certificates.verify_with_end(db, ring, keys)
    sound = not audit.faults and not permitted.faults
    values = {
        "ok": sound,
        "attestations": audit.entries,
        "erased": audit.erased,
        "end_checked": end_checked,
        "faults": [asdict(fault) for fault in audit.faults],
        "certificates": {
            "entries": permitted.entries,
            "erased": permitted.erased,
            "end_checked": permitted_end,
            "faults": [asdict(fault) for fault in permitted.faults],
        },
    }
    lines = [*_report_lines(audit, heads.ATTESTATIONS)]
    if permitted.entries or permitted.faults:
        lines += _report_lines(permitted, heads.CERTIFICATES)
    base.show(values, "\n".join(lines), as_json)
    if not sound:
        sys.exit(1)


def _report_lines(audit: Audit, of: Chain) -> Iterator[str]:
    """Yield in French the faults of a chain of entries, from the first bad entry, or that it is intact."""
    name = capitalized(of.name)
    if faults := audit.faults:
        lines = [
            f"{fault.number}\u00a0: {fault.text}." if fault.number else f"{capitalized(fault.text)}."
            for fault in faults[:LARGEST_LISTED]
        ]
        first = "Première inscription en cause\u00a0: " if faults[0].number else ""
        yield f"{name} a été altéré. {first}{lines[0]}"
        yield from lines[1:]
        if len(faults) > LARGEST_LISTED:
            left = len(faults) - LARGEST_LISTED
            yield f"Et {left} autre{'s' * (left > 1)}\u00a0: voyez --json."
        return
    entries = counted(audit.entries, "inscription")
    gone = "sans nom, effacé depuis" if of is heads.ATTESTATIONS else "dont le contenu est effacé depuis"
    erased = f", dont {audit.erased} {gone}" if audit.erased else ""
    yield f"{name} est intact\u00a0: {entries}{erased}."


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
@click.option("--certificats", is_flag=True, help="Celui des certificats, plutôt que des attestations.")
@base.json_flag
def _export(certificats: bool, as_json: bool) -> None:
    with base.read_only(base.real_settings().database()) as db:
        entries = list(attestations.all_attestations(db))
        keys = attestations.public_keys(db)
        permitted = certificates.all_certificates(db) if certificats else []
    if certificats:
        certified = [
            asdict(certificate.entry) | {"content": certificate.content, "salt": certificate.salt}
            for certificate in permitted
        ]
        if as_json:
            click.echo(base.dump({"keys": dict(keys), "certificates": certified}))
            return
        lines = [
            [base.dump(row[name]) if name == "content" and row[name] else row[name] for name in _CERTIFIED]
            for row in certified
        ]
        click.echo(as_csv([*_CERTIFIED.values()], lines), nl=False)
        return
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
        last = {of: heads.head(db, of) for of in heads.CHAINS}
    for of, end in last.items():
        if of is heads.CERTIFICATES and not end.number and not (config.keys() / of.file.name).exists():
            continue  # the chain has never had an entry
        former = signing.set_head_aside(config.keys(), of.file)
        signing.note_head(config.keys(), end, signer, of.file)
        click.echo(
            f"{capitalized(of.name)} reprend après l'inscription {end.number}."
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
