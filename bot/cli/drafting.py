"""The command that begins a new policy: from a document to a folder, with draft annotations to review."""

import asyncio
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Final

import click

from bot.cli import base
from bot.cli.progress import working
from bot.configuration import profile
from bot.configuration.profile import Profile
from bot.drafting import drafts
from bot.drafting import redactor as redaction
from bot.drafting.drafts import KINDS, Draft, DraftKind
from bot.drafting.redactor import Redactor
from bot.policy import articles
from bot.policy.articles import Version
from bot.policy.counts import count_parts
from bot.policy.names import GENDERS, Gender, GenderedName, guess_gender
from bot.revision import revisions
from bot.revision.reading import formats
from bot.revision.reading.found_dates import find_dates
from bot.settings import Settings
from bot.storage import files
from bot.storage.database import beside
from bot.times import in_words

_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_NAME: Final = re.compile(r"[^\W_]{2}")  # two letters or digits in a row
_PROFILE: Final = (
    f"Dites aussi qui vous êtes\u00a0: corrigez {profile.EXAMPLE}, puis nommez-le {profile.FILE}.",
)
_COUNTED: Final[dict[DraftKind, tuple[str, str]]] = {
    "title": ("titre à lire", "titres à lire"),
    "force": ("force", "forces"),
    "subject": ("sujet", "sujets"),
    "topic": ("terme défini", "termes définis"),
    "together": ("renvoi", "renvois"),
    "question": ("question pour la banque", "questions pour la banque"),
    "quiz": ("question de quiz", "questions de quiz"),
}


@click.command(
    name="commencer",
    short_help="Commencer avec le texte d'une association.",
    help="Lire le document d'une politique (Word, PDF, page Web ou Markdown), et écrire son dossier\u00a0: "
    "le texte, ce qui le nomme, et des brouillons à relire. Aucun ne sert avant que quelqu'un l'ait relu.",
)
@click.argument("fichier", type=base.FILE, metavar="FICHIER")
@click.option(
    "--politique",
    "policy",
    metavar="NOM",
    required=True,
    help="Son nom dans les commandes (rg).",
)
@click.option(
    "--adoptee",
    "adopted",
    type=base.DATE,
    help="Le jour de son adoption (par défaut, celui que le texte dit).",
)
@click.option("--nom", "name", metavar="NOM", help="Comment on l'appelle (RG).")
@click.option(
    "--genre", "gender", type=click.Choice(GENDERS), help="Le genre de ce nom (par défaut, deviné du titre)."
)
@click.option("--titre", "title", metavar="TITRE", default="", help="Son titre au complet.")
@base.json_flag
def commencer(
    fichier: Path,
    policy: str,
    adopted: date | None,
    *,
    name: str | None,
    gender: Gender | None,
    title: str,
    as_json: bool,
) -> None:
    """Write the folder of a new policy, and its draft annotations."""
    bot = base.parts()
    _check_names(policy, name)
    if bot.settings.vigie_data is None:
        base.refuse("réglez d'abord VIGIE_DATA, le dossier où les textes de l'association s'écrivent.")
    folder = bot.settings.vigie_data / "politique" / policy
    taken = f"{folder} existe déjà. Choisissez un autre nom, ou ôtez ce dossier."
    if drafts.has_files(folder):
        base.refuse(taken)
    if base.find_served(bot, policy):
        base.refuse(f"la politique «\u00a0{policy}\u00a0» existe déjà. Choisissez un autre nom.")
    with base.reading(fichier) as content:
        document = formats.read_document(content, fichier.name)
        document = document.decided(base.known_decisions(bot, policy, document.blocks))
        day = adopted or find_dates(document.markdown).adopted
        if day is None:
            base.refuse("le texte ne dit pas quand il a été adopté. Ajoutez --adoptee AAAA-MM-JJ.")
        if day > bot.today():
            base.refuse(f"le {in_words(day)} n'est pas encore passé. Donnez le jour de l'adoption.")
        version = articles.parse(document.markdown, policy=policy, adopted=day, source=fichier.name)
    called = _called(name, policy, gender, f"{title} {version.markdown}")
    guessed = _reworded(bot.settings, version, fichier.name, drafts.guess(version))
    try:
        drafts.begin(folder, version, called, title, guessed)
    except FileExistsError:  # another command wrote it first
        base.refuse(taken)
    drafts.leave_profile(bot.settings.vigie_data, policy, called)
    if as_json:
        counts = {kind: _count(guessed, kind) for kind in KINDS}
        click.echo(base.dump({"folder": str(folder), "clauses": len(version.clauses()), "drafts": counts}))
    else:
        click.echo("\n".join(_lines(bot.settings.profile, folder, version, guessed)))
        if doubts := len(document.doubts):
            lines = f"{doubts} lignes ne sont pas sûres" if doubts > 1 else "une ligne n'est pas sûre"
            click.echo(f"\nÀ vérifier\u00a0: {lines}. vigie importer {fichier} les montre.", err=True)


def _called(name: str | None, policy: str, gender: Gender | None, title: str) -> GenderedName:
    """Return a policy's name. An unspecified gender is guessed from the name or the title."""
    guessed = guess_gender(name or "")
    likely, plural = guessed or guess_gender(title) or (GENDERS[0], False)
    return GenderedName(name or policy.upper(), gender or likely, plural=guessed is not None and plural)


