"""The commands that keep Vigie running: copies, held and undelivered messages, pause, keys."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, Literal

import click

from bot.app import kept_keys
from bot.app.notice_titles import notice_title
from bot.backup import copies as backup
from bot.backup import restore
from bot.cli import base
from bot.cli.progress import working
from bot.onboarding import checks as onboarding_checks
from bot.operations import diagnostic
from bot.outbox import rows
from bot.reports import checks as report_checks
from bot.reports import escalation
from bot.storage import state
from bot.times import in_words, system_clock

_COPY = click.argument("chemin", type=click.Path(path_type=Path), metavar="CHEMIN")


@click.command(
    help="Copier la base vers CHEMIN, que Vigie tourne ou non, avec son empreinte.",
    short_help="Copier la base, que Vigie tourne ou non.",
)
@_COPY
@base.json_flag
def sauvegarder(chemin: Path, as_json: bool) -> None:
    """Copy the database to a file."""
    with working("Je copie la base"):
        copy = backup.save(base.real_settings().database(), chemin)
    size = f"{copy.size:,}".replace(",", "\u00a0")
    text = f"{copy.path}\u00a0: {size} octets, empreinte {copy.sha256[:16]}… à côté."
    base.show(asdict(copy), text, as_json)


@click.command(
    help="Remettre en place la copie CHEMIN, une fois vérifiée; l'ancienne base est gardée.",
    short_help="Remettre une copie en place.",
)
@_COPY
@click.option(
    "--en-clair",
    "in_clear",
    is_flag=True,
    help="Accepter une copie qui n'est pas scellée\u00a0: n'importe qui a pu l'écrire, et y nommer "
    "l'administration.",
)
@base.json_flag
def restaurer(chemin: Path, in_clear: bool, as_json: bool) -> None:
    """Restore a copy of the database."""
    config = base.real_settings()
    base.make_state_folder(config)
    now = system_clock().astimezone(config.calendar().zone)
    with working("Je vérifie la copie et je la remets en place"):
        restored = restore.restore(
            chemin, config.database(), config.keys(), escalation.NOTICES, now, in_clear=in_clear
        )
    former = f" L'ancienne base\u00a0: {restored.replaced}" if restored.replaced else ""
    made = f" C'est la copie de la nuit du {in_words(restored.night)}." if restored.night else ""
    if restored.hour:
        made = f" C'est la copie de l'heure, du {config.calendar().in_words(restored.hour)}."
    decide = "\nDécidez du sort des messages retenus\u00a0: vigie retenus." if restored.held else ""
    text = (
        f"{chemin} est en place.{made}{former}\n"
        f"Retenus\u00a0: {restored.held}. Signalements renvoyés, peut-être répétés\u00a0: "
        f"{restored.repeated}. Détruits de nouveau\u00a0: {restored.destroyed}.{decide}"
    )
    with base.read_only(config.database()) as db:
        lost = kept_keys.find_lost(db, config)
    base.show({**asdict(restored), "lost": lost}, "\n".join([text, *lost]), as_json)


@click.command(
    help="Montrer les messages retenus depuis une restauration, les envoyer ou les annuler.",
    short_help="Voir et régler ce que la restauration a retenu.",
)
@base.one_of("choice", {"envoyer": "Les envoyer.", "annuler": "Les annuler."})
@base.json_flag
def retenus(choice: str | None, as_json: bool) -> None:
    """Print the number of held messages of each kind. If asked, send or cancel them."""
    _settle(("held",), restore.settle_held, choice, "Rien de retenu.", as_json)


@click.command(
    help="Montrer les messages non remis, même si l'administration en a été prévenue, les envoyer de nouveau "
    "ou les annuler.",
    short_help="Voir et régler les messages non remis.",
)
@base.one_of("choice", {"envoyer": "Les envoyer de nouveau.", "annuler": "Les annuler."})
@base.json_flag
def lettres(choice: str | None, as_json: bool) -> None:
    """Print the number of undelivered messages of each kind. If asked, resend or cancel them."""
    _settle(("dead", "unreached"), rows.settle_dead, choice, "Tout a été remis.", as_json)


def _settle(
    fates: Sequence[Literal["dead", "held", "unreached"]],
    settle: Callable[..., int],
    choice: str | None,
    none: str,
    as_json: bool,
) -> None:
    """Print how many messages of each kind are in each of the states `fates`. With a choice, settle them.

    `choice`: « envoyer » to send them with `settle`, « annuler » to cancel them, None to leave them. `none`:
    the line to print when there are no such messages.
    """
    send = choice == "envoyer"
    with base.real_bot() as (_, db):
        counts = {fate: rows.count_by_notice(db, fate) for fate in fates}
        if choice:
            settle(db, system_clock(), send=send)
    lines = [
        f"{count} × {notice_title(notice)}" + ", l'administration prévenue" * (fate == "unreached")
        for fate, notices in counts.items()
        for notice, count in notices.items()
    ]
    if lines and choice:
        lines.append("Envoi demandé." if send else "C'est annulé.")
    base.show(counts, "\n".join(lines) or none, as_json)


@click.command(help="Arrêter tous les envois, tout de suite; rien n'est perdu.")
@click.argument("raison", nargs=-1, metavar="[RAISON]…")
def pause(raison: tuple[str, ...]) -> None:
    """Stop all sending."""
    with base.real_bot() as (_, db):
        paused = state.hoist(db, state.PAUSED, system_clock(), " ".join(raison))
    click.echo(
        "Les envois sont arrêtés. Pour les reprendre\u00a0: vigie reprendre." if paused else "Déjà arrêtés."
    )


@click.command(help="Reprendre les envois arrêtés.")
def reprendre() -> None:
    """Resume sending."""
    with base.real_bot() as (_, db):
        resumed = state.lower(db, state.PAUSED)
    click.echo("Les envois reprennent." if resumed else "Les envois n'étaient pas arrêtés.")


cles = base.CommandGroup("cles", help="Les clés des copies, des signalements et des attestations.")


@cles.command(
    name="verifier",
    short_help="Vérifier le double des clés.",
    help="Vérifier que DOSSIER, le double des clés gardé ailleurs, a toutes celles qui servent\u00a0: aux "
    "copies, aux signalements, au registre. Code 1 s'il en manque une.",
)
@click.argument("dossier", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DOSSIER")
@base.json_flag
def verifier(dossier: Path, as_json: bool) -> None:
    """Check a copy of the keys folder that is kept elsewhere."""
    config = base.real_settings()
    keys = config.keys()
    with base.read_only(config.database()) as db:
        findings = [
            diagnostic.check_double(config, dossier),
            report_checks.check_double(db, keys, dossier),
            onboarding_checks.check_double(db, keys, dossier),
            *diagnostic.check_double_of_list(db, dossier),
        ]
    click.echo(base.dump(diagnostic.as_json(findings)) if as_json else diagnostic.as_text(findings))
    sys.exit(0 if diagnostic.sound(findings) else 1)


@cles.command(
    name="refaire",
    short_help="Faire d'autres clés à la place de celles qui sont perdues.",
    help="Admettre que ce qui manque du dossier des clés est perdu pour de bon, et le refaire. Ce que les "
    "anciennes clés ont scellé ne s'ouvrira plus jamais\u00a0: cherchez d'abord votre double.",
)
@click.option("--oui", "agreed", is_flag=True, help="Ne pas demander.")
def refaire(agreed: bool) -> None:
    """Make new key files in place of those that are lost for good."""
    config = base.real_settings()
    with base.read_only(config.database()) as db:
        lost = kept_keys.find_lost(db, config)
    for line in lost:
        click.echo(line)
    if not lost:
        click.echo("Rien ne manque du dossier des clés.")
        return
    if not (agreed or base.agreed("Ce qui manque est-il perdu pour de bon?")):
        return
    with base.real_bot() as (_, db):
        made = kept_keys.admit(db, config)
        lost = kept_keys.find_lost(db, config)
    click.echo(f"Refait\u00a0: {', '.join(made) or 'rien'}. Gardez un nouveau double du dossier.")
    if lost:
        base.refuse(
            "des signalements sont encore gardés\u00a0: leurs clés ne peuvent pas être refaites. "
            "Remettez votre double."
        )


COMMANDS: Final = (sauvegarder, restaurer, cles, retenus, lettres, pause, reprendre)
