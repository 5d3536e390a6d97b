"""Commands for revisions: compare a file, propose, approve, withdraw, history and ledger."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli import base
from bot.cli.progress import working
from bot.commands import versions
from bot.commands.revision.messages import state
from bot.policy.changes import summary
from bot.policy.changes.comparison import Comparison
from bot.policy.changes.renumbering import condense
from bot.revision import comparison_pdf, ledger, revisions, upkeep
from bot.revision.comparison_pdf import NATURES
from bot.revision.reading import formats
from bot.revision.reading.findings import NamedRole
from bot.revision.reading.formats import ReadDocument
from bot.revision.revisions import Dates, Proposal, Revision
from bot.storage.database import beside
from bot.times import in_words
from bot.typesetting.typeset import TypesetError

_REVISION_FIELDS: Final = (
    *("id", "policy", "state", "source", "base", "adopted", "effective", "proposed_on"),
    *("ahead_on", "announced_at", "nature", "withdraws", "sha256"),
)


# --- Comparing a file -------------------------------------------------------------------------


@click.command(
    name="reviser",
    short_help="Voir ce qu'une révision change.",
    help="Comparer une révision (Word, PDF, page Web ou Markdown) au texte qu'elle remplace, et vérifier "
    "son texte. Rien n'est envoyé ni mis en vigueur; avec --proposer, la révision est soumise à "
    "l'administration.",
)
@click.argument("fichier", type=base.FILE, metavar="FICHIER")
@click.option(
    "--politique", "policy", metavar="NOM", help="La politique révisée (par défaut, celle des réglages)."
)
@click.option("--adoptee", "adopted", type=base.DATE, required=True, help="Le jour de l'adoption.")
@click.option(
    "--pdf", type=click.Path(path_type=Path), metavar="SORTIE", help="Écrire la comparaison en PDF."
)
@click.option("--proposer", is_flag=True, help="Soumettre la révision à l'administration.")
@base.json_flag
def reviser(
    fichier: Path, policy: str | None, adopted: date, pdf: Path | None, *, proposer: bool, as_json: bool
) -> None:
    """Print the changes that a file would make to a policy."""
    bot = base.parts()
    document = read_revision(bot, fichier, policy, adopted)
    click.echo(base.dump(document_json(document)) if as_json else "\n".join(_review_lines(bot, document)))
    if pdf:
        comparison = document.comparison
        try:
            with working("Je mets la comparaison en pages"):
                content = comparison_pdf.make_comparison_pdf(
                    bot.library.policies[comparison.old.policy], comparison
                )
        except TypesetError as error:
            base.refuse(str(error), 1)
        base.write(pdf, content)
    if proposer:
        if not document.adoptable:
            raise SystemExit(1)
        click.echo(propose(base.real_parts(), document), err=as_json)


def read_revision(bot: Parts, file: Path, policy: str | None, adopted: date) -> ReadDocument:
    """Return a file's text, compared with the text that it would replace.

    The replaced text is the last one adopted before `adopted`, or the first one if there is none. An
    unreadable file ends the command.
    """
    revised = bot.library.find(policy.lower()) if policy else bot.library.default
    earlier = [version for version in revised.versions if version.adopted < adopted]
    old = earlier[-1] if earlier else revised.versions[0]
    with base.reading(file) as content:
        document = formats.read_document(content, file.name)
        document = document.decided(base.known_decisions(bot, revised.id, document.blocks))
        return formats.review_document(document, file.name, old, adopted, _named_roles(bot))


def _named_roles(bot: Parts) -> list[NamedRole]:
    """Return each role, and whether it has a holder. Without a database, every role counts as held."""
    path = bot.settings.database()
    if bot.settings.sandboxed() or not path.is_file():
        return [NamedRole(role.title, held=True) for role in bot.settings.profile.roles]
    with base.read_only(path) as db:
        return revisions.named_roles(db, bot.today())


def document_json(document: ReadDocument) -> dict[str, Any]:
    """Return the changes that a file would make, in the JSON form that the command line prints."""
    return {
        "changes": [asdict(change) for change in document.comparison.changes],
        "headings": [asdict(heading) for heading in document.comparison.headings],
        "items": [asdict(item) for item in document.comparison.items],
        "lint": [asdict(remark) for remark in document.findings],
        "nature": document.comparison.nature,
    }


def _review_lines(bot: Parts, document: ReadDocument) -> Iterator[str]:
    comparison = document.comparison
    policy = bot.library.policies[comparison.old.policy]
    yield f"{policy.name}, du {in_words(comparison.old.adopted)} au {in_words(comparison.new.adopted)}"
    yield ""
    yield from _changes_table(comparison)
    if headings := condense(comparison).headings:
        yield from (f"- {summary.describe_heading(comparison, heading)}" for heading in headings)
        yield ""
    if not comparison.is_empty:
        yield f"Nature de la révision\u00a0: {NATURES[comparison.nature]}."
    else:
        yield "Rien n'a changé."
    yield ""
    if document.findings:
        yield "À vérifier\u00a0:"
        for remark in document.findings:
            yield f"- {remark.clause}\u00a0: {remark.message}" if remark.clause else f"- {remark.message}"
    else:
        yield "Rien à vérifier dans le texte."
    if left := upkeep.upkeep_lines(policy, comparison.old, comparison.new, bot.folders):
        yield f"\nÀ revoir une fois ce texte adopté\u00a0: {'; '.join(left)}."
    if not document.adoptable:
        yield "\nCe texte ne peut pas être adopté tel quel\u00a0: ses numéros ne sont pas sûrs."


def _changes_table(comparison: Comparison) -> Iterator[str]:
    """Yield the changes as lines of a table: each change, the changes to its items, then an empty line."""
    rows = [("Avant", "Après", "Changement", "Nature")]
    for old, new, kind, nature in summary.rows(comparison):
        rows.append((old, new, summary.NOUNS[kind], NATURES[nature]))
    if len(rows) == 1:
        return
    items = ["", *(summary.describe_items(comparison, change) for change in condense(comparison).changes)]
    items += [""] * (len(rows) - len(items))  # renumberings come last
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, inner in zip(rows, items, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if inner:
            yield f"    {inner}"
    yield ""


# --- Listing ----------------------------------------------------------------------------------


@click.group(
    name="revisions",
    cls=base.CommandGroup,
    invoke_without_command=True,
    help="Les révisions\u00a0: proposées, approuvées, en vigueur, retirées. Sans commande, leur liste.",
    short_help="Les révisions\u00a0: leur liste, leur approbation.",
)
@base.json_flag
@click.pass_context
def revisions_(context: click.Context, as_json: bool) -> None:
    """List the revisions, the latest first."""
    if context.invoked_subcommand is not None:
        return
    bot = base.real_parts()
    with base.read_only(bot.settings.database()) as db:
        listed = [revision for _, revision in bot.archive.list_revisions(db)]
    lines = [f"{revision.id}  {revision.policy}  {state(revision)}" for revision in listed]
    rows = [{name: getattr(revision, name) for name in _REVISION_FIELDS} for revision in listed]
    text = "\n".join(lines) or "Aucune révision n'a encore été proposée."
    base.show({"revisions": rows}, text, as_json)


@revisions_.command(name="historique", help="Toutes les versions, et laquelle était en vigueur quand.")
@click.option("--politique", "policy", metavar="NOM", help="La politique (par défaut, celle des réglages).")
@base.json_flag
def _history(policy: str | None, as_json: bool) -> None:
    bot = base.real_parts()
    name = (policy or bot.library.default.id).lower()
    with base.read_only(bot.settings.database()) as db:
        lines = versions.version_lines(revisions.approved_chain(db, name))
    if as_json:
        rows = [
            {
                "adopted": line.revision.version,
                "effective": line.revision.effective,
                "in_force_from": line.since,
                "in_force_until": line.until,
                "sha256": line.revision.sha256,
                "withdraws": line.revision.withdraws,
            }
            for line in lines
        ]
        click.echo(base.dump({"policy": name, "versions": rows}))
    elif lines:
        click.echo("\n".join("\u00a0: ".join(line.describe(bot.today())) for line in lines))
        if versions.lacks_effective_date(lines):
            click.echo(versions.NO_EFFECTIVE_DATE)
    sys.exit(0 if lines else 1)


# --- Deciding ---------------------------------------------------------------------------------


def propose(bot: Parts, document: ReadDocument) -> str:
    """Propose a text read from a file, and return a confirmation line."""
    with beside(bot.settings.database()) as db:
        new = document.comparison.new
        latest = revisions.latest_approved(db, new.policy)
        if latest is None:
            base.refuse("démarrez Vigie une première fois\u00a0: elle ne connaît encore aucun texte.")
        proposal = Proposal(
            new.policy, document.markdown, "command", latest.version, new.adopted, notes=document.findings
        )
        revision = bot.archive.propose(db, proposal, bot.today())
    return (
        f"Révision {revision.id} proposée. Pour l'approuver\u00a0: {bot.settings.profile.typed('revision')} "
        "ou vigie revisions approuver."
    )


@revisions_.command(
    name="approuver", help="Approuver une révision. Les dates ne sont jamais devinées\u00a0: donnez-les."
)
@click.argument("identifiant", metavar="RÉVISION")
@click.option("--adoptee", type=base.DATE, help="Le jour de l'adoption.")
@click.option("--effet", type=base.DATE, required=True, help="Le jour où elle prend effet.")
def _approve(identifiant: str, adoptee: date | None, effet: date) -> None:
    bot = base.real_parts()
    if bot.archive.approvals > 1:
        base.refuse(
            "deux personnes doivent approuver, chacune depuis Slack ou Discord\u00a0: /vigie revision."
        )
    with beside(bot.settings.database()) as db:
        revision = _find(db, identifiant)
        adopted = adoptee or revision.adopted
        if adopted is None:
            base.refuse("donnez la date d'adoption avec --adoptee.")
        dates = Dates(adopted, effet)
        revision = revisions.approve(db, revisions.rebase(db, revision), None, dates, bot.today())
        bot.archive.plan(db, revision, bot.clock())
    if effet < bot.today():
        passed = f"la date d'effet, le {in_words(effet)}, est déjà passée"
        click.echo(f"Attention\u00a0: {passed}. Elle s'applique dès maintenant.", err=True)
    click.echo(f"Approuvée. Elle prend effet le {in_words(effet)} et sera annoncée alors.")


@revisions_.command(
    name="annoncer",
    help="Annoncer une révision approuvée avant le jour où elle prend effet\u00a0: dans les canaux "
    "d'annonce, les nouveautés et le site. Les avis à chaque personne restent pour ce jour-là.",
    short_help="Annoncer une révision avant son jour.",
)
@click.argument("identifiant", metavar="RÉVISION")
def _announce_ahead(identifiant: str) -> None:
    with base.real_bot() as (bot, db):
        revision = bot.archive.announce_ahead(db, _find(db, identifiant), bot.clock())
    day = in_words(revision.effective) if revision.effective else ""
    click.echo(f"Annoncée. Elle prend effet le {day}, et chaque personne visée reçoit alors son avis.")


@revisions_.command(name="retirer", help="Retirer une révision, ou proposer de revenir au texte d'avant.")
@click.argument("identifiant", metavar="RÉVISION")
def _withdraw(identifiant: str) -> None:
    with base.real_bot() as (bot, db):
        revision = _find(db, identifiant)
        if revision.state == "announced":
            new = revisions.propose_withdrawal(db, revision, None, bot.today())
            click.echo(f"Révision {new.id} proposée\u00a0: elle ramène le texte d'avant, une fois approuvée.")
            return
        revision = bot.archive.withdraw(db, revision, None, bot.clock())
    where = " C'est dit là où elle était annoncée." if revision.ahead_on else ""
    click.echo(f"Retirée.{where} Son texte reste dans l'historique.")


def _find(db: Database, identifier: str) -> Revision:
    revision = revisions.find_revision(db, identifier)
    if revision is None or revision.state == "origin":
        base.refuse(f"la révision «\u00a0{identifier}\u00a0» n'existe pas. Voyez vigie revisions.")
    return revision


# --- The ledger -------------------------------------------------------------------------------


@revisions_.command(
    name="registre",
    help="Qui a été prévenu d'une révision, l'a ouverte, l'a attestée. Sans RÉVISION, la dernière annoncée.",
    short_help="Qui a été prévenu, a ouvert, a attesté.",
)
@click.argument("identifiant", metavar="[RÉVISION]", required=False)
@base.as_table
def _ledger(identifiant: str | None, form: str | None) -> None:
    with base.real_bot() as (bot, db):
        announced = [
            revision
            for _, revision in bot.archive.list_revisions(db)
            if revision.state == "announced" and identifiant in {None, revision.id}
        ]
        if not announced:
            click.echo("Aucune révision n'a été annoncée.", err=True)
            sys.exit(1)
        latest = max(announced, key=lambda revision: revision.announced_at or bot.clock())
        recipients = ledger.list_recipients(db, latest)
        rows, csv = ledger.ledger_rows(db, recipients), ledger.ledger_csv(db, recipients)
    if form == "json":
        people = [asdict(recipient) for recipient in recipients]
        click.echo(base.dump({"revision": latest.id, "people": people}))
    elif form == "csv":
        click.echo(csv, nl=False)
    else:
        click.echo(ledger.count_recipients(recipients))
        click.echo("\n".join("  ".join(filter(None, row)) for row in rows))


COMMANDS: Final = (reviser, revisions_)
