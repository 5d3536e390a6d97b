"""The part of the command line about the life of revisions: list, approve, withdraw, history, ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli.base import SUBCOMMAND, as_table, dump, json_flag, kept_parts, refuse, storage_refusals
from bot.commands import versions
from bot.commands.revision.messages import state
from bot.revision import ledger, revisions
from bot.revision.archive import TASK
from bot.revision.ledger import Recipient
from bot.revision.reading.formats import ReadDocument
from bot.revision.revisions import Dates, Proposal, Revision, RevisionError
from bot.schedule import clock
from bot.storage.database import beside, reader
from bot.times import in_words, iso

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@contextmanager
def _refusals() -> Iterator[None]:
    """End with the one line that says why a thing cannot be done."""
    try:
        with storage_refusals():
            yield
    except RevisionError as error:
        refuse(str(error))


@contextmanager
def _reading(bot: Parts) -> Iterator[Database]:
    with closing(reader(bot.settings.database()).conn) as conn:
        yield Database(conn)


# --- Listing ----------------------------------------------------------------------------------


@click.group(
    name="revisions",
    invoke_without_command=True,
    subcommand_metavar=f"[{SUBCOMMAND}]",
    help="Les révisions\u00a0: proposées, approuvées, en vigueur, retirées. Sans commande, leur liste.",
    short_help="Les révisions\u00a0: leur liste, leur approbation.",
)
@json_flag
@click.pass_context
def revisions_(context: click.Context, as_json: bool) -> None:
    """List the revisions, the latest first."""
    if context.invoked_subcommand is not None:
        return
    bot = kept_parts()
    with _refusals(), _reading(bot) as db:
        found = [
            one for policy in bot.archive.library.policies for one in revisions.list_revisions(db, policy)
        ]
    if as_json:
        click.echo(dump({"revisions": [described(one) for one in found]}))
    elif found:
        click.echo("\n".join(f"{one.id}  {one.policy}  {state(one)}" for one in found))
    else:
        click.echo("Aucune révision n'a encore été proposée.")


def described(one: Revision) -> dict[str, Any]:
    """Return a revision as the command line writes it in JSON; its text stays where it is."""
    return {
        "id": one.id,
        "policy": one.policy,
        "state": one.state,
        "source": one.source,
        "base": one.base,
        "adopted": one.adopted.isoformat() if one.adopted else None,
        "effective": one.effective.isoformat() if one.effective else None,
        "proposed_on": one.proposed_on.isoformat(),
        "announced_at": iso(one.announced_at) if one.announced_at else None,
        "nature": one.nature,
        "withdraws": one.withdraws,
        "sha256": one.sha256,
    }


@revisions_.command(name="historique", help="Toutes les versions, et laquelle était en vigueur quand.")
@click.option("--politique", "policy", metavar="NOM", help="La politique (par défaut, celle des réglages).")
@json_flag
def _history(policy: str | None, as_json: bool) -> None:
    bot = kept_parts()
    name = (policy or bot.archive.library.default.id).lower()
    with _refusals(), _reading(bot) as db:
        found = versions.version_lines(revisions.approved_chain(db, name))
    if as_json:
        lines = [
            {
                "adopted": one.revision.version,
                "effective": one.revision.effective.isoformat() if one.revision.effective else None,
                "in_force_from": one.since.isoformat(),
                "in_force_until": one.until.isoformat() if one.until else None,
                "sha256": one.revision.sha256,
                "withdraws": one.revision.withdraws,
            }
            for one in found
        ]
        click.echo(dump({"policy": name, "versions": lines}))
    elif found:
        click.echo("\n".join("\u00a0: ".join(one.describe(bot.today())) for one in found))
        if versions.is_unsaid(found):
            click.echo(versions.UNSAID)
    sys.exit(0 if found else 1)


# --- Deciding ---------------------------------------------------------------------------------


def propose(bot: Parts, reading: ReadDocument) -> str:
    """Propose what was read, and return the line that says so; end with one line when it cannot be."""
    with _refusals(), beside(bot.settings.database()) as db:
        if not revisions.approved_chain(db, reading.comparison.old.policy):
            refuse("démarrez Vigie une première fois\u00a0: elle ne connaît encore aucun texte.")
        new = reading.comparison.new
        base = revisions.latest_approved(db, new.policy).version
        proposal = Proposal(
            new.policy, reading.markdown, "command", base, new.adopted, notes=reading.findings
        )
        found = bot.archive.propose(db, proposal, bot.today())
    return (
        f"Révision {found.id} proposée. Pour l'approuver\u00a0: /vigie revision ou vigie revisions approuver."
    )


@revisions_.command(
    name="approuver", help="Approuver une révision. Les dates ne sont jamais devinées\u00a0: donnez-les."
)
@click.argument("identifiant", metavar="RÉVISION")
@click.option("--adoptee", type=_DAY, metavar="AAAA-MM-JJ", help="Le jour de l'adoption.")
@click.option("--effet", type=_DAY, metavar="AAAA-MM-JJ", required=True, help="Le jour où elle prend effet.")
def _approve(identifiant: str, adoptee: datetime | None, effet: datetime) -> None:
    bot = kept_parts()
    if bot.archive.approvals > 1:
        refuse("deux personnes doivent approuver, chacune depuis Slack ou Discord\u00a0: /vigie revision.")
    with _refusals(), beside(bot.settings.database()) as db:
        found = _found(db, identifiant)
        adopted = adoptee.date() if adoptee else found.adopted
        if adopted is None:
            refuse("donnez la date d'adoption avec --adoptee.")
        dates = Dates(adopted, effet.date())
        found = revisions.approve(db, revisions.rebase(db, found), None, dates, bot.today())
        bot.archive.plan(db, found, bot.clock())
    click.echo(f"Approuvée. Elle prend effet le {in_words(effet.date())} et sera annoncée alors.")


@revisions_.command(name="retirer", help="Retirer une révision, ou proposer de revenir au texte d'avant.")
@click.argument("identifiant", metavar="RÉVISION")
def _withdraw(identifiant: str) -> None:
    bot = kept_parts()
    with _refusals(), beside(bot.settings.database()) as db:
        found = _found(db, identifiant)
        if found.state == "announced":
            new = revisions.propose_withdrawal(db, found, None, bot.today())
            click.echo(f"Révision {new.id} proposée\u00a0: elle ramène le texte d'avant, une fois approuvée.")
            return
        revisions.withdraw(db, found, None, bot.today())
        clock.cancel(db, f"{TASK}:{found.id}")
    click.echo("Retirée. Son texte reste dans l'historique.")


def _found(db: Database, identifier: str) -> Revision:
    found = revisions.find_revision(db, identifier)
    if found is None or found.state == "origin":
        refuse(f"la révision «\u00a0{identifier}\u00a0» n'existe pas. Voyez vigie revisions.")
    return found


# --- The ledger -------------------------------------------------------------------------------


@revisions_.command(
    name="registre",
    help="Qui a été prévenu d'une révision, l'a ouverte, l'a attestée. Sans RÉVISION, la dernière annoncée.",
    short_help="Qui a été prévenu, a ouvert, a attesté.",
)
@click.argument("identifiant", metavar="[RÉVISION]", required=False)
@as_table
def _ledger(identifiant: str | None, form: str | None) -> None:
    bot = kept_parts()
    with _refusals(), beside(bot.settings.database()) as db:
        told = [
            one for policy in bot.archive.library.policies for one in revisions.list_revisions(db, policy)
        ]
        told = [one for one in told if one.state == "announced" and identifiant in {None, one.id}]
        if not told:
            click.echo("Aucune révision n'a été annoncée.", err=True)
            sys.exit(1)
        latest = max(told, key=lambda one: one.announced_at or bot.clock())
        found = ledger.list_recipients(db, latest)
        table = ledger.ledger_rows(db, found)
        written = ledger.ledger_csv(db, found)
    if form == "json":
        click.echo(dump({"revision": latest.id, "people": [_line(one) for one in found]}))
    elif form == "csv":
        click.echo(written, nl=False)
    else:
        click.echo(ledger.count_recipients(found))
        click.echo("\n".join("  ".join(filter(None, row)) for row in table))


def _line(one: Recipient) -> dict[str, Any]:
    return {
        "person": one.person_id,
        "asked": one.asked,
        "state": one.state,
        "problem": one.problem,
        "platform": one.platform,
        "queued_on": one.queued_on.isoformat(),
        "sent_on": one.sent_on.isoformat() if one.sent_on else None,
        "opened_at": iso(one.opened_at) if one.opened_at else None,
        "attested_at": iso(one.attested_at) if one.attested_at else None,
    }