def _check_names(policy: str, name: str | None) -> None:
    """Refuse an id, or an everyday name, that cannot name a policy."""
    if not _ID.fullmatch(policy):
        base.refuse(
            f"«\u00a0{policy}\u00a0» ne peut pas nommer une politique\u00a0: prenez de petites lettres, sans "
            "accent ni espace, comme «\u00a0rg\u00a0» ou «\u00a0statuts\u00a0»."
        )
    if name is not None and not _NAME.search(name):
        base.refuse(f"«\u00a0{name}\u00a0» ne peut pas nommer une politique\u00a0: prenez au moins un mot.")


def _reworded(
    settings: Settings, version: Version, name: str, guessed: tuple[Draft, ...]
) -> tuple[Draft, ...]:
    """Return the drafts, reworded if a model is configured and the person agrees to send it the document."""
    if settings.vigie_redacteur is None:
        return guessed
    key = settings.vigie_redacteur_cle.get_secret_value() if settings.vigie_redacteur_cle else ""
    redactor = Redactor.at(settings.vigie_redacteur, key)
    calls = redaction.batches(version)
    words = sum(len(clause.text.split()) for clause in version.clauses())
    click.echo(
        f"Le texte de {name} ({count_parts(version.outline)}, {words} mots) serait envoyé à "
        f"{redactor.host} pour mieux dire les brouillons, en {len(calls)} fois\u00a0: lui, et rien d'autre.",
        err=True,
    )
    if not base.agreed("L'envoyer?", unanswered="ou sans VIGIE_REDACTEUR, qui ne sert qu'à mieux dire"):
        return guessed
    with working(f"{redactor.host} formule les brouillons"):
        result = asyncio.run(redaction.reword(redactor, version, guessed))
    click.echo(f"Brouillons mieux formulés\u00a0: {result.reworded}.", err=True)
    if result.refused:
        click.echo(f"Clauses dont il s'éloigne, écartées\u00a0: {result.refused}.", err=True)
    if result.problem:
        without = "Le reste est écrit" if result.reworded else "Les brouillons sont écrits"
        click.echo(f"{without} sans lui\u00a0: {result.problem}.", err=True)
    return result.drafts


def _count(guessed: tuple[Draft, ...], kind: DraftKind) -> int:
    return sum(draft.kind == kind for draft in guessed)


def _lines(used: Profile, folder: Path, version: Version, guessed: tuple[Draft, ...]) -> list[str]:
    counts = ((_count(guessed, kind), names) for kind, names in _COUNTED.items())
    unfilled = sum(draft.unfilled for draft in guessed)
    return [
        f"{count_parts(version.outline)}, dans {folder}",
        f"À relire, dans {drafts.FOLDER}\u00a0:",
        *(f"  {count} {names[count > 1]}" for count, names in counts if count),
        *([f"  dont {unfilled} à remplir avant qu'elles servent"] if unfilled > 1 else []),
        "",
        *(_PROFILE if not used.source.is_relative_to(folder.parents[1]) else []),
        "Démarrez Vigie\u00a0: le texte se lit et répond déjà.",
        f"Puis «\u00a0{used.typed('relire')} {version.policy}\u00a0» montre les brouillons un à un.",
    ]


# --- Undoing ------------------------------------------------------------------------------


@click.command(
    name="abandonner",
    short_help="Retirer une politique commencée, qui n'a servi à personne.",
    help="Retirer une politique commencée par «\u00a0vigie commencer\u00a0»\u00a0: son dossier (texte, "
    "brouillons, ce qui a été gardé) et ce que la base en sait. Refusé dès que quelqu'un l'a attestée ou "
    "commencé à la lire, ou qu'un avis en est parti.",
)
@click.argument("politique", metavar="POLITIQUE")
@click.option("--oui", "yes", is_flag=True, help="Sans demander.")
def abandonner(politique: str, *, yes: bool) -> None:
    """Remove the folder of a policy and its rows in the database, unless the policy is in use."""
    bot, policy = base.parts(), politique.lower()
    if bot.settings.vigie_data is None:
        base.refuse("réglez d'abord VIGIE_DATA, le dossier où les textes de l'association s'écrivent.")
    folder = bot.settings.vigie_data / "politique" / policy
    if not _ID.fullmatch(policy) or not drafts.has_files(folder):
        where = f"dans {folder.parent}. Vérifiez son nom."
        base.refuse(f"aucune politique «\u00a0{politique}\u00a0» n'est commencée {where}")
    if policy == bot.settings.profile.policy:
        base.refuse(
            f"«\u00a0{policy}\u00a0» est la politique par défaut. Nommez-en d'abord une autre dans "
            f"{bot.settings.profile.source.name}, ou par VIGIE_POLITIQUE."
        )
    if not yes and not base.agreed(f"Effacer {folder}?"):
        raise click.Abort
    path = bot.settings.database()
    if path.is_file():
        with beside(path) as db:
            if used := revisions.uses(db, policy):
                base.refuse(f"«\u00a0{policy}\u00a0» a déjà servi ({', '.join(used)}). Révisez-la plutôt.")
            revisions.forget(db, policy)
    with files.explained(folder):
        shutil.rmtree(folder)
    click.echo(f"{folder} est effacé. Si Vigie est en marche, redémarrez-la.")


COMMANDS = (commencer, abandonner)
